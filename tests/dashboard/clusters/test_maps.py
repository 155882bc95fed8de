"""Which maps the viewer shows, in which colours, and how a link keeps that; without a browser."""

import json
from urllib.parse import parse_qs

import numpy as np
import pytest
from app_under_test import sent

from core import figures
from core.errors import UserError
from core.figures import PERCENTILE, VALUE, Clip
from dashboard.pages.clusters import colour_search, colours
from dashboard.pages.clusters.annotate import clusterings
from dashboard.pages.clusters.viewer import draw, legend, link_state, maps
from dashboard.pages.clusters.viewer.clip import clip_of, clip_text, read_clip
from dashboard.pages.clusters.viewer.link_state import ViewerState

GENE, OTHER, PROTEIN = "gene:SIM-0007", "gene:SIM-0009", "protein:ADT-01"


@pytest.fixture
def run(finished):
    return finished.view.runs.one(finished.run)


@pytest.fixture
def large(finished, run, monkeypatch):
    """A function that draws a ViewerState as the browser draws many cells."""
    monkeypatch.setattr(draw, "SCATTERGL_POINTS", 0)
    return lambda state: draw.draw(finished.view, run, state)


def read_query(text):
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


# --- per-panel colours and small multiples


def test_a_gene_and_a_protein_stand_beside_each_other_on_the_same_map(finished, large):
    drawn = large(ViewerState(("pca", "pca"), GENE, colours=(PROTEIN,)))
    first, second = drawn.cells["panels"]
    assert (first["title"], second["title"]) == (
        "Input, PCA: SIM-0007 (gene)",
        "Input, PCA: ADT-01 (protein)",
    )
    assert first["points"] == second["points"] and first["colour"] != second["colour"]
    assert "SIM-0007" in first["colour"] and "log1p of protein counts" in second["badge"]
    for one in (first, second):
        assert finished.client.get(one["colour"]).status_code == 200
    value = finished.client.get(second["name"].replace("CELL", "3")).json["value"]
    assert value.startswith("ADT-01: ")
    entries = sent(legend.legends(drawn.maps, ViewerState(("pca", "pca"))))
    assert "map 1" in entries and "map 2" in entries and "SIM-0007" in entries


def test_a_panel_without_a_colour_of_its_own_has_that_of_the_first(large):
    drawn = large(ViewerState(("pca", "latent_umap", "pca", "pca"), GENE, colours=("", PROTEIN)))
    assert [one["by"] for one in drawn.cells["panels"]] == [GENE, GENE, PROTEIN, GENE]
    addresses = {one["colour"] for one in drawn.cells["panels"]}
    assert len(addresses) == 2  # one request a distinct colour


def offered(finished, run, text):
    """{value: label} of what the picker of colours offers for a typed text."""
    groups = colour_search.colour_groups(finished.view, run, text)
    return {one["value"]: one["label"] for group in groups for one in group["options"]}


def test_several_names_offer_a_map_each_or_their_mean(finished, run):
    options = offered(finished, run, "sim-0007, SIM-0009, adt-01")
    assert options[f"each:{GENE}~{OTHER}~{PROTEIN}"] == (
        "One map each of SIM-0007 (gene), SIM-0009 (gene) and ADT-01 (protein)"
    )
    assert "mean:SIM-0007,SIM-0009" in options
    twelve = offered(finished, run, ",".join(f"SIM-{i:04}" for i in range(1, 13)))
    assert len(colours.features_of(next(value for value in twelve if value.startswith("each:")))) == 9
    assert not [value for value in offered(finished, run, "SIM-0007,nope") if value.startswith("each:")]


