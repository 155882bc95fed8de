"""The datasets of the quality benchmark as AnnData: three files named by NUWA_TEST_DATA, and one that scanpy ships."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from anndata import AnnData
from scipy import sparse

from core.data import demo, read


class DataSet(NamedTuple):
    """A name, the obs column of its labels, that of its batches (or None), and whether it counts for the target."""

    name: str
    labels: str
    batches: str | None = None
    judged: bool = True


SETS = (
    DataSet("pbmc10k_citeseq", "cell_type_fine"),
    DataSet("baron_pancreas_human", "cell_type", "donor"),
    DataSet("pbmc68k_reduced", "bulk_labels"),
    DataSet(
        "pbmc3k", "louvain", judged=False
    ),  # these labels were drawn from a graph of principal components
)


def load(name):
    """The AnnData of one dataset, with counts: every method gets the same ones."""
    if name == "pbmc68k_reduced":
        return restored_counts(demo.pbmc68k())
    return read.read(str(Path(os.environ.get("NUWA_TEST_DATA", "../shared/data")) / f"{name}.h5ad"))


def restored_counts(adata):
    """The AnnData of pbmc68k_reduced with counts in X.

    scanpy ships it as logarithms only: log(1 + count * size of the cell). The smallest non-zero value of a cell is one
    count, so the counts can be computed. Raises ValueError where they are not whole.
    """
    scaled = sparse.csr_matrix(adata.raw.X).expm1()
    one = np.array([row.data.min() if row.nnz else 1.0 for row in scaled])
    counts = sparse.csr_matrix(sparse.diags(1 / one) @ scaled, dtype=np.float32)
    whole = np.rint(counts.data)
    if not np.allclose(counts.data, whole, rtol=0.005):  # the logarithms have three digits
        raise ValueError("pbmc68k_reduced: the logarithms do not go back to whole counts")
    counts.data = whole
    return AnnData(counts, adata.obs, adata.raw.var)
