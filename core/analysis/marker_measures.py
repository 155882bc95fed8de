"""The measures of a marker, in the order of core.analysis.markers, and the best ones; light enough for the web process."""

import numpy as np

# AUC and fold change are effects, shares are of cells above 0, means are of the values; "rest" are all other cells.
MEASURES = ("auc", "log_fold", "share", "share_rest", "mean", "mean_rest", "p", "p_adjusted")
FEWEST = 3  # cells of a group that is tested (Seurat's min.cells.group): a test of fewer says nothing


def best(values, k, least=0.0):
    """Lists of the features that mark each group best, by AUC, at most `k` and the best first; ties by the fold change.

    `values` (measures, groups, features). Features that less than `least` of the group's cells have are left out.
    """
    auc, fold, share = (values[MEASURES.index(name)] for name in ("auc", "log_fold", "share"))
    best = []
    for group in range(len(auc)):
        known = np.flatnonzero((auc[group] > 0.5) & (share[group] >= least))
        best.append(known[np.lexsort((-fold[group, known], -auc[group, known]))][:k].tolist())
    return best
