"""A repair makes a dataset of its own by a job of the worker; the original stays, and the way back is open."""

import anndata
import numpy as np
import pytest
from app_under_test import bring, sent
from scipy import sparse

from core.errors import UserError
from core.preprocessing import steps
from core.store import Missing
from core.worker.execute import drain, execute, take
from dashboard.components import location
from dashboard.components.widgets import badge
from dashboard.pages.clusters import page as clusters
from dashboard.pages.data import page as data
from dashboard.pages.preprocess import page as preprocess


@pytest.fixture(scope="module")
def odd_file(tiny, tmp_path_factory):
    """The tiny set with its counts normalised and logged, two cells empty, and three antibodies among the genes."""
    adata = tiny.copy()
    counts = adata.X.tolil()
    counts[[3, 9]] = 0
    counts = sparse.csr_matrix(counts)
    total = np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1)
    adata.X = sparse.csr_matrix(counts.multiply(1e4 / total[:, None])).log1p().astype(np.float32)
    adata.var_names = [*adata.var_names[:-3], "ADT_CD3", "ADT_CD4", "ADT_CD8"]
    path = tmp_path_factory.mktemp("odd") / "odd.h5ad"
    adata.write_h5ad(path)
    return path


@pytest.fixture
def odd(empty_nuwa, odd_file):
    """An app with the odd file read."""
    empty_nuwa.dataset = bring(empty_nuwa.view, "odd.h5ad", odd_file.read_bytes())
    drain(empty_nuwa.store)
    return empty_nuwa


def repair(nuwa, id, name):
    repaired = nuwa.view.steps.repair(id, name)
    drain(nuwa.store)
    row = nuwa.view.datasets.one(repaired)
    assert row["status"] == "ready", row["message"]
    return row


def shelved(nuwa, id):
    return anndata.read_h5ad(nuwa.store.dataset_folder(id).file)


def test_a_repair_makes_a_dataset_beside_the_original(odd, odd_file):
    before = odd.store.dataset_folder(odd.dataset).file.read_bytes()
    row = repair(odd, odd.dataset, "undo_log")
    assert (
        row["name"] == "odd.h5ad (repaired)" and row["origin"] == "repaired by undo_log from upload:odd.h5ad"
    )
    assert row["record"]["verdict"]["kind"] == "counts" and row["record"]["badge"]["words"] == "X: counts"
    assert row["record"]["derived"]["of"] == odd.dataset
    assert "counts were restored" in row["record"]["derived"]["steps"][0]["said"]
    repaired = shelved(odd, row["id"])
    assert [one["name"] for one in steps.made_before(repaired)] == ["undo_log"]
    original = anndata.read_h5ad(odd_file)
    np.testing.assert_array_equal(np.diff(repaired.X.indptr), np.diff(original.X.indptr))
    assert odd.store.dataset_folder(odd.dataset).file.read_bytes() == before
    assert odd.view.datasets.one(odd.dataset)["status"] == "ready"


def test_repairs_follow_one_another_and_are_undone_in_turn(odd):
    first = repair(odd, odd.dataset, "undo_log")
    second = repair(odd, first["id"], "drop_empty_cells")
    third = repair(odd, second["id"], "split_proteins")
    names = [one["name"] for one in third["record"]["derived"]["steps"]]
    assert names == ["undo_log", "drop_empty_cells", "split_proteins"]
    assert third["record"]["cells"] == 238 and {"ADT_CD3", "ADT_CD4", "ADT_CD8"} <= set(
        third["record"]["proteins"]
    )
    assert [row["name"] for row in odd.view.datasets.all()] == ["odd.h5ad (repaired)", "odd.h5ad"]
    back = odd.view.datasets.one(odd.view.steps.undo(third["id"]))
    drain(odd.store)
    back = odd.view.datasets.one(back["id"])
    assert [one["name"] for one in back["record"]["derived"]["steps"]] == ["undo_log", "drop_empty_cells"]
    assert back["record"]["data_hash"] == second["record"]["data_hash"]
    once = odd.view.steps.undo(back["id"])
    drain(odd.store)
    assert odd.view.steps.undo(once) == odd.dataset
    assert [row["id"] for row in odd.view.datasets.all()] == [odd.dataset]
    with pytest.raises(UserError, match="nothing to undo"):
        odd.view.steps.undo(odd.dataset)