def test_features_have_a_map_each_of_the_first_embedding(finished, run, large):
    each = f"each:{GENE}~{OTHER}~{PROTEIN}"
    drawn = large(ViewerState(("pca", "latent_umap"), each))
    assert [one["title"] for one in drawn.cells["panels"]] == [
        "SIM-0007 (gene)",
        "SIM-0009 (gene)",
        "ADT-01 (protein)",
    ]
    assert (
        {one["key"] for one in drawn.cells["panels"]} == {"pca"}
        and drawn.cells["small"]
        and drawn.maps.columns == 3
    )
    link = {"by": each, "panels": "pca"}
    rows = finished.client.get(f"/download/{finished.run}/panels.csv", query_string=link).text.splitlines()
    assert rows[0].split(",")[3:6] == ["SIM-0007", "SIM-0009", "ADT-01"]
    with pytest.raises(UserError, match="several features"):
        colours.colour_of(finished.view, run, each, 1.0)


def test_a_feature_that_does_not_exist_is_named_and_the_others_are_drawn(large):
    drawn = large(ViewerState(("pca",), f"each:{GENE}~gene:nope"))
    assert [one["by"] for one in drawn.cells["panels"]] == [GENE, "clusters"]
    assert drawn.notes[0].startswith("There is no gene 'nope' in this dataset")


def test_a_split_has_a_map_for_each_category_with_the_other_cells_grey(finished, run, large):
    state = ViewerState(("pca",), GENE, split="obs:cell_type")
    drawn = large(state)
    entry, codes = finished.view.datasets.folder(finished.dataset).column("cell_type")
    assert len(drawn.cells["panels"]) == 8 and drawn.maps.columns == 3
    assert drawn.cells["panels"][2]["title"] == f"{entry['categories'][2]} ({(codes == 2).sum()})"
    assert [one["only"]["code"] for one in drawn.cells["panels"]] == list(range(8))
    assert len({one["only"]["colour"] for one in drawn.cells["panels"]}) == 1
    assert len({one["colour"] for one in drawn.cells["panels"]}) == 1
    draw.SCATTERGL_POINTS = 10_000
    figure = draw.draw(finished.view, run, state).figure
    in_colour = [trace for trace in figure.data if trace.marker.coloraxis]
    assert [len(trace.x) for trace in in_colour] == np.bincount(codes).tolist()
    both = draw.draw(finished.view, run, state._replace(by=f"each:{GENE}~{PROTEIN}", split="obs:sample"))
    assert [one.title for one in both.maps.maps][:2] == [
        "sample 1 (105): SIM-0007 (gene)",
        "sample 1 (105): ADT-01 (protein)",
    ]
    assert both.maps.columns == 2  # a row for each sample


def test_a_split_by_numbers_or_by_nothing_known_gives_a_note(large):
    assert "numeric" in large(ViewerState(("pca",), split=GENE)).notes[0]
    drawn = large(ViewerState(("pca",), split="obs:nope"))
    assert drawn.notes == ["There is no obs column 'nope' in this dataset. The maps are not split."]
    assert len(drawn.cells["panels"]) == 1


def test_of_many_categories_the_largest_have_a_map():
    notes, codes = [], np.repeat(np.arange(40), np.arange(1, 41))
    colour = figures.Colour("well", codes, tuple(f"w{i}" for i in range(41)))  # the last has no cell
    kept = maps._categories(colour, 16, notes)
    assert [k for k, _ in kept] == list(range(24, 40))
    assert notes == ["well has 40 categories with cells: the 16 largest have a map each."]


# --- legend and labels


def test_cells_without_a_value_are_named_in_the_legend():
    values = np.append(np.full(12, np.nan), np.arange(500.0))
    entries = sent(legend.legend(figures.Colour("score", values), None, "light", "obs:score", 1.0))
    assert (
        "no value" in entries and "12 cells" in entries and figures.theme_colours("light").missing in entries
    )
    assert "clipped at 494, maximum 499" in entries and "Change ends" in entries
    codes = np.array([0, 1, -1])
    entries = sent(legend.legend(figures.Colour("k", codes, ("a", "b")), None, "light", "obs:k", 1.0))
    assert "1 cell" in entries and '"data-by": "obs:k"' in entries


