"""Loom files: genes x cells, with row and column attributes; read a block of cells at a time."""

import h5py
import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.errors import UserError
from core.text import few

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
    layers = _layers(file, reading)
    need = COPIES * sum(map(_sparse_bytes, [file["matrix"], *layers.values()]))
    reading.take(need, name, 2 * need)  # what is estimated may be twice as much
    var, varm = _attributes(file["row_attrs"], GENE_KEYS, genes, "gene", name, reading)
    obs, obsm = _attributes(file["col_attrs"], CELL_KEYS, cells, "cell", name, reading)
    adata = AnnData(_turned(file["matrix"]), obs, var, obsm=obsm, varm=varm)
    for key, layer in layers.items():
        adata.layers[key] = _turned(layer)
    return adata


def _layers(file, reading):
    """The layers that are numbers of every gene and cell; the others are named in a note."""
    layers, shape, left = {}, file["matrix"].shape, []
    for key, item in file["layers"].items() if isinstance(file.get("layers"), h5py.Group) else ():
        if isinstance(item, h5py.Dataset) and item.shape == shape and item.dtype.kind in "buif":
            layers[key] = item
        else:
            left.append(key)
    if left:
        reading.say(f"Layers that are no numbers of every gene and cell were left out: {few(left)}.")
    return layers


def _attributes(group, keys, n, word, name, reading):
    """The attributes of one side: a table with names as its index, and the ones of several columns.

    Attributes of several fields become tables with the fields as columns. What is neither numbers nor text, or has
    other than one or two dimensions, is left out and named in a note.
    """
    table, wide, left = {}, {}, []
    for key, item in group.items():
        if not isinstance(item, h5py.Dataset) or not item.shape or len(item.shape) > 2:
            left.append(key)
            continue
        if item.shape[0] != n:
            raise UserError(f"'{name}' has {n:,} {word}s but another number of '{key}': save it again.")
        try:
            values = _values(item)
        except TypeError:  # h5py knows no numpy type for it
            values = None
        if isinstance(values, dict):
            fields = {field: column for field, column in values.items() if np.ndim(column) == 1}
            left += [f"{key}.{field}" for field in values if field not in fields]
            wide |= {key: fields} if fields else {}
        elif values is None or (values.ndim == 2 and values.dtype.kind not in "buif"):
            left.append(key)
        else:
            (table if values.ndim == 1 else wide)[key] = values
    if left:
        reading.say(
            f"Attributes of {word}s that are no column of numbers or text were left out: {few(left, 10)}."
        )
    known = next((key for key in keys if key in table), None)
    if known is None:
        reading.say(f"No names of {word}s were found; they were numbered.")
        index = pd.Index([f"{word}_{i}" for i in range(1, n + 1)])
    else:
        index = pd.Index(table.pop(known).astype(str))
    frames = {
        key: pd.DataFrame(values, index=index) if isinstance(values, dict) else values
        for key, values in wide.items()
    }
    return pd.DataFrame(table, index=index), frames


def _values(item):
    """The values of an attribute: numbers or text, {field: values} of several fields, each None where it is neither."""
    if h5py.check_string_dtype(item.dtype):
        return item.asstr(errors="replace")[()]
    if numbers := h5py.check_enum_dtype(item.dtype):
        names = {number: name for name, number in numbers.items()}
        return (
            pd.Series(item[()].ravel()).map(names).fillna("").astype(str).to_numpy(object).reshape(item.shape)
        )
    if item.dtype.names:
        return {field: _plain(item[field]) for field in item.dtype.names} if len(item.shape) == 1 else None
    return None if item.dtype.kind == "O" else _plain(item[()])


def _plain(values):
    """Text as text, numbers in the byte order and the widths that pandas and HDF5 share; None of all else."""
    if (
        values.dtype.kind == "O"
        and values.ndim == 1
        and all(isinstance(value, bytes | str) for value in values)
    ):
        texts = [value.decode(errors="replace") if isinstance(value, bytes) else value for value in values]
        return np.array(texts, dtype=object)
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8", "replace").astype(object)
    if values.dtype.kind not in "buif":
        return None
    if values.dtype.kind in "if" and values.dtype.itemsize > 8:
        return values.astype(np.float64)
    return values.astype(values.dtype.newbyteorder("="))


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
