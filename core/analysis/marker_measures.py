"""The measures of a marker, in the order of core.analysis.markers, and the best ones; light enough for the web process."""

from typing import NamedTuple

import numpy as np

# AUC and fold change are effects; shares are of cells that express a feature: a gene above 0, a protein above its
# background (core.analysis.protein_expression); means are of the values; "rest" are all other cells.
# log_fold is scanpy's, with a pseudocount of 1e-9: of a gene that hardly any cell expresses it is beyond 10.
MEASURES = ("auc", "log_fold", "share", "share_rest", "mean", "mean_rest", "p", "p_adjusted")
# What p values of cells are not; the card, the tables, the report and the methods paragraph say it.
CAUTION = (
    "The p values take cells as replicates, but cells of one sample are not independent, and clusters were found from the "
    "same genes (double dipping). So p is far too small: use it as a rank, and judge a marker by its effect size."
)
P_NOTE = "p: a rank only; cells are no replicates"  # a column of markers.csv
SAMPLE_MEASURES = (
    "auc_within",
    "sample_log_fold",
    "sample_p",
    "sample_p_adjusted",
)  # where samples were compared
FEWEST = 3  # cells of a group that is tested (Seurat's min.cells.group): a test of fewer says nothing


PSEUDOCOUNT = (
    1.0  # a count per 10,000, on the scale of the values that colour genes (Seurat's pseudocount.use)
)


def shrunk_fold(values, n_genes, logged):
    """(groups, features) log2 of the ratio of the means out of the logarithm, 1 added to both: small means give small folds.

    `values` (measures, groups, features), genes first. Genes that are not `logged` have the difference of the means;
    proteins are always logged.
    """
    mean, rest = (values[MEASURES.index(name)] for name in ("mean", "mean_rest"))
    is_log = np.where(np.arange(values.shape[-1]) < n_genes, bool(logged), True)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        fold = np.log2((np.expm1(mean) + PSEUDOCOUNT) / (np.expm1(rest) + PSEUDOCOUNT))
    return np.where(is_log, fold, mean - rest)


class Rows(NamedTuple):
    """The rows of a plot of markers: the indices of features, genes before proteins, and their labels."""

    features: list
    labels: list
    n_genes: int  # how many of the rows are genes


def rows(chosen, names, n_genes):
    """The Rows of the `chosen` lists of indices into `names` (genes, then proteins), each feature once.

    A gene and a protein of one name say which they are; so do proteins without genes, as they have no heading.
    """
    once = list(dict.fromkeys(i for of_group in chosen for i in of_group))
    genes, proteins = [i for i in once if i < n_genes], [i for i in once if i >= n_genes]
    kinds = {i: "gene" for i in genes} | {i: "protein" for i in proteins}
    both = {name.casefold() for name in names[:n_genes]} & {name.casefold() for name in names[n_genes:]}
    alone = "" if genes else "protein"
    labels = [
        f"{names[i]} ({kind})" if kind == alone or names[i].casefold() in both else names[i]
        for i, kind in kinds.items()
    ]
    return Rows([*genes, *proteins], labels, len(genes))


def best(values, k, least=0.0):
    """Lists of the features that mark each group best, by AUC, at most `k` and the best first; ties by the difference of means.

    `values` (measures, groups, features). Features that less than `least` of the group's cells have are left out.
    """
    auc, mean, rest, share = (values[MEASURES.index(name)] for name in ("auc", "mean", "mean_rest", "share"))
    above = mean - rest
    best = []
    for group in range(len(auc)):
        known = np.flatnonzero((auc[group] > 0.5) & (share[group] >= least))
        best.append(known[np.lexsort((-above[group, known], -auc[group, known]))][:k].tolist())
    return best
