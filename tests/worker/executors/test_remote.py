"""Jobs on other machines: handles, signs of life, and what the queue makes of a machine that falls silent."""

import sys
from types import SimpleNamespace

import pytest
from store_rows import new_run

from core.settings import Settings
from core.store import Store
from core.store.executions import Executions
from core.worker import attend, executors
from core.worker.executors import remote
from core.worker.executors.interface import Refused, Unreachable
from core.worker.queue import Queue


class Elsewhere(remote.Remote):
    """An executor that writes down what it is asked for."""

    name = "elsewhere"

    def __init__(self, store, local):
        super().__init__(store, local)
        self.sent, self.problem = [], None

    def places(self, lane):
        return 2

    def send(self, job, handle):
        if self.problem:
            raise self.problem
        self.sent.append((job["id"], handle))

    def take_back(self, job, handle):
        self.sent.remove((job["id"], handle))


@pytest.fixture
def queue(store, monkeypatch):
    """A queue whose runs go elsewhere, without its process for short work; three runs wait."""
    monkeypatch.setattr(executors, "of", Elsewhere)
    queue = Queue(store.settings)
    queue.store, queue.short = store, SimpleNamespace(poll=lambda: None)
    queue.runs = [new_run(store, "queued") for _ in range(3)]
    queue.jobs = [store.of("local").jobs.last(run, "train")["id"] for run in queue.runs]
    queue.now = 100.0
    monkeypatch.setattr(remote, "time", SimpleNamespace(monotonic=lambda: queue.now))
    return queue


def statuses(queue):
    return [str(queue.store.job(id)["status"]) for id in queue.jobs]


def silence(queue, seconds):
    """Let so many seconds pass, of which each is looked at."""
    for _ in range(seconds):
        queue.now += 1
        queue.update()


def test_as_many_jobs_are_given_out_as_there_are_places(queue):
    queue.update()
    assert statuses(queue) == ["running", "running", "queued"]
    assert [id for id, _ in queue.executor.sent] == queue.jobs[:2]
    queue.store.move_job(queue.jobs[0], "running", "done")
    queue.update()
    assert statuses(queue) == ["done", "running", "running"]


def test_a_job_that_gives_signs_of_life_is_left_alone(queue):
    queue.update()
    (first, handle), _ = queue.executor.sent
    for _ in range(20):
        assert Executions(queue.store).beat(first, handle)
        silence(queue, 10)
        assert Executions(queue.store).one(first)["handle"] == handle


def test_a_silent_job_is_given_out_again_and_whoever_had_it_may_not_go_on(queue):
    queue.update()
    (first, handle), _ = queue.executor.sent
    executions = Executions(queue.store)
    assert executions.beat(first, handle)
    silence(queue, 95)
    again = dict(queue.executor.sent)[first]
    assert again != handle and queue.store.job(first)["deaths"] == 1
    assert not executions.beat(first, handle) and executions.beat(first, again)


def test_a_job_that_nobody_has_begun_is_given_out_again_without_counting_as_a_death(queue):
    queue.update()
    silence(queue, 400)
    assert len(queue.executor.sent) > 4 and statuses(queue) == ["running", "running", "queued"]
    assert {queue.store.job(id)["deaths"] for id in queue.jobs} == {0}


def test_seconds_in_which_nobody_could_look_prove_nothing(queue):
    """The database was away, for the queue as for the machines of the jobs."""
    queue.update()
    (first, handle), _ = queue.executor.sent
    queue.now += 3600
    queue.update()
    assert Executions(queue.store).one(first)["handle"] == handle


def test_an_executor_that_does_not_answer_lets_jobs_wait_and_says_so(queue, monkeypatch):
    queue.executor.problem = Unreachable("connection refused")
    queue.update()
    assert statuses(queue) == ["queued"] * 3
    assert queue.store.job(queue.jobs[0])["message"] == "Waits for elsewhere: connection refused"
    queue.executor.problem = None
    queue.update()
    assert queue.executor.sent == []  # not asked again for a while
    queue.asked_again = 0.0
    queue.update()
    assert statuses(queue) == ["running", "running", "queued"]


