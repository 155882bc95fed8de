"""The queue: what becomes of the jobs of processes that died, and the worker as processes of its own."""

import os
import signal
import subprocess
import sys

import psutil
import pytest
from queued_work import LONG, prepared, queued_run
from real_worker import Server, wait

from core.settings import Settings
from core.store import FINISHED, Store
from core.worker import launch, processes
from core.worker.queue import Queue

pytestmark = pytest.mark.usefixtures("tiny_demo")


def test_a_training_whose_process_ends_three_times_without_progress_fails_with_its_run(store):
    run = queued_run(store, prepared(store))
    job = store.of("local").jobs.last(run, "train")
    queue = Queue(store.settings)
    queue.store = store
    for _ in range(3):
        assert store.row("run", run)["status"] == store.job(job["id"])["status"] == "queued"
        store.move_job(job["id"], "queued", "running", pid=2**22 - 1, pid_started=0.0)
        store.move("run", run, "queued", "running")
        queue.take_up(store.job(job["id"]))
    row = store.row("run", run)
    assert row["status"] == "failed" and row["message"].startswith(
        "Training was started 3 times from the beginning and ended each time without a further checkpoint. The worker stopped"
    )
    assert store.job(job["id"])["status"] == "failed"


def test_the_job_of_a_dying_child_fails_only_once_there_is_an_exit_code(store):
    run = queued_run(store, prepared(store))
    job = store.of("local").jobs.last(run, "train")
    # Its first thread ends and another goes on: a zombie in /proc, and nothing yet for its parent to wait for.
    dying = "import ctypes, threading, time; threading.Thread(target=time.sleep, args=(60,)).start()"
    child = subprocess.Popen([sys.executable, "-c", f"{dying}; ctypes.CDLL(None).pthread_exit(None)"])
    wait(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)
    store.move_job(job["id"], "queued", "running", deaths=2, **processes.identity(child.pid))
    queue = Queue(store.settings)
    queue.store, queue.local.children = store, {child.pid: child}
    queue.update()
    assert store.job(job["id"])["status"] == "running"
    child.kill()
    child.wait()
    queue.update()
    assert "was killed (signal 9)" in store.job(job["id"])["message"]
    queue.update()
    assert not queue.local.children


def test_a_job_that_finished_at_the_last_moment_does_not_fail(store):
    run = queued_run(store, prepared(store))
    job = store.of("local").jobs.last(run, "train")
    store.move_job(job["id"], "queued", "running")
    stale = store.job(job["id"])
    store.move("run", run, "queued", "running")
    store.move("run", run, "running", "done")
    store.move_job(job["id"], "running", "done")
    queue = Queue(store.settings)
    queue.store = store
    queue.take_up(stale)
    assert store.row("run", run)["status"] == "done" and store.job(job["id"])["status"] == "done"


# --- the real worker, in processes of its own


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    store = Store(
        Settings(
            data_dir=tmp_path_factory.mktemp("server"),
            inline=True,
        )
    )
    server = Server(store)
    yield server
    server.close()
    store.engine.dispose()


@pytest.mark.slow
def test_a_killed_training_is_taken_up_again_and_the_next_run_finishes(server):
    store, view = server.store, server.store.of("local")
    first, second = queued_run(store, server.preparation, LONG), queued_run(store, server.preparation)
    wait(lambda: store.epochs(first))
    assert server.status(second) == "queued" and len(store.ahead_of(view.jobs.last(second, "train"))) == 1
    child = view.jobs.last(first, "train")["pid"]
    assert child not in (os.getpid(), server.worker.pid)
    os.kill(child, signal.SIGKILL)
    there = len(store.epochs(first))
    wait(lambda: view.jobs.last(first, "train")["pid"] not in (child, None))
    wait(lambda: len(store.epochs(first)) > there)
    assert [epoch["epoch"] for epoch in store.epochs(first)] == list(range(1, len(store.epochs(first)) + 1))
    view.runs.cancel(first)

    wait(lambda: server.status(second) in FINISHED and store.row("run", second)["explored"] != "working")
    assert (server.status(second), store.row("run", second)["explored"]) == ("done", "ready"), server.log()
    assert len(store.epochs(second)) == 3 and view.results.array(second, "latent").shape == (240, 4)
    device = store.recall("device")
    assert device["kind"] in ("cpu", "cuda") and device["why"].endswith(".") and device["cores"] >= 1


@pytest.mark.slow
def test_clusters_whose_process_was_killed_are_computed_again(server):
    store, view = server.store, server.store.of("local")
    run = queued_run(store, server.preparation)

    def exploring():
        job = view.jobs.last(run, "explore")
        return job if job and job["status"] == "running" else None

    os.kill(wait(exploring)["pid"], signal.SIGKILL)
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


def test_there_is_one_worker_and_it_stops_without_a_web_process(server):
    another = launch.start(server.store.settings)
    assert another.wait(120) == 0 and server.worker.poll() is None
    wait(lambda: not any(server.store.of("local").jobs.queue().values()))
    os.utime(server.store.root / "heartbeat", (0, 0))
    assert server.worker.wait(60) == 0
    assert not launch.is_running(server.store.root)
    assert "Traceback" not in server.log()
