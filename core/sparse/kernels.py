"""Compiled loops over the values of a minibatch that are not zero, for core.sparse.minibatch and core.sparse.linear."""

import numba
import numpy as np

from core.sparse.rows import FAST


@numba.njit(**FAST)
def transpose(indptr, indices, data, out_indptr, out_rows, out_data):
    """CSR to CSC by counting; `out_indptr` comes in as zeros."""
    n_genes = len(out_indptr) - 1
    for k in range(len(indices)):
        out_indptr[indices[k] + 1] += 1
    for gene in range(n_genes):
        out_indptr[gene + 1] += out_indptr[gene]
    for row in range(len(indptr) - 1):
        for k in range(indptr[row], indptr[row + 1]):
            place = out_indptr[indices[k]]
            out_rows[place], out_data[place] = row, data[k]
            out_indptr[indices[k]] = place + 1
    for gene in range(n_genes, 0, -1):  # each pointer has walked to the next gene's start
        out_indptr[gene] = out_indptr[gene - 1]
    out_indptr[0] = 0


@numba.njit(**FAST)
def transpose_both(indptr, indices, data, other, out_indptr, out_rows, out_data, out_other):
    """As `transpose`, for two arrays of values in the same places."""
    transpose(indptr, indices, data, out_indptr, out_rows, out_data)
    n_genes = len(out_indptr) - 1
    places = out_indptr[:n_genes].copy()
    for row in range(len(indptr) - 1):
        for k in range(indptr[row], indptr[row + 1]):
            out_other[places[indices[k]]] = other[k]
            places[indices[k]] += 1


@numba.njit(**FAST)
def scatter(indptr, indices, data, sign, out):
    """Adds the values, times `sign`, to where they stand in a dense matrix."""
    for row in range(len(out)):
        for k in range(indptr[row], indptr[row + 1]):
            out[row, indices[k]] += sign * data[k]


@numba.njit(**FAST)
def cut(indptr, indices, step, out):
    """Writes where in each row the columns from 0, `step`, 2 `step` ... on begin, and its end; out (pieces + 1, rows)."""
    for row in range(out.shape[1]):
        k, end = indptr[row], indptr[row + 1]
        for piece in range(len(out) - 1):
            out[piece, row] = k
            k += np.searchsorted(indices[k:end], (piece + 1) * step)
        out[-1, row] = end


@numba.njit(parallel=True, **FAST)
def product(begins, ends, indices, data, table, left, right, out, add):
    """Writes sparse times `table`, and the outer product of `left` and `right`, to `out`, or adds them to it.

    Row i has the entries from begins[i] to ends[i]. Eight of them a pass, to touch `out` an eighth as often.
    """
    for i in numba.prange(len(out)):
        total, k, end = out[i], begins[i], ends[i]
        for j in range(len(total)):
            total[j] = left[i] * right[j] + (total[j] if add else np.float32(0))
        while k + 8 <= end:
            a, b, c, d = data[k], data[k + 1], data[k + 2], data[k + 3]
            p, q = table[indices[k]], table[indices[k + 1]]
            r, s = table[indices[k + 2]], table[indices[k + 3]]
            e, f, g, h = data[k + 4], data[k + 5], data[k + 6], data[k + 7]
            t, u = table[indices[k + 4]], table[indices[k + 5]]
            v, w = table[indices[k + 6]], table[indices[k + 7]]
            for j in range(len(total)):
                first = (a * p[j] + b * q[j]) + (c * r[j] + d * s[j])
                total[j] += first + ((e * t[j] + f * u[j]) + (g * v[j] + h * w[j]))
            k += 8
        while k < end:
            a, p = data[k], table[indices[k]]
            for j in range(len(total)):
                total[j] += a * p[j]
            k += 1
