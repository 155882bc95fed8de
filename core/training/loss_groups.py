"""Losses by groups of cells, and what they say about the error of a loss and of a difference (jackknife, Tukey 1958)."""

from typing import NamedTuple

import numpy as np

from core.config.run_facts import Parts
from core.training.loop import losses

GROUPS = 20
MOST_CELLS = 10_000  # test cells; an error needs no more


class LossGroups(NamedTuple):
    """The same loss of a model and its baselines on groups of test cells; each a list of Parts, one a group."""

    cells: list  # how many there are in each group
    model: list
    pca: list
    mean: list

    def record(self):
        """As JSON can hold them."""
        return {
            "cells": self.cells,
            **{of: [list(parts) for parts in getattr(self, of)] for of in self._fields[1:]},
        }

    @classmethod
    def read(cls, record):
        """The LossGroups that `record` wrote; None of a run of an earlier version."""
        if not record:
            return None
        return cls(record["cells"], *([Parts(*parts) for parts in record[of]] for of in cls._fields[1:]))

    def jackknife(self, part, measure):
        """(value, standard error) of `measure(model, pca, mean)`, from the mean losses of a `part` of the loss.

        The error is from leaving out one group at a time; NaN with a single group.
        """
        weights = np.asarray(self.cells, dtype=np.float64)
        values = np.array(
            [[getattr(parts, part) for parts in getattr(self, of)] for of in self._fields[1:]],
            dtype=np.float64,
        )
        sums = (values * weights).sum(axis=1)
        whole = measure(*(sums / weights.sum()))
        if len(weights) < 2:
            return float(whole), float("nan")
        without = np.array(
            [measure(*((sums - values[:, i] * w) / (weights.sum() - w))) for i, w in enumerate(weights)]
        )
        n = len(weights)
        return float(whole), float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))


def measure(model, fitted, matrix, rows, config, device="cpu", splitter=None):
    """The LossGroups of a trained model and its fitted baselines on `rows`, at most 10,000 of them, in 20 groups.

    The groups are drawn by the seed of `config`.
    """
    chosen = np.random.default_rng(config.seed).permutation(rows)[:MOST_CELLS]
    groups = [np.sort(part) for part in np.array_split(chosen, min(GROUPS, len(chosen)))]
    baselines = [fitted.measure(matrix, part, config) for part in groups]
    return LossGroups(
        [len(part) for part in groups],
        [losses(model, matrix, part, config, device, splitter) for part in groups],
        [measured.pca for measured in baselines],
        [measured.mean for measured in baselines],
    )
