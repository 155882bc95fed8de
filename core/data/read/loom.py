"""Loom files: genes x cells, with row and column attributes; read a block of cells at a time."""

import h5py
import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.errors import UserError

# In the order in which programs that write loom files are met: loompy, scanpy, velocyto, SCope, Seurat.
GENE_KEYS = (
    *("Gene", "var_names", "gene_names", "gene_name", "gene_short_name", "Symbol", "symbol", "Name", "name"),
    *("feature_name", "Accession", "gene_ids", "ensembl_ids", "index"),
)
CELL_KEYS = (
    "CellID",
    "obs_names",
    "cell_names",
    "cell_id",
    "Barcode",
    "barcode",
    "barcodes",
    "Cell",
    "index",
)
COPIES = 3  # of the values: blocks, what they are put together to, and its normal form
LOOKS, LOOKED_AT = 8, 1 << 20  # places, and values at each, by which the zeros of a matrix are estimated
BLOCK = 1 << 22  # values of a block: 16 MB as float32


def is_loom(file):
    """Is this open HDF5 file a loom file?"""
    return isinstance(file.get("matrix"), h5py.Dataset) and "row_attrs" in file and "col_attrs" in file


def read_loom(file, name, reading):
    """The AnnData of an open loom file; attributes of several columns go to obsm and varm."""
    genes, cells = file["matrix"].shape
    matrices = [
        file["matrix"],
        *(layer for layer in file.get("layers", {}).values() if layer.shape == (genes, cells)),
    ]
    need = COPIES * sum(map(_sparse_bytes, matrices))
    reading.take(need, name, 2 * need)  # what is estimated may be twice as much
    var, varm = _attributes(file["row_attrs"], GENE_KEYS, genes, "gene", name, reading)
    obs, obsm = _attributes(file["col_attrs"], CELL_KEYS, cells, "cell", name, reading)
    adata = AnnData(_turned(file["matrix"]), obs, var, obsm=obsm, varm=varm)
    for key, layer in file.get("layers", {}).items():
        if key and layer.shape == (genes, cells):
            adata.layers[key] = _turned(layer)
    return adata


def _attributes(group, keys, n, words, name, reading):
    """The attributes of one side: a table with names as its index, and the ones of several columns."""
    table, wide = {}, {}
    for key, item in group.items():
        values = item.asstr()[()] if h5py.check_string_dtype(item.dtype) else item[()]
        if np.ndim(values) == 0 or len(values) != n:
            raise UserError(f"'{name}' has {n:,} {words}s but another number of '{key}': save it again.")
        if values.ndim == 1:
            table[key] = values
        elif values.ndim == 2 and values.dtype.kind in "buif":
            wide[key] = values
    known = next((key for key in keys if key in table), None)
    if known is None:
        reading.say(f"No names of {words}s were found; they were numbered.")
        index = pd.Index([f"{words}_{i}" for i in range(1, n + 1)])
    else:
        index = pd.Index(table.pop(known).astype(str))
    return pd.DataFrame(table, index=index), wide


def _sparse_bytes(dataset):
    """About how many bytes the values of a dataset take as CSR, by a few of its columns."""
    genes, cells = dataset.shape
    if not dataset.size or dataset.dtype.kind not in "buif":
        return 0
    chunk = (dataset.chunks or (1, 1))[1]
    looks = np.unique(np.linspace(0, max(0, cells - chunk), LOOKS).astype(int) // chunk * chunk)
    part = [dataset[: LOOKED_AT // chunk + 1, low : low + chunk] for low in looks]
    return 8 * dataset.size * np.mean([np.count_nonzero(one) / one.size for one in part])


def _turned(dataset):
    """A (genes, cells) dataset as CSR (cells, genes) float32."""
    if dataset.dtype.kind not in "buif":
        raise UserError(f"'{dataset.name[1:]}' of the loom file holds text, not numbers: save it as numbers.")
    genes, cells = dataset.shape
    step = max(1, BLOCK // max(genes, 1))
    step += -step % (dataset.chunks or (1, 1))[1]  # whole chunks, so that none is unpacked twice
    with np.errstate(over="ignore"):
        blocks = [
            sparse.csr_matrix(dataset[:, low : low + step].T.astype(np.float32))
            for low in range(0, cells, step)
        ]
    return sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix((0, genes), dtype=np.float32)
