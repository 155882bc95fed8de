"""Which features vary enough for their reconstruction to be read: one cell can move a gene of almost no variance far.

core.analysis.metrics.descriptions.LOW_VARIANCE says so on pages.
"""

import numpy as np

LEAST = 0.05  # of the median variance of the genes, or of the proteins
MOST_CELLS = 2000  # training cells, where the matrix does not keep standard deviations


def varies(matrix, train):
    """(features,) bool: whether the variance of a feature's values, normalised and logged but not scaled, is above LEAST
    of the median of its kind, over the training cells `train` of a Matrix."""
    variance = np.asarray(matrix.sd, dtype=np.float64) ** 2
    if (
        (variance == 1).all() or matrix.exponent != 1 or matrix.pearson is not None
    ):  # not by standard deviations
        variance *= matrix.dense(train[:: -(-len(train) // MOST_CELLS)]).astype(np.float64).var(axis=0)
    return of_variance(variance, matrix.n_genes)


def of_variance(variance, n_genes):
    """(features,) bool: by the (features,) variances of genes and then proteins."""
    enough = np.ones(len(variance), dtype=bool)
    for part in (slice(0, n_genes), slice(n_genes, None)):
        if len(variance[part]):
            enough[part] = variance[part] >= LEAST * np.median(variance[part])
    return enough
