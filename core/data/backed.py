"""An AnnData whose matrices stay in their file: opened, written, and a part of it taken, a block of cells at a time.

A matrix that lies on disk is what anndata's `sparse_dataset` or h5py gives of it; `core.sparse.blocks` reads it in blocks, and
so does everything that looks at values. Names, columns and proteins are in memory.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from anndata import AnnData, read_h5ad
from anndata.io import read_elem, sparse_dataset, write_elem
from scipy import sparse

from core.errors import DoesNotFit, UserError
from core.sparse.access import by_column, in_memory, indptr_of, is_sparse, stored_values
from core.sparse.blocks import canonical, pieces

LARGE = 1 << 30  # bytes of values that are held in memory; of more, all stay in the file
BESIDE = ("obs", "var", "obsm", "uns")  # what preparing and training ask for
EVERYTHING = (*BESIDE, "varm", "obsp", "varp")
CHUNK = 1 << 18  # values of a chunk of a sparse matrix in a file: 1 MB
SPARSE = ("csr_matrix", "csc_matrix")

Change = Callable[[int, Any], Any]  # (first cell, block) -> the block as it is written, sparse or dense


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
    return any(not in_memory(matrix) for _, matrix in _matrices(adata))


def _matrices(adata):
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
    matrices = dict(_matrices(adata))
    away = [where for where, matrix in matrices.items() if where in changes or not in_memory(matrix)]
    if not away:
        adata.write_h5ad(path, convert_strings_to_categoricals=False, compression=compression)
        return
    _check_room(Path(path).parent, sum(n_bytes(matrices[where]) for where in away), compression)
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
            block = _sound(block)
        yield first, change(first, block) if change else block


def _sound(block):
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
    matrices = dict(_matrices(adata))
    folder = tempfile.gettempdir()
    _check_room(Path(folder), sum(map(n_bytes, matrices.values())))
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
            block = _sound(block) if sparse.issparse(block) else block
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
    need = 2 * sum(n_bytes(matrix) for _, matrix in _matrices(adata))
    if need > free:
        raise DoesNotFit(
            f"{what} needs the whole matrix in memory, {need / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free: "
            "take fewer cells first."
        )
    made = copied(adata)
    for where, matrix in _matrices(adata):
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


def _check_room(folder, need, compression=None):
    free = shutil.disk_usage(folder).free
    if need > (3 if compression else 1) * free:  # counts take a third, compressed
        raise UserError(
            f"{need / 1e9:.1f} GB of disk are needed in '{folder}', and {free / 1e9:.1f} GB are free: make room."
        )
