"""A job is carried out to its end or says in a sentence why not; a worker that dies takes nobody with it."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from app_under_test import bring as bring_file

from core import files
from core.analysis import embedding, explore, side_process
from core.config import parse, run_files
from core.data import backed, demo
from core.settings import Settings
from core.sparse import disk_rows
from core.store import FINISHED, Missing, Store
from core.training import learn
from core.training.baselines import PANEL_AXES
from core.training.phases import PHASES
from core.worker import execute, job_kinds, launch
from core.worker.jobs import loaded
from core.worker.queue import Queue

QUICK = {"epochs": 3, "n_hidden": 16, "n_hidden_protein": 8, "n_latent": 4, "batch_size": 64, "device": "cpu"}
LONG = QUICK | {"epochs": 10_000}


@pytest.fixture(scope="module", autouse=True)
def tiny_demo(tiny):
    """The tiny set as a demo of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(demo.DEMOS, "tiny", ("Tiny", lambda: tiny.copy()))
        yield


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """A Store that several tests share."""
    store = Store(Settings(data_dir=tmp_path_factory.mktemp("data"), inline=True))
    yield store
    store.engine.dispose()


def bring(store, arguments=None):
    """A dataset on its way: its id, a reading job queued."""
    id = store.add("dataset", "local", name="Tiny", origin="demo:tiny", status="queued")
    store.submit("local", "short", "read", id, arguments or {"demo": "tiny"})
    return id


def prepared(store):
    """The id of a preparation that is ready."""
    dataset = bring(store)
    execute.drain(store)
    preparation, _ = store.of("local").preparations.create(dataset, {"n_top_genes": 60}, f"prepare {dataset}")
    execute.drain(store)
    return preparation


def queued_run(store, preparation, values=QUICK):
    view = store.of("local")
    run = view.runs.create(preparation, values)
    view.runs.train(run)
    return run


@pytest.fixture(scope="module")
def finished(lasting):
    """(store, run id) of a run that went the whole way."""
    run = queued_run(lasting, prepared(lasting))
    execute.drain(lasting)
    return lasting, run


def ask(store, kind, run, arguments):
    """The finished job of some short work on a run."""
    job = store.of("local").jobs.submit(kind, run, arguments)
    execute.drain(store)
    return store.job(job)


# --- in this process


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
    for name in ("latent_umap", "input_umap", "input_tsne"):
        assert view.results.array(run, f"embeddings/{name}").shape == (240, 2)
    assert view.results.array(run, run_files.clusters_of(1)).shape == (240,)
    assert {job["status"] for job in store.jobs()} == {"done"}


def test_a_large_data_set_is_trained_on_from_its_file(store, monkeypatch):
    def whole(path):
        raise AssertionError("read as a whole")

    monkeypatch.setattr(backed, "LARGE", 0)
    monkeypatch.setattr(loaded, "_load", whole)
    monkeypatch.setattr(disk_rows, "RESIDENT", 0)
    run = queued_run(store, prepared(store))
    execute.drain(store)
    row = store.row("run", run)
    assert (row["status"], row["explored"]) == ("done", "ready") and row["scores"]["judged_cells"] == 24
    loaded._evidence.cache_clear()


def test_the_data_set_tells_what_it_holds(finished):
    store, run = finished
    row = store.row("dataset", store.row("run", run)["dataset"])
    assert row["status"] == "ready" and row["record"]["kind"] == "counts"
    assert (row["record"]["cells"], row["record"]["genes"], len(row["record"]["proteins"])) == (240, 120, 8)
    assert len(row["record"]["data_hash"]) == 64


def test_the_preparation_tells_what_its_steps_did(finished):
    store, run = finished
    record = store.row("preparation", store.row("run", run)["preparation"])["record"]
    assert (record["n_genes"], record["n_proteins"], record["kind"]) == (60, 6, "counts")
    assert [pair["name"] for pair in record["histograms"]] == ["RNA", "protein"]
    for pair in record["histograms"]:
        for side in ("before", "after"):
            assert len(pair[side]["edges"]) == len(pair[side]["counts"]) + 1 and sum(pair[side]["counts"])


