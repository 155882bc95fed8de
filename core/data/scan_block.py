"""A block of rows, and the same few questions answered for sparse and dense ones."""

import numpy as np
from scipy import sparse

N_HASHES = 12
_GOLDEN, _OTHER = np.uint32(2654435761), np.uint32(2246822519)  # odd numbers whose bits are well mixed
_MIX = np.random.default_rng(20).integers(1, 2**31, N_HASHES, dtype=np.uint32) * np.uint32(2) + np.uint32(1)


class Block:
    """Rows of a matrix, sparse or dense; what is asked by row, by column and by set comes back as arrays."""

    def __init__(self, block):
        self.shape, self.sparse = block.shape, sparse.issparse(block)
        if self.sparse:
            self.values, self.indices, self.indptr = block.data, block.indices, block.indptr
            self.rows = np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))
        else:
            self.values = block.reshape(-1)

    def with_values(self, values):
        if not self.sparse:
            return Block(values.reshape(self.shape))
        return Block(sparse.csr_matrix((values, self.indices, self.indptr), shape=self.shape))

    def by_row(self, values):
        if self.sparse:
            return np.bincount(self.rows, values, minlength=self.shape[0])
        return values.reshape(self.shape).sum(axis=1)

    def by_column(self, values):
        if self.sparse:
            return np.bincount(self.indices, values, minlength=self.shape[1])
        return values.reshape(self.shape).sum(axis=0)

    def places(self, some):
        """(rows, columns) of some of the values, chosen by a mask, in their order."""
        at = np.flatnonzero(some)
        return (self.rows[at], self.indices[at]) if self.sparse else np.divmod(at, self.shape[1])

    def filled(self):
        """Values other than 0 by row and by column, as integers."""
        some = self.values != 0
        if self.sparse and some.all():
            return np.diff(self.indptr), np.bincount(self.indices, minlength=self.shape[1])
        return self.by_row(some).astype(np.int64), self.by_column(some).astype(np.int64)

    def by_set(self, sets):
        """(rows, sets) sums over each set of columns, in float64."""
        if self.sparse:
            chosen = np.flatnonzero(sets.any(axis=1))
            rows = self.csr()[:, chosen].astype(np.float64)
            return np.asarray(rows @ sets[chosen])
        return self.values.reshape(self.shape).astype(np.float64) @ sets

    def csr(self):
        if self.sparse:
            return sparse.csr_matrix((self.values, self.indices, self.indptr), shape=self.shape)
        return sparse.csr_matrix(self.values.reshape(self.shape))

    def signatures(self):
        """(rows, N_HASHES) MinHash of a row's (gene, value) pairs (Broder 1997): the share of equal entries of two
        rows estimates the Jaccard similarity of their pairs. An empty row has zeros."""
        rows = self.csr()
        if (rows.data == 0).any():
            rows = rows.copy()
            rows.eliminate_zeros()
        out = np.zeros((self.shape[0], N_HASHES), np.uint32)
        filled = np.flatnonzero(np.diff(rows.indptr))
        if not filled.size:
            return out
        values = np.minimum(rows.data, 2**31).astype(np.uint32)
        pair = rows.indices.astype(np.uint32) * _GOLDEN ^ values * _OTHER
        pair ^= pair >> np.uint32(15)
        starts = rows.indptr[filled]
        for k, odd in enumerate(_MIX):
            mixed = pair * odd
            mixed ^= mixed >> np.uint32(16)
            out[filled, k] = np.minimum.reduceat(mixed * _GOLDEN, starts)
        return out
