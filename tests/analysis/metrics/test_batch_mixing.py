"""Whether cells of one batch stay together in a latent space that knows no batches."""

import numpy as np
import pytest

from core.analysis.metrics.batch_mixing import CELLS, mixing
from core.config.run_facts import Baselines, BatchMixing, Parts, RunFacts


@pytest.fixture(scope="module")
def space():
    """400 cells of two donors apart by 6 deviations in one direction, each with two lanes that are mixed."""
    random = np.random.default_rng(0)
    donor, lane = np.arange(400) % 2, np.arange(400) // 2 % 2
    return random.standard_normal((400, 5)) + 6 * np.eye(5)[0] * donor[:, None], donor, lane


def test_batches_that_are_apart_come_first_with_their_number(space):
    latent, donor, lane = space
    first, second = mixing(latent, {"lane": lane, "donor": donor})
    assert (first.column, first.batches, second.column) == ("donor", 2, "lane")
    assert first.ilisi == pytest.approx(1, abs=0.05) and first.apart
    assert second.ilisi > 1.85 and not second.apart


def test_batches_of_unequal_size_are_held_to_what_they_can_reach(space):
    latent, _, _ = space
    rare = (np.arange(400) % 10 == 0).astype(int)
    mixed = latent.copy()
    mixed[:, 0] = np.random.default_rng(1).standard_normal(400)
    (one,) = mixing(mixed, {"rare": rare})
    assert one.mixed == pytest.approx(1 / (0.9**2 + 0.1**2)) and one.ilisi < 1.3 and not one.apart


def test_columns_that_can_be_no_batch_are_left_out(space):
    latent, donor, _ = space
    small = np.where(np.arange(400) < 20, 0, 1)
    assert mixing(latent, {"holes": np.where(donor, donor, -1), "small": small, "one": donor * 0}) == []


def test_many_cells_are_looked_at_in_part(space, monkeypatch):
    latent, donor, _ = space
    assert CELLS >= 20_000
    monkeypatch.setattr("core.analysis.metrics.batch_mixing.CELLS", 200)
    shuffled = np.random.default_rng(0).permutation(400)
    (one,) = mixing(latent[shuffled], {"donor": donor[shuffled]})
    assert one.apart


def test_the_record_of_a_run_keeps_it_and_earlier_runs_have_none():
    losses = Baselines(Parts(1.0), Parts(1.0))
    facts = RunFacts(valid_baselines=losses, test_baselines=losses)
    assert facts.mixing == ()
    found = facts.model_copy(update={"mixing": (BatchMixing("donor", 1.1, 2, 2.0),)})
    assert RunFacts.upgraded(found.record()).mixing == (BatchMixing("donor", 1.1, 2, 2.0),)
