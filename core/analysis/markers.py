"""Markers of groups of cells: the Wilcoxon rank-sum test of every feature, in blocks of features.

Of a sparse feature only the values that are not 0 are sorted; its zeros are tied and get their rank together.
"""

from typing import NamedTuple

import numba
import numpy as np
from scipy import sparse

from core.analysis.marker_measures import FEWEST, MEASURES

TINY = 1e-9  # scanpy's pseudocount of the fold change, which only keeps it finite; shrunk_fold adds 1
FAST = {"cache": True, "nogil": True}
POSITIVE = np.uint64(1 << 63)  # the sign bit of a key: set where the value is above 0
_AS_IS = np.uint32(0x80000000)


class Table(NamedTuple):
    """The measures of every feature in every group: `values` (measures, groups, features) float64, in the order of MEASURES.

    `auc`: how often a cell of the group has more than one of the rest, ties counting half; `log_fold`: scanpy's,
    log2 of the ratio of the means, which are taken out of the logarithm; `share`: of cells above 0 (core.analysis.protein_expression replaces it for proteins). NaN for groups of less than FEWEST.
    """

    values: np.ndarray
    sizes: np.ndarray  # (groups,) cells
    n_rest: np.ndarray  # (groups,) cells they are compared with

    def of(self, measure):
        """(groups, features) of one measure."""
        return self.values[MEASURES.index(measure)]


class _Sums(NamedTuple):
    """Sums over a block of features, by group: all (groups, features), and the ties (features,)."""

    ranks: np.ndarray
    total: np.ndarray
    above: np.ndarray
    ties: np.ndarray


def markers(blocks, codes, n_groups, logged=True):
    """The Table of groups against all other cells that are in any group.

    `blocks` gives CSC matrices (cells, features of the block) float32, in order; `codes` (cells,) is the group of each
    cell from 0 on, and -1 for cells that stay out. With two groups each is compared with the other. The test is that
    of Mann and Whitney (1947) by its normal approximation with ties corrected, two-sided and without a correction for
    continuity, as scanpy's `rank_genes_groups(method="wilcoxon", tie_correct=True)`; p is adjusted over the features
    of a group (Benjamini and Hochberg 1995). `logged`, for all or (features,), says whether values are log1p of
    something; where not, log_fold is the difference of the means.
    """
    codes = np.ascontiguousarray(codes, dtype=np.int32)
    sizes = np.bincount(codes[codes >= 0], minlength=n_groups)
    parts = [_sums(block, codes, sizes) for block in blocks]
    if not parts:
        return Table(np.empty((len(MEASURES), n_groups, 0)), sizes, sizes.sum() - sizes)
    sums = _Sums(*(np.concatenate(part, axis=-1) for part in zip(*parts, strict=True)))
    return _table(sums, sizes, logged)


def auc_within(blocks, codes, samples, n_groups, n_samples):
    """(groups, features) float64: the AUC of pairs of cells of the same sample, the rest being cells in any other group.

    A mean over samples, weighted by their pairs of cells; NaN where no sample has cells on both sides. What differs
    between samples alone, as a batch effect does, has no part in it. `codes`, `samples` (cells,) int, -1 for none.
    """
    codes, samples = np.asarray(codes, dtype=np.int32), np.asarray(samples)
    inside = [np.where(samples == s, codes, -1).astype(np.int32) for s in range(n_samples)]
    sizes = [np.bincount(c[c >= 0], minlength=n_groups) for c in inside]
    pairs = np.array([n * (n.sum() - n) for n in sizes], dtype=np.float64)  # (samples, groups)
    parts = []
    for block in blocks:
        above = np.zeros((n_groups, block.shape[1]))
        for of, n in zip(inside, sizes, strict=True):
            if (n > 0).sum() > 1:
                above += _u(_sums(block, of, n).ranks, n)
        with np.errstate(divide="ignore", invalid="ignore"):
            parts.append(above / pairs.sum(axis=0)[:, None])
    return np.concatenate(parts, axis=1) if parts else np.empty((n_groups, 0))


def _u(ranks, sizes):
    """(groups, features) the statistic of Mann and Whitney from sums of ranks: pairs in which the group has more."""
    return ranks - (sizes * (sizes + 1.0) / 2)[:, None]


def dense_blocks(values):
    """An array (cells, features) as the one block that `markers` reads."""
    yield sparse.csc_matrix(np.asarray(values, dtype=np.float32))


