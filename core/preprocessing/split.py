"""Which cells a model is trained on, which choose its best epoch and which test it."""

from typing import NamedTuple

import numpy as np

from core.config.run_config import MIN_HELD_OUT
from core.errors import UserError
from core.preprocessing.batches import groups_of
from core.preprocessing.held_out_groups import held_out_groups
from core.text import listed

MIN_TRAINING = 5  # fewer are not enough to train on; ten cells, the fewest a file may have, leave seven
NO_TEST_SET = (
    "No test set: it would have fewer than 20 cells. Scores are computed on the validation cells, "
    "which also chose the best epoch (validation cells; no test set)."
)
NO_TEST_GROUP = (
    "No test set: three groups are needed for one. Scores are computed on the validation cells, which also chose the "
    "best epoch (validation cells; no test set)."
)
MOST_NAMED = 5  # groups in one sentence
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


def scored_cells(labels):
    """The cells that scores are computed on, from the labels that `Split.labels` gave: test cells, or validation cells."""
    return np.flatnonzero(labels == (TEST if (labels == TEST).any() else VALID))


def split_of(adata, config):
    """The Split of the cells of `adata` under `config`: single cells, or whole groups of the column `split_by`.

    Raises UserError where there is no such column, where it has one value, and where too few training cells are left.
    """
    if not config.split_by:
        return split_cells(adata.n_obs, config)
    return split_groups(*groups_of(adata, config.split_by, "the split (split_by)"), config)


def split_cells(n_cells, config):
    """A seeded Split by the shares of `config`; at least 20 validation cells, and 20 test cells or none.

    Raises UserError where too few training cells are left.
    """
    order = np.random.default_rng(config.seed).permutation(n_cells)
    n_train, n_valid, n_test = config.split_sizes(n_cells)
    _check_training(n_train, n_cells, "raise the share of training cells (train_share)")
    parts = np.split(order, [n_train, n_train + n_valid])
    return Split(*(np.sort(part) for part in parts), "" if n_test else NO_TEST_SET)


def split_groups(codes, names, config):
    """As `split_cells`, of whole groups: `codes` (cells,) into their `names`; the note names those held out."""
    if len(names) < 2:
        raise UserError(
            f"The obs column '{config.split_by}' has one value, so no group can be held out: choose another column "
            "(split_by), or none."
        )
    _, n_valid, n_test = config.split_sizes(len(codes))
    wanted = (
        config.train_share + config.valid_share < 1 - 1e-9
    )  # a test set, though it may be one small group
    random, sizes = np.random.default_rng(config.seed), np.bincount(codes, minlength=len(names))
    valid, test = held_out_groups(sizes, n_valid, max(n_test, wanted * MIN_HELD_OUT), random)
    held_out = np.concatenate([valid, test])
    parts = [~np.isin(codes, held_out), np.isin(codes, valid), np.isin(codes, test)]
    train, valid_cells, test_cells = (np.flatnonzero(part) for part in parts)
    _check_training(len(train), len(codes), "choose a column of smaller groups (split_by), or none")
    note = f"Whole groups of '{config.split_by}' are held out: {_listed(names, valid)} for validation"
    note = f"{note}, {_listed(names, test)} for the test." if len(test) else f"{note}. {NO_TEST_GROUP}"
    return Split(train, valid_cells, test_cells, note)


def _check_training(n_train, n_cells, change):
    if n_train < MIN_TRAINING:
        raise UserError(f"Of {n_cells:,} cells only {n_train} would be left to train on: {change}.")


def _listed(names, groups):
    return listed([f"'{names[group]}'" for group in groups[:MOST_NAMED]]) + (
        f" and {len(groups) - MOST_NAMED} more" if len(groups) > MOST_NAMED else ""
    )
