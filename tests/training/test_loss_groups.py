"""Errors of losses from groups of cells: those of the textbook for a mean, paired for a difference."""

import numpy as np
import pytest

from core.config.run_facts import Parts, RunFacts
from core.training import learn
from core.training.loss_groups import LossGroups


def groups_of(model, pca, n=20):
    of = [[Parts(float(part.mean())) for part in np.split(values, n)] for values in (model, pca, pca + 1)]
    return LossGroups([len(model) // n] * n, *of)


def test_the_error_of_a_mean_loss_is_that_of_the_textbook():
    losses = np.random.default_rng(0).gamma(2, 1, 4000)
    value, error = groups_of(losses, losses).jackknife("total", lambda model, pca, mean: model)
    assert value == pytest.approx(losses.mean()) and error == pytest.approx(
        losses.std() / np.sqrt(4000), rel=0.4
    )


def test_the_error_of_a_difference_is_that_of_the_same_cells():
    random = np.random.default_rng(1)
    hard = random.gamma(2, 1, 4000)  # cells that are hard for both
    found = groups_of(hard + 0.01 * random.random(4000), hard)
    value, error = found.jackknife("total", lambda model, pca, mean: model - pca)
    assert value == pytest.approx(0.005, abs=3 * error) and error < 1e-3
    assert LossGroups.read(found.record()) == found and LossGroups.read({}) is None


def test_a_run_writes_the_difference_to_pca_with_its_error(tiny, run_quick):
    *_, learnt = learn.learn(tiny, run_quick)
    facts = RunFacts.upgraded(learn.learnt_facts(learnt).record())
    difference, error = facts.loss_difference
    assert difference == pytest.approx(learnt.loss.total - learnt.start.on_scored.pca.total, abs=1e-5)
    assert error > 0 and sum(facts.loss_groups["cells"]) == len(learnt.start.split.scored)


def test_the_jackknife_of_unequal_groups_is_that_by_hand():
    losses, cells = np.array([1.0, 4.0, 2.0]), np.array([3.0, 1.0, 2.0])
    of = [Parts(float(loss)) for loss in losses]
    value, error = LossGroups([3, 1, 2], of, of, of).jackknife("total", lambda model, pca, mean: model)
    without = np.array([np.average(np.delete(losses, i), weights=np.delete(cells, i)) for i in range(3)])
    assert value == pytest.approx(np.average(losses, weights=cells))
    assert error == pytest.approx(np.sqrt(2 / 3 * np.square(without - without.mean()).sum()))
    alone = LossGroups([3], of[:1], of[:1], of[:1]).jackknife("total", lambda model, pca, mean: model)
    assert alone[0] == 1 and np.isnan(alone[1])
