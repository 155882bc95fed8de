"""The cards that group cells, without a browser: naming, colouring, undoing, tables of names, composition."""

import base64

import numpy as np
import pytest
from app_under_test import sent

from core.errors import UserError
from dashboard.pages.clusters import colours, composition
from dashboard.pages.clusters.annotate import clusterings

SOME = {"by": "obs:cell_type", "is": ["B cells"]}


def change(nuwa, button, **values):
    """Press a button of the card of names; gives what the page is told."""
    known = {
        "annotate-start.value": "obs:cell_type",
        "resolution.value": 1.0,
        "selection-within.data": SOME,
        "run.data": nuwa.run,
    }
    pressed = {f"{button}": 1} if "contents" not in button else {}
    return nuwa.press("annotate-message.children", known | pressed | values, button)


@pytest.fixture
def types(finished):
    return finished.view.datasets.folder(finished.dataset).column("cell_type")[0]["categories"]


def test_selected_cells_get_a_name_that_colours_the_panels_and_is_undone(finished, types):
    picked = {"by": "obs:cell_type", "is": types[:2]}
    answer = change(
        finished,
        "annotate-go.n_clicks",
        **{"annotate-name.value": " my  cells", "selection-within.data": picked},
    )
    line = answer["clustering-line"]["data"]
    here = {"clustering-line.data": line, "run.data": finished.run}
    parts = ("annotate-start.options", "markers-by.options", "colour.value")
    drawn = {k: v for part in parts for k, v in finished.press(part, here, "clustering-line.data").items()}
    choice = f"made:{line}"
    assert drawn["colour"]["value"] == drawn["annotate-start"]["value"] == choice
    assert choice in [o["value"] for o in drawn["markers-by"]["options"]]
    run = finished.view.runs.one(finished.run)
    colour = colours.colour_of(finished.view, run, choice, 1.0)
    _, codes = finished.view.datasets.folder(finished.dataset).column("cell_type")
    mine = np.asarray(colour.values) == colour.categories.index("my cells")
    assert (mine == np.isin(codes, (0, 1))).all() and len(colour.categories) == 7
    more = {
        "annotate-start.value": choice,
        "annotate-group.value": "my cells",
        "annotate-colour.value": "#123456",
    }
    assert change(finished, "annotate-colour-go.n_clicks", **more)["clustering-line"]["data"] == line
    colour = colours.colour_of(finished.view, run, choice, 1.0)
    assert colour.colours[colour.categories.index("my cells")] == "#123456"
    answer = finished.press(
        "annotate-history.children", {"annotate-start.value": choice, "run.data": finished.run}
    )
    assert "local" in sent(answer["annotate-history"]) and "coloured #123456" in sent(
        answer["annotate-history"]
    )
    table = finished.client.get(answer["annotate-csv"]["href"]).text.splitlines()
    assert (
        table[0] == "cell,name,author,time"
        and sum(",my cells,local,20" in row for row in table) == mine.sum()
    )
    assert change(finished, "annotate-undo.n_clicks", **more)["clustering-line"]["data"] == line
    assert change(finished, "annotate-undo.n_clicks", **more)["clustering-line"]["data"] == ""


def test_a_table_of_names_becomes_a_clustering(finished):
    cells = [name.decode() for name in finished.view.datasets.folder(finished.dataset).cells()]
    text = "cell,other,name\n" + "\n".join(
        f"{c},x,{'odd' if i % 2 else 'even'}" for i, c in enumerate(cells[:10])
    )
    text += "\nnobody,x,even\n"
    content = "data:text/csv;base64," + base64.b64encode(text.encode()).decode()
    more = {"annotate-upload.contents": content, "annotate-upload.filename": "ours.csv"}
    answer = change(finished, "annotate-upload.contents", **more)
    assert "10 cells have a name; 230 have none. 1" in sent(answer["annotate-message"]["children"])
    line = answer["clustering-line"]["data"]
    row = finished.view.clusterings.one(finished.run, line)
    assert row["title"] == "ours" and finished.view.groups.one(finished.run, row["groups"]).names == [
        "even",
        "odd",
    ]
    finished.view.clusterings.undo(finished.run, line)
    run = finished.view.runs.one(finished.run)
    for text, words in (("a,b\nx,y", "No cell of this dataset"), ("a", "two columns")):
        content = "data:,".replace(":,", ":x,") + base64.b64encode(text.encode()).decode()
        with pytest.raises(UserError, match=words):
            clusterings.from_table(finished.view, run, "x.csv", content)


