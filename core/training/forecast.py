"""The forecast of a run before it starts: seconds from a trial of at most two, memory from the shapes."""

import statistics
import time
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import torch

from core import device as devices
from core import models, text
from core.errors import is_out_of_memory
from core.preprocessing.matrix import block_size
from core.training import gpu_matrix, inference, loop
from core.training import memory as footprint
from core.training.dataloader import Feed
from core.training.optimizer import make_optimizer
from core.training.schedule import segments

PROBE = 2.0  # seconds; a longer trial would add little, since the speed of machines drifts
WARM_UP = 64  # cells; enough to compile the code and to load it
FAR = 8  # times the limit: a longer step is not tried as a whole
AGAIN = 1.0  # seconds; anything shorter is measured twice, since it may compile again or be interrupted
PROBES = 5  # groups of trial steps: an interruption falls into one of them, and the median ignores it
BUSY = 1.5  # ratio of the slowest to the fastest trial that indicates other work on the machine
SHARE = 0.03  # of the forecast: the trial must not make a short run noticeably longer


class Forecast(NamedTuple):
    """Time and memory of a run. Memory is in bytes at the peak of its processes; on a GPU also on the device."""

    device: devices.Device
    path: str  # how minibatches come to the model: a name in core.training.dataloader.PATHS
    n_epochs: int
    n_steps: int  # an epoch
    early: bool  # may early stopping end it before?
    seconds: float | None  # of training and encoding; None if memory would not suffice for a trial
    memory: int
    free: int  # bytes of main memory that are available
    gpu_memory: int  # 0 without a GPU, as the next
    gpu_free: int
    warning: str  # what does not suffice and what to change; "" if the run fits
    busy: bool = False  # did other work on the machine disturb the trial?

    @property
    def sentence(self):
        """Everything but the warning, in a sentence."""
        device = f"CPU ({self.device.threads} of {devices.n_cores()} cores)"
        memory = f"{_of(self.memory, self.free)} memory"
        if self.device.kind == "cuda":
            device, memory = self.device.name, f"{_of(self.gpu_memory, self.gpu_free)} there, {memory} here"
        begin = "On the"
        if self.seconds is not None:
            about = "At most" if self.early else "About"
            begin = f"{about} {text.duration(max(1, self.seconds))} of training on the"
        sentence = f"{begin} {device}, {memory}; {self.n_epochs:,} epochs of {self.n_steps:,} steps, {self.path} path."
        return f"{sentence} The machine is busy, so the time may be off." if self.busy else sentence

    def record(self):
        """The forecast for JSON."""
        return self._asdict() | {"device": self.device._asdict(), "sentence": self.sentence}


def _of(need, free):
    return f"{text.size(need)} of {text.size(free)} free"


