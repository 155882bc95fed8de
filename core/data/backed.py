"""An AnnData whose matrices stay in their file: opened, and parts of it copied, a block of cells at a time.

A matrix that lies on disk is what anndata's `sparse_dataset` or h5py gives of it; `core.sparse.blocks` reads it in blocks, and
so does everything that looks at values. Names, columns and proteins are in memory.
"""

import os
import tempfile
from pathlib import Path

import h5py
import numpy as np
from anndata import AnnData, read_h5ad
from anndata.io import read_elem, sparse_dataset
from scipy import sparse

from core.data.h5ad_writer import (
    BESIDE,
    EVERYTHING,
    Change,
    check_room,
    matrices_of,
    n_bytes,
    put,
    sound,
    without_matrices,
)
from core.errors import DoesNotFit
from core.sparse.access import by_column, in_memory, indptr_of, is_sparse, stored_values
from core.sparse.blocks import pieces

LARGE = 1 << 30  # bytes of values that are held in memory; of more, all stay in the file
SPARSE = ("csr_matrix", "csc_matrix")


def opened(group, parts=BESIDE) -> AnnData:
    """The AnnData in a .h5ad (a path) or an open HDF5 or zarr group, its matrices left there; `parts` are read.

    A sparse matrix may lie by cell or by gene. The file is open as long as the AnnData lives. What an anndata older
    than 0.7 has written is not understood: `is_large` says False of it.
    """
    if isinstance(group, str | os.PathLike):
        group = h5py.File(group, "r")
    adata = AnnData(
        left(group["X"]) if "X" in group else None,
        layers={name: left(stored) for name, stored in _layers(group)},
        **{name: read_elem(group[name]) for name in parts if name in group},
    )
    if _raw(group):
        more = {"varm": read_elem(group["raw/varm"])} if "varm" in parts and "varm" in group["raw"] else {}
        adata.raw = AnnData(left(group["raw/X"]), var=read_elem(group["raw/var"]), **more)
    return adata


def read(path) -> AnnData:
    """The AnnData in a .h5ad; the matrices of a large one stay there."""
    return opened(path, EVERYTHING) if is_large(path) else read_h5ad(path)


def left(stored):
    """The matrix at a place in a file, not read: sparse, or a dataset; what is neither is read."""
    if stored.attrs.get("encoding-type") in SPARSE:
        return sparse_dataset(stored)
    return stored if isinstance(stored, h5py.Dataset) and stored.dtype.kind in "buif" else read_elem(stored)


def is_large(group, limit=None) -> bool:
    """Are the values of a .h5ad (a path, or an open group) more than `limit` bytes in memory (None: LARGE)?"""
    if isinstance(group, str | os.PathLike):
        with h5py.File(group, "r") as file:
            return is_large(file, limit)
    tables = (group.get("obs"), group.get("var"))
    if any(getattr(table, "attrs", {}).get("encoding-type") != "dataframe" for table in tables):
        return False
    return bytes_in(group) > (LARGE if limit is None else limit)


def bytes_in(group) -> int:
    """Bytes of X, the layers and .raw of an AnnData in an open group, in memory as float32 and int32."""
    return sum(map(_stored_bytes, _stored(group)))


def has_halves(group) -> bool:
    """Is X, a layer or .raw of an AnnData in an open group sparse and of float16, which anndata cannot read?"""
    return any(
        stored.attrs.get("encoding-type") in SPARSE and stored["data"].dtype == np.float16
        for stored in _stored(group)
    )


def widened(group) -> AnnData:
    """The AnnData in a .h5ad (a path) or an open group, all in memory, its sparse float16 as float32."""
    return loaded(opened(group, EVERYTHING), np.inf, "")


def _stored(group):
    stored = [group["X"]] if "X" in group else []
    return stored + [matrix for _, matrix in _layers(group)] + ([group["raw/X"]] if _raw(group) else [])


def _layers(group):
    layers = group.get("layers", ())
    return [(name, layers[name]) for name in layers]


def _raw(group):
    raw = group.get("raw")
    # Without .raw there may be an empty value.
    return raw is not None and not hasattr(raw, "shape") and "X" in raw


def _stored_bytes(stored):
    """Bytes of a matrix in memory, as float32 and int32."""
    if stored.attrs.get("encoding-type") in SPARSE:
        return 8 * int(np.prod(stored["data"].shape))
    return 4 * int(np.prod(getattr(stored, "shape", 0)))


def lies_on_disk(adata) -> bool:
    """Does a matrix of this AnnData lie in a file?"""
    return any(not in_memory(matrix) for _, matrix in matrices_of(adata))


