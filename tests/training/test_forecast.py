"""The forecast of a run: right within a factor of two, harmless to the run, and able to say what to change."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import psutil
import pytest
import torch
from constants import ROOT

from core import device as devices
from core.config import RunConfig
from core.data import demo
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import forecast, inference, learn, loop, phases

CPU = devices.Device("cpu", "CPU, 1 of 2 cores", "The CPU is used because it was asked for.", 1)


GPU = devices.Device("cuda", "NVIDIA H200", "NVIDIA H200 is used because torch sees a CUDA GPU.", 1)


SMALL = RunConfig(epochs=3, n_hidden=16, n_hidden_protein=8, n_latent=4, batch_size=64, n_top_genes=0)


@pytest.fixture(scope="module")
def prepared(tiny):
    """(Matrix, Split) of the tiny set."""
    split = split_cells(tiny.n_obs, SMALL)
    return prepare(tiny, SMALL, split), split


TEN = {  # cells, genes and proteins of the data; settings
    "the defaults": (2000, 2000, 20, {"epochs": 20}),
    "few cells": (300, 500, 0, {}),
    "few genes, large batches": (4000, 100, 6, {"batch_size": 1024, "epochs": 60}),
    "small batches": (1000, 1000, 20, {"batch_size": 16, "epochs": 5, "n_hidden": 32}),
    "the whole in one batch": (1000, 1000, 0, {"batch_size": 4096, "epochs": 30, "n_latent": 50}),
    "a wide network": (1000, 2500, 20, {"n_hidden": 1024, "n_top_genes": 0, "epochs": 3}),
    "many genes": (1500, 9000, 0, {"n_top_genes": 0, "epochs": 2}),
    "variational, deep": (
        2000,
        1500,
        20,
        {"model": "variational", "n_layers": 3, "norm": "batch", "epochs": 5},
    ),
    "counts": (2000, 1500, 20, {"model": "counts", "epochs": 4}),
    "linear, chosen genes, dropout": (
        *(3000, 4000, 12),
        {"model": "linear", "n_top_genes": 800, "input_dropout": 0.2, "dropout": 0.1, "epochs": 10},
    ),
}


HELD_AGAINST = """
import json, sys
from core import settings
settings.limit_threads()
from core.config import parse
from core.data import read
from core.training import forecast, learn, memory
memory.MOST_BESIDE = 0  # no helper process
seen, seconds = [], {}
for event in learn.learn(read.read(sys.argv[1]), parse(json.loads(sys.argv[2])), foresee=True):
    seen += [event] if isinstance(event, forecast.Forecast) else []
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
spent = event.seconds["training"] + event.seconds["encoding"]
print(json.dumps({"seconds": [seen[0].seconds, spent], "memory": [seen[0].memory, int(peak) * 1024]}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", TEN)
def test_time_and_memory_are_right_within_a_factor_of_two(name, tmp_path):
    """Each run in a process of its own. A machine at other work may be twice as quick a moment later: three tries."""
    n_cells, n_genes, n_proteins, values = TEN[name]
    file = tmp_path / "cells.h5ad"
    demo.simulated(n_cells=n_cells, n_genes=n_genes, n_proteins=n_proteins).write_h5ad(file)
    command = [sys.executable, "-c", HELD_AGAINST, str(file), json.dumps(values)]
    ratios = []
    for _ in range(3):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        record = json.loads(done.stdout)
        memory, seconds = (message / was for message, was in (record["memory"], record["seconds"]))
        assert 0.5 < memory < 2, record
        ratios.append(seconds)
        if 0.5 < seconds < 2:
            return
    pytest.fail(f"seconds forecast over seconds spent: {ratios}")


@pytest.mark.slow
def test_the_memory_of_a_whole_command_is_right_within_a_factor_of_one_and_a_half(tmp_path):
    """With all of its processes, the pictures among them; what they share is counted once."""
    command = [
        sys.executable,
        "-m",
        "core",
        "train",
        "simulated",
        "--out",
        str(tmp_path / "out"),
        "--epochs",
        "20",
    ]
    peak = 0
    with (tmp_path / "said").open("w") as message:
        process = subprocess.Popen(command, cwd=ROOT, stdout=message, stderr=subprocess.STDOUT)
        while process.poll() is None:
            with suppress(psutil.Error):
                peak = max(peak, devices.held_memory(process.pid))
            time.sleep(0.1)
    report = (tmp_path / "said").read_text()
    assert process.returncode == 0, report
    number, unit = re.search(r", ([\d.]+) (GB|MB) of .* free memory", report).groups()
    forecast = float(number) * {"GB": 1e9, "MB": 1e6}[unit]
    assert 2 / 3 < forecast / peak < 1.5, (forecast, peak)


class Clock:
    """Time that passes only with what a run does: `step`, `look` and `code` seconds for each."""

    def __init__(self, monkeypatch, step=0.01, look=1e-4, code=1e-5):
        self.now, self.steps, self.passes = 0.0, 0, 0
        self.held_up = []  # seconds that each of the next things takes more, beside other work
        monkeypatch.setattr(forecast.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(loop, "losses", lambda m, x, rows, *_: self.spend(len(rows) * look))
        monkeypatch.setattr(inference, "encode", lambda m, x, rows, *_: self.spend(len(rows) * code))

        def one_pass(model, feed, order, config, *_):
            n = -(-len(order) // config.batch_size)
            whole = n * config.batch_size == len(order)
            assert whole or len(order) <= forecast.WARM_UP  # those before, which compile
            self.steps, self.passes = self.steps + n, self.passes + 1
            self.spend(n * step)

        monkeypatch.setattr(loop, "one_pass", one_pass)

    def spend(self, seconds):
        self.now += seconds + self.held_up.pop(0) if self.held_up else seconds


def test_seconds_are_the_steps_the_looks_and_the_codes_of_all_epochs(prepared, monkeypatch):
    matrix, split = prepared
    Clock(monkeypatch)
    config = SMALL.model_copy(update={"epochs": 500})
    steps = -(-len(split.train) // 64)
    expected = 500 * (steps * 0.01 + 2 * len(split.valid) * 1e-4) + 240e-5 + len(split.scored) * 1e-4
    assert forecast.training_seconds(matrix, split, config) == (pytest.approx(expected), False)


@pytest.mark.parametrize(
    ("at", "seconds"), [(0, 30.0), (3, 30.0), (7, 30.0), *((at, 0.5) for at in range(12))]
)
def test_neither_compiling_nor_a_hiccup_counts_a_hundred_times(prepared, monkeypatch, at, seconds):
    """Half a minute's, of the first look, code or step; half a second's, wherever it falls."""
    matrix, split = prepared
    config = SMALL.model_copy(update={"epochs": 500})
    clock = Clock(monkeypatch)
    alone = forecast.training_seconds(matrix, split, config)
    clock.held_up = [seconds if n == at else 0.0 for n in range(12)]
    forecast_of_run = forecast.training_seconds(matrix, split, config)
    assert forecast_of_run.seconds == pytest.approx(alone.seconds)


def test_probes_that_are_far_apart_show_a_busy_machine(prepared, monkeypatch):
    matrix, split = prepared
    config = SMALL.model_copy(update={"epochs": 500})
    clock = Clock(monkeypatch)
    clock.held_up = [0.0] * 11 + [0.5]
    assert forecast.training_seconds(matrix, split, config).busy
    forecast_of_run = forecast.forecast(matrix, split, config, CPU)
    assert not forecast_of_run.busy and forecast_of_run.sentence.endswith(" path.")
    assert forecast_of_run._replace(busy=True).sentence.endswith(
        " path. The machine is busy, so the time may be off."
    )


@pytest.mark.parametrize(
    ("epochs", "step", "most"), [(10_000, 0.01, 2.1), (10, 0.01, 0.05), (10_000, 5.0, 10.1), (1, 1e-4, 0.03)]
)
def test_the_probe_is_short_and_shorter_where_the_run_is(prepared, monkeypatch, epochs, step, most):
    """Two seconds at most, a few hundredths of a short run, and never more than two steps where they take long."""
    matrix, split = prepared
    clock = Clock(monkeypatch, step)
    forecast.training_seconds(matrix, split, SMALL.model_copy(update={"epochs": epochs}))
    assert clock.now < most and clock.steps >= 2 and clock.passes <= 3 + forecast.PROBES


def test_a_step_of_many_seconds_is_estimated_from_shorter_ones(prepared, monkeypatch):
    """A second for the weights, and a hundredth for each cell: 82 seconds a step, of which the probe spends a part."""
    matrix, split = prepared
    clock = Clock(monkeypatch, look=0, code=0)
    tried = []

    def one_pass(model, feed, order, config, *_):
        tried.append(len(order))
        clock.spend(1 + 0.01 * len(order))

    monkeypatch.setattr(loop, "one_pass", one_pass)
    monkeypatch.setattr(forecast, "FAR", 2)
    config = SMALL.model_copy(update={"epochs": 1, "batch_size": 192})
    forecast_of_run = forecast.training_seconds(matrix, split, config).seconds
    assert forecast_of_run == pytest.approx(2 * (1 + 0.01 * 192), rel=0.01)
    assert max(tried) < 192


def test_fewer_cells_than_a_minibatch_are_one_step_an_epoch(prepared, monkeypatch):
    matrix, split = prepared
    Clock(monkeypatch, look=0, code=0)
    config = SMALL.model_copy(update={"epochs": 7, "batch_size": 4096})
    assert forecast.training_seconds(matrix, split, config).seconds == pytest.approx(0.07)


@pytest.mark.parametrize("name", ["citeseq", "counts"])
def test_a_forecast_leaves_the_run_as_it_was_bit_for_bit(tiny, name):
    config = SMALL.model_copy(update={"dropout": 0.2, "input_dropout": 0.1, "model": name})
    events = [e for e in learn.learn(tiny, config, foresee=True) if not isinstance(e, phases.Phase)]
    plain = [e for e in learn.learn(tiny, config) if not isinstance(e, phases.Phase)]
    assert isinstance(events[0], forecast.Forecast) and isinstance(plain[0], learn.Start)
    for one, two in zip(events[2:-1], plain[1:-1], strict=True):
        assert one.repeatable() == two.repeatable()
    np.testing.assert_array_equal(events[-1].latent, plain[-1].latent)


def test_the_random_numbers_of_torch_are_left_as_they_were(prepared):
    matrix, split = prepared
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    forecast.forecast(matrix, split, SMALL.model_copy(update={"dropout": 0.5}), CPU)
    assert torch.equal(torch.rand(3), expected)


def test_a_model_that_breaks_in_the_probe_has_a_price_all_the_same(prepared):
    matrix, split = prepared
    wild = {"lr": 10.0, "optimizer": "sgd", "clip_grad": 0.0, "norm": "none", "schedule": "constant"}
    forecast_of_run = forecast.forecast(matrix, split, SMALL.model_copy(update=wild | {"epochs": 300}), CPU)
    assert forecast_of_run.seconds > 0 and not forecast_of_run.warning


def test_a_gpu_is_waited_for_before_the_clock_is_read(monkeypatch):
    order = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: order.append("wait"))
    monkeypatch.setattr(forecast.time, "perf_counter", lambda: order.append("clock") or len(order))
    assert forecast._clocked("cuda", lambda: order.append("work")) == 3
    assert order == ["wait", "clock", "work", "wait", "clock"]
    forecast._clocked("cpu", lambda: None)
    assert order[5:] == ["clock", "clock"]


def test_what_does_not_fit_is_not_tried(prepared, monkeypatch):
    matrix, split = prepared
    monkeypatch.setattr(devices, "free_memory", lambda: 100_000_000)
    monkeypatch.setattr(forecast, "training_seconds", lambda *_: pytest.fail("it was tried"))
    forecast_of_run = forecast.forecast(matrix, split, SMALL, CPU)
    assert forecast_of_run.seconds is None and forecast_of_run.free == 100_000_000 < forecast_of_run.memory
    assert "and 0.1 GB are free" in forecast_of_run.warning
    assert forecast_of_run.sentence.startswith("On the CPU (1 of ")


def test_memory_that_the_process_holds_already_need_not_be_free(prepared, monkeypatch):
    matrix, split = prepared
    monkeypatch.setattr(devices, "free_memory", lambda: 100_000_000)
    forecast_of_run = forecast.forecast(matrix, split, SMALL, CPU, held=2_000_000_000)
    assert (
        not forecast_of_run.warning and forecast_of_run.seconds > 0 and forecast_of_run.free == 2_100_000_000
    )


def test_memory_that_runs_out_in_the_probe_is_a_warning(prepared, monkeypatch):
    matrix, split = prepared

    def breaks(*_):
        raise RuntimeError("CUDA out of memory. Tried to allocate")

    monkeypatch.setattr(loop, "one_pass", breaks)
    forecast_of_run = forecast.forecast(matrix, split, SMALL, CPU)
    assert forecast_of_run.seconds is None and forecast_of_run.warning.startswith("Memory ran out in a trial")


def test_the_sentence_holds_time_memory_and_steps(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    forecast_of_run = forecast.Forecast(CPU, "sparse", 47, 45, False, 24.7, 1_140_000_000, 24e9, 0, 0, "")
    assert forecast_of_run.sentence == (
        "About 25 s of training on the CPU (1 of 2 cores), 1.1 GB of 24 GB free memory; "
        "47 epochs of 45 steps, sparse path."
    )
    assert forecast_of_run._replace(early=True, seconds=0.2).sentence.startswith("At most 1 s of training")
    on_gpu = forecast_of_run._replace(device=GPU, gpu_memory=2.1e9, gpu_free=140e9)
    assert (
        "on the NVIDIA H200, 2.1 GB of 140 GB free there, 1.1 GB of 24 GB free memory here;"
        in on_gpu.sentence
    )
    assert json.loads(json.dumps(forecast_of_run.record()))["sentence"] == forecast_of_run.sentence


def test_a_gpu_that_is_too_small_gives_a_warning(prepared, monkeypatch):
    matrix, split = prepared
    monkeypatch.setattr(devices, "free_on_gpu", lambda: 1000)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    monkeypatch.setattr(forecast, "training_seconds", lambda *_: forecast.Probed(3.0, False))
    forecast_of_run = forecast.forecast(matrix, split, SMALL, GPU)
    assert "of GPU memory and 1 MB are free" in forecast_of_run.warning and forecast_of_run.seconds is None
    monkeypatch.setattr(devices, "free_on_gpu", lambda: 10**12)
    forecast_of_run = forecast.forecast(matrix, split, SMALL, GPU)
    assert (
        forecast_of_run.warning == ""
        and forecast_of_run.seconds == 3.0
        and forecast_of_run.path == "resident dense"
    )
    assert forecast_of_run.gpu_memory > 4 * matrix.n_cells * matrix.n_genes
    assert forecast_of_run.memory > forecast.forecast(matrix, split, SMALL, CPU).memory
