"""What all rules need, computed once: value scans, kinds of matrices, and which genes are which."""

from functools import cached_property

import numpy as np
import pandas as pd
from anndata import AnnData

from core.data.checks import species as genes
from core.data.count_sources import decide, genes_of, places, shown_at, why_not
from core.data.matrix_kind import MatrixKind, judge, remember
from core.data.standalone.count_places import chosen_place, is_velocity
from core.data.standalone.gene_families import SETS, members
from core.data.value_scan import Sweep, sweep

# Columns in which other programs keep a cell's counts and genes over all genes that were measured.
COUNT_COLUMNS = ("n_counts_all_genes", "total_counts", "nCount_RNA", "n_counts", "nUMI", "n_umi", "n_umis")
GENE_COLUMNS = ("n_genes_all_genes", "n_genes_by_counts", "nFeature_RNA", "n_genes", "nGene")
MORE = 1.05  # such a column that is 5 % above what the file itself adds up to counted genes that are not here
FEW_GENES = 6000  # a whole transcriptome has 12,000 and more; choices of variable genes end at 5,000
# Columns in which other programs keep what was measured over all genes, as a percentage or a share of the counts.
MITO_COLUMNS = (
    "pct_mito",
    "pct_counts_mt",
    "percent_mito",
    "percent.mt",
    "percent_mt",
    "percent.mito",
    "mito_frac",
)


