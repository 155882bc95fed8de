"""The warm processes: which are started when, and that nobody takes all of them."""

from types import SimpleNamespace

import pytest
from people import people, quick_passwords

from core.store import server_key
from core.worker import processes, servers
from core.worker.execute import leaves_one_free, take


class Process:
    """A process that runs until `code` is set."""

    def __init__(self):
        self.code = None

    def poll(self):
        return self.code


@pytest.fixture
def three(store, monkeypatch):
    """Servers of a machine for three processes of short work, with the names of those that were started."""
    monkeypatch.setattr(servers.psutil, "virtual_memory", lambda: SimpleNamespace(available=8e9, total=16e9))
    store.settings = store.settings.model_copy(update={"short_workers": 3})
    started = []

    def spawn(name):
        started.append(name)
        return Process()

    made = servers.Servers(store, spawn)
    made.started = started
    return made


def running(*lanes):
    return [{"lane": lane} for lane in lanes]


def test_one_process_for_short_work_is_always_there_and_others_come_when_work_waits(three):
    three.keep([], {})
    three.keep([], {})
    assert three.started == ["short"]
    three.keep(running("short"), {"train": 5, "slow": 2})
    assert three.started == ["short"]
    three.keep(running("short"), {"short": 1})
    assert three.started == ["short", "short-2"]
    three.keep(running("short"), {"short": 1})  # the second one is about to take it
    assert three.started == ["short", "short-2"]
    three.keep(running("short", "short"), {"short": 1, "read": 1})
    assert three.started == ["short", "short-2", "short-3", "read"]
    three.keep(running("short", "short", "short", "read"), {"short": 9, "read": 9})
    assert len(three.started) == 4
    three.processes["short"].code = 0
    three.processes["read"].code = -9
    three.keep([], {})
    assert three.started[4:] == ["short"]
    three.keep([], {"read": 1})
    assert three.started[4:] == ["short", "read"]


def test_without_free_memory_no_further_process_is_started(three, monkeypatch):
    three.keep([], {})
    monkeypatch.setattr(servers.psutil, "virtual_memory", lambda: SimpleNamespace(available=1e9, total=16e9))
    three.keep(running("short"), {"short": 1, "read": 1})
    assert three.started == ["short", "read"]  # without a reader nothing would be read at all


def test_the_processes_of_an_earlier_queue_go_on(three, store):
    store.remember(server_key("short"), processes.identity())
    store.remember(
        server_key("read"), processes.identity() | {"pid_started": 1.0}
    )  # the number was used again
    three.keep([], {"read": 1})
    assert three.started == ["read"]
    assert set(store.servers()) == {"short", "read"}
    alive = {row["lane"]: row["alive"] for row in store.of("local").admin.workers()["processes"]}
    assert alive["short"]


@pytest.mark.parametrize(("cores", "gigabytes", "most"), [(1, 64, 1), (2, 16, 2), (8, 4, 1), (64, 256, 4)])
def test_how_many_follows_from_cores_and_memory(store, monkeypatch, cores, gigabytes, most):
    monkeypatch.setattr(servers.psutil, "virtual_memory", lambda: SimpleNamespace(total=gigabytes * 1e9))
    monkeypatch.setattr(servers.os, "sched_getaffinity", lambda _: set(range(cores)))
    assert servers.most_short(store.settings) == most
    assert servers.most_short(store.settings.model_copy(update={"short_workers": 7})) == 7


def test_one_process_stays_free_for_other_people(store):
    with quick_passwords():
        people(store)
    for owner in ("bob", "bob", "eve"):
        store.submit(owner, "short", "explore", "x")
    may = leaves_one_free(store, 2)
    assert [take(store, "short", may=may)["owner"] for _ in range(2)] == ["bob", "eve"]
    assert take(store, "short", may=may) is None
    assert (
        take(store, "short", may=leaves_one_free(store, 1))["owner"] == "bob"
    )  # there is one only: it takes turns


def test_alone_one_person_uses_all_processes(store):
    for _ in range(2):
        store.submit("local", "short", "explore", "x")
    may = leaves_one_free(store, 2)
    assert take(store, "short", may=may) and take(store, "short", may=may)


def test_a_paused_queue_starts_no_training(store):
    store.submit("local", "train", "train", "x")
    store.submit("local", "short", "explore", "x")
    store.of("local").admin.pause()
    assert take(store, "train") is None and take(store, "short")
    store.of("local").admin.unpause()
    assert take(store, "train")
