"""The viewer without a browser: embeddings, colours, selections, links, and the binary routes byte by byte."""

import json

import numpy as np
import pytest
from app_under_test import AppUnderTest, clusters_page, sent

from core import figures
from core.config.run_files import clusters_of
from core.data import checks
from core.errors import UserError
from core.figures.raster import png, raster
from core.files import write_array
from core.store.dataset_folder import SPACE_COLUMNS, DatasetFolder
from dashboard.components.location import resolve
from dashboard.pages.clusters import colours
from dashboard.pages.clusters import page as clusters
from dashboard.pages.clusters.colour_search import colour_groups
from dashboard.pages.clusters.viewer import card as viewer
from dashboard.pages.clusters.viewer import draw, embeddings, link_state, selection
from dashboard.pages.clusters.viewer.link_state import ViewerState


@pytest.fixture
def run(finished):
    return finished.view.runs.one(finished.run)


def message(answer):
    """(head, bytes) of what a binary route has sent."""
    assert answer.status_code == 200 and answer.mimetype == "application/octet-stream"
    length = int.from_bytes(answer.data[:4], "little")
    assert length % 4 == 0  # so that the browser can look at what follows as numbers of two bytes
    return json.loads(answer.data[4 : 4 + length]), answer.data[4 + length :]


# --- the binary routes


def test_coordinates_travel_as_two_bytes_an_axis(finished, run):
    answer = finished.client.get(f"/cells/{finished.run}/points?space=latent_umap&v=1")
    head, content = message(answer)
    points = np.asarray(finished.view.results.array(finished.run, "embeddings/latent_umap"), dtype=np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    codes = np.rint((points - low) / (high - low) * 65_534)
    sent_codes = np.frombuffer(content, "<u2").reshape(-1, 2).astype(int)
    assert (
        head["n"] == 240 and np.abs(sent_codes - codes).max() <= 1
    )  # float32 may round a half the other way
    np.testing.assert_allclose([head["low"], head["high"]], [low, high], rtol=1e-6)
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    again = {"If-None-Match": answer.headers["ETag"]}
    assert (
        finished.client.get(f"/cells/{finished.run}/points?space=latent_umap", headers=again).status_code
        == 304
    )


def test_colours_travel_as_one_byte_a_cell(finished):
    head, content = message(finished.client.get(f"/cells/{finished.run}/colour?by=clusters&resolution=0.6"))
    labels = np.asarray(finished.view.results.array(finished.run, clusters_of(0.6)))
    assert content == labels.astype(np.uint8).tobytes()
    assert head["palette"] == figures.category_colours(int(labels.max()) + 1) and not head["ordered"]
    head, content = message(finished.client.get(f"/cells/{finished.run}/colour?by=gene:SIM-0007"))
    codes, dataset_folder = np.frombuffer(content, np.uint8), finished.view.datasets.folder(finished.dataset)
    values = dataset_folder.gene(6)
    ends = figures.span(values)
    known = np.clip((values - ends.low) / (ends.high - ends.low) * 255, 0, 254)
    assert np.abs(codes - known).max() < 1.001 and len(head["palette"]) == 255 and head["ordered"]


def test_a_selection_travels_as_a_bit_a_cell(finished):
    chosen = json.dumps({"by": "obs:cell_type", "is": ["type A", "type C"]})
    answer = finished.client.get(f"/cells/{finished.run}/selection", query_string={"select": chosen})
    head, content = message(answer)
    entry, codes = finished.view.datasets.folder(finished.dataset).column("cell_type")
    wanted = np.isin(np.array(entry["categories"])[codes], ["type A", "type C"])
    assert content == np.packbits(wanted, bitorder="little").tobytes() and head["selected"] == wanted.sum()


def test_the_tooltip_has_the_name_and_the_value_of_a_cell(finished):
    tooltip = finished.client.get(f"/cells/{finished.run}/cell/16?by=obs:cell_type").json
    assert tooltip["name"] == "cell-00017" and tooltip["value"].startswith("cell_type: type ")
    assert finished.client.get(f"/cells/{finished.run}/cell/240").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "nowhere/points?space=pca",
        "{run}/points?space=nonsense",
        "{run}/points?space=../../latent",
        "{run}/points?space=latent:1,99",
        "{run}/points?space=obsm:X_nope",
        "{run}/colour?by=gene:nope",
        "{run}/colour?resolution=half",
        "{run}/selection",
        "{run}/selection?select=nonsense",
        "{run}/selection?select={{}}",
    ],
)
def test_an_unknown_panel_colour_or_selection_is_refused_with_a_message(finished, path):
    answer = finished.client.get("/cells/" + path.format(run=finished.run))
    assert answer.status_code == 404 and (answer.json["error"] if answer.is_json else answer.text)