def test_the_facts_and_scores_of_a_run_are_those_of_the_pipeline(finished, tiny):
    store, run = finished
    row = store.row("run", run)
    config = parse(row["config"])
    *_, learnt = learn.learn(tiny.copy(), config)
    *_, explored = explore.explore(explore.evidence(learnt), config)
    facts = learn.start_facts(learnt.start) | learn.learnt_facts(learnt)
    assert {k: row["facts"][k] for k in facts if k != "phases"} == {
        k: facts[k] for k in facts if k != "phases"
    }
    assert row["scores"] == explored.scores
    assert list(row["facts"]["phases"]) == [
        name for name in PHASES if name not in ("starting", "forecast", "tsne", "harmony")
    ]
    assert files.read_json(store.run_folder(run) / "phases.json") == row["facts"]["phases"]


class Ready(side_process.Here):
    """Somebody beside us who has done at once what he was given, and kept count."""

    done = 0

    def do(self, function, *arguments):
        self.done += 1
        future = Future()
        future.set_result(function(*arguments))
        return side_process.Task(function, arguments, future)


def test_the_map_of_the_input_that_was_drawn_beside_the_training_is_kept(store, monkeypatch):
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
        np.load(path), embedding.umap(axes, seed=store.row("run", run)["config"]["seed"])
    )
    files.write_array(path, np.full((240, 2), 7, np.float32))
    execute.drain(store)
    assert store.row("run", run)["explored"] == "ready" and (np.load(path) == 7).all()


def test_the_folder_of_a_run_can_be_read_without_us(finished):
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
    job = ask(store, "labels", run, {"column": "cell_type", "resolution": 1.0})
    accuracies = {"knn_accuracy", "knn_accuracy_pca"}
    assert set(job["result"]) == {"ari", "nmi", "ari_all_cells", "nmi_all_cells"} | accuracies
    assert 0 <= job["result"]["knn_accuracy"] <= 1
    assert -1 <= job["result"]["ari_all_cells"] <= 1


def test_the_profile_of_a_cluster_is_the_mean_of_its_cells(finished):
    store, run = finished
    labels = store.of("local").results.array(run, run_files.clusters_of(1.0))
    job = ask(store, "profile", run, {"cluster": 0, "resolution": 1.0})
    result = job["result"]
    assert result["cells"] == int((labels == 0).sum())
    assert (
        len(result["names"]) == len(result["given"]) == len(result["made"]) == 66 and result["n_genes"] == 60
    )
    one = ask(store, "profile", run, {"cell": 5})["result"]
    assert one["cells"] == 1 and one["given"] != result["given"]


@pytest.mark.parametrize("asked", [{"cell": 240}, {"cell": -1}, {"cluster": 99, "resolution": 1.0}])
def test_a_cell_that_is_not_there_is_refused_in_a_sentence(finished, asked):
    store, run = finished
    job = ask(store, "profile", run, asked)
    assert (job["status"], job["message"]) == ("failed", "There is no such cell or cluster in this run.")


def test_further_pictures_are_drawn_on_request(finished):
    store, run = finished
    for name in ("latent_umap_3d", "input_tsne_3d"):
        assert ask(store, "embed", run, {"name": name})["status"] == "done"
        assert store.of("local").results.array(run, f"embeddings/{name}").shape == (240, 3)


@pytest.mark.parametrize("name", ["latent_umap_../../../x", "latent", "other_umap", "latent_pca"])
def test_a_picture_nobody_knows_is_refused(finished, name):
    store, run = finished
    job = ask(store, "embed", run, {"name": name})
    assert job["status"] == "failed" and "no picture" in job["message"]
    assert not list(store.root.rglob("x.npy"))


def test_short_work_on_a_run_without_latent_is_refused_in_a_sentence(store):
    preparation = prepared(store)
    run = store.of("local").runs.create(preparation, QUICK)
    job = ask(store, "profile", run, {"cell": 0})
    assert (job["status"], job["message"]) == ("failed", "This run has no latent space.")