def test_a_job_that_is_refused_fails_with_the_sentence(queue):
    queue.executor.problem = Refused("Slurm refused this job (no such partition).")
    queue.update()
    assert statuses(queue)[:2] == ["failed", "failed"]
    row = queue.store.row("run", queue.runs[0])
    assert (row["status"], row["message"]) == ("failed", "Slurm refused this job (no such partition).")
    assert Executions(queue.store).one(queue.jobs[0]) is None


def test_a_job_that_is_cancelled_is_taken_back(queue):
    queue.update()
    (first, handle), _ = queue.executor.sent
    queue.executor.cancel(queue.store.job(first))
    assert first not in dict(queue.executor.sent) and not Executions(queue.store).beat(first, handle)


def test_rows_of_jobs_that_do_not_run_are_swept(queue):
    queue.update()
    queue.store.move_job(queue.jobs[0], "running", "done")
    Executions(queue.store).sweep()
    rows = [Executions(queue.store).one(id) for id in queue.jobs]
    assert [row is not None for row in rows] == [False, True, False]


# --- the process beside a job


@pytest.fixture
def given_out(store, monkeypatch):
    """(executions, job, handle) of a training that was given out; its process is a short program."""

    def run(code, lost_after=None):
        job = store.of("local").jobs.last(new_run(store, "queued"), "train")["id"]
        store.move_job(job, "queued", "running")
        monkeypatch.setattr(
            attend, "command", lambda job_id: [sys.executable, "-c", code.replace("JOB", job_id)]
        )
        executions = Executions(store)
        executions.begin(job, "elsewhere", "h1")
        return executions, job

    # A third of a second between two signs of life.
    object.__setattr__(store.settings, "lost_after", 10)
    return run


def test_a_process_that_was_killed_is_reported_with_its_signal(given_out, store):
    executions, job = given_out("import os; os.kill(os.getpid(), 9)")
    store.set_job(job, deaths=2)
    attend.attend(store, job, "h1")
    row = store.job(job)
    assert row["status"] == "failed" and "killed (signal 9)" in row["message"]
    assert executions.one(job) is None


def test_a_job_under_another_handle_is_not_begun(given_out, store):
    executions, job = given_out("raise SystemExit('begun')")
    attend.attend(store, job, "an earlier handle")
    assert executions.one(job)["beats"] == 0 and store.job(job)["status"] == "running"


def test_a_task_that_is_delivered_twice_is_carried_out_once(given_out, store, monkeypatch):
    executions, job = given_out("raise SystemExit('begun')")
    executions.beat(job, "h1")
    # While the second one looks, the first one gives a sign of life.
    monkeypatch.setattr(attend.time, "sleep", lambda _: executions.beat(job, "h1"))
    attend.attend(store, job, "h1")
    assert executions.one(job)["beats"] == 2 and store.job(job)["status"] == "running"


def test_a_job_that_was_given_to_another_machine_ends_here(given_out, store, tmp_path):
    code = f"import time, pathlib; pathlib.Path({str(tmp_path / 'begun')!r}).touch(); time.sleep(60)"
    executions, job = given_out(code)
    real = executions.beat

    def beat(self, job_id, handle):
        if (tmp_path / "begun").exists():
            executions.begin(job_id, "elsewhere", "h2")
        return real(job_id, handle)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Executions, "beat", beat)
        attend.attend(store, job, "h1")
    assert executions.one(job)["handle"] == "h2" and store.job(job)["status"] == "running"


def test_a_store_without_an_executor_setting_runs_jobs_here(tmp_path):
    store = Store(Settings(data_dir=tmp_path / "data", inline=True))
    local = object()
    assert executors.of(store, local) is local
    store.engine.dispose()