def test_the_browser_gets_the_names_that_it_writes_among_the_cells(finished, run, large):
    drawn = large(ViewerState(("pca",), "obs:cell_type", labels=True))
    assert drawn.cells["labels"] is True
    answer = finished.client.get(drawn.cells["panels"][0]["colour"]).data
    head = json.loads(answer[4 : 4 + int.from_bytes(answer[:4], "little")])
    assert (
        head["names"] == finished.view.datasets.folder(finished.dataset).column("cell_type")[0]["categories"]
    )
    draw.SCATTERGL_POINTS = 10_000
    figure = draw.draw(finished.view, run, ViewerState(("pca",), "obs:cell_type", labels=True)).figure
    written = [a for a in figure.layout.annotations if a.captureevents]
    assert len(written) == 8 and figure.layout.meta["shown"][0]["by"] == "obs:cell_type"


# --- renaming


def test_a_double_click_renames_and_keeps_colours(finished, run):
    types = finished.view.datasets.folder(finished.dataset).column("cell_type")[0]["categories"]
    before = colours.colour_of(finished.view, run, "obs:cell_type", 1.0)
    asked = {"by": "obs:cell_type", "resolution": 1, "name": types[1], "to": "mine"}
    here = {
        "rename-category.data": asked,
        "colour.value": GENE,
        "colours-linked.value": False,
        "panel-colour-2.value": "obs:cell_type",
        "panel-colour-3.value": PROTEIN,
        "run.data": finished.run,
    }
    answer = finished.press("renamed.data", here, "rename-category.data")
    line = answer["renamed"]["data"]
    try:
        assert "clustering-line" not in answer and "panel-colour-3" not in answer  # panel 1 shows a gene
        assert answer["panel-colour-2"]["value"] == f"made:{line}"
        after = colours.colour_of(finished.view, run, f"made:{line}", 1.0)
        assert after.categories == (types[0], "mine", *types[2:]) and after.palette() == before.palette()
        old = colours.version(finished.view, run, f"made:{line}")
        largest = np.argmax(figures.sizes(after))
        onto = after.categories[0 if largest else 2]
        clusterings.rename(finished.view, run, f"made:{line}", 1.0, after.categories[largest], onto)
        merged = colours.colour_of(finished.view, run, f"made:{line}", 1.0)
        place = merged.categories.index(onto)
        assert merged.palette()[place] == after.palette()[largest] and len(merged.categories) == 7
        assert (
            colours.version(finished.view, run, f"made:{line}") != old
        )  # so that no browser keeps the old names
        first = finished.press("renamed.data", here | {"colours-linked.value": True}, "rename-category.data")
        finished.view.clusterings.undo(finished.run, first["renamed"]["data"])
        assert first["clustering-line"]["data"] == first["renamed"]["data"]
    finally:
        finished.view.clusterings.undo(finished.run, line)
        finished.view.clusterings.undo(finished.run, line)


@pytest.mark.parametrize(
    "name, to, words", [("nobody", "x", "no group 'nobody'"), (None, "a" * 99, "longer than 80")]
)
def test_a_name_that_cannot_be_given_is_refused_with_a_message(finished, name, to, words):
    types = finished.view.datasets.folder(finished.dataset).column("cell_type")[0]["categories"]
    asked = {"by": "obs:cell_type", "resolution": 1, "name": name or types[0], "to": to}
    here = {"rename-category.data": asked, "colour.value": "obs:cell_type", "run.data": finished.run}
    answer = finished.press("renamed.data", here, "rename-category.data")
    assert words in sent(answer["rename-message"]) and "renamed" not in answer


# --- the ends of scales, and links


@pytest.mark.parametrize(
    "clip",
    [Clip(), Clip(1, 99.5), Clip(None, 3.25, VALUE), Clip(-1e-3, None, VALUE), Clip(0, 100, PERCENTILE)],
)
def test_the_ends_of_a_scale_are_kept_in_a_link(clip):
    assert read_clip(clip_text(clip)) == clip


@pytest.mark.parametrize(
    "text", ["value", "value~1", "median~1~2", "value~x~2", "percentile~1~101", "value~3~2"]
)
def test_ends_that_cannot_be_read_are_refused(text):
    with pytest.raises(UserError):
        read_clip(text)


