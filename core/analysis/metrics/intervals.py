"""How sure a score is: its standard error by a bootstrap over cells (Efron 1979), and whether a space is ahead of others.

All spaces of a run are resampled by the same draws, so the error of a difference is that of paired cells.
"""

from typing import NamedTuple

import numpy as np

from core.text import NORMAL_95

DRAWS = 200  # resamples; the standard error is then known to a twentieth


class Score(NamedTuple):
    """A score and its values on resampled cells."""

    value: float
    draws: np.ndarray  # (DRAWS,)

    @property
    def error(self):
        """The standard error, NaN where the score could not be computed."""
        return float(np.std(self.draws, ddof=1)) if np.isfinite(self.draws).all() else float("nan")


UNKNOWN = Score(float("nan"), np.full(DRAWS, np.nan))


def resampled(n, seed=0):
    """(DRAWS, n) int32: cells drawn with replacement, the same for the same `n` and `seed`."""
    return np.random.default_rng([seed, n]).integers(n, size=(DRAWS, n), dtype=np.int32)


def of_mean(values, seed=0):
    """The Score that is the mean of `values` (cells,)."""
    return _of(values, np.mean, seed)


def of_median(values, seed=0):
    """The Score that is the median of `values` (cells,)."""
    return _of(values, np.median, seed)


def _of(values, how, seed):
    values = np.asarray(values, dtype=np.float64)
    if not len(values) or not np.isfinite(values).all():
        return UNKNOWN
    return Score(
        float(how(values)), np.array([how(values[chosen]) for chosen in resampled(len(values), seed)])
    )


def of_groups(values, groups, seed=0):
    """The Score that is the mean over `groups` (cells,) of the mean of `values` (cells,); in a resample, over those it has."""
    if not len(values):
        return UNKNOWN
    codes, values = np.unique(groups, return_inverse=True)[1], np.asarray(values, dtype=np.float64)

    def mean(rows):
        sizes = np.bincount(codes[rows])
        sums = np.bincount(codes[rows], values[rows])
        return float(np.mean(sums[sizes > 0] / sizes[sizes > 0]))

    rows = np.arange(len(values))
    return Score(mean(rows), np.array([mean(chosen) for chosen in resampled(len(values), seed)]))


def of_agreement(labels, clusters, seed=0):
    """{"ari", "nmi", "ami": Score} of two labellings of the same cells, as `core.analysis.metrics.scores.agreement` has them.

    The mutual information expected by chance, which AMI subtracts, is that of the cells themselves in every resample.
    """
    from sklearn.metrics.cluster import contingency_matrix, expected_mutual_information

    if not len(labels):
        return dict.fromkeys(("ari", "nmi", "ami"), UNKNOWN)
    rows, columns = (np.unique(x, return_inverse=True)[1] for x in (labels, clusters))
    shape = rows.max() + 1, columns.max() + 1
    by_chance = expected_mutual_information(contingency_matrix(rows, columns, sparse=True), len(rows))
    cell = rows * shape[1] + columns
    tables = [
        np.bincount(cell[chosen], minlength=shape[0] * shape[1]) for chosen in resampled(len(rows), seed)
    ]
    whole = np.bincount(cell, minlength=shape[0] * shape[1])
    of = {
        "ari": _rand,
        "nmi": lambda table: _information(table, 0.0),
        "ami": lambda table: _information(table, by_chance),
    }
    return {
        name: Score(measure(whole.reshape(shape)), np.array([measure(t.reshape(shape)) for t in tables]))
        for name, measure in of.items()
    }


def _rand(table):
    """The adjusted Rand index of a contingency table (Hubert and Arabie 1985)."""
    both, rows, columns = (
        float((x * (x - 1.0)).sum() / 2) for x in (table, table.sum(axis=1), table.sum(axis=0))
    )
    n = table.sum()
    chance = rows * columns / max(n * (n - 1) / 2, 1)
    most = (rows + columns) / 2
    return 1.0 if most == chance else (both - chance) / (most - chance)


def _information(table, by_chance):
    """Mutual information above `by_chance`, over the mean of the entropies above it (Vinh, Epps and Bailey 2010)."""
    share = table / table.sum()
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    entropies = [-float((x[x > 0] * np.log(x[x > 0])).sum()) for x in (rows, columns)]
    if entropies == [0.0, 0.0]:
        return 1.0
    both = share > 0
    shared = float((share[both] * np.log(share[both] / np.outer(rows, columns)[both])).sum())
    most = sum(entropies) / 2 - by_chance
    return (shared - by_chance) / most if most > 1e-15 else 0.0


def ahead(scores):
    """The index of the Score that is above all others by more than the error of the difference; None where none is.

    Those that could not be computed are left out; a single Score is ahead of nothing.
    """
    known = [i for i, score in enumerate(scores) if np.isfinite(score.value)]
    if len(known) < 2:
        return None
    best = max(known, key=lambda i: scores[i].value)
    clear = (
        scores[best].value - scores[i].value > NORMAL_95 * error_of_difference(scores[best], scores[i])
        for i in known
        if i != best
    )
    return best if all(clear) else None


def error_of_difference(one, other):
    """The standard error of the difference of two Scores of the same cells."""
    return float(np.std(one.draws - other.draws, ddof=1))