def test_who_has_not_signed_in_gets_no_cell(tmp_path):
    nuwa = AppUnderTest(tmp_path, password="a long secret")
    for path in ("points?space=pca", "colour", "selection", "cell/1"):
        answer = nuwa.client.get(f"/cells/any/{path}", headers={"Sec-Fetch-Dest": "empty"})
        assert answer.status_code == 401


# --- embeddings


def test_a_run_offers_what_it_and_its_file_have(finished, run):
    keys = [o["value"] for o in embeddings.options(finished.view, run)]
    assert keys[:2] == ["latent_umap", "latent_tsne"]
    assert {"latent:1,2", "latent:3,4", "pca", "input_tsne", "input_umap"} <= set(keys)
    pair = embeddings.options(finished.view, run, "latent 4 2")[0]
    assert (pair["value"], pair["label"]) == ("latent:4,2", "Latent dimensions 4 and 2")
    latent = np.asarray(finished.view.results.array(finished.run, "latent"))
    np.testing.assert_array_equal(embeddings.points(finished.view, run, "latent:4,2"), latent[:, [3, 1]])


def test_embeddings_of_the_file_can_be_chosen_for_a_panel(finished, run, tmp_path, tiny):
    adata = tiny.copy()
    adata.obsm["X_umap"] = np.arange(480.0).reshape(240, 2)
    adata.obsm["X_pca"] = np.ones((240, 30))
    adata.obsm["one column"] = np.ones((240, 1))
    dataset_folder = DatasetFolder(tmp_path)
    report, _, by_gene = checks.examine_once(adata)
    dataset_folder.write(adata, report, by_gene)
    assert dataset_folder.spaces() == [{"name": "X_umap", "columns": 2}, {"name": "X_pca", "columns": 30}]
    np.testing.assert_array_equal(dataset_folder.space("X_umap"), adata.obsm["X_umap"].astype(np.float32))
    assert dataset_folder.space("X_pca").shape == (240, SPACE_COLUMNS)
    with pytest.raises(KeyError):
        dataset_folder.space("protein")


def test_what_another_part_leaves_under_embeddings_is_offered(finished, run):
    path = finished.store.run_folder(finished.run) / "embeddings" / "input_pca_harmony.npy"
    write_array(path, np.zeros((240, 2), dtype=np.float32) + np.arange(240)[:, None])
    try:
        found = {o["value"]: o["label"] for o in embeddings.options(finished.view, run)}
        assert found["input_pca_harmony"] == "Input, pca harmony"
        assert embeddings.panel(finished.view, run, "input_pca_harmony").points.shape == (240, 2)
    finally:
        path.unlink()


def test_a_panel_that_cannot_be_drawn_says_why(finished, run):
    for key, k, sentence in (
        ("run:gone", 2, "This run no longer exists."),
        ("obsm:X_nope", 2, "no obsm 'X_nope'"),
        ("latent:1,40", 2, "There are only 4 latent dimensions."),
        ("nonsense", 2, "This embedding does not exist."),
        ("latent_tsne", 2, figures.WAITING),
    ):
        panel = embeddings.panel(finished.view, run, key, k)
        assert panel.points is None and sentence in panel.note