def test_a_file_that_cannot_be_read_fails_its_data_set_alone(store):
    good = bring(store)
    (store.root / "inbox" / "bad.h5ad").write_bytes(b"\x89HDF\r\n\x1a\n but no more")
    bad = store.of("local").datasets.add_from_inbox("bad.h5ad", "click")
    execute.drain(store)
    assert store.row("dataset", good)["status"] == "ready"
    row = store.row("dataset", bad)
    assert row["status"] == "failed" and "'bad.h5ad' is damaged" in row["message"]
    with pytest.raises(Missing):
        store.of("local").datasets.folder(bad)


def test_an_upload_is_removed_once_it_is_on_the_shelf(store, tiny_file):
    id = bring_file(store.of("local"), "mine.h5ad", tiny_file.read_bytes())
    execute.drain(store)
    assert store.row("dataset", id)["status"] == "ready" and store.dataset_folder(id).file.exists()
    assert not any((store.root / "uploads").iterdir())


def test_a_mistake_found_while_training_is_one_sentence(store):
    run = queued_run(store, prepared(store))
    store.set("run", run, config=store.row("run", run)["config"] | {"n_latent": 500})
    execute.drain(store)
    row = store.row("run", run)
    assert row["status"] == "failed" and row["message"].startswith("500 latent dimensions for 66 features")
    assert row["ended"] and store.of("local").jobs.last(run, "train")["status"] == "failed"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "Memory ran out."),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "Memory ran out."),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "Memory ran out."),
        (ZeroDivisionError("division by zero"), "(ZeroDivisionError: division by zero)"),
    ],
)
def test_whatever_breaks_becomes_one_sentence_and_the_next_job_is_done(
    store, monkeypatch, capsys, error, words
):
    preparation = prepared(store)
    first, second = queued_run(store, preparation), queued_run(store, preparation)
    work, train = iter([error, None]), job_kinds.KINDS["train"]

    def break_once(*arguments):
        store.move("run", first, "queued", "running")
        if (problem := next(work)) is not None:
            raise problem
        return train(*arguments)

    monkeypatch.setitem(job_kinds.KINDS, "train", break_once)
    execute.drain(store)
    assert store.row("run", first)["status"] == "failed" and words in store.row("run", first)["message"]
    assert store.row("run", second)["status"] == "done"
    assert "Traceback" not in store.row("run", first)["message"]


def test_a_loss_that_is_no_number_fails_the_run_and_says_what_to_do(store):
    wild = {
        "lr": 10.0,
        "optimizer": "sgd",
        "clip_grad": 0.0,
        "schedule": "constant",
        "norm": "none",
        "epochs": 50,
    }
    run = queued_run(store, prepared(store), QUICK | wild)
    execute.drain(store)
    row = store.row("run", run)
    assert row["status"] == "failed" and "stopped being a number" in row["message"]
    assert "Lower the learning rate (it was 10)" in row["message"]
    assert (store.run_folder(run) / "model.pt").exists()


def test_a_run_cancelled_before_it_begins_is_never_trained(store):
    run = queued_run(store, prepared(store))
    store.of("local").runs.cancel(run)
    execute.drain(store)
    assert store.row("run", run)["status"] == "cancelled" and store.epochs(run) == []


def test_a_run_cancelled_in_the_middle_keeps_what_was_learnt(store, monkeypatch):
    run = queued_run(store, prepared(store), LONG)
    add_epoch = store.add_epoch

    def press_cancel(run_id, record):
        if record["epoch"] == 4:
            store.of("local").runs.cancel(run_id)
        return add_epoch(run_id, record)

    monkeypatch.setattr(store, "add_epoch", press_cancel)
    execute.drain(store)
    row, view = store.row("run", run), store.of("local")
    assert row["status"] == "cancelled" and len(view.runs.epochs(run)) == 4
    assert row["message"] == f"Cancelled after epoch 4; the weights of epoch {row['best_epoch']} were kept."
    assert view.results.array(run, "latent").shape == (240, 4) and row["explored"] == "ready"
    assert view.results.file(run, "model.pt").exists()