def test_the_ends_of_a_scale_reach_colours_and_legend(finished, large):
    drawn = large(ViewerState(("pca",), GENE, clip=Clip(0, 0.5, VALUE)))
    limits = drawn.colour.span()
    assert (limits.low, limits.high) == (0, 0.5) and limits.note.startswith("clipped at 0.5, maximum ")
    clipped, plain = (
        finished.client.get(large(s).cells["colour"]).data
        for s in (ViewerState(("pca",), GENE, clip=Clip(0, 0.5, VALUE)), ViewerState(("pca",), GENE))
    )
    assert clipped != plain
    with pytest.raises(UserError, match="too large"):
        clip_of("", "101", PERCENTILE)
    here = {"clip-low.value": "3", "clip-high.value": "2", "clip-unit.value": VALUE}
    assert "not below" in sent(finished.press("clip-message.children", here, "clip-high.value"))


def test_an_end_that_cannot_be_used_is_said_over_the_maps_whatever_tab_is_open(finished, run):
    drawn = draw.draw(finished.view, run, from_clip(finished, run, "", "1e9", PERCENTILE))
    assert drawn.colour.clip == Clip()
    assert drawn.notes[0] == (
        "Upper end of the scale: '1e9' is too large. Enter a number from 0 to 100. The scale is automatic meanwhile."
    )
    crossed = draw.draw(finished.view, run, from_clip(finished, run, "3", "2", VALUE))
    assert "not below" in crossed.notes[0] and crossed.colour.clip == Clip()


def from_clip(finished, run, *clip):
    """The ViewerState of a page that colours by a gene, with these texts in the fields of the ends."""
    controls = {"by": GENE, "resolution": 1.0, "k": 2, "count": 1, "keys": ["pca"], "selection": None}
    controls |= {
        "filter": None,
        "outside": None,
        "linked": True,
        "theme": "light",
        "webgl": True,
        "tool": "pan",
    }
    controls |= {"colours_linked": True, "colours": [], "split": None, "labels": False, "clip": clip}
    return link_state.from_controls(finished.view, run, controls)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"colours": (GENE, "", PROTEIN)},
        {"by": f"each:{GENE}~{PROTEIN}", "labels": True},
        {"split": "obs:sample", "clip": Clip(None, 2.5, VALUE), "k": 3},
        {"selection": {"by": "obs:cell_type", "is": ["type A"]}, "resolution": 0.6},
    ],
)
def test_what_is_shown_survives_a_link(finished, run, changed):
    state = ViewerState(("pca", "latent:1,2", "pca", "input_umap"), **changed)
    assert link_state.from_link(read_query(link_state.to_link(state, run)), finished.view, run) == state


def test_a_link_of_an_earlier_version_still_opens(finished, run):
    state = link_state.from_link({"panels": "pca~latent_umap", "by": GENE}, finished.view, run)
    assert (state.colours, state.split, state.labels, state.clip) == ((), None, False, Clip())
    broken = link_state.from_link({"clip": "value~9"}, finished.view, run)
    assert broken.clip == Clip() and "invalid" in broken.notes[0]


def test_the_downloaded_page_shows_the_same_maps(finished, run, monkeypatch):
    state = ViewerState(("pca",), f"each:{GENE}~{PROTEIN}", labels=True)
    query = f"{link_state.to_link(state, run)}&theme=dark"
    answer = finished.client.get(f"/download/{finished.run}/maps.html?{query}")
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    page = answer.text
    assert "SIM-0007 (gene)" in page and "ADT-01 (protein)" in page and "coloraxis2" in page
    assert figures.theme_colours("dark").card in page
    monkeypatch.setattr(draw, "SCATTERGL_POINTS", 0)
    monkeypatch.setitem(figures.panels.__globals__, "POINTS_WITHOUT_WEBGL", 0)
    assert "data:image/png;base64," in finished.client.get(f"/download/{finished.run}/maps.html?{query}").text