def test_cells_without_coordinates_are_counted(finished, run, monkeypatch):
    points = np.zeros((240, 2), dtype=np.float32)
    points[:7] = np.nan
    monkeypatch.setattr(embeddings, "points", lambda *_: points)
    assert "7 cells without coordinates" in embeddings.panel(finished.view, run, "pca").title
    codes, low, high = figures.packed(points)
    assert (codes[:7] == 65_535).all() and (codes[7:] == 32_767).all() and (low < high).all()
    monkeypatch.setattr(embeddings, "points", lambda *_: points * np.nan)
    assert "missing (NaN)" in embeddings.panel(finished.view, run, "pca").note
    monkeypatch.setattr(embeddings, "points", lambda *_: np.ones((240, 2)))
    assert "all cells at one point" in embeddings.panel(finished.view, run, "pca").title


# --- colours


def test_genes_with_commas_between_them_give_their_mean(finished, run):
    (found,) = colour_groups(finished.view, run, "sim-0007, SIM-0009")
    _, option = found["options"]  # the first is a map for each
    assert option["value"] == "mean:SIM-0007,SIM-0009" and option["label"].startswith(
        "Mean of SIM-0007 and SIM-0009"
    )
    dataset_folder = finished.view.datasets.folder(finished.dataset)
    colour = colours.colour_of(finished.view, run, option["value"], 1.0)
    np.testing.assert_allclose(
        colour.values, (dataset_folder.gene(6) + dataset_folder.gene(8)) / 2, rtol=1e-6
    )
    with pytest.raises(UserError, match="There is no gene 'SIM-9' in this dataset"):
        colours.colour_of(finished.view, run, "mean:SIM-0007,SIM-9", 1.0)


def test_a_name_that_is_not_there_is_answered_with_the_nearest(finished, run):
    (found,) = colour_groups(finished.view, run, "SIM-00077")
    assert "SIM-0007 (gene), similar to 'SIM-00077'" in [o["label"] for o in found["options"]]


def test_ten_thousand_categories_get_sixty_colours_and_a_word():
    codes = np.random.default_rng(0).integers(0, 10_000, 50_000)
    codes[:3000] = 77  # the largest
    colour = figures.Colour("barcode", codes, tuple(f"c{i}" for i in range(10_000)))
    few = figures.folded(colour)
    assert len(few.categories) == 60 and "c77" in few.categories
    assert few.categories[-1] == "the 9,941 smaller ones" and figures.sizes(few).sum() == 50_000
    kept = few.categories.index("c77")
    np.testing.assert_array_equal(few.values == kept, codes == 77)
    assert "10,000 categories" in figures.remarks(colour)[0]
    assert figures.coded(colour).codes.max() == 59


def test_constants_and_gaps_are_remarked_on():
    assert figures.remarks(figures.Colour("x", np.array([2.0, 2.0, np.nan]))) == [
        "1 of 3 cells have no value of x: they are grey.",
        "x is the same in every cell that has a value: 2.",
    ]
    assert figures.remarks(figures.Colour("x", np.full(3, np.nan))) == ["No cell has a value of x."]
    assert figures.remarks(figures.Colour("k", np.array([0, 1]), ("a", "b"))) == []
    assert figures.coded(figures.Colour("x", np.full(3, np.nan))).codes.tolist() == [255] * 3


def test_an_unknown_colour_gives_a_message_and_the_clusters_are_drawn(finished, run):
    drawn = draw.draw(finished.view, run, ViewerState(("pca",), "gene:SIM-00077", 1.0))
    assert drawn.colour.name == "cluster" and drawn.notes[0].startswith(
        "There is no gene 'SIM-00077' in this dataset. Similar names: "
    )


# --- drawing


def test_many_cells_are_drawn_by_the_page_itself_with_webgl_and_without(finished, run, monkeypatch):
    asked = ViewerState(("latent_umap", "pca", "pca"), "gene:SIM-0007", 1.0)
    monkeypatch.setattr(draw, "SCATTERGL_POINTS", 700)
    drawn = draw.draw(finished.view, run, asked)
    assert drawn.figure is None and [p["key"] for p in drawn.cells["panels"]] == list(asked.panels)
    assert finished.client.get(drawn.cells["panels"][0]["points"]).status_code == 200
    assert finished.client.get(drawn.cells["colour"]).status_code == 200
    small = draw.draw(finished.view, run, asked._replace(webgl=False))
    assert {t.type for t in small.figure.data} == {"scatter"} and small.figure.layout.xaxis3.matches == "x2"
    monkeypatch.setattr(figures, "POINTS_WITHOUT_WEBGL", 0)
    assert draw.draw(finished.view, run, asked._replace(webgl=False)).cells == drawn.cells


