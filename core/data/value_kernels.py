"""Compiled loops over the values of a CSR block, for core.data.value_scan, fingerprint and highest_genes.

None of them may reorder a sum: fingerprints and scores of earlier versions are compared with these.
"""

import numba
import numpy as np

_GOLDEN, _OTHER = np.uint32(2654435761), np.uint32(2246822519)  # odd numbers whose bits are well mixed


@numba.njit(cache=True, nogil=True)
def add_statistics(indptr, indices, data, sets, in_a_set, by_cell, whole_cells, cell_sums, set_sums, genes):
    """(values other than 0, whole ones among them, negative ones, the smallest above 0) of a block, and its sums.

    Writes `by_cell` (rows,) values other than 0, `whole_cells` (rows,) bool, `cell_sums` (rows,) and `set_sums` (rows,
    sets); adds to `genes` (genes, 3): sum, sum of squares, values other than 0. `sets` (genes, sets) float64 says which genes each set has,
    `in_a_set` (genes,) bool which are in any.
    """
    nonzero, whole, negative, least, n_sets = 0, 0, 0, np.inf, sets.shape[1]
    for row in range(len(indptr) - 1):
        filled, total, before = 0, 0.0, whole
        for k in range(indptr[row], indptr[row + 1]):
            value, gene = np.float64(data[k]), indices[k]
            total += value
            genes[gene, 0] += value
            genes[gene, 1] += value * value
            if value != 0:
                filled += 1
                genes[gene, 2] += 1
                whole += value == np.rint(value)
                negative += value < 0
                if 0 < value < least:
                    least = value
            for one in range(n_sets if in_a_set[gene] else 0):
                set_sums[row, one] += value * sets[gene, one]
        by_cell[row], cell_sums[row], whole_cells[row] = filled, total, whole - before == filled
        nonzero += filled
    return nonzero, whole, negative, least


@numba.njit(cache=True, nogil=True)
def top_sums(indptr, data, n, sums):
    """Writes to `sums` (rows,) the sum of the `n` largest values of each row, of all where there are fewer."""
    highest = np.zeros(n)  # in ascending order
    for row in range(len(indptr) - 1):
        filled = 0
        for k in range(indptr[row], indptr[row + 1]):
            value = np.float64(data[k])
            if filled < n:
                place = filled
                filled += 1
                while place > 0 and highest[place - 1] > value:
                    highest[place] = highest[place - 1]
                    place -= 1
                highest[place] = value
            elif value > highest[0]:
                place = 0
                while place < n - 1 and highest[place + 1] < value:
                    highest[place] = highest[place + 1]
                    place += 1
                highest[place] = value
        total = 0.0
        for i in range(filled):
            total += highest[i]
        sums[row] = total


@numba.njit(cache=True, nogil=True)
def add_signatures(indptr, indices, data, mix, out):
    """Writes to `out` (rows, hashes) uint32 the MinHash of each row's (gene, value) pairs; an empty row keeps its zeros.

    `mix` (hashes,) uint32: an odd number for each hash.
    """
    n_hashes = len(mix)
    for row in range(len(indptr) - 1):
        lowest, filled = np.full(n_hashes, np.uint32(0xFFFFFFFF)), False
        for k in range(indptr[row], indptr[row + 1]):
            if data[k] != 0:
                filled = True
                value = np.uint32(np.int64(min(np.float64(data[k]), 2.0**31)))
                pair = np.uint32(np.uint32(np.uint32(indices[k]) * _GOLDEN) ^ np.uint32(value * _OTHER))
                pair = np.uint32(pair ^ (pair >> np.uint32(15)))
                for one in range(n_hashes):
                    mixed = np.uint32(pair * mix[one])
                    mixed = np.uint32(np.uint32(mixed ^ (mixed >> np.uint32(16))) * _GOLDEN)
                    lowest[one] = min(lowest[one], mixed)
        if filled:
            out[row] = lowest


@numba.njit(cache=True, nogil=True)
def add_mixed(indptr, indices, bits, keys, sums):
    """Adds to `sums` (rows, 2) uint64 the mixed values of each row; `bits` are its values, float64 seen as uint64.

    `keys` (columns, 2) uint64. Zeros add nothing. Any change of a value changes the sums, and no order of values does.
    """
    for row in range(len(indptr) - 1):
        for lane in range(2):
            total = sums[row, lane]
            for k in range(indptr[row], indptr[row + 1]):
                if bits[k] << np.uint64(1):  # 0 and -0 are no values
                    x = bits[k] ^ keys[indices[k], lane]  # mixed as in splitmix64 (Steele 2014)
                    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                    total += x ^ (x >> np.uint64(31))
            sums[row, lane] = total


@numba.njit(cache=True, nogil=True)
def add_shares(indptr, indices, data, totals, sums):
    """Writes `totals` (rows,) and adds to `sums` (genes,) each value as percent of the total of its row."""
    for row in range(len(indptr) - 1):
        total = 0.0
        for k in range(indptr[row], indptr[row + 1]):
            total += np.float64(data[k])
        totals[row] = total
        if total > 0:
            factor = 100 / total
            for k in range(indptr[row], indptr[row + 1]):
                sums[indices[k]] += np.float64(data[k]) * factor
