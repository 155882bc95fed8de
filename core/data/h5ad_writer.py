"""Write an AnnData as .h5ad; matrices that lie on disk go there a block of cells at a time."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from anndata import AnnData
from anndata.io import write_elem
from scipy import sparse

from core.errors import UserError
from core.sparse.access import by_column, in_memory, indptr_of, is_sparse
from core.sparse.blocks import canonical, pieces

BESIDE = ("obs", "var", "obsm", "uns")  # what preparing and training ask for
EVERYTHING = (*BESIDE, "varm", "obsp", "varp")
CHUNK = 1 << 18  # values of a chunk of a sparse matrix in a file: 1 MB

Change = Callable[[int, Any], Any]  # (first cell, block) -> the block as it is written, sparse or dense


def matrices_of(adata):
    """(where in a .h5ad, matrix) of X, the layers and .raw."""
    if adata.X is not None:
        yield "X", adata.X
    for name in adata.layers:
        yield f"layers/{name}", adata.layers[name]
    if adata.raw is not None:
        yield "raw/X", adata.raw.X


def write(path, adata, changes: dict[str, Change] | None = None, compression=None) -> None:
    """`adata` as .h5ad; matrices that lie on disk go there a block of cells at a time, sparse ones by row and sorted.

    `changes` makes other blocks of those at "X", "layers/NAME" or "raw/X". Text stays text. Raises UserError where the
    disk has no room.
    """
    beside, changes = without_matrices(adata), changes or {}
    matrices = dict(matrices_of(adata))
    away = [where for where, matrix in matrices.items() if where in changes or not in_memory(matrix)]
    if not away:
        adata.write_h5ad(path, convert_strings_to_categoricals=False, compression=compression)
        return
    check_room(Path(path).parent, sum(n_bytes(matrices[where]) for where in away), compression)
    beside.write_h5ad(path, convert_strings_to_categoricals=False, compression=compression)
    with h5py.File(path, "r+") as file:
        for where in ("X", "raw"):
            if where in file:  # an empty value
                del file[where]
        if adata.raw is not None:
            raw = file.create_group("raw")
            raw.attrs["encoding-type"], raw.attrs["encoding-version"] = "raw", "0.1.0"
            write_elem(raw, "var", adata.raw.var)
            write_elem(raw, "varm", dict(adata.raw.varm))
        for where, matrix in matrices.items():
            if where in away:
                put(file, where, changed(matrix, changes.get(where)), matrix.shape[0], compression)
            else:
                write_elem(file, where, matrix, dataset_kwargs={"compression": compression})


def without_matrices(adata) -> AnnData:
    """All that an AnnData holds but X, the layers and .raw; the parts are the same, not copies."""
    return AnnData(
        obs=adata.obs, var=adata.var, **{name: dict(getattr(adata, name)) for name in EVERYTHING[2:]}
    )


def n_bytes(matrix) -> int:
    """Bytes of a matrix in memory, with 8 for each value that a sparse one stores, and 4 of a dense one."""
    if sparse.issparse(matrix):
        return 8 * matrix.nnz
    return 8 * matrix.group["data"].shape[0] if is_sparse(matrix) else 4 * int(np.prod(matrix.shape))


def changed(matrix, change: Change | None = None):
    """Pairs (first cell, block), as `change` makes it of one with one entry a place.

    Raises ValueError where the parts of a sparse matrix do not fit together.
    """
    if is_sparse(matrix) and not in_memory(matrix):
        indptr, n = indptr_of(matrix), matrix.group["data"].shape[0]
        lengths = len(indptr) - 1, *matrix.group["indices"].shape
        if lengths != (matrix.shape[1 if by_column(matrix) else 0], n):
            raise ValueError("the parts of a sparse matrix have different lengths")
        if indptr[0] or indptr[-1] > n or (np.diff(indptr) < 0).any():
            raise ValueError("the rows of a sparse matrix do not follow one another")
    for first, block in pieces(matrix):
        if sparse.issparse(block):
            block = sound(block)
        yield first, change(first, block) if change else block


def sound(block):
    """CSR with one entry a place; indices beyond its shape, which would crash later, raise ValueError here."""
    block.check_format(full_check=True)
    return canonical(block)


def put(file, where, blocks, n_rows, compression=None):
    """Write the blocks of a matrix of `n_rows` rows into an open HDF5 file, sparse or dense as the first of them is."""
    made = None
    for first, block in blocks:
        if made is None:
            shape = n_rows, block.shape[1]
            if sparse.issparse(block):
                made = SparseWriter(file, where, shape, block.dtype, compression)
            else:
                made = file.create_dataset(where, shape, block.dtype, compression=compression)
                made.attrs["encoding-type"], made.attrs["encoding-version"] = "array", "0.2.0"
        if isinstance(made, SparseWriter):
            made.add(block)
        else:
            made[first : first + block.shape[0]] = block
    if isinstance(made, SparseWriter):
        made.finish()


class SparseWriter:
    """A sparse matrix by row in an HDF5 file, as anndata writes it, but in chunks that blocks are read from quickly."""

    def __init__(self, file, where, shape, dtype, compression=None):
        self.group = file.create_group(where)
        for name, value in (("type", "csr_matrix"), ("version", "0.1.0")):
            self.group.attrs[f"encoding-{name}"] = value
        self.group.attrs["shape"] = shape
        how = {"shape": (0,), "maxshape": (None,), "chunks": (CHUNK,), "compression": compression}
        self.data = self.group.create_dataset("data", dtype=dtype, **how)
        self.indices = self.group.create_dataset("indices", dtype=np.int32, **how)
        self.lengths = []

    def add(self, block):
        """The next rows, as CSR with one entry a place."""
        begin = self.data.shape[0]
        for made, values in ((self.data, block.data), (self.indices, block.indices)):
            made.resize((begin + len(values),))
            made[begin:] = values
        self.lengths.append(np.diff(block.indptr))

    def finish(self):
        """Write where the rows begin."""
        indptr = np.concatenate([[0], np.cumsum(np.concatenate([[], *self.lengths]), dtype=np.int64)])
        self.group["indptr"] = indptr.astype(np.int32 if indptr[-1] < 2**31 else np.int64)


def check_room(folder, need, compression=None):
    free = shutil.disk_usage(folder).free
    if need > (3 if compression else 1) * free:  # counts take a third, compressed
        raise UserError(
            f"{need / 1e9:.1f} GB of disk are needed in '{folder}', and {free / 1e9:.1f} GB are free: make room."
        )
