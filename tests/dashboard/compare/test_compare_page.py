"""The Compare page without a browser, over the two runs of a data folder of an earlier version."""

import tarfile

import numpy as np
import pytest
from app_under_test import AppUnderTest, sent
from constants import FIXTURES
from store_rows import EPOCH

from core import files
from dashboard.components import location
from dashboard.pages.compare import agreement, clusterings, differences, live, maps, page
from dashboard.pages.compare.chosen import chosen, ids_of, remarks


@pytest.fixture(scope="module")
def nuwa(tmp_path_factory):
    """An app over two finished runs; `runs` are their ids, that of "first" first."""
    folder = tmp_path_factory.mktemp("compare")
    with tarfile.open(FIXTURES / "store_0_1_0.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    app = AppUnderTest(folder / "data")
    app.runs = [row["id"] for row in sorted(app.view.runs.all(), key=lambda row: row["created"])]
    return app


@pytest.fixture
def pair(nuwa):
    return chosen(nuwa.view, nuwa.runs)


@pytest.fixture
def live_run(nuwa, pair):
    """A third run, which trains and has two epochs; it is removed afterwards."""
    row = pair[0].row
    run = nuwa.view.runs.create(row["preparation"], {"n_latent": 3, "epochs": 9}, status="running")
    nuwa.store.set("run", run, facts=row["facts"], n_epochs=9)
    for i in (1, 2):
        nuwa.store.add_epoch(run, EPOCH | {"epoch": i})
    yield run
    nuwa.store.forget("run", run)


@pytest.fixture
def other_dataset(nuwa, pair):
    """A run on another dataset, which has every second cell of the first in reverse order; both are removed afterwards."""
    store, row = nuwa.store, pair[0].row
    dataset = store.add("dataset", "local", name="half", origin="upload:half.h5ad", status="ready")
    names = clusterings.names_of(nuwa.view, row["dataset"])[::2][::-1]
    folder = store.root / "datasets" / dataset
    files.write_array(folder / "cells.npy", names)
    files.write_json(folder / "obs" / "columns.json", [])
    keep = ("preparation", "config", "status", "explored")
    run = store.add(
        "run", "local", name="of half", dataset=dataset, phase="", **{name: row[name] for name in keep}
    )
    for name in ("clusters/leiden_1.0", "embeddings/latent_umap"):
        values = np.array(nuwa.view.results.array(row["id"], name))[::2][::-1]
        files.write_array(store.run_folder(run) / f"{name}.npy", values)
    yield run
    store.forget("run", run)
    store.forget("dataset", dataset)


def shown(nuwa, *ids):
    return sent(page.layout(nuwa.view, location.resolve(nuwa.view, f"?runs={','.join(ids)}")))


def test_a_link_names_runs_once_each_and_up_to_ten():
    assert ids_of({"runs": "a,b,,a"}) == ["a", "b"] and ids_of({}) == []
    assert len(ids_of({"runs": ",".join(map(str, range(30)))})) == 10


def test_one_run_or_runs_that_are_gone_lead_to_the_table(nuwa):
    assert "Tick two runs or more" in shown(nuwa, nuwa.runs[0])
    gone = shown(nuwa, nuwa.runs[0], "gone")
    assert "1 run of this link no longer exist" in gone and "/runs" in gone
    assert "1 run of this link" in shown(nuwa, *nuwa.runs, "gone")


def test_a_stranger_compares_nothing(nuwa):
    assert chosen(nuwa.store.of("mallory"), nuwa.runs) == []


def test_only_settings_and_scores_that_differ_are_in_the_table(pair):
    rows = {row[0]: row[1:] for row in differences.rows_of(pair)}
    assert rows["Seed"] == ["0", "1"] and "Dataset" not in rows and "Latent dimensions" not in rows
    assert all("validation cells; no test set" in text for text in rows["Loss"])
    assert rows["Loss above PCA"][0].endswith("%")
    text = sent(differences.differences(pair))
    assert "settings are the same" in text and pair[0].colour in text
    assert "same settings" in sent(differences.differences([pair[0], pair[0]]))


def test_what_cannot_be_compared_is_said(nuwa, pair, other_dataset):
    assert "different test cells" in remarks(pair)[0]
    (sentence,) = remarks(chosen(nuwa.view, [nuwa.runs[0], other_dataset]))
    assert sentence.startswith("These runs are of 2 datasets, 'tiny.h5ad' and 'half'.")
    assert "cannot be compared" in sentence
    changed = pair[1]._replace(row=pair[1].row | {"config": pair[1].row["config"] | {"clip": 3.0}})
    assert "preprocessed differently" in remarks([pair[0], changed])[0]
    weighed = pair[1]._replace(row=pair[1].row | {"config": pair[0].row["config"] | {"weight_protein": 0.9}})
    assert "RNA and protein do not count the same" in remarks([pair[0], weighed])[0]
    assert remarks([pair[0], pair[0]]) == []


def test_losses_of_two_measures_are_compared_with_pca_alone(nuwa, pair):
    config = pair[1].config.model_copy(update={"model": "counts"})
    (sentence,) = remarks([pair[0], pair[1]._replace(config=config)])
    assert "not the same measure" in sentence and "own PCA" in sentence


def test_new_epochs_alone_are_sent_to_curves_that_grow(nuwa, live_run):
    runs = chosen(nuwa.view, [nuwa.runs[0], live_run])
    drawn = {"revision": "compared total False", "last": [3, 1]}
    added = live.added(nuwa.view, runs, drawn, "total")
    assert (added["x"], added["y"], added["traces"]) == ([[2], [2]], [[0.5], [0.5]], [3, 4])
    assert live.added(nuwa.view, runs, drawn | {"last": [3, 0]}, "total")["traces"] == []


def test_a_tick_sends_points_until_no_run_is_active(nuwa, live_run):
    runs = [nuwa.runs[0], live_run]
    before = live.state(nuwa.view, chosen(nuwa.view, runs))
    values = {
        "compare-drawn.data": {"revision": "r", "last": [3, 1]},
        "compare-runs.data": runs,
        "compare-part.value": "total",
        "compare-state.data": before,
    }
    answer = nuwa.press("compare-added.data", values, "compare-drawn.data")
    assert answer["compare-added"]["data"]["traces"] == [3, 4] and "compare-state" not in answer
    assert answer["compare-tick"] == {"disabled": False}
    nuwa.store.move("run", live_run, "running", "done")
    answer = nuwa.press("compare-added.data", values, "compare-drawn.data")
    assert answer["compare-state"]["data"] != before and answer["compare-tick"] == {"disabled": True}


def test_a_run_that_was_deleted_meanwhile_stops_no_page(nuwa, live_run):
    values = {
        "compare-drawn.data": {"revision": "r", "last": [3, 1, 1]},
        "compare-runs.data": [*nuwa.runs, "gone"],
    }
    assert (
        nuwa.press("compare-added.data", values | {"compare-part.value": "total"}, "compare-drawn.data")
        is None
    )


def test_one_runs_clusters_colour_the_map_of_another(nuwa, pair):
    own, other = (clusterings.colour_of(nuwa.view, run, pair[0].id, pair, 1.0) for run in pair)
    assert (own.values == other.values).all() and own.name == "cluster of first"
    each = [clusterings.colour_of(nuwa.view, run, clusterings.OWN, pair, 1.0) for run in pair]
    assert (each[0].values == own.values).all() and (each[1].values != own.values).any()
    text = sent(maps.maps(nuwa.view, pair, pair[0].id, "light"))
    assert "compare-maps-" in text and "no clusters" not in text


def test_cells_of_two_datasets_are_matched_by_name(nuwa, pair, other_dataset):
    runs = chosen(nuwa.view, [nuwa.runs[0], other_dataset])
    first, second = (clusterings.colour_of(nuwa.view, run, runs[0].id, runs, 1.0) for run in runs)
    assert (np.asarray(second.values) == np.asarray(first.values)[::2][::-1]).all()
    back = clusterings.colour_of(nuwa.view, runs[0], runs[1].id, runs, 1.0)
    assert (np.asarray(back.values)[::2] == np.asarray(first.values)[::2]).all()
    assert (np.asarray(back.values)[1::2] == -1).all()
    text = sent(maps.maps(nuwa.view, runs, runs[0].id, "dark"))
    assert "120 of the 120 cells of 'half' have the name of a cell that 'first' was trained on." in text
    few = maps.shared_sentence(nuwa.view, runs[0], runs[1].row["dataset"], 3)
    assert "equal by chance" in few


def test_the_agreement_of_a_run_with_the_same_cells_elsewhere_is_one(nuwa, other_dataset):
    runs = chosen(nuwa.view, [nuwa.runs[0], other_dataset])
    parts, figure = agreement.agreement(nuwa.view, runs, runs[0].id, runs[1].id, 1.0, "light")
    text = sent(parts)
    assert "1.000" in text and "are the same in 'of half'" in text and "splits" not in text
    assert sum(figure.data[0].link.value) == 120


def test_what_agreement_lacks_is_said(nuwa, pair, live_run):
    runs = chosen(nuwa.view, [*nuwa.runs, live_run])
    table, figure = agreement.agreement(nuwa.view, runs, runs[0].id, runs[0].id, 1.0, "light")
    assert "Choose two different runs" in figure.layout.annotations[0].text
    _, figure = agreement.agreement(nuwa.view, runs, runs[0].id, live_run, 1.0, "light")
    assert "do not both have clusters" in figure.layout.annotations[0].text
    lone = agreement.ari_table(nuwa.view, chosen(nuwa.view, [nuwa.runs[0], live_run]), 1.0)
    assert "Fewer than two of these runs have clusters" in sent(lone)


def test_sentences_are_few():
    counts = np.kron(np.eye(12, dtype=int), np.array([[50, 45]]))
    out = agreement.sentences(counts, "a", "b")
    assert len(out) == agreement.MOST_SENTENCES + 2 and out[-1] == "4 smaller changes are in the figure."
