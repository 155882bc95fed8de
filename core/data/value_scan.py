"""One pass over all values of a matrix, a block of rows at a time: the numbers that every judgement stands on."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy import sparse

from core.data.scan_block import N_HASHES, Block
from core.data.standalone.unlog import UNLOGS
from core.sparse import blocks

NEAR_WHOLE = 1e-3  # 0.9995 is a count that went through arithmetic, 0.9 is not
LOG_LIMIT = 20.0  # log1p of 10,000 is 9.2, log2 of a million 19.9: logged values stay below
TWICE_LIMIT = 4.0  # log1p(log1p(1e6)) is 2.7; expm1(expm1(4)) still is a number
SAME_SUM = 0.01  # row sums within 1 % of their median ...
MOST = 0.95  # ... in 95 % of cells were made equal by somebody

TOP_GENES = 20  # of each cell; the share of its counts in them is scanpy's pct_counts_in_top_20_genes
SAMPLE_CELLS, SAMPLE_GENES = 1000, 32  # kept as they are, evenly spread, for what sums cannot tell

_LIMITS = {"expm1": 2 * LOG_LIMIT, "expm1 twice": TWICE_LIMIT, "base 2": LOG_LIMIT, "base 10": LOG_LIMIT}


class Same(NamedTuple):
    """The sum that nearly all cells share, and their mean distance from it as a share of it."""

    middle: float
    spread: float


@dataclass
class Sweep:
    """What one pass saw of a matrix (cells, genes); sums leave out values that are not finite."""

    cells: int
    genes: int
    dtype: str
    numeric: bool  # False: text or objects, and nothing below was measured
    not_finite: int = 0
    odd_at: tuple[int, int] | None = None  # (cell, gene) of the first value that is not finite
    odd_cells: np.ndarray = None  # (cells,) bool: with such a value
    odd_genes: np.ndarray = None  # (genes,) bool: with such a value
    nonzero: int = 0
    whole: int = 0  # of the non-zero values
    near_whole: int = 0
    negative: int = 0
    lowest: float = np.inf
    highest: float = -np.inf
    least: float = np.inf  # the smallest value above 0
    near_whole_unlogged: dict = field(default_factory=dict)  # way back -> values near whole numbers after it
    by_cell: np.ndarray = None  # (cells,) values other than 0
    by_gene: np.ndarray = None  # (genes,) the same
    whole_cells: np.ndarray = None  # (cells,) bool: with whole numbers alone
    cell_sums: np.ndarray = None  # (cells,)
    cell_sizes: np.ndarray = None  # (cells,) sums without signs
    gene_sums: np.ndarray = None  # (genes,)
    gene_squares: np.ndarray = None  # (genes,)
    unlogged: dict = field(default_factory=dict)  # way back -> (cells,) sums after it; the hopeless left out
    set_sums: np.ndarray | None = None  # (cells, sets) sums over given sets of genes
    top_sums: np.ndarray | None = (
        None  # (cells,) sum of the TOP_GENES largest counts; None where these are no counts
    )
    signatures: np.ndarray | None = None  # (cells, N_HASHES) uint32, alike for alike cells of counts
    some_cells: object = None  # (some, genes) rows as they are, where there are fractions; CSR or dense
    some_genes: object = None  # (cells, some) columns as they are, the same way

    @property
    def mean(self):
        return self.gene_sums / max(self.cells, 1)

    @property
    def sd(self):
        """(genes,) standard deviation, n - 1."""
        variance = np.maximum(self.gene_squares - self.cells * self.mean**2, 0) / max(self.cells - 1, 1)
        return np.sqrt(variance)

    @property
    def sparsity(self):
        return 1 - self.nonzero / max(float(self.cells) * self.genes, 1.0)


def same(sums) -> Same | None:
    """The sum that nearly all cells share, if they do; empty cells are passed over."""
    sums = sums[sums > 0]
    if sums.size < 2:
        return None
    middle = float(np.median(sums))
    away = np.abs(sums / middle - 1)
    return Same(middle, float(np.mean(away))) if np.mean(away < SAME_SUM) >= MOST else None


def sweep(matrix, sets=None, sign=False, watchers=()) -> Sweep:
    """The Sweep of `matrix`, which may be sparse, dense, or lie on disk (see core.sparse.blocks).

    `sets` is a (genes, sets) float array of gene sets whose sums by cell are wanted; `sign` asks for signatures.
    `watchers` are functions of (first row, block as CSR with one entry a place), which see every block on the way.
    """
    cells, genes = matrix.shape
    seen = Sweep(cells, genes, str(matrix.dtype), getattr(matrix.dtype, "kind", "O") in "buif")
    scan = _Scan(seen, sets, sign)
    if seen.numeric:
        for first, block in blocks.pieces(matrix):
            scan.add(first, block)
            if watchers:
                canonical = blocks.canonical(block)
                for watch in watchers:
                    watch(first, canonical)
    return scan.done()


class _Scan:
    """What one sweep carries from block to block."""

    def __init__(self, seen, sets, sign):
        cells, genes = seen.cells, seen.genes
        self.seen, self.sets, self.sign = seen, sets, sign
        seen.by_cell, seen.by_gene = np.zeros(cells, np.int64), np.zeros(genes, np.int64)
        seen.whole_cells = np.ones(cells, bool)
        seen.cell_sums, seen.cell_sizes = np.zeros(cells), np.zeros(cells)
        seen.gene_sums, seen.gene_squares = np.zeros(genes), np.zeros(genes)
        seen.odd_cells, seen.odd_genes = np.zeros(cells, bool), np.zeros(genes, bool)
        seen.unlogged = {way: np.zeros(cells) for way in UNLOGS}
        seen.near_whole_unlogged = dict.fromkeys(UNLOGS, 0)
        if sets is not None:
            seen.set_sums = np.zeros((cells, sets.shape[1]))
        seen.top_sums = np.zeros(cells)
        if sign:
            seen.signatures = np.zeros((cells, N_HASHES), np.uint32)
        wanted = int(np.clip(blocks.BLOCK_VALUES // max(genes, 1), 64, SAMPLE_CELLS))
        self.row_picks = np.unique(np.linspace(0, cells - 1, min(cells, wanted)).astype(int))
        self.gene_picks = np.unique(np.linspace(0, genes - 1, min(genes, SAMPLE_GENES)).astype(int))
        self.rows, self.columns = [], []
        self.next_look = 1000  # cells after which hopeless ways back are dropped; doubles

    def add(self, first, block):
        """Take in rows, sparse or dense, that begin at `first`."""
        seen, part = self.seen, Block(block)
        values = part.values
        finite = np.isfinite(values).all() if values.dtype.kind == "f" else True
        if not finite:
            bad = ~np.isfinite(values)
            self._note_odd(first, *part.places(bad))
            part = part.with_values(np.where(bad, 0, values))
            values = part.values
        if values.size:
            seen.lowest = min(seen.lowest, float(values.min()))
            seen.highest = max(seen.highest, float(values.max()))
        rows = slice(first, first + part.shape[0])
        statistics = part.statistics(self.sets)
        whole = self._count(values, statistics)
        seen.by_cell[rows], seen.cell_sums[rows] = statistics.by_cell, statistics.cell_sums
        seen.whole_cells[rows], seen.least = statistics.whole_cells, min(seen.least, statistics.least)
        seen.by_gene += statistics.by_gene
        seen.gene_sums += statistics.gene_sums
        seen.gene_squares += statistics.gene_squares
        if self.sets is not None:
            seen.set_sums[rows] = statistics.set_sums
        negative = seen.lowest < 0
        if negative or seen.near_whole < seen.nonzero:
            seen.top_sums = None
        elif seen.top_sums is not None:
            seen.top_sums[rows] = part.top_sums(TOP_GENES)
        seen.cell_sizes[rows] = (
            part.by_row(np.abs(values.astype(np.float64))) if negative else statistics.cell_sums
        )
        self._unlog(part, rows, whole)
        if self.sign and seen.signatures is not None:
            if whole and finite:
                seen.signatures[rows] = part.signatures()
            else:  # near-equal cells are looked for among counts alone
                seen.signatures = None
        if not whole or self.columns:
            self._sample(first, block)

    def _note_odd(self, low, rows, columns):
        """Keep where values are not finite."""
        seen = self.seen
        seen.not_finite += len(rows)
        seen.odd_cells[low + rows], seen.odd_genes[columns] = True, True
        if seen.odd_at is None:
            seen.odd_at = low + int(rows[0]), int(columns[0])

    def _count(self, values, statistics):
        """Add up whole, near-whole and negative values; True where all of them are whole."""
        seen = self.seen
        seen.nonzero += statistics.nonzero
        seen.whole += statistics.whole
        seen.negative += statistics.negative
        if statistics.whole == statistics.nonzero:
            seen.near_whole += statistics.nonzero
            return True
        # A tiny share such as 1e-5 is near 0 and no count, hence the second condition.
        rounded = np.rint(values)
        seen.near_whole += int(np.count_nonzero((np.abs(values - rounded) <= NEAR_WHOLE) & (rounded != 0)))
        return False

    def _unlog(self, part, rows, whole):
        """Row sums after each way back that may still explain the matrix."""
        seen = self.seen
        for way in list(seen.unlogged):
            if seen.lowest < 0 or seen.highest >= _LIMITS[way]:
                del seen.unlogged[way]
        if whole:  # a block of whole numbers holds no logs: its rows count as not measured
            for sums in seen.unlogged.values():
                sums[rows] = 0
            return
        wide = part.values.astype(np.float64)
        for way, sums in seen.unlogged.items():
            back = UNLOGS[way](wide)
            sums[rows] = part.by_row(back)
            if way in seen.near_whole_unlogged:
                rounded = np.rint(back)
                # float32 keeps 7 digits of the log, which are fewer of a large count.
                fits = (np.abs(back - rounded) <= NEAR_WHOLE + 1e-5 * rounded) & (rounded != 0)
                seen.near_whole_unlogged[way] += int(np.count_nonzero(fits))
                if (
                    seen.near_whole_unlogged[way] < 0.5 * seen.nonzero
                ):  # no later block can make them all whole
                    del seen.near_whole_unlogged[way]
        if rows.stop >= self.next_look:
            self.next_look = 2 * rows.stop
            for way in list(seen.unlogged):
                if self._is_hopeless(seen.unlogged[way][: rows.stop], way):
                    del seen.unlogged[way]

    def _is_hopeless(self, sums, way):
        """So many cells differ already that 95 % of all can no longer agree, and the values are not whole either."""
        measured = sums[sums > 0]
        if measured.size < 2 or self.seen.near_whole_unlogged.get(way, 0) == self.seen.nonzero:
            return False
        away = np.abs(measured / np.median(measured) - 1) >= SAME_SUM
        return np.count_nonzero(away) > (1 - MOST) * self.seen.cells

    def _sample(self, low, block):
        picks = self.row_picks[(self.row_picks >= low) & (self.row_picks < low + block.shape[0])] - low
        if len(picks):
            self.rows.append(block[picks])
        self.columns.append(block[:, self.gene_picks])

    def done(self):
        seen = self.seen
        if seen.nonzero < float(seen.cells) * seen.genes:
            seen.lowest, seen.highest = min(seen.lowest, 0.0), max(seen.highest, 0.0)
        stack = sparse.vstack if self.rows and sparse.issparse(self.rows[0]) else np.vstack
        seen.some_cells = stack(self.rows) if self.rows else None
        seen.some_genes = stack(self.columns) if self.columns else None
        return seen