def test_a_repaired_dataset_that_is_used_is_not_deleted(odd):
    first = repair(odd, odd.dataset, "undo_log")
    odd.view.preparations.create(first["id"], {}, "p")
    drain(odd.store)
    second = repair(odd, first["id"], "drop_empty_cells")
    names = {row["id"]: row["name"] for row in odd.view.datasets.all()}
    assert names[first["id"]] == "odd.h5ad (repaired)" and names[second["id"]] == "odd.h5ad (repaired 2)"
    assert odd.view.steps.undo(first["id"]) == odd.dataset
    assert odd.view.datasets.one(first["id"])["status"] == "ready"


def test_the_same_repair_twice_makes_one_dataset(odd):
    one, other = (odd.view.steps.repair(odd.dataset, "undo_log") for _ in range(2))
    assert one == other and len(odd.view.datasets.all()) == 2
    drain(odd.store)
    assert odd.view.steps.repair(odd.dataset, "undo_log") == one


def test_an_original_is_not_deleted_from_under_its_repairs(odd):
    repaired = odd.view.steps.repair(odd.dataset, "undo_log")
    for _ in range(2):  # while it waits, and when it is there
        with pytest.raises(UserError, match="1 dataset was made from this one"):
            odd.view.datasets.forget(odd.dataset)
        drain(odd.store)
    odd.view.datasets.forget(repaired)
    odd.view.datasets.forget(odd.dataset)
    assert odd.view.datasets.all() == []


def test_a_repair_that_is_not_offered_is_refused(odd):
    for name in ("transpose", "glue"):
        with pytest.raises(UserError, match="no longer offered"):
            odd.view.steps.repair(odd.dataset, name)
    with pytest.raises(Missing):
        odd.store.of("somebody else").steps.repair(odd.dataset, "undo_log")


def test_a_repair_that_fails_leaves_everything_as_it_was(odd, monkeypatch):
    def fails(adata, way):
        raise UserError("It cannot be done: try another way.")

    monkeypatch.setattr("core.preprocessing.steps.undo_log.undo_log", fails)
    repaired = odd.view.steps.repair(odd.dataset, "undo_log")
    drain(odd.store)
    row = odd.view.datasets.one(repaired)
    assert row["status"] == "failed" and row["message"] == "It cannot be done: try another way."
    assert odd.view.datasets.one(odd.dataset)["status"] == "ready"


def test_a_run_says_which_repairs_its_data_went_through(odd, run_quick):
    row = repair(odd, odd.dataset, "undo_log")
    preparation, _ = odd.view.preparations.create(row["id"], {}, "p")
    drain(odd.store)
    run = odd.view.runs.create(preparation, run_quick.model_dump())
    odd.view.runs.train(run)
    execute(odd.store, take(odd.store, "train"))
    assert "undo_log" in odd.view.results.file(run, "config.json").read_text()


def test_a_finding_that_forbids_training_does(odd):
    record = odd.view.datasets.one(odd.dataset)["record"]
    stop = {
        "code": "x",
        "severity": "stop",
        "sentence": "Everything is upside down.",
        "evidence": "",
        "repair": None,
    }
    odd.store.set("dataset", odd.dataset, record=record | {"findings": [stop]})
    with pytest.raises(UserError, match="cannot be trained on as it is. Everything is upside down"):
        odd.view.preparations.create(odd.dataset, {}, "p")