def test_a_page_of_many_cells_says_at_once_what_it_will_draw(finished, run, monkeypatch):
    asked = link_state.from_link({"panels": "pca", "by": "gene:SIM-0007"}, finished.view, run)
    assert draw.initial_cells(finished.view, run, asked) is None  # plotly's
    monkeypatch.setattr(draw, "SCATTERGL_POINTS", 0)
    cells = draw.draw(finished.view, run, ViewerState(("pca",), "gene:SIM-0007", 1.0)).cells
    assert (
        draw.initial_cells(finished.view, run, asked) == cells
    )  # what the page is told again draws nothing anew
    assert "SIM-0007" in sent(viewer.layout(finished.view, run, asked, None))


def test_three_dimensions_end_where_plotly_can_no_longer_turn_them(finished, run, monkeypatch):
    monkeypatch.setattr(draw, "CELLS_3D", 100)
    drawn = draw.draw(finished.view, run, ViewerState(("pca",), "clusters", 1.0, 3))
    assert "limited to 100 cells: this dataset has 240" in drawn.figure.layout.annotations[0].text


def test_an_image_counts_as_numpy_does():
    points = np.random.default_rng(0).normal(size=(5000, 2))
    colour = figures.Colour("k", np.zeros(5000, int), ("a",))
    image, (low, high) = raster(points, colour, wide=40, tall=30)
    counts, *_ = np.histogram2d(*points.T, (40, 30), np.stack([low, high], axis=1))
    np.testing.assert_array_equal(image[..., 3] > 0, counts.T[::-1] > 0)
    densest = np.unravel_index(np.argmax(counts.T[::-1]), (30, 40))
    assert image[(*densest, 3)] == 255 and image[densest][:3].tolist() == [0, 0x72, 0xB2]
    assert png(image).startswith(b"\x89PNG\r\n\x1a\n")


# --- selections


def test_a_lasso_selects_by_the_even_odd_rule():
    points = np.array([[0.5, 0.5], [1.5, 0.5], [0.5, 1.5], [np.nan, 0.5], [1.5, 1.5]])
    square = [[0, 0], [1, 0], [1, 1], [0, 1]]
    assert figures.inside(points, square).tolist() == [True, False, False, False, False]
    hourglass = [[0, 0], [2, 2], [2, 0], [0, 2]]  # its left and right half, not the middle of its top
    assert figures.inside(np.array([[0.2, 1.0], [1.8, 1.0], [1.0, 1.8]]), hourglass).tolist() == [
        True,
        True,
        False,
    ]


def test_cells_are_selected_by_categories_and_by_numbers(finished, run):
    gene = finished.view.datasets.folder(finished.dataset).gene(6)
    found = selection.cells(finished.view, run, {"by": "gene:SIM-0007", "from": 1.0, "to": 2.0})
    np.testing.assert_array_equal(found, (gene >= 1) & (gene <= 2))
    labels = np.asarray(finished.view.results.array(finished.run, clusters_of(0.6)))
    chosen = {"by": "clusters", "resolution": 0.6, "is": ["0", "2"]}
    np.testing.assert_array_equal(selection.cells(finished.view, run, chosen), np.isin(labels, [0, 2]))
    sentence = selection.sentence(finished.view, run, chosen, np.isin(labels, [0, 2]))
    assert sentence.endswith("of 240 cells selected: cluster at resolution 0.6 is 0 and 2.")


def test_a_second_click_in_the_legend_adds_a_category_and_a_third_takes_it_out():
    one = selection.toggled(None, "clusters", 1.0, "3")
    assert one == {"by": "clusters", "resolution": 1.0, "is": ["3"]}
    two = selection.toggled(one, "clusters", 1.0, "5")
    assert two["is"] == ["3", "5"] and selection.toggled(two, "clusters", 1.0, "3")["is"] == ["5"]
    assert selection.toggled(one, "clusters", 1.0, "3") is None
    assert selection.toggled(one, "obs:x", 1.0, "3") == {"by": "obs:x", "is": ["3"]}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"in": "pca", "polygon": [1, 2]}',
        '{"in": "pca", "polygon": [1, 2, 3, 4, 5, null]}',
        '{"by": "x"}',
    ],
)
def test_a_selection_that_cannot_be_read_is_refused(text):
    with pytest.raises(UserError, match="is invalid"):
        selection.read(text)


