"""The datasets that jobs work on: the last small one stays in memory. It loads no torch, so that reading a file need not."""

from functools import lru_cache

from core.config.dataset_record import DatasetRecord
from core.data import backed, count_sources, matrix_kind


def open_dataset(store, dataset_id, parts=backed.BESIDE):
    """The AnnData of a dataset, the last small one cached: treat it as read-only.

    The values of a large one stay in its file; `parts` says what else is read. What its matrices hold is known from
    its record.
    """
    path = store.dataset_folder(dataset_id).file
    adata = backed.opened(path, parts) if backed.is_large(path) else _load(str(path))
    return recalled(adata, DatasetRecord.of(store.row("dataset", dataset_id)))


def recalled(adata, record):
    """`adata`, whose matrices hold what the record of its dataset says."""
    kinds = {
        where: matrix_kind.MatrixKind(**matrix.model_dump()) for where, matrix in record.matrices.items()
    }
    count_sources.recall(adata, kinds, record.counts_where)
    return adata


@lru_cache(maxsize=1)
def _load(path):
    import anndata

    return anndata.read_h5ad(path)