@pytest.mark.parametrize(
    "button, values, words",
    [
        (
            "annotate-go.n_clicks",
            {"selection-within.data": None, "annotate-name.value": "x"},
            "No cells are selected",
        ),
        (
            "annotate-go.n_clicks",
            {"selection-within.data": {"by": "obs:cell_type", "is": []}},
            "No cells are selected",
        ),
        ("annotate-colour-go.n_clicks", {}, "Choose a group"),
        ("annotate-undo.n_clicks", {}, "no changes to undo"),
    ],
)
def test_a_change_that_is_impossible_gives_an_error_message(finished, button, values, words):
    answer = change(finished, button, **values)
    assert words in sent(answer["annotate-message"]["children"]) and "clustering-line" not in answer


def test_clusters_that_were_undone_give_a_message_and_the_page_continues(finished):
    with pytest.raises(UserError, match="choose others") as caught:
        colours.colour_of(finished.view, finished.view.runs.one(finished.run), "made:gone", 1.0)
    assert type(caught.value) is UserError  # a Missing would take the page away
    answer = finished.press(
        "annotate-history.children", {"annotate-start.value": "made:gone", "run.data": finished.run}
    )
    assert "choose others" in sent(answer["annotate-history"]["children"])


def test_a_name_has_to_be_typed(finished, types):
    picked = {"selection-within.data": {"by": "obs:cell_type", "is": types[:1]}, "annotate-name.value": "  "}
    assert "name is missing" in sent(change(finished, "annotate-go.n_clicks", **picked))


def test_composition_counts_cells_by_sample(finished):
    values = {
        "composition-of.value": "sample",
        "annotate-start.value": "obs:cell_type",
        "run.data": finished.run,
    }
    answer = finished.press("composition-figure.figure", values | {"resolution.value": 1.0})
    assert len(answer["composition-figure"]["figure"]["data"]) == 2
    names, counts, parts = composition.composition(
        finished.view, finished.view.runs.one(finished.run), "obs:cell_type", 1.0, "sample"
    )
    assert counts.sum() == 240 and parts == ["sample 1", "sample 2"] and len(names) == 8


def test_other_methods_and_the_most_stable_resolution_are_jobs(finished):
    here = {"run.data": finished.run, "page-token.data": "t"}
    controls = {"method-go.n_clicks": 1, "method.value": "kmeans", "method-value.value": 4} | here
    done = finished.work("cluster", controls, "method-go.n_clicks")["cluster-done"]["data"]
    change = finished.press("clustering-line.data", {"cluster-done.data": done}, "cluster-done.data")
    line = change["clustering-line"]["data"]
    assert finished.view.clusterings.one(finished.run, line)["title"] == "k-means, 4 clusters"
    finished.view.clusterings.undo(finished.run, line)
    job = finished.work("resolutions", {"resolutions-go.n_clicks": 1} | here, "resolutions-go.n_clicks")[
        "resolutions-done"
    ]["data"]
    drawn = finished.press("resolutions-box.hidden", {"resolutions-done.data": job}, "resolutions-done.data")
    best = finished.view.jobs.one(job)["result"]["steadiest"]
    assert drawn["resolutions-box"]["hidden"] is False
    assert drawn["most-stable"]["data"] == best
    drawn = finished.press("resolution.marks", {"most-stable.data": 0.8}, "most-stable.data")["resolution"][
        "marks"
    ]
    assert drawn["0.8"]["label"] == "0.8 ★"