def forecast(matrix, split, config, device, source=0, held=0, limit=PROBE, splitter=None):
    """The Forecast of a run on a prepared Matrix; nothing that the run does later depends on it.

    `source` is the bytes of the dataset as it was read, `held` those of the run that its processes hold already
    and so need not be free. The probe takes `limit` seconds or somewhat more where a single step does, and a small
    share of a short run. Seconds and memory are right within a factor of two.
    """
    path = Feed(matrix, device.kind, config, splitter).path
    shapes = footprint.Shapes.of(matrix, split, path, source)
    free = devices.free_memory() + held
    need = footprint.main_memory(shapes, config, device.kind)
    warning = footprint.advice(
        shapes, config, free, "memory", lambda s, c: footprint.main_memory(s, c, device.kind)
    )
    gpu_memory = gpu_free = 0
    if device.kind == "cuda":
        gpu_memory, gpu_free = footprint.on_gpu(shapes, config), devices.free_on_gpu()
        warning = warning or footprint.advice(shapes, config, gpu_free, "GPU memory", footprint.on_gpu)
    n_epochs, n_steps = config.n_epochs(len(split.train)), -(-len(split.train) // config.batch_size)
    trial = Probed(None, False)
    if not warning:
        trial, warning = _tried(matrix, split, config, device.kind, limit, splitter)
    return Forecast(
        device,
        path,
        n_epochs,
        n_steps,
        bool(config.patience),
        trial.seconds,
        need,
        free,
        gpu_memory,
        gpu_free,
        warning,
        trial.busy,
    )


class Probed(NamedTuple):
    """The result of a trial: the seconds of a run, or of a step; None if memory ran out."""

    seconds: float | None
    busy: bool  # did the trials differ so much that other work must be running?


def _tried(matrix, split, config, kind, limit, splitter):
    """(Probed, ""), or (Probed, warning) if memory ran out against expectation."""
    try:
        return training_seconds(matrix, split, config, kind, limit, splitter), ""
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return Probed(
            None, False
        ), "Memory ran out in a trial of a few steps: use fewer variable genes or smaller minibatches."
    finally:
        if kind == "cuda":
            gpu_matrix.forget(matrix)
            torch.cuda.empty_cache()  # the run may be in another process


def training_seconds(matrix, split, config, kind="cpu", limit=PROBE, splitter=None):
    """Probed: seconds from the first step to the last encoded cell, from a few of each with a separate model.

    The state of torch's random numbers is unchanged.
    """
    with torch.random.fork_rng(devices=[0] if kind == "cuda" else []):
        model = models.build(config, matrix.n_genes, matrix.n_proteins, len(matrix.batch_names)).to(kind)
        n_train, n_valid, n_scored = len(split.train), len(split.valid), len(split.scored)
        n_epochs, n_steps = config.n_epochs(n_train), -(-n_train // config.batch_size)
        block = block_size(matrix.n_features)
        some, every = split.valid[:block], np.arange(min(block, matrix.n_cells))
        begun = time.perf_counter()
        look = _seconds_a_cell(
            kind, lambda rows: loop.losses(model, matrix, rows, config, kind, splitter), some
        )
        code = _seconds_a_cell(kind, lambda rows: inference.encode(model, matrix, rows, kind), every)
        left = max(limit / 2, limit - (time.perf_counter() - begun))
        steps = n_epochs * n_steps
        step, busy = _seconds_a_step(model, matrix, split, config, kind, steps, left, splitter)
    an_epoch = n_steps * step + 2 * n_valid * look
    return Probed(n_epochs * an_epoch + matrix.n_cells * code + n_scored * look, busy)


def _seconds_a_step(model, matrix, split, config, kind, n_steps, limit, splitter):
    """Probed: seconds of a step in a run of `n_steps`.

    A small step compiles the code, one or two give a first estimate, and more follow while there is time, in a few
    groups of which the median counts.
    """
    config = config.model_copy(update={"batch_size": min(config.batch_size, len(split.train))})
    random = np.random.default_rng(config.seed)
    optimizer, feed = make_optimizer(model, config), Feed(matrix, kind, config, splitter)
    segment = segments(config, len(split.train))[0]

    def seconds(n_cells):
        order = np.resize(matrix.rna.shuffled(split.train, config.batch_size, random)[:n_cells], n_cells)
        arguments = model, feed, order, config, 1, segment, optimizer, 1.0, random
        return _clocked(kind, lambda: loop.one_pass(*arguments))

    few, whole = min(WARM_UP, config.batch_size), config.batch_size
    seconds(few)
    short, some = seconds(few), whole // 4
    if whole >= FAR * few and short * whole / few > FAR * limit:
        # no time for a whole step: extrapolated linearly from two shorter ones
        return Probed(short + (seconds(some) - short) * (whole - few) / (some - few), False)
    guess = _smaller(seconds, whole, few, short)
    n = min(int(min(limit, SHARE * n_steps * guess) / guess), 1000)
    if n < 2:
        return Probed(guess, False)
    n_probes = min(PROBES, n)
    each = n // n_probes
    probes = [seconds(each * whole) / each for _ in range(n_probes)]
    return Probed(statistics.median(probes), n_probes == PROBES and max(probes) > BUSY * min(probes))


def _seconds_a_cell(kind, work, rows):
    """Seconds of `work(rows)` for each row, after a few rows have compiled the code."""

    def seconds(n):
        return _clocked(kind, lambda: work(rows[:n]))

    few = min(WARM_UP, len(rows))
    seconds(few)
    return _smaller(seconds, len(rows), few, seconds(few)) / len(rows)


def _smaller(seconds, n, few, short):
    """`seconds(n)`, the smaller of two measurements unless the `short` seconds of a `few` say that this takes long."""
    first = short if n == few else seconds(n)
    return first if short * n / few > AGAIN else min(first, seconds(n))


def _clocked(kind, work):
    devices.synchronise(kind)
    start = time.perf_counter()
    with suppress(loop.NonFinite):  # an untrained model may diverge; it takes as long
        work()
    devices.synchronise(kind)
    return time.perf_counter() - start
