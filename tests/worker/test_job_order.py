"""Asked-for work goes before what nobody looks at, is computed once, and can be stopped."""

import subprocess
import sys

import psutil
import pytest

from core.store import Priority
from core.worker import execute
from core.worker.queue import Queue

TARGET = "run"


@pytest.fixture
def queue(store):
    """The queue of a store, without its short lane; its jobs are processes that sleep."""
    queue = Queue(store.settings)
    queue.store = store

    def spawn(*arguments):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        queue.local.children[child.pid] = child
        return child

    queue.local.spawn = spawn
    yield queue
    for child in queue.local.children.values():
        child.kill()
        child.wait()


def submit(store, name, priority):
    return store.submit("local", "slow", "embed", TARGET, {"name": name}, f"embed:{name}", priority)


def statuses(store, *ids):
    return [store.job(id)["status"] for id in ids]


def test_pictures_that_nobody_asked_for_come_last(store):
    ahead = submit(store, "input_tsne", Priority.AHEAD)
    follows, asked = (
        submit(store, "latent_tsne", Priority.FOLLOWS),
        submit(store, "protein_umap", Priority.ASKED),
    )
    assert [job["id"] for job in store.waiting("slow")] == [asked, follows, ahead]


def test_a_running_picture_that_nobody_asked_for_makes_way_and_comes_back(store, queue):
    ahead = submit(store, "input_tsne", Priority.AHEAD)
    queue.update()
    pid = store.job(ahead)["pid"]
    assert statuses(store, ahead) == ["running"] and psutil.pid_exists(pid)
    asked = submit(store, "latent_tsne", Priority.ASKED)
    queue.update()
    assert statuses(store, ahead, asked) == ["queued", "running"] and not psutil.pid_exists(pid)
    queue.update()  # asked-for work is not stopped by other such work
    other = submit(store, "protein_umap", Priority.ASKED)
    queue.update()
    assert statuses(store, ahead, asked, other) == ["queued", "running", "queued"]


def test_a_picture_that_somebody_looks_at_by_now_goes_on(store, queue):
    ahead = submit(store, "input_tsne", Priority.AHEAD)
    queue.update()
    store.promote(ahead, "slow", Priority.ASKED)
    submit(store, "latent_tsne", Priority.ASKED)
    queue.update()
    assert statuses(store, ahead) == ["running"]


def test_a_cancelled_job_is_stopped_wherever_it_is(store, queue):
    jobs = store.of("local").jobs
    running, waiting = (
        submit(store, "input_tsne", Priority.ASKED),
        submit(store, "latent_tsne", Priority.ASKED),
    )
    queue.update()
    pid = store.job(running)["pid"]
    jobs.cancel(waiting)
    assert statuses(store, running, waiting) == ["running", "cancelled"]
    jobs.cancel(running)
    queue.update()
    assert statuses(store, running) == ["cancelled"] and not psutil.pid_exists(pid)
    assert store.job(running)["message"] == "Cancelled."


def test_a_cancelled_job_stops_at_its_next_message_and_can_be_asked_for_again(store, monkeypatch):
    from core.worker import job_kinds

    view, said = store.of("local"), []

    def work(store, job, say):
        said.append(1)
        say("Half.", 0.5)
        if len(said) == 1:
            view.jobs.cancel(job["id"])
        say("All.", 0.9)
        return {"ok": True}

    monkeypatch.setitem(job_kinds.KINDS, "embed", work)
    job = view.access.once("embed", TARGET, {"name": "latent_tsne"})
    execute.drain(store)
    assert (view.jobs.one(job["id"])["status"], view.jobs.one(job["id"])["result"]) == ("cancelled", None)
    again = view.access.once("embed", TARGET, {"name": "latent_tsne"})
    assert again["id"] == job["id"] and again["status"] == "queued" and not again["cancel"]
    execute.drain(store)
    assert view.jobs.one(job["id"])["result"] == {"ok": True}


def test_what_was_queued_ahead_is_not_computed_twice_when_a_person_asks(store):
    view, arguments = store.of("local"), {"name": "latent_tsne"}
    ahead = view.access.once("embed", TARGET, arguments, "slow", Priority.AHEAD)
    asked = view.access.once("embed", TARGET, arguments)
    assert asked["id"] == ahead["id"] and (asked["lane"], asked["priority"]) == ("short", Priority.ASKED)
    later = view.access.once("embed", TARGET, arguments, "slow", Priority.AHEAD)
    assert (later["lane"], later["priority"]) == ("short", Priority.ASKED)
    store.move_job(asked["id"], "queued", "running")
    store.promote(asked["id"], "slow", 5)
    assert store.job(asked["id"])["lane"] == "short"  # a running job stays where it is


def test_inline_work_leaves_what_nobody_asked_for(store, monkeypatch):
    from core.worker import job_kinds

    monkeypatch.setitem(job_kinds.KINDS, "embed", lambda *_: None)
    ahead, asked = submit(store, "input_tsne", Priority.AHEAD), submit(store, "latent_tsne", Priority.ASKED)
    execute.drain(store)
    assert statuses(store, ahead, asked) == ["queued", "done"]
    execute.drain(store, ahead=True)
    assert statuses(store, ahead) == ["done"]


def test_only_the_owner_stops_a_job(store):
    from core.store import Missing

    job = submit(store, "latent_tsne", Priority.ASKED)
    with pytest.raises(Missing):
        store.of("other").jobs.cancel(job)
    assert statuses(store, job) == ["queued"]
