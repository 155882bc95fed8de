"""The sweep of the learning rate suggests a rate below the one at which the loss is lowest."""

import numpy as np
import pytest

from core.config import RunConfig
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_of
from core.training import rate_finder
from core.training.rate_finder import HIGHEST, LOWEST, STEPS, smoothed, suggestion

RATES = np.geomspace(LOWEST, HIGHEST, STEPS)


def valley(lowest):
    """Losses that fall towards the rate `lowest` and blow up beyond it."""
    x = np.log10(RATES / lowest)
    return np.where(x < 0, 1 - 0.6 * np.exp(-((x / 1.5) ** 2)), 0.4 + 5 * x**2)


@pytest.mark.parametrize("lowest", [1e-3, 1e-1])
def test_the_suggestion_is_below_the_lowest_loss(lowest):
    rate = suggestion(list(RATES), list(valley(lowest)))
    assert lowest / 6 < rate < lowest * 1.5


def test_no_rate_is_suggested_where_nothing_falls():
    noise = 1 + np.random.default_rng(0).normal(0, 0.01, STEPS)
    assert suggestion(list(RATES), list(np.linspace(1, 5, STEPS))) is None
    assert suggestion(list(RATES), list(noise)) is None
    assert suggestion([], []) is None


def test_the_moving_average_begins_at_the_first_loss():
    assert smoothed([2.0, 2.0, 2.0]) == pytest.approx([2.0, 2.0, 2.0])


@pytest.mark.slow  # compiles the sparse products
def test_a_sweep_leaves_random_numbers_and_ends_when_the_loss_blows_up(tiny):
    import torch

    config = RunConfig(n_hidden=16, n_hidden_protein=8, n_latent=4, batch_size=64, target="whole")
    split = split_of(tiny, config)
    matrix = prepare(tiny, config, split)
    config = config.for_data(matrix.n_cells, matrix.n_genes, matrix.n_proteins, matrix.kind)
    before = torch.get_rng_state()
    found = rate_finder.sweep(matrix, split, config)
    assert torch.equal(before, torch.get_rng_state())
    assert len(found.rates) == len(found.losses) == len(found.smooth) <= STEPS
    assert found.suggested and 1e-4 < found.suggested < 1
    assert found == rate_finder.sweep(matrix, split, config)  # seeded