def test_a_run_cancelled_before_its_first_epoch_says_that_nothing_was_learnt(store, monkeypatch):
    run = queued_run(store, prepared(store))
    prepare = learn.prepare

    def slowly(*arguments):
        store.of("local").runs.cancel(run)
        return prepare(*arguments)

    monkeypatch.setattr(learn, "prepare", slowly)
    execute.drain(store)
    row = store.row("run", run)
    assert row["status"] == "cancelled" and "nothing was learnt" in row["message"] and store.epochs(run) == []


# --- the queue, with processes that are only pretended


def test_a_job_whose_process_is_gone_is_buried_with_its_run(store):
    run = queued_run(store, prepared(store))
    job = store.of("local").jobs.last(run, "train")
    store.move_job(job["id"], "queued", "running", pid=2**22 - 1, pid_started=0.0)
    store.move("run", run, "queued", "running")
    queue = Queue(store.settings)
    queue.store = store
    queue.fail(store.job(job["id"]))
    row = store.row("run", run)
    assert row["status"] == "failed" and row["message"].startswith("The worker stopped in the middle")
    assert store.job(job["id"])["status"] == "failed"


def test_a_child_that_is_still_dying_is_buried_only_with_its_exit_code(store):
    run = queued_run(store, prepared(store))
    job = store.of("local").jobs.last(run, "train")
    # Its first thread ends and another goes on: a zombie in /proc, and nothing yet for its parent to wait for.
    dying = "import ctypes, threading, time; threading.Thread(target=time.sleep, args=(60,)).start()"
    child = subprocess.Popen([sys.executable, "-c", f"{dying}; ctypes.CDLL(None).pthread_exit(None)"])
    started = psutil.Process(child.pid).create_time()
    wait(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)
    store.move_job(job["id"], "queued", "running", pid=child.pid, pid_started=started)
    queue = Queue(store.settings)
    queue.store, queue.children, queue.short = store, {child.pid: child}, SimpleNamespace(poll=lambda: None)
    queue.update()
    assert store.job(job["id"])["status"] == "running"
    child.kill()
    child.wait()
    queue.update()
    assert "was killed (signal 9)" in store.job(job["id"])["message"]
    queue.update()
    assert not queue.children


def test_work_on_a_run_that_was_deleted_meanwhile_leaves_nothing(store, monkeypatch):
    run = queued_run(store, prepared(store))
    execute.drain(store)
    view = store.of("local")
    job = view.results.embed(run, "latent_tsne")

    def slowly(points, *_):
        view.runs.forget(run)
        return points[:, :2]

    monkeypatch.setattr("core.analysis.embedding.tsne", slowly)
    execute.drain(store)
    assert not (store.root / "runs" / run).exists()
    with pytest.raises(Missing):
        store.job(job)


def test_a_job_that_finished_in_the_last_moment_is_not_buried(store):
    run = queued_run(store, prepared(store))
    job = store.of("local").jobs.last(run, "train")
    store.move_job(job["id"], "queued", "running")
    stale = store.job(job["id"])
    store.move("run", run, "queued", "running")
    store.move("run", run, "running", "done")
    store.move_job(job["id"], "running", "done")
    queue = Queue(store.settings)
    queue.store = store
    queue.fail(stale)
    assert store.row("run", run)["status"] == "done" and store.job(job["id"])["status"] == "done"


# --- the real worker, in processes of its own


