"""Which cells a model is trained on, which choose its best epoch and which test it."""

from typing import NamedTuple

import numpy as np

from core.errors import UserError

MIN_TRAINING = 5  # fewer are not enough to train on; ten cells, the fewest a file may have, leave seven
NO_TEST_SET = (
    "No test set: it would have fewer than 20 cells. Scores are computed on the validation cells, "
    "which also chose the best epoch (validation cells; no test set)."
)
TRAIN, VALID, TEST = 0, 1, 2  # as labels; their names are core.config.SPLIT_NAMES


class Split(NamedTuple):
    """Training, validation and test cells: three sorted index arrays; `test` may be empty, and `note` says why."""

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    note: str

    @property
    def scored(self):
        """The cells that scores are computed on: the test cells, or the validation cells where there are none."""
        return self.test if len(self.test) else self.valid

    def labels(self, n_cells):
        """(cells,) of 0 train, 1 validation, 2 test."""
        labels = np.full(n_cells, TRAIN, dtype=np.int8)
        labels[self.valid], labels[self.test] = VALID, TEST
        return labels


def split_cells(n_cells, config):
    """A seeded Split by the shares of `config`; at least 20 validation cells, and 20 test cells or none.

    Raises UserError where too few training cells are left.
    """
    order = np.random.default_rng(config.seed).permutation(n_cells)
    n_train, n_valid, n_test = config.split_sizes(n_cells)
    if n_train < MIN_TRAINING:
        raise UserError(
            f"Of {n_cells:,} cells only {n_train} would be left to train on: raise the share of training cells "
            "(train_share)."
        )
    parts = np.split(order, [n_train, n_train + n_valid])
    return Split(*(np.sort(part) for part in parts), "" if n_test else NO_TEST_SET)