def test_the_form_selects_without_a_mouse(finished):
    asked = {"select-go.n_clicks": 1, "select-by.value": "gene:SIM-0007", "select-from.value": 0.5}
    answer = finished.press("selection.data", asked | {"run.data": finished.run}, "select-go.n_clicks")
    assert answer["selection"]["data"] == {"by": "gene:SIM-0007", "from": 0.5}
    asked = {
        "select-go.n_clicks": 1,
        "select-by.value": "clusters",
        "resolution.value": 1.0,
        "select-is.value": [],
    }
    answer = finished.press("selection.data", asked | {"run.data": finished.run}, "select-go.n_clicks")
    assert "selection" not in answer and "Choose one or more values" in sent(answer["selected"])


def test_an_empty_selection_gives_a_note(finished, run):
    asked = ViewerState(("pca",), "clusters", 1.0, selection={"by": "gene:SIM-0007", "from": 99})
    assert draw.draw(finished.view, run, asked).notes == ["This selection contains no cells."]


def test_selected_cells_are_named_in_the_table(finished):
    link = {"by": "clusters", "select": json.dumps({"by": "obs:cell_type", "is": ["type A"]})}
    rows = finished.client.get(f"/download/{finished.run}/panels.csv", query_string=link).text.splitlines()
    assert rows[0].split(",")[3] == "nuwa_selected" and {row.split(",")[3] for row in rows[1:]} == {"0", "1"}


# --- links


def test_a_link_restores_the_view(finished, run):
    asked = {
        "panels": "latent:1,2~pca",
        "by": "protein:ADT-01",
        "resolution": "0.6",
        "select": '{"by": "clusters", "resolution": 0.6, "is": ["1"]}',
    }
    found = link_state.from_link(asked, finished.view, run)
    assert found.panels == ("latent:1,2", "pca") and found.by == "protein:ADT-01" and found.resolution == 0.6
    assert found.selection["is"] == ["1"] and not found.notes
    here = resolve(finished.view, f"?run={finished.run}&by=protein:ADT-01&panels=latent:1,2")
    page = sent(clusters.layout(finished.view, here))
    assert '"value": "protein:ADT-01"' in page and "Latent dimensions 1 and 2" in page


def test_an_invalid_part_of_a_link_gives_a_message_and_the_rest_is_drawn(finished, run):
    keys = "a~b~c~d~e"
    found = link_state.from_link({"resolution": "0.33", "select": "{", "panels": keys}, finished.view, run)
    assert found.resolution == 1.0 and found.selection is None and len(found.notes) == 2
    assert found.panels == ("a", "b", "c", "d")  # at most four


def test_the_page_begins_with_the_latent_space_beside_the_input(finished, run):
    assert link_state.from_link({}, finished.view, run).panels == ("latent_umap", "input_umap")


def test_harmony_is_offered_beside_pca_where_a_run_has_batches(finished, run):
    path = finished.store.run_folder(finished.run) / "harmony_axes.npy"
    assert "no batches" in embeddings.panel(finished.view, run, "harmony").note
    write_array(path, np.arange(720, dtype=np.float32).reshape(240, 3))
    try:
        assert embeddings.default(finished.view, run) == ["latent_umap", "input_umap", "pca", "harmony"]
        panel = embeddings.panel(finished.view, run, "harmony")
        assert panel.title == "Input, PCA, Harmony" and panel.points.shape == (240, 2)
        assert embeddings.columns(panel) == ["input_harmony_1", "input_harmony_2"]
    finally:
        path.unlink()


def test_the_settings_and_the_data_checks_are_beside_the_plots(finished):
    page = clusters_page(finished.view, finished.run)
    assert "Settings of this run" in page and "Data checks of its dataset" in page
    assert "Hidden" in page and "X: counts" in page
