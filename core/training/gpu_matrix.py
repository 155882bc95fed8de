"""A Matrix in the memory of a GPU: minibatches are made there from row numbers, and no step waits for the host."""

import weakref

import numpy as np
import torch
from scipy import sparse

from core import device as devices
from core.preprocessing.matrix import Cells, block_size

SHARE = 0.6  # of the free memory: the rest is for the network, its gradients and the minibatches
FORMS = ("dense", "sparse")

_made = weakref.WeakKeyDictionary()  # Matrix -> its Resident, shared by training, losses and encoding


def form_that_fits(matrix, free):
    """The form in which all cells fit into `free` bytes: "dense", else "sparse", else None.

    Dense is faster: a minibatch is then one read of rows.
    """
    tables = 2 if matrix.reads_counts else 1
    shape = matrix.n_cells, matrix.n_genes, matrix.n_proteins, matrix.rna.n_values
    return next((form for form in FORMS if n_bytes(form, *shape, tables) <= SHARE * free), None)


def n_bytes(form, n_cells, n_genes, n_proteins, n_values, tables=1):
    """Bytes of a form on the device; `tables` is 2 with the raw counts."""
    others = 4 * n_cells * (tables * n_proteins + 4)
    if form == "dense":
        return 4 * tables * n_cells * n_genes + others
    return 2 * 8 * tables * n_values + others  # twice, while the pieces are put together


def form_of(matrix):
    """The form of `matrix` on the GPU, present or future: one of FORMS, or None if it does not fit."""
    if matrix in _made:
        return _made[matrix].form
    return form_that_fits(matrix, devices.free_on_gpu())


def resident(matrix, device, form=None):
    """The Resident of `matrix`, made once for the life of the matrix; None if it does not fit.

    `form`: one of FORMS, instead of the one that fits.
    """
    if matrix not in _made and (form := form or form_of(matrix)):
        _made[matrix] = Resident(matrix, device, form)
    return _made.get(matrix)


def forget(matrix):
    """Free the memory of `matrix` on the GPU."""
    _made.pop(matrix, None)


class Resident:
    """Gives the Cells of rows as tensors on the device, from values that are preprocessed and scaled there.

    Input dropout draws on the device and so hides other counts than on the CPU.
    """

    def __init__(self, matrix, device, form):
        self.device, self.form, self.n_proteins = device, form, matrix.n_proteins
        self.base = matrix.standardised.base.to(device)
        self.genes = _table(form, matrix.n_cells, self.base)
        self.proteins = _Dense(matrix.n_cells, torch.zeros(matrix.n_proteins, device=device))
        nothing = torch.zeros(matrix.n_features, device=device)
        self.counts = _table(form, matrix.n_cells, nothing) if matrix.reads_counts else None
        self.measured = (
            None if matrix.measured is None else torch.from_numpy(matrix.measured).float().to(device)
        )
        self._upload(matrix)
        self.batch_codes = (
            None if matrix.batch_codes is None else torch.from_numpy(matrix.batch_codes).long().to(device)
        )
        self.one_hot = torch.eye(len(matrix.batch_names), device=device)

    def _upload(self, matrix):
        rows, minibatch = matrix.rna.in_order(np.arange(matrix.n_cells)), None
        for part, held in matrix.rna.minibatches(rows, block_size(matrix.n_features)):
            minibatch = matrix.standardised.minibatch(held, into=minibatch)
            others = matrix.beside(part, held)
            self.genes.put(part, minibatch.indptr, minibatch.indices, minibatch.data)
            self.proteins.fill(part, others.x)
            if self.counts is not None:
                counts = sparse.csr_matrix(others.counts)
                self.counts.put(part, counts.indptr, counts.indices, counts.data)
        for table in filter(None, (self.genes, self.counts)):
            table.finish()

    def minibatches(self, rows, size, hide=0.0, seed=0):
        """Pairs (part, Cells) of `rows`, in this order and `size` at a time; with probability `hide` the encoder reads
        a zero in place of a count, drawn from `seed` (a number or a numpy Generator)."""
        at = torch.from_numpy(np.ascontiguousarray(rows, np.int64)).to(self.device)
        chance = torch.Generator(self.device)
        chance.manual_seed(int(np.random.default_rng(seed).integers(2**62)))
        for start in range(0, len(rows), size):
            part = slice(start, start + size)
            yield rows[part], self._cells(rows[part], at[part], hide, chance)

    def _cells(self, rows, at, hide, chance):
        genes = self.genes.take(rows, at)
        x = torch.cat([genes, self.proteins.take(rows, at)], dim=1) if self.n_proteins else genes
        seen = None
        if hide:
            kept = torch.rand(genes.shape, generator=chance, device=self.device) >= hide
            seen = torch.where(kept, genes, self.base)
        batch = None if self.batch_codes is None else self.one_hot.index_select(0, self.batch_codes[at])
        counts = None if self.counts is None else self.counts.take(rows, at)
        measured = None if self.measured is None else self.measured.index_select(0, at)
        return Cells(x, batch, counts, seen, measured=measured)


def _table(form, n_rows, base):
    return _Dense(n_rows, base) if form == "dense" else _Sparse(n_rows, base)


class _Dense:
    """Rows of dense values."""

    def __init__(self, n_rows, base):
        self.base, self.values = base, torch.empty(n_rows, len(base), device=base.device)

    def put(self, rows, indptr, indices, data):
        """Store these rows: `base` plus a CSR block."""
        added = sparse.csr_matrix((data, indices, indptr), (len(rows), len(self.base))).toarray()
        self.fill(rows, self.base.cpu().numpy() + added)

    def fill(self, rows, values):
        """Store these dense rows."""
        self.values[torch.from_numpy(rows).to(self.base.device)] = torch.from_numpy(values).to(
            self.base.device
        )

    def finish(self):
        """All rows are stored."""

    def take(self, rows, at):  # -> (len(rows), columns)
        return self.values.index_select(0, at)


class _Sparse:
    """Rows as `base` plus values in a few columns; made dense when taken."""

    def __init__(self, n_rows, base):
        self.base, self.filled = base, 0
        self.begin, self.length = np.zeros(n_rows, np.int64), np.zeros(n_rows, np.int64)
        self.pieces = []

    def put(self, rows, indptr, indices, data):
        """Store a CSR block of these rows."""
        self.begin[rows], self.length[rows] = self.filled + indptr[:-1], np.diff(indptr)
        self.filled += len(data)
        columns, values = (
            torch.from_numpy(indices.astype(np.int32)),
            torch.from_numpy(np.array(data, np.float32)),
        )
        self.pieces.append((columns.to(self.base.device), values.to(self.base.device)))

    def finish(self):
        """All rows are stored."""
        self.columns, self.values = (torch.cat(part) for part in zip(*self.pieces, strict=True))
        self.pieces = []
        self.begins = torch.from_numpy(self.begin).to(self.base.device)
        self.lengths = torch.from_numpy(self.length).to(self.base.device)

    def take(self, rows, at):  # -> (len(rows), columns)
        n = int(self.length[rows].sum())  # known on the host, so that the device is not waited for
        length = self.lengths[at]
        row = torch.arange(len(rows), device=at.device).repeat_interleave(length, output_size=n)
        first = self.begins[at] - length.cumsum(0) + length
        where = torch.arange(n, device=at.device) + first[row]
        columns = self.columns[where].long()
        out = self.base.repeat(len(rows), 1)
        out.view(-1).scatter_(0, row * len(self.base) + columns, self.base[columns] + self.values[where])
        return out
