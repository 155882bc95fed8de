"""A sweep of the learning rate: one short training in which it grows with every step, and the rate that it suggests.

The range test of Smith (2017, arXiv:1506.01186), with exponential steps as in fastai.
"""

import math
from typing import NamedTuple

import numpy as np
import torch

from core import models
from core.training.dataloader import Feed
from core.training.loop import one_step
from core.training.optimizer import make_optimizer

LOWEST, HIGHEST = 1e-6, 10.0  # the range of the sweep; the field takes up to 10
STEPS = 120
MEMORY = 0.9  # of the exponential moving average of losses, which is corrected for its start
BLOWN = 4.0  # times the fall so far above the lowest loss: the sweep ends
ROUND = 2  # digits of a suggested rate


class Sweep(NamedTuple):
    """Learning rates, the loss of each step and its moving average, and the suggested rate (None where nothing fell)."""

    rates: list[float]
    losses: list[float]
    smooth: list[float]
    suggested: float | None

    def record(self):
        """As JSON can hold it."""
        return self._asdict()


def sweep(matrix, split, config, device="cpu", splitter=None, n_steps=STEPS):
    """The Sweep of a RunConfig on a prepared Matrix, with fresh weights; nothing of a later run depends on it.

    It ends early where the loss has blown up or is no longer a number. torch's random numbers are left as they were.
    """
    rates, losses = [], []
    with torch.random.fork_rng(devices=[0] if device == "cuda" else []):
        torch.manual_seed(config.seed)
        model = models.build(config, matrix.n_genes, matrix.n_proteins, len(matrix.batch_names)).to(device)
        optimizer, feed = make_optimizer(model, config), Feed(matrix, device, config, splitter)
        model.train()
        n_features = matrix.n_genes or matrix.n_proteins
        kl_weight = config.beta * model.nat / n_features
        for i, cells in enumerate(_minibatches(matrix, split, config, feed, n_steps)):
            rate = LOWEST * (HIGHEST / LOWEST) ** (i / (n_steps - 1))
            loss = float(one_step(model, optimizer, cells, config, rate, kl_weight)[0])
            if not math.isfinite(loss):
                break
            rates.append(rate)
            losses.append(loss)
            if has_blown_up(smoothed(losses)):
                break
    return Sweep(rates, losses, smoothed(losses), suggestion(rates, losses))


def _minibatches(matrix, split, config, feed, n_steps):
    """`n_steps` minibatches of the training cells, in as many shuffled passes as that takes."""
    shuffle, hiding = np.random.default_rng(config.seed), np.random.default_rng((config.seed, 1))
    n = 0
    while True:
        order = matrix.rna.shuffled(split.train, config.batch_size, shuffle)
        for _, cells in feed.minibatches(order, config.batch_size, config.input_dropout, hiding, draw=1):
            yield cells
            n += 1
            if n == n_steps:
                return


def smoothed(losses):
    """The exponential moving average of losses, corrected for its start as Adam corrects its moments."""
    mean, out = 0.0, []
    for i, loss in enumerate(losses, 1):
        mean = MEMORY * mean + (1 - MEMORY) * loss
        out.append(mean / (1 - MEMORY**i))
    return out


def has_blown_up(smooth):
    """Is the last average far above the lowest one, measured by how far the loss had fallen?"""
    low, fallen = min(smooth), smooth[0] - min(smooth)
    return smooth[-1] - low > BLOWN * max(fallen, 0.1 * abs(smooth[0]))


def suggestion(rates, losses):
    """The peak rate to train with: a third of the rate at the lowest average loss, where the loss has fallen before it.

    At the lowest loss the steps begin to be too large. A tenth of it is the rule for a constant rate; under one-cycle,
    which passes the peak only shortly, larger rates train better.
    """
    smooth = np.array(smoothed(losses))
    if len(smooth) < 10:
        return None
    low = int(smooth.argmin())
    if low < 5 or smooth[0] - smooth[low] <= 2 * np.std(np.diff(losses[: max(low, 10)])) / math.sqrt(10):
        return None
    return float(f"{rates[low] / 3:.{ROUND}g}")
