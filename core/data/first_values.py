"""The first values of a matrix, in memory or in a file, and whether they may be counts: a guess before a whole pass."""

import numpy as np
from scipy import sparse

from core.data.value_scan import NEAR_WHOLE
from core.sparse.access import in_memory, is_sparse
from core.sparse.blocks import blocks

PEEK = 1 << 16  # values


def first_values(matrix) -> np.ndarray:
    """Some of the values of a matrix from its beginning."""
    if is_sparse(matrix):
        return (matrix.group["data"] if hasattr(matrix, "group") else matrix.data)[:PEEK]
    return np.asarray(matrix[: max(1, PEEK // max(1, matrix.shape[1]))])


def first_rows(matrix) -> sparse.csr_matrix:
    """(rows, genes) the first cells of a matrix, at least one and at most about PEEK places."""
    n_rows = max(1, PEEK // max(1, matrix.shape[1]))
    if in_memory(matrix) or matrix.dtype != np.float16:
        return sparse.csr_matrix(matrix[:n_rows])
    # scipy has no float16, so anndata cannot take rows of it from a file.
    _, block = next(blocks(matrix, PEEK))
    return sparse.csr_matrix(block[:n_rows])


def looks_like_counts(values: np.ndarray) -> bool:
    """Whether some values are whole numbers and not 0 and 1 alone."""
    if not values.size or values.dtype.kind not in "buif" or (values < 0).any() or values.max() <= 1:
        return False
    return bool((np.abs(values - np.rint(values)) <= NEAR_WHOLE).all())
