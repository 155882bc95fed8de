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


def form_that_fits(matrix, free, splits=False):
    """The form in which all cells fit into `free` bytes: "dense", else "sparse", else None.

    Dense is faster: a minibatch is then one read of rows. `splits`: counts are split, so they are there as well.
    Pearson residuals are made on the host, so their matrix is in no form.
    """
    if matrix.pearson is not None:
        return None
    tables = 2 if matrix.reads_counts or splits else 1
    shape = matrix.n_cells, matrix.n_genes, matrix.n_proteins, matrix.rna.n_values
    return next((form for form in FORMS if n_bytes(form, *shape, tables) <= SHARE * free), None)


def n_bytes(form, n_cells, n_genes, n_proteins, n_values, tables=1):
    """Bytes of a form on the device; `tables` is 2 with the raw counts."""
    others = 4 * n_cells * (tables * n_proteins + 4)
    if form == "dense":
        return 4 * tables * n_cells * n_genes + others
    return 2 * 8 * tables * n_values + others  # twice, while the pieces are put together


def form_of(matrix, splits=False):
    """The form of `matrix` on the GPU, present or future: one of FORMS, or None if it does not fit."""
    if matrix in _made:
        return _made[matrix].form
    return form_that_fits(matrix, devices.free_on_gpu(), splits)


def resident(matrix, device, form=None, splitter=None):
    """The Resident of `matrix`, made once for the life of the matrix; None if it does not fit.

    `form`: one of FORMS, instead of the one that fits. With a core.sparse.split_counts.SplitCounts it can split counts.
    """
    if matrix in _made and splitter and not _made[matrix].splits:
        forget(matrix)
    if matrix not in _made and (form := form or form_of(matrix, splitter is not None)):
        _made[matrix] = Resident(matrix, device, form, splitter)
    return _made.get(matrix)


def forget(matrix):
    """Free the memory of `matrix` on the GPU."""
    _made.pop(matrix, None)


class Resident:
    """Gives the Cells of rows as tensors on the device, from values that are preprocessed and scaled there.

    Input dropout and the splitting of counts draw on the device, and so otherwise than on the CPU.
    """

    def __init__(self, matrix, device, form, splitter=None):
        self.device, self.form, self.n_proteins = device, form, matrix.n_proteins
        self.base = matrix.standardised.base.to(device)
        self.genes = _table(form, matrix.n_cells, self.base)
        self.proteins = _Dense(matrix.n_cells, torch.zeros(matrix.n_proteins, device=device))
        nothing = torch.zeros(matrix.n_features, device=device)
        self.counts = _table(form, matrix.n_cells, nothing) if matrix.reads_counts else None
        self.measured = (
            None if matrix.measured is None else torch.from_numpy(matrix.measured).float().to(device)
        )
        self.splits = None
        if splitter:
            self.splits = Splits(splitter, _table(form, matrix.n_cells, nothing[: matrix.n_genes]))
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
            if self.splits:
                self.splits.put(part, sparse.csr_matrix(held.rows.dense(held.at)), matrix.rna.size[part])
        for table in filter(None, (self.genes, self.counts, self.splits)):
            table.finish()

    def minibatches(self, rows, size, hide=0.0, seed=0, draw=None):
        """Pairs (part, Cells) of `rows`, in this order and `size` at a time; with probability `hide` the encoder reads
        a zero in place of a count, drawn from `seed` (a number or a numpy Generator). With the number of a `draw` counts
        are split."""
        at = torch.from_numpy(np.ascontiguousarray(rows, np.int64)).to(self.device)
        chance = torch.Generator(self.device)
        chance.manual_seed(int(np.random.default_rng(seed).integers(2**62)))
        drawing = None if draw is None else self.splits.drawing(draw)
        for start in range(0, len(rows), size):
            part = slice(start, start + size)
            yield rows[part], self._cells(rows[part], at[part], hide, chance, drawing)

    def _cells(self, rows, at, hide, chance, drawing):
        base, seen = self.base, None
        if drawing is None:
            genes = self.genes.take(rows, at)
        else:
            seen, genes = self.splits.take(rows, at, drawing)
            base = self.splits.seen_base
        x = torch.cat([genes, self.proteins.take(rows, at)], dim=1) if self.n_proteins else genes
        if hide:
            kept = torch.rand(genes.shape, generator=chance, device=self.device) >= hide
            seen = torch.where(kept, genes if seen is None else seen, base)
        batch = None if self.batch_codes is None else self.one_hot.index_select(0, self.batch_codes[at])
        counts = None if self.counts is None else self.counts.take(rows, at)
        measured = None if self.measured is None else self.measured.index_select(0, at)
        return Cells(x, batch, counts, seen, measured=measured)


class Splits:
    """Counts on a device, split there in each minibatch as core.sparse.split_counts.SplitCounts splits them."""

    def __init__(self, splitter, table):
        self.splitter, self.counts, device = splitter, table, table.base.device
        self.seen_base = splitter.seen_base.to(device)
        self.rest = np.zeros(len(splitter.rows.size), np.float32)
        scales = (splitter.seen_base, splitter.seen_scale), (splitter.base, splitter.scale)
        self.scales = [
            (torch.from_numpy(slope).to(device), (base + torch.from_numpy(shift)).to(device), float(clip))
            for base, (slope, shift, clip) in scales
        ]

    def put(self, rows, counts, size):
        """Store a CSR block of counts of these rows, whose values are multiplied by `size` to be normalised."""
        self.counts.put(rows, counts.indptr, counts.indices, np.rint(counts.data))
        whole = np.asarray(counts.sum(axis=1), np.float64).ravel()
        self.rest[rows] = self.splitter.rest_of(size, whole)

    def finish(self):
        """All rows are stored."""
        self.counts.finish()
        self.rest = torch.from_numpy(self.rest).to(self.counts.base.device)

    def drawing(self, number):
        """The random numbers of the draw of this number."""
        seed = np.random.default_rng([self.splitter.seed, 8, number]).integers(2**62)
        return torch.Generator(self.counts.base.device).manual_seed(int(seed))

    def take(self, rows, at, drawing):  # -> (len(rows), genes) twice: what is seen, and the target
        whole, rest = self.counts.take(rows, at), self.rest.index_select(0, at)[:, None]
        share = whole.new_tensor(self.splitter.share)
        seen, rest_seen = (torch.binomial(n, share.expand_as(n), generator=drawing) for n in (whole, rest))
        made = []
        parts = (seen, rest_seen, share), (whole - seen, rest - rest_seen, 1 - share)
        for (part, elsewhere, of_all), (slope, shift, clip) in zip(parts, self.scales, strict=True):
            if self.splitter.target_sum:
                size = self.splitter.target_sum / (part.sum(dim=1, keepdim=True) + elsewhere).clamp(min=1)
            else:
                size = 1 / of_all
            values = (part * size).log1p() if self.splitter.logged else part * size
            made.append(values.mul_(slope).add_(shift).clamp_(-clip, clip))
        return made


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