def wait(question, seconds=240):
    """Until `question()` is true; its answer. Patient, since the machines of tests are often busy."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return answer


class Server:
    """A store whose jobs a real worker carries out."""

    def __init__(self, store):
        self.store = store
        self.preparation = prepared(store)
        store.remember("demos_added", True)  # so that the worker does not read these first
        self.start()

    def start(self):
        launch.beat(self.store.root)
        self.worker = launch.start(self.store.settings.model_copy(update={"inline": False}))
        wait(lambda: launch.is_running(self.store.root))

    def status(self, run):
        return self.store.row("run", run)["status"]

    def log(self):
        return (self.store.root / "worker.log").read_text()

    def close(self):
        """Nothing of it is left: neither the worker nor those whom it started."""
        records = [*self.store.jobs(), self.store.recall("short_worker") or {}]
        pids = {self.worker.pid} | {record["pid"] for record in records if record.get("pid")}
        for pid in pids - {os.getpid()}:
            with suppress(psutil.NoSuchProcess):
                if "core.worker" in psutil.Process(pid).cmdline():
                    psutil.Process(pid).kill()
        self.worker.wait(10)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    store = Store(
        Settings(
            data_dir=tmp_path_factory.mktemp("server"),
            inline=True,
        )
    )
    made = Server(store)
    yield made
    made.close()
    store.engine.dispose()


@pytest.mark.slow
def test_a_killed_training_process_fails_its_run_and_the_next_goes_all_the_way(server):
    store, view = server.store, server.store.of("local")
    first, second = queued_run(store, server.preparation, LONG), queued_run(store, server.preparation)
    wait(lambda: store.epochs(first))
    assert server.status(second) == "queued" and store.jobs_ahead(view.jobs.last(second, "train")) == 1
    child = view.jobs.last(first, "train")["pid"]
    assert child not in (os.getpid(), server.worker.pid)
    os.kill(child, signal.SIGKILL)
    wait(lambda: server.status(first) == "failed")
    assert "was killed (signal 9)" in store.row("run", first)["message"]
    assert view.jobs.last(first, "train")["status"] == "failed"

    wait(lambda: server.status(second) in FINISHED and store.row("run", second)["explored"] != "working")
    assert (server.status(second), store.row("run", second)["explored"]) == ("done", "ready"), server.log()
    assert len(store.epochs(second)) == 3 and view.results.array(second, "latent").shape == (240, 4)
    device = store.recall("device")
    assert device["kind"] in ("cpu", "cuda") and device["why"].endswith(".") and device["cores"] >= 1


@pytest.mark.slow
def test_clusters_whose_process_was_killed_can_be_computed_again(server):
    store, view = server.store, server.store.of("local")
    run = queued_run(store, server.preparation)

    def exploring():
        job = view.jobs.last(run, "explore")
        return job if job and job["status"] == "running" else None

    os.kill(wait(exploring)["pid"], signal.SIGKILL)
    wait(lambda: store.row("run", run)["explored"] == "failed")
    assert "was killed (signal 9)" in view.jobs.last(run, "explore")["message"]
    wait(lambda: store.row("run", run)["status"] == "done")  # exploring is queued just before
    view.runs.explore_again(run)
    wait(lambda: store.row("run", run)["explored"] == "ready")
    assert view.results.array(run, "embeddings/latent_umap").shape == (240, 2)


@pytest.mark.slow
def test_short_work_does_not_wait_for_training_which_outlives_the_queue(server):
    store = server.store
    run = queued_run(store, server.preparation, LONG)
    wait(lambda: store.epochs(run))
    dataset = store.row("run", run)["dataset"]
    short, _ = store.of("local").preparations.create(dataset, {"n_top_genes": 30}, "while training")
    wait(lambda: store.row("preparation", short)["status"] == "ready")
    assert server.status(run) == "running"

    server.worker.kill()
    server.worker.wait(10)
    there = len(store.epochs(run))
    wait(lambda: len(store.epochs(run)) > there)
    server.start()
    store.of("local").runs.cancel(run)
    wait(lambda: server.status(run) in FINISHED)
    assert server.status(run) == "cancelled" and store.of("local").results.array(run, "latent") is not None


def test_there_is_one_worker_and_it_goes_home_when_nobody_is_there(server):
    another = launch.start(server.store.settings)
    assert another.wait(120) == 0 and server.worker.poll() is None
    wait(lambda: not any(server.store.of("local").jobs.queue().values()))
    os.utime(server.store.root / "heartbeat", (0, 0))
    assert server.worker.wait(60) == 0
    assert not launch.is_running(server.store.root)
    assert "Traceback" not in server.log()