class Case:
    """A dataset under examination; every matrix of it is swept once, when it is made.

    `columns` are the `quality_columns` where they are known beforehand; None: they are looked for. `watchers` are
    functions that see every block of a matrix on the way, by where it lies (see core.data.value_scan.sweep).
    """

    def __init__(self, adata: AnnData, columns: dict[str, str] | None = None, watchers=None):
        self.adata = adata
        if columns is not None:  # in place of the cached properties of these names
            self.library_column, self.genes_column, self.mito_column = (
                columns.get(measure) for measure in ("counts", "genes", "mito")
            )
        self.sweeps: dict[str, Sweep] = {}
        self.verdicts: dict[str, MatrixKind] = {}
        self._sets: dict[str, dict[str, np.ndarray]] = {}
        for where, matrix in places(adata):
            owner = "raw.X" if where == "raw.X" else "X"
            if owner not in self._sets:
                self._sets[owner] = members(genes_of(adata, where))
            table = np.column_stack([self._sets[owner][name] for name in SETS]).astype(float)
            self.sweeps[where] = sweep(
                matrix,
                table,
                sign=self.counts_where is None or where == chosen_place(adata),
                watchers=(watchers or {}).get(where, ()),
            )
            self.verdicts[where] = judge(self.sweeps[where])
            remember(matrix, self.verdicts[where])

    @property
    def counts_where(self) -> str | None:
        """The place of the counts, by the matrices that were swept."""
        return decide(self.adata, self.verdicts)

    def why_not(self, where: str) -> str:
        """Why the counts are not taken from a place, in a few words."""
        reason = why_not(self.adata, where, self.verdicts)
        if is_velocity(where) and self.verdicts[where].kind == "counts" and self.trained.nonzero:
            share = self.sweeps[where].cell_sums.sum() / self.trained.cell_sums.sum()
            return f"{100 * share:.0f} % of the molecules"
        return reason or f"{self.where} comes first"

    @property
    def where(self) -> str:
        """The place of the matrix that is trained on."""
        return self.counts_where or "X"

    @property
    def trained(self) -> Sweep:
        return self.sweeps[self.where]

    @property
    def gene_names(self) -> pd.Index:
        """Of the matrix that is trained on."""
        return genes_of(self.adata, self.where)

    @property
    def members(self) -> dict[str, np.ndarray]:
        """Which of `gene_names` are mitochondrial, ribosomal, haemoglobin."""
        return self._sets["raw.X" if self.where == "raw.X" else "X"]

    @property
    def shown(self) -> tuple[str, str]:
        """Where the values lie that colour genes, and what they are."""
        return shown_at(self.verdicts, self.counts_where)

    @cached_property
    def species(self) -> str:
        return genes.species_of(self.gene_names)

    @cached_property
    def shares(self) -> dict[str, np.ndarray]:
        """Percent of a cell's counts in each set of genes that is there, as scanpy's pct_counts; {} without counts."""
        if self.counts_where is None:
            return {}
        total = self.trained.cell_sums
        percent = 100 * self.trained.set_sums / np.where(total > 0, total, 1)[:, None]
        return {name: percent[:, i] for i, name in enumerate(SETS) if self.members[name].any()}

    @cached_property
    def library_column(self) -> str | None:
        """The obs column that counts more than the file holds, so that genes are missing here; None without one."""
        if self.counts_where is None:
            return None
        return self._larger(COUNT_COLUMNS, self.trained.cell_sums)

    @cached_property
    def genes_column(self) -> str | None:
        """The same for the number of genes of a cell."""
        return self._larger(GENE_COLUMNS, self.trained.by_cell) if self.partial else None

    @cached_property
    def partial(self) -> str:
        """Why only some of the measured genes are in the file, '' where nothing says so."""
        if self.library_column:
            here, all_ = np.median(self.trained.cell_sums), np.median(self._numbers(self.library_column))
            return f"A cell has {here:,.0f} counts here and {all_:,.0f} by the obs column '{self.library_column}'."
        var, n = self.adata.var, len(self.gene_names)
        if (
            self.where != "raw.X"
            and "highly_variable" in var
            and var["highly_variable"].astype(str).eq("True").all()
        ):
            return f"All {n:,} genes are marked 'highly_variable'."
        if self.species in ("human", "mouse") and n <= FEW_GENES:
            return f"{n:,} genes; a whole transcriptome of {self.species} has over 12,000."
        return ""

    @cached_property
    def mito_column(self) -> str | None:
        """The obs column of the MT share over all genes, where some of them are not in the file; None without one."""
        if not self.partial and self.members["mito"].any():
            return None
        known = (name for name in MITO_COLUMNS if name in self.adata.obs)
        return next((name for name in known if np.isfinite(self._numbers(name)).all()), None)

    @property
    def quality_columns(self) -> dict[str, str]:
        """The obs columns that tell more of a cell than the matrix does, by measure."""
        found = {"counts": self.library_column, "genes": self.genes_column, "mito": self.mito_column}
        return {measure: column for measure, column in found.items() if column}

    def quality_shares(self) -> dict[str, np.ndarray]:
        """`shares`, with that of MT genes over all genes where a column has it, and "top20"; in percent.

        "top20" is scanpy's pct_counts_in_top_20_genes: the share of a cell's counts in its 20 highest genes.
        """
        shares = self.shares
        if self.mito_column:
            values = self._numbers(self.mito_column)
            shares = shares | {"mito": 100 * values if values.max() <= 1 else values}
        if self.counts_where is None:
            return shares
        total = self.trained.cell_sums
        return shares | {"top20": 100 * self.trained.top_sums / np.where(total > 0, total, 1)}

    def n_counts(self) -> np.ndarray | None:
        """(cells,) counts of each cell, over all genes where a column tells; None where there are no counts."""
        if self.counts_where is None:
            return None
        return self._numbers(self.library_column) if self.library_column else self.trained.cell_sums

    def n_genes(self) -> np.ndarray | None:
        """(cells,) genes above 0 of each cell, over all genes where a column tells; None for scaled values."""
        if self.counts_where:
            return self._numbers(self.genes_column) if self.genes_column else self.trained.by_cell
        where = self.shown[0]
        return self.sweeps[where].by_cell if self.verdicts[where].kind in ("lognorm", "normalized") else None

    def _numbers(self, column) -> np.ndarray:
        return pd.to_numeric(self.adata.obs[column], errors="coerce").to_numpy(dtype=float)

    def _larger(self, columns, here) -> str | None:
        for column in columns:
            if column in self.adata.obs:
                values = self._numbers(column)
                told = np.isfinite(values) & (here > 0)
                if (
                    np.isfinite(values).all()
                    and told.any()
                    and np.mean(values[told] > MORE * here[told]) > 0.9
                ):
                    return column
        return None
