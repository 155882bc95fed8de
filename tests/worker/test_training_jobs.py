"""Jobs from a demo to clusters: the dataset, the preparation, the run, and what is computed of it on request."""

from concurrent.futures import Future

import numpy as np
import pytest
from queued_work import finished_job, prepared, queued_run

from core import files
from core.analysis import embedding, explore, side_process
from core.config import parse, run_files
from core.data import backed
from core.settings import Settings
from core.sparse import disk_rows
from core.store import Priority, Store
from core.training import learn
from core.training.baselines import PANEL_AXES
from core.training.phases import PHASES
from core.worker import execute
from core.worker.jobs import datasets, trained_runs

pytestmark = pytest.mark.usefixtures("tiny_demo")


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """A Store that several tests share."""
    store = Store(Settings(data_dir=tmp_path_factory.mktemp("data"), inline=True))
    yield store
    store.engine.dispose()


@pytest.fixture(scope="module")
def finished(lasting):
    """(store, run id) of a run that went the whole way."""
    run = queued_run(lasting, prepared(lasting))
    execute.drain(lasting)
    return lasting, run


def test_a_demo_goes_from_the_queue_to_clusters(finished):
    store, run = finished
    view = store.of("local")
    row = view.runs.one(run)
    assert (row["status"], row["explored"], row["message"], row["phase"]) == ("done", "ready", "", "")
    assert row["n_epochs"] == 3 and 1 <= row["best_epoch"] <= 3 and row["started"] <= row["ended"]
    assert [epoch["epoch"] for epoch in view.runs.epochs(run)] == [1, 2, 3]
    assert view.results.array(run, "latent").shape == (240, 4)
    assert view.results.array(run, "input_axes").shape == (240, 50)
    assert view.results.array(run, "split").shape == (240,)
    for name in ("latent_umap", "input_umap"):
        assert view.results.array(run, f"embeddings/{name}").shape == (240, 2)
    assert view.results.array(run, run_files.clusters_of(1)).shape == (240,)
    assert {job["status"] for job in store.jobs() if job["priority"] != Priority.AHEAD} == {"done"}


def test_what_nobody_has_asked_for_waits_until_there_is_time(finished):
    store, run = finished
    waiting = [job for job in store.jobs() if job["priority"] == Priority.AHEAD]
    assert {job["status"] for job in waiting} == {"queued"}
    (tsne,) = (job for job in waiting if job["kind"] == "embed")
    assert tsne["arguments"]["name"] == "input_tsne"
    assert store.of("local").results.array(run, "embeddings/input_tsne") is None
    assert store.move_job(tsne["id"], "queued", "running")
    execute.execute(store, store.job(tsne["id"]))
    assert store.job(tsne["id"])["status"] == "done"
    assert store.of("local").results.array(run, "embeddings/input_tsne").shape == (240, 2)


def test_a_large_dataset_is_trained_on_from_its_file(store, monkeypatch):
    def whole(path):
        raise AssertionError("read as a whole")

    monkeypatch.setattr(backed, "LARGE", 0)
    monkeypatch.setattr(datasets, "_load", whole)
    monkeypatch.setattr(disk_rows, "RESIDENT", 0)
    run = queued_run(store, prepared(store))
    execute.drain(store)
    row = store.row("run", run)
    assert (row["status"], row["explored"]) == ("done", "ready") and row["scores"]["judged_cells"] == 24
    trained_runs._load.cache_clear()


def test_the_record_of_a_dataset_says_what_it_holds(finished):
    store, run = finished
    row = store.row("dataset", store.row("run", run)["dataset"])
    assert row["status"] == "ready" and row["record"]["kind"] == "counts"
    assert (row["record"]["cells"], row["record"]["genes"], len(row["record"]["proteins"])) == (240, 120, 8)
    assert len(row["record"]["data_hash"]) == 64


def test_the_record_of_a_preparation_says_what_its_steps_did(finished):
    store, run = finished
    record = store.row("preparation", store.row("run", run)["preparation"])["record"]
    assert (record["n_genes"], record["n_proteins"], record["kind"]) == (60, 6, "counts")
    assert [pair["name"] for pair in record["histograms"]] == ["RNA", "protein"]
    for pair in record["histograms"]:
        for side in ("before", "after"):
            assert len(pair[side]["edges"]) == len(pair[side]["counts"]) + 1 and sum(pair[side]["counts"])


