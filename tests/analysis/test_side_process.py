"""What is done beside the training comes out as if it were done here, and a process that dies takes nothing with it."""

import os
import select
import signal
import threading
import time

import numpy as np
import pytest

from core.analysis import explore, side_process
from core.analysis.side_process import HelperProcess, NoHelper
from core.training import memory, phases


@pytest.fixture(scope="module")
def beside():
    with HelperProcess() as made:
        yield made


@pytest.mark.slow
def test_the_picture_of_the_input_is_the_same_from_beside(beside):
    axes = np.random.default_rng(0).standard_normal((300, 6)).astype(np.float32)
    config = type("Config", (), {"seed": 3, "metric": "euclidean"})
    there = explore.pictures(beside, axes, config)["input_umap"]
    while not there.ready:
        time.sleep(0.02)
    here = explore.pictures(NoHelper(), axes, config)["input_umap"]
    assert not here.ready
    np.testing.assert_array_equal(there.value(), here.value())


def test_what_fails_beside_fails_here_with_its_own_words(beside):
    task = beside.do(int, "no number")
    with pytest.raises(ValueError, match="no number"):
        task.value()
    assert beside.do(os.getpid).value() != os.getpid()


def test_tasks_are_done_in_their_order_and_one_that_dies_is_done_here(beside):
    start = time.perf_counter()
    asleep, waiting = beside.do(time.sleep, 0.5), beside.do(os.getpid)
    assert not waiting.ready and waiting.value() != os.getpid()
    assert time.perf_counter() - start > 0.4 and asleep.ready
    with HelperProcess() as made:
        doomed = made.do(select.select, [], [], [], 60)
        threading.Timer(0.2, os.kill, (made._process.pid, signal.SIGKILL)).start()
        doomed._arguments = ([], [], [], 0)  # carried out here, it need not take as long
        assert doomed.value() == ([], [], [])
        assert made.do(os.getpid).value() == os.getpid()


def test_leaving_ends_it_in_the_middle_of_its_work():
    start = time.perf_counter()
    with HelperProcess() as made:
        task = made.do(time.sleep, 60)
    assert made._process.poll() is not None and not task.ready and time.perf_counter() - start < 20


def test_it_is_opened_where_it_pays(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    for n in (memory.FEWEST_BESIDE, memory.MOST_BESIDE):
        with side_process.opened(n) as made:
            assert isinstance(made, HelperProcess)
    assert all(
        isinstance(side_process.opened(n), NoHelper)
        for n in (memory.FEWEST_BESIDE - 1, memory.MOST_BESIDE + 1)
    )
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert isinstance(side_process.opened(memory.FEWEST_BESIDE), NoHelper)


def test_the_clock_names_phases_that_add_up():
    clock = phases.Clock()
    assert clock.start("reading").description == "reading the dataset"
    time.sleep(0.02)
    clock.start("training")
    clock.start("reading")
    clock.stop()
    assert list(clock.seconds) == ["reading", "training"] and clock.seconds["reading"] >= 0.02
    with pytest.raises(KeyError):
        clock.start("resting")
    both = phases.added({"umap": 1.0, "reading": 1.0}, {"reading": 2.0})
    assert list(both.items()) == [("reading", 3.0), ("umap", 1.0)]
    assert phases.table(both) == [
        ("reading", "3.0", "75%"),
        ("umap", "1.0", "25%"),
        ("in all", "4.0", "100%"),
    ]