def _sums(block, codes, sizes):
    """The _Sums of one block."""
    data = np.ascontiguousarray(block.data, dtype=np.float32)
    keys, ends = np.empty(len(data), np.uint64), np.empty(block.shape[1] + 1, np.int64)
    shape = len(sizes), block.shape[1]
    sums = _Sums(np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape[1]))
    _pack(data, data.view(np.uint32), block.indices, block.indptr, codes, keys, ends, sums.total, sums.above)
    for first, last in zip(ends[:-1], ends[1:], strict=True):
        keys[first:last].sort()  # numpy's, which takes eight or sixteen at a time where the machine can
    _rank(keys, ends, sizes, sums.ranks, sums.ties)
    return sums


@numba.njit(**FAST)
def _pack(data, bits, indices, indptr, codes, keys, ends, total, above):
    """Writes each value that is not 0 to `keys`, in an order that keeps that of the numbers, its group behind it.

    Adds up the values and counts those above 0, by group and feature.
    """
    place = 0
    ends[0] = 0
    for j in range(len(indptr) - 1):
        for k in range(indptr[j], indptr[j + 1]):
            group = codes[indices[k]]
            if group < 0 or data[k] == 0:
                continue
            raw = bits[k]
            key = ~raw if raw & _AS_IS else raw | _AS_IS
            keys[place] = (np.uint64(key) << np.uint64(32)) | np.uint64(group)
            place += 1
            total[group, j] += data[k]
            above[group, j] += data[k] > 0
        ends[j + 1] = place


@numba.njit(**FAST)
def _rank(keys, ends, sizes, ranks, ties):
    """Adds up the ranks of each group and t^3 - t over the ties of each feature; zeros are one tie, where they belong."""
    n = sizes.sum()
    stored = np.zeros(len(sizes), np.int64)
    value, group_of = np.uint64(32), np.uint64(0xFFFFFFFF)
    for j in range(len(ends) - 1):
        first, last = ends[j], ends[j + 1]
        stored[:] = 0
        for k in range(first, last):
            stored[keys[k] & group_of] += 1
        n_zeros = n - (last - first)
        before = 0.0  # cells that have been ranked
        zeros_wait = n_zeros > 0
        k = first
        while k < last or zeros_wait:
            if zeros_wait and (k == last or keys[k] >= POSITIVE):
                zeros_wait = False
                rank = before + (n_zeros + 1) / 2
                for group in range(len(sizes)):
                    ranks[group, j] += rank * (sizes[group] - stored[group])
                ties[j] += float(n_zeros) ** 3 - n_zeros
                before += n_zeros
                continue
            end = k + 1
            while end < last and keys[end] >> value == keys[k] >> value:
                end += 1
            n_same = float(end - k)
            rank = before + (n_same + 1) / 2
            for i in range(k, end):
                ranks[keys[i] & group_of, j] += rank
            ties[j] += n_same**3 - n_same
            before += n_same
            k = end


def _table(sums, sizes, logged):
    from scipy.special import ndtr
    from scipy.stats import false_discovery_control

    n, of = int(sizes.sum()), sizes[:, None].astype(float)
    rest = n - of
    with np.errstate(divide="ignore", invalid="ignore"):
        u = _u(sums.ranks, sizes)
        spread = np.sqrt(of * rest / 12 * (n + 1 - sums.ties / (n * (n - 1.0))))
        z = np.where(spread > 0, (u - of * rest / 2) / spread, 0.0)
        mean, mean_rest = sums.total / of, (sums.total.sum(axis=0) - sums.total) / rest
        share, share_rest = sums.above / of, (sums.above.sum(axis=0) - sums.above) / rest
        fold = np.log2((np.expm1(mean) + TINY) / (np.expm1(mean_rest) + TINY))
        fold = np.where(logged, fold, mean - mean_rest)
        p = 2 * ndtr(-np.abs(z))
        values = np.stack([u / (of * rest), fold, share, share_rest, mean, mean_rest, p, p])
    tested = is_tested(sizes)
    values[:, ~tested] = np.nan
    if tested.any() and values.shape[2]:
        values[-1, tested] = false_discovery_control(np.minimum(p[tested], 1.0), axis=1)
    return Table(values, sizes, n - sizes)


def is_tested(sizes):
    """(groups,) bool: those with enough cells, and enough cells beside them, for a test."""
    sizes = np.asarray(sizes)
    return (sizes >= FEWEST) & (sizes.sum() - sizes >= FEWEST)


def warm_up():
    """Compile what `markers` needs."""
    markers(dense_blocks(np.eye(6)), np.arange(6) % 2, 2)
