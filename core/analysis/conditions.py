"""Differences between two conditions within groups of cells, over samples: counts added up by sample, and DESeq2's test.

Cells of one sample are no replicates (Squair 2021, doi:10.1038/s41467-021-25960-2), so the counts of each sample are added
up within each group, and a sample is one observation of PyDESeq2 (Muzellec 2023, doi:10.1093/bioinformatics/btad547), which
has DESeq2's negative binomial model and Wald test (Love 2014, doi:10.1186/s13059-014-0550-8).
"""

import warnings
from typing import NamedTuple

import numpy as np

from core.analysis.pseudobulk import FEWEST_CELLS, FEWEST_COUNTS, FEWEST_SAMPLES

MEASURES = ("base_mean", "log2_fold", "standard_error", "p", "p_adjusted")
NO_TEST = "fewer than 2 samples with at least 10 cells in each condition"


class Compared(NamedTuple):
    """One group: `values` (measures, genes) by MEASURES, NaN where a gene was not tested, None where the group was not.

    `n_samples` of the first and of the second condition; `paired`: the same samples have both, and are compared within
    themselves.
    """

    values: np.ndarray | None
    n_samples: tuple
    paired: bool


def units_of(samples, conditions):
    """(codes (cells,), sample of each unit, condition of each unit): a unit is a sample in a condition, -1 for other cells.

    `samples` and `conditions` (cells,) are int, conditions 0 and 1, -1 for cells that stay out.
    """
    inside = (samples >= 0) & (conditions >= 0)
    pairs, codes = np.unique(np.stack([samples, conditions], axis=1)[inside], axis=0, return_inverse=True)
    units = np.full(len(samples), -1)
    units[inside] = codes.ravel()
    return units, *(pairs.T if len(pairs) else np.empty((2, 0), int))


def compare(totals, n_cells, samples, conditions):
    """The Compared of one group, from its summed counts (units, genes), its cells (units,), and what each unit is.

    Condition 0 over condition 1: a positive fold is higher in condition 0. Units of fewer than 10 cells stay out. Where two
    samples or more have both conditions, those are compared within themselves, and samples with one condition stay out.
    """
    enough = n_cells >= FEWEST_CELLS
    both = np.intersect1d(samples[enough & (conditions == 0)], samples[enough & (conditions == 1)])
    paired = len(both) >= FEWEST_SAMPLES
    if paired:
        rows = np.flatnonzero(enough & np.isin(samples, both))
    else:  # a sample in both conditions would be counted as two
        rows = np.flatnonzero(enough & ~np.isin(samples, both))
    counts = tuple(int((conditions[rows] == i).sum()) for i in (0, 1))
    if min(counts) < FEWEST_SAMPLES:
        return Compared(None, counts, paired)
    return Compared(_deseq2(totals[rows], samples[rows], conditions[rows], paired), counts, paired)


def _deseq2(totals, samples, conditions, paired):
    """(measures, genes) of summed counts (units, genes)."""
    values = np.full((len(MEASURES), totals.shape[1]), np.nan)
    least = min((conditions == 0).sum(), (conditions == 1).sum())
    tested = np.flatnonzero((totals >= FEWEST_COUNTS).sum(axis=0) >= least)
    if len(tested) < 2:
        return values
    import pandas as pd
    from pydeseq2.dds import DeseqDataSet
    from pydeseq2.ds import DeseqStats

    names = [f"unit {i}" for i in range(len(totals))]
    counts = pd.DataFrame(np.rint(totals[:, tested]).astype(int), index=names).rename(columns=str)
    design = pd.DataFrame(design_of(samples, conditions, paired), index=names)
    design.columns = [f"column {i}" for i in range(design.shape[1])]
    contrast = np.eye(design.shape[1])[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few samples, whose dispersions follow no trend
        fitted = DeseqDataSet(
            counts=counts,
            metadata=pd.DataFrame({"condition": conditions}, index=names),
            design=design,
            refit_cooks=True,
            n_cpus=1,
            quiet=True,
        )
        fitted.deseq2()
        test = DeseqStats(fitted, contrast=contrast, n_cpus=1, quiet=True)
        test.summary()
    found = test.results_df
    columns = ("baseMean", "log2FoldChange", "lfcSE", "pvalue", "padj")
    values[:, tested] = found[list(columns)].to_numpy(dtype=np.float64).T
    return values


def design_of(samples, conditions, paired):
    """(units, columns) float64: the intercept, 1 for condition 0, and where samples are `paired` one column each but the first."""
    columns = [np.ones(len(conditions)), (conditions == 0).astype(float)]
    if paired:
        columns += [(samples == sample).astype(float) for sample in np.unique(samples)[1:]]
    return np.stack(columns, axis=1)


def words(of, first, second, samples, n_genes, version):
    """The methods sentence of a comparison of two values of the obs column `of` over the `samples` column."""
    return (
        f"Within each group of cells, '{first}' was compared with '{second}' ({of}) over the samples of {samples}: counts of "
        f"all {n_genes:,} genes were added up by sample, samples with fewer than {FEWEST_CELLS} cells in the group stayed out, "
        f"and the sums were tested by PyDESeq2 {version} (Muzellec 2023; negative binomial model and Wald test of Love 2014), "
        "within samples where samples have both conditions. p was adjusted over the genes of a group (Benjamini 1995)."
    )
