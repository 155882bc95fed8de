"""HDF5 files, recognised by their content, as people rename files: .h5ad, .h5mu, 10x .h5, loom."""

import re
from typing import NamedTuple

import anndata
import h5py
import numpy as np

from core.data import backed
from core.data.normal_form import SPARSE_FROM
from core.data.read import loom, mudata, tenx
from core.data.read.archives import check_values, number_bytes
from core.errors import UserError

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
OTHER_MAGIC = {
    b"version https://git-lfs": "a Git LFS pointer: fetch the file itself (git lfs pull)",
    b"<": "a web page or XML: perhaps the download needed a login",
}
MATRIX = re.compile(
    r"(^|/)(X|layers|matrix)(/|$)"
)  # where values of cells and genes lie, in a file of any kind
TEXT = 100  # bytes of a word in memory, with its object
# Of the values in memory while they are read and brought into normal form: as a rule, and at most.
HELD, COPIES = 2, 4
LARGE = 50_000_000  # values from which a dense X of mostly zeros is read as sparse, block by block


class Declared(NamedTuple):
    """Bytes that a file says it holds: values of cells and genes, and all that is beside them."""

    values: int
    tables: int


def read_hdf5(path, reading):
    """The AnnData of an HDF5 file of any kind we know."""
    name = reading.name(path)
    _check_magic(path, name)
    with h5py.File(path, "r") as file:
        _check_links(file, name)
        declared = _check_room(file, path, name)
        reading.take(declared.tables, name, COPIES * declared.tables)
        if loom.is_loom(file):
            return loom.read_loom(file, name, reading)
        in_matrix = isinstance(file.get("matrix"), h5py.Group) and "barcodes" in file["matrix"]
        if in_matrix or ("X" not in file and tenx.genomes_in(file)):
            return tenx.read_h5(file, name, reading)
        if "mod" in file and "X" not in file:
            return mudata.read_h5mu(path, file, reading)
        if "X" not in file and "obs" not in file and "encoding-type" not in file.attrs:
            inside = ", ".join(list(file)[:5]) or "nothing"
            raise UserError(
                f"'{name}' is none of .h5ad, .h5mu, 10x .h5 and .loom (it holds {inside}): check it."
            )
        if backed.is_large(file, reading.large):
            return backed.opened(path, backed.EVERYTHING)
        thin = _is_large_and_thin(file.get("X"))
        # Of a matrix that is read as sparse, a few of its values are not zero.
        reading.take(0 if thin else HELD * declared.values, name, COPIES * declared.values)
        if backed.has_halves(file):
            return backed.widened(path)
    return anndata.read_h5ad(path, as_sparse=("X",) if thin else ())


def _is_large_and_thin(x):
    """Is a dense X so large and so full of zeros that it should never be dense in memory?"""
    if not isinstance(x, h5py.Dataset) or x.ndim != 2 or x.size < LARGE or x.dtype.kind not in "buif":
        return False
    rows, width = np.linspace(0, x.shape[0] - 1, 32).astype(int), min(x.shape[1], 10_000)
    return np.mean([np.count_nonzero(x[row, :width]) for row in rows]) < (1 - SPARSE_FROM) * width


def is_hdf5(path):
    """Is this file, by its first bytes, HDF5?"""
    # HDF5 allows a block of the user's own in front: the signature is then at 512, 1024, 2048 ...
    head = _head(path)
    return any(head[at : at + 8] == HDF5_MAGIC for at in (0, 512, 1024, 2048))


def _head(path):
    with path.open("rb") as file:
        return file.read(2056)


def _check_magic(path, name):
    if is_hdf5(path):
        return
    head = _head(path)
    for magic, content in OTHER_MAGIC.items():
        if head.lstrip().startswith(magic):
            raise UserError(f"'{name}' is not the HDF5 file its name promises but {content}.")
    raise UserError(f"'{name}' is not the HDF5 file its name promises: save it again as .h5ad.")


def _check_room(file, path, name) -> "Declared":
    """What the file declares; refuses values that, compressed or never written, are more than its size can mean.

    All of them together are compared with the file, as the values of a sparse matrix alone may be packed to nothing (all
    are 1) and its indices are not.
    """
    total, values, tables = 0, 0, 0

    def add(key, item):
        nonlocal total, values, tables
        if isinstance(item, h5py.Dataset) and item.size and _has_dtype(item):
            total += number_bytes(item.size, item.dtype)
            if item.dtype.kind not in "buif":
                tables += max(TEXT, item.dtype.itemsize) * item.size
            elif MATRIX.search(key):
                values += item.size * item.dtype.itemsize
            else:
                tables += item.size * item.dtype.itemsize

    file.visititems(add)
    check_values(total, path.stat().st_size, name)
    return Declared(values, tables)


def _has_dtype(item):
    """Is there a numpy type for these values? HDF5 has more, such as times; nobody reads those."""
    try:
        return item.dtype is not None
    except TypeError:
        return False


def _check_links(file, name):
    """Refuse HDF5 that reads from other files, as an upload could show its sender what lies on this server, and
    groups that more than one path leads to, as those may lead in circles."""

    def leads_away(key, link):
        if isinstance(link, h5py.ExternalLink):
            return "takes values from other files by HDF5 links"
        item = file.get(key)
        if isinstance(item, h5py.Dataset) and (item.is_virtual or item.external):
            return "takes values from other files by HDF5 links"
        soft = isinstance(link, h5py.SoftLink)
        if isinstance(item, h5py.Group) and (soft or h5py.h5o.get_info(item.id).rc > 1):
            return f"has HDF5 links that may lead in circles ('{key}')"
        return None

    if fault := file.visititems_links(leads_away):
        raise UserError(f"'{name}' {fault}: save it as one whole file.")
