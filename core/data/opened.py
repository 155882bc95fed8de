"""A data set of Nuwa's own, opened without reading its values."""

import h5py
from anndata import AnnData
from anndata.io import read_elem, sparse_dataset


def opened(path) -> AnnData:
    """The AnnData of a .h5ad that Nuwa wrote; the matrices of genes stay in the file, to be read by rows (core.blocks).

    X, the layers and .raw are as anndata and h5py give them; obs, var, obsm and uns are in memory, the rest is left out.
    The file is open as long as the AnnData lives.
    """
    file = h5py.File(path, "r")
    adata = AnnData(
        _left(file["X"]),
        layers={name: _left(group) for name, group in file.get("layers", {}).items()},
        **{name: read_elem(file[name]) for name in ("obs", "var", "obsm", "uns") if name in file},
    )
    if isinstance(file.get("raw"), h5py.Group):  # without a .raw there is an empty value
        adata.raw = AnnData(_left(file["raw/X"]), var=read_elem(file["raw/var"]))
    return adata


def _left(stored):
    """What stays in the file where it can be read by rows; a sparse matrix by column is read."""
    if isinstance(stored, h5py.Dataset):
        return stored
    return sparse_dataset(stored) if stored.attrs["encoding-type"] == "csr_matrix" else read_elem(stored)