@pytest.mark.parametrize("bad,repairs", [(np.nan, ["drop_not_finite", "zero_not_finite"]), (0, [])])
def test_a_file_that_cannot_be_trained_on_is_loaded_with_its_finding(
    empty_nuwa, tiny, tmp_path, bad, repairs
):
    nuwa, adata = empty_nuwa, tiny.copy()
    adata.X = adata.X.toarray().astype(np.float32)
    adata.X[3:5] = bad
    adata.X *= bool(repairs)
    adata.write_h5ad(tmp_path / "odd.h5ad")
    id = bring(nuwa.view, "odd.h5ad", (tmp_path / "odd.h5ad").read_bytes())
    drain(nuwa.store)
    record = nuwa.view.datasets.one(id)["record"]
    (stop,) = [finding for finding in record["findings"] if finding["severity"] == "stop"]
    assert stop["code"] == ("not-finite" if repairs else "all-zero")
    assert stop["sentence"] in shown(nuwa, id) and "values missing" in record["badge"]["words"] or not repairs
    page = sent(preprocess.layout(nuwa.view, location.resolve(nuwa.view, f"?dataset={id}")))
    assert stop["sentence"] in page and f'"/data?dataset={id}"' in page and '"disabled": true' in page
    with pytest.raises(UserError, match="cannot be trained on as it is"):
        nuwa.view.preparations.create(id, {}, "p")
    for name in repairs:
        assert f'"name": "{name}"' in shown(nuwa, id)
        row = repair(nuwa, id, name)
        assert "stop" not in [finding["severity"] for finding in row["record"]["findings"]]
        assert row["record"]["cells"] == 240 - 2 * (name == "drop_not_finite")
        assert row["record"]["derived"]["steps"][0]["name"] == name


# --- the page


def shown(nuwa, id):
    return sent(data.layout(nuwa.view, location.resolve(nuwa.view, f"?dataset={id}")))


def press(nuwa, name, id):
    """Press the button of a repair on the page of a dataset: the address that it leads to, or what it says."""
    values = {"repair": {name: 1}, "dataset-id.data": id}
    return nuwa.press("data-message.children", values, f'{{"name":"{name}","type":"repair"}}.n_clicks')


def test_a_repair_is_made_and_undone_by_one_click_each(odd):
    page = shown(odd, odd.dataset)
    assert "Undo the log" in page and "Move antibodies to proteins" in page and '"step-undo"' not in page
    grave, mild = page.index("no raw counts in this file"), page.index("X holds log-normalised")
    assert grave < mild
    drawn = odd.press("data-message.children", {"repair": {"undo_log": None}, "dataset-id.data": odd.dataset})
    assert not drawn  # the buttons appear: nobody has pressed one
    repaired = press(odd, "undo_log", odd.dataset)["url"]["href"].partition("=")[2]
    drain(odd.store)
    page = shown(odd, repaired)
    assert "counts were restored" in page and f"/data?dataset={odd.dataset}" in page
    assert '"name": "undo_log"' not in page
    pressed = {"step-undo.n_clicks": 1, "context.data": {"dataset": repaired}, "url.pathname": "/data"}
    answer = odd.press("step-message.children", pressed, "step-undo.n_clicks")
    assert answer["url"]["href"] == f"/data?dataset={odd.dataset}"
    assert [row["id"] for row in odd.view.datasets.all()] == [odd.dataset]
    assert "no longer offered" in sent(press(odd, "transpose", odd.dataset)["data-message"])


def test_every_plot_of_a_dataset_has_a_badge_of_what_x_holds(finished, odd):
    assert "X: log-normalised" in shown(odd, odd.dataset)
    context = location.resolve(finished.view, "")
    for page in (data, preprocess, clusters):
        laid_out = sent(page.layout(finished.view, context))
        assert laid_out.count("X: counts") >= 1, page.TITLE
    top = finished.press("header.children", {"url.pathname": "/train", "url.search": ""})
    assert "X: counts" in sent(top["header"])


def test_a_dataset_of_an_earlier_version_has_a_badge():
    old = {"record": {"verdict": {"kind": "scaled", "evidence": "Means are 0.", "target_sum": None}}}
    assert badge(old).children == "X: scaled" and badge(old).title == "Means are 0."
    assert badge(None) is None and badge({"record": None}) is None