def test_the_facts_and_scores_of_a_run_are_those_of_learn_and_explore(finished, tiny):
    store, run = finished
    row = store.row("run", run)
    config = parse(row["config"])
    *_, learnt = learn.learn(tiny.copy(), config)
    *_, explored = explore.explore(explore.trained_run(learnt), config)
    facts = learn.learnt_facts(learnt).record()
    later = ("phases", "mixing")  # exploring adds to these
    assert {k: row["facts"][k] for k in facts if k not in later} == {
        k: facts[k] for k in facts if k not in later
    }
    assert row["scores"] == explored.scores
    assert list(row["facts"]["phases"]) == [
        name for name in PHASES if name not in ("starting", "forecast", "tsne", "harmony")
    ]
    assert files.read_json(store.run_folder(run) / "phases.json") == row["facts"]["phases"]


class Ready(side_process.NoHelper):
    """Somebody beside us who has done at once what he was given, and kept count."""

    done = 0

    def do(self, function, *arguments):
        self.done += 1
        future = Future()
        future.set_result(function(*arguments))
        return side_process.Task(function, arguments, future)


def test_the_embedding_of_the_input_computed_during_training_is_used(store, monkeypatch):
    beside = Ready()
    monkeypatch.setattr(side_process, "opened", lambda n_cells: beside)
    preparation = prepared(store)
    monkeypatch.setattr(store, "settings", store.settings.model_copy(update={"inline": False}))
    run = queued_run(store, preparation)
    execute.execute(store, execute.take(store, "train"))
    assert beside.done == 1 and store.row("run", run)["status"] == "done"
    path = store.run_folder(run) / "embeddings" / "input_umap.npy"
    axes = np.load(store.run_folder(run) / "input_axes.npy")[:, :PANEL_AXES]
    np.testing.assert_array_equal(
        np.load(path), embedding.umap(axes, seed=store.row("run", run)["config"]["seed"], metric="cosine")
    )
    files.write_array(path, np.full((240, 2), 7, np.float32))
    execute.drain(store)
    assert store.row("run", run)["explored"] == "ready" and (np.load(path) == 7).all()


def test_the_folder_of_a_run_can_be_read_without_nuwa(finished):
    store, run = finished
    folder = store.run_folder(run)
    config = files.read_json(folder / "config.json")
    assert config["run"] == run and config["n_latent"] == 4 and config["n_top_genes"] == 60
    assert files.read_json(folder / "scores.json") == store.row("run", run)["scores"]
    assert (folder / "model.pt").exists() and (folder / "history.csv").read_text().startswith(
        "epoch,train_loss"
    )


def test_clusters_are_compared_with_a_column(finished):
    store, run = finished
    job = finished_job(store, "labels", run, {"column": "cell_type", "resolution": 1.0})
    result = job["result"]
    assert {"ari", "nmi", "ami", "ami_error", "knn_accuracy", "knn_accuracy_pca"} < set(result)
    assert result["knn_accuracy_difference"] == pytest.approx(
        result["knn_accuracy"] - result["knn_accuracy_pca"]
    )
    assert result["labelled_cells"] == 240 and 0 <= result["knn_accuracy"] <= 1 and -1 <= result["ari"] <= 1


def test_the_profile_of_a_cluster_is_the_mean_of_its_cells(finished):
    store, run = finished
    labels = store.of("local").results.array(run, run_files.clusters_of(1.0))
    job = finished_job(store, "profile", run, {"cluster": 0, "resolution": 1.0})
    result = job["result"]
    assert result["cells"] == int((labels == 0).sum())
    assert (
        len(result["names"]) == len(result["given"]) == len(result["made"]) == 66 and result["n_genes"] == 60
    )
    one = finished_job(store, "profile", run, {"cell": 5})["result"]
    assert one["cells"] == 1 and one["given"] != result["given"]


@pytest.mark.parametrize("cells", [{"cell": 240}, {"cell": -1}, {"cluster": 99, "resolution": 1.0}])
def test_an_unknown_cell_is_refused_in_a_sentence(finished, cells):
    store, run = finished
    job = finished_job(store, "profile", run, cells)
    assert (job["status"], job["message"]) == ("failed", "There is no such cell or cluster in this run.")


def test_further_embeddings_are_computed_on_request(finished):
    store, run = finished
    for name in ("latent_umap_3d", "input_tsne_3d"):
        assert finished_job(store, "embed", run, {"name": name})["status"] == "done"
        assert store.of("local").results.array(run, f"embeddings/{name}").shape == (240, 3)


@pytest.mark.parametrize("name", ["latent_umap_../../../x", "latent", "other_umap", "latent_pca"])
def test_an_unknown_embedding_is_refused(finished, name):
    store, run = finished
    job = finished_job(store, "embed", run, {"name": name})
    assert job["status"] == "failed" and "no embedding" in job["message"]
    assert not list(store.root.rglob("x.npy"))
