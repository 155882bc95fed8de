"""X where a file has none, and a layer of counts where a file has only the layers of velocity that add up to it."""

import os
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.data.backed import left, part_of, raw_of
from core.data.first_values import first_values, looks_like_counts
from core.data.h5ad_writer import check_room, n_bytes, put
from core.data.standalone.count_places import CHOSEN, is_velocity, layer_place, places
from core.sparse.access import in_memory
from core.text import listed

BLOCK = 1 << 22  # places of a block of cells


def fill_matrices(adata: AnnData, notes: list[str]) -> AnnData:
    """`adata` with counts added up from layers of velocity where nothing else may be counts, and with an X."""
    _add_velocity(adata, notes)
    if adata.X is not None:
        return adata
    layers = [name for name in adata.layers if not is_velocity(layer_place(name))]
    counts = [where for where, matrix in places(adata) if looks_like_counts(first_values(matrix))]
    here = [name for name in layers if layer_place(name) in counts]
    if chosen := next(iter([*here, *sorted(layers)]), None):
        adata.X = adata.layers[chosen]
        if here:
            adata.uns[CHOSEN] = layer_place(chosen)
        notes.append(f"The file has no X: {layer_place(chosen)} is read in its place.")
    elif adata.raw is not None and adata.var_names.isin(adata.raw.var_names).all():
        genes = adata.raw.var_names.get_indexer(adata.var_names)
        adata.X = part_of(raw_of(adata), genes=genes).X
        notes.append("The file has no X: raw.X is read in its place.")
    return adata


def _add_velocity(adata, notes):
    """layers["counts"], the sum of the layers of velocity, where no other place looks like counts."""
    parts, others = [], []
    for where, matrix in places(adata):
        if looks_like_counts(first_values(matrix)):
            (parts if is_velocity(where) else others).append((where, matrix))
    if others or not parts:
        return
    name = "counts"
    while name in adata.layers:
        name += "_2"
    adata.layers[name] = _added([matrix for _, matrix in parts])
    names = listed([where for where, _ in parts])
    notes.append(
        f"Counts are the sum of {names}." if len(parts) > 1 else f"Counts are those of {names} alone."
    )


def _added(matrices):
    """The sum of matrices of one shape, CSR float32; in a file that vanishes with it where one of them lies in a file."""
    n_cells, n_genes = matrices[0].shape
    step = max(1, BLOCK // max(1, n_genes))

    def blocks():
        for first in range(0, n_cells, step):
            yield first, _sum([matrix[first : first + step] for matrix in matrices])

    if all(map(in_memory, matrices)):
        return _sum(matrices)
    folder = tempfile.gettempdir()
    check_room(Path(folder), sum(map(n_bytes, matrices)))
    number, path = tempfile.mkstemp(suffix=".h5ad", dir=folder)
    os.close(number)
    try:
        with h5py.File(path, "w") as file:
            put(file, "sum", blocks(), n_cells)
        return left(h5py.File(path, "r")["sum"])
    finally:
        os.unlink(path)


def _sum(parts):
    return sum(sparse.csr_matrix(part, dtype=np.float32) for part in parts)


def mend_columns(adata: AnnData) -> None:
    """Rename columns that a .h5ad keeps for itself, and give up names of an index that is also that of a column."""
    tables = [
        adata.obs,
        adata.var,
        *(table for table in adata.obsm.values() if isinstance(table, pd.DataFrame)),
    ]
    for table in tables if adata.raw is None else [*tables, adata.raw.var]:
        table.columns = ["index_" if str(name) == "_index" else name for name in table.columns]
        if table.index.name in table.columns:
            table.index.name = None