def part_of(adata, cells=None, genes=None) -> AnnData:
    """adata[cells, genes] as a copy, cells by a mask, genes by a mask or numbers; None: all. .raw keeps its genes.

    The matrices of one that lies on disk are copied to a file that vanishes with the AnnData.
    """
    cells, genes = (slice(None) if mask is None else np.asarray(mask) for mask in (cells, genes))
    if not lies_on_disk(adata):
        return adata[cells, genes].copy()
    return _scratch(adata, cells, genes)


def replaced(adata, change: Change) -> AnnData:
    """A copy of `adata` in whose X every block is as `change` makes it; on disk, where a matrix lies there."""
    if lies_on_disk(adata):
        return _scratch(adata, slice(None), slice(None), {"X": change})
    made = adata.copy()
    made.X = change(0, made.X)
    return made


def _scratch(adata, cells, genes, changes=None):
    made = without_matrices(adata)[cells, genes].copy()
    matrices = dict(matrices_of(adata))
    folder = tempfile.gettempdir()
    check_room(Path(folder), sum(map(n_bytes, matrices.values())))
    number, path = tempfile.mkstemp(suffix=".h5ad", dir=folder)
    os.close(number)
    try:
        with h5py.File(path, "w") as file:
            for where, matrix in matrices.items():
                columns = slice(None) if where == "raw/X" else genes
                put(file, where, _cut(matrix, cells, columns, (changes or {}).get(where)), made.n_obs)
        file = h5py.File(path, "r")
    finally:
        os.unlink(path)
    if "X" in file:
        made.X = left(file["X"])
    for name in adata.layers:
        made.layers[name] = left(file[f"layers/{name}"])
    if adata.raw is not None:
        made.raw = AnnData(left(file["raw/X"]), var=adata.raw.var, varm=dict(adata.raw.varm))
    return made


def raw_of(adata) -> AnnData:
    """.raw as an AnnData of the same cells, its matrix where it lies."""
    obs = adata.obs[[]]
    return AnnData(adata.raw.X, obs=obs, var=adata.raw.var, varm=dict(adata.raw.varm))


def _cut(matrix, cells, columns, change=None):
    """Blocks of the chosen cells and columns, as `change` makes them."""
    first = 0
    for start, block in pieces(matrix):
        block = block if isinstance(cells, slice) else block[cells[start : start + block.shape[0]]]
        block = block[:, columns] if isinstance(columns, np.ndarray) else block
        if block.shape[0]:
            block = sound(block) if sparse.issparse(block) else block
            yield first, change(first, block) if change else block
        first += block.shape[0]


def copied(adata) -> AnnData:
    """A copy whose tables can be changed; matrices on disk, which nobody changes, are shared."""
    if not lies_on_disk(adata):
        return adata.copy()
    made = without_matrices(adata).copy()
    made.X = adata.X
    for name, matrix in adata.layers.items():
        made.layers[name] = matrix
    if adata.raw is not None:
        made.raw = raw_of(adata)
    return made


def loaded(adata, free: int, what: str) -> AnnData:
    """`adata` with its matrices in memory; raises DoesNotFit, which names `what`, where twice that is not free."""
    if not lies_on_disk(adata):
        return adata
    need = 2 * sum(n_bytes(matrix) for _, matrix in matrices_of(adata))
    if need > free:
        raise DoesNotFit(
            f"{what} needs the whole matrix in memory, {need / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free: "
            "take fewer cells first."
        )
    made = copied(adata)
    for where, matrix in matrices_of(adata):
        held = matrix if in_memory(matrix) else _read(matrix)
        if where == "X":
            made.X = held
        elif where == "raw/X":
            made.raw = AnnData(held, var=adata.raw.var, varm=dict(adata.raw.varm))
        else:
            made.layers[where.removeprefix("layers/")] = held
    return made


def _read(matrix):
    if not is_sparse(matrix):
        return matrix[:]
    if matrix.dtype != np.float16:
        return matrix.to_memory()
    kind = sparse.csc_matrix if by_column(matrix) else sparse.csr_matrix
    everything = slice(None)
    values = stored_values(matrix, everything), matrix.group["indices"][everything], indptr_of(matrix)
    return kind(values, shape=matrix.shape)


def dense_columns(matrix, columns) -> np.ndarray:
    """(cells, columns) float32 of a few columns (indices), of a matrix in memory or on disk."""
    parts = [block[:, columns] for _, block in pieces(matrix)]
    return np.vstack([part.toarray() if sparse.issparse(part) else part for part in parts]).astype(np.float32)
