"""Cell Ranger's .h5 of versions 2 and 3, and what is written like it: CellBender, Space Ranger, Xenium, DropletUtils."""

import re
import tempfile
from pathlib import Path

import h5py
import pandas as pd
from anndata import AnnData
from anndata.io import sparse_dataset
from scipy import sparse

from core.data.backed import part_of
from core.data.standalone.feature_types import feature_kinds
from core.errors import UserError

ALL = "all"  # the answer that keeps every genome of a mixed experiment
# Of the values in memory while they are read and brought into normal form: as a rule, and at most.
HELD, COPIES = 2, 4
# Where the names and the ids of features lie: version 3, CellBender of version 2, version 2.
NAMES = ("features/name", "features/gene_names", "gene_names", "features/id", "genes")
IDS = ("features/id", "features/genes", "genes", "features/name", "gene_names")


def genomes_in(file):
    """The genome groups of a version 2 file, by name."""
    groups = (name for name, group in file.items() if isinstance(group, h5py.Group))
    return [name for name in groups if "barcodes" in file[name] and "indptr" in file[name]]


def read_h5(file, name, reading):
    """The AnnData of an open 10x file: version 3 has one `matrix`, version 2 a group for each genome."""
    if isinstance(file.get("matrix"), h5py.Group):
        return one_genome(_read_group(file["matrix"], name, reading), name, reading)
    names = genomes_in(file)
    chosen = _which(names, name, reading) if len(names) > 1 else names[0]
    return _read_group(file[chosen], name, reading)


def _which(names, name, reading, more=()):
    sentence = f"'{name}' holds {len(names)} genomes ({', '.join(names[:5])}): which one is meant?"
    return reading.answer(sentence, "genome", [*((genome, genome) for genome in names), *more])


def _read_group(group, name, reading):
    """Version 3 has `features` with types and genomes, version 2 `genes` and `gene_names`."""
    features = group.get("features")
    names, ids = (_text(group, places, name) for places in (NAMES, IDS))
    # Stored features x cells by column, which read as cells x features is CSR.
    n_features, n_cells = (int(n) for n in group["shape"][:])
    barcodes = _text(group, ("barcodes",), name)
    check_sizes(name, n_features, len(names), n_cells, len(barcodes))
    need = 8 * group["data"].shape[0]
    if need > reading.large:
        matrix = _left(group, (n_cells, n_features), reading.scratch)
    else:
        reading.take(HELD * need, name, COPIES * need)
        parts = (group["data"][:], group["indices"][:], group["indptr"][:])
        matrix = sparse.csr_matrix(parts, shape=(n_cells, n_features))
    var = pd.DataFrame({"gene_ids": ids if len(ids) == n_features else names}, index=names)
    for key, column in (("feature_type", "feature_types"), ("genome", "genome")):
        if isinstance(features, h5py.Group) and key in features:
            var[column] = pd.Categorical(_text(features, (key,), name))
    return AnnData(matrix, pd.DataFrame(index=barcodes), var)


def _text(group, places, name):
    """The text in the first of these places that there is."""
    place = next((place for place in places if isinstance(group.get(place), h5py.Dataset)), None)
    if place is None:
        raise UserError(f"'{name}' names no {places[0].removeprefix('features/')}s: save it again.")
    item = group[place]
    return item.asstr()[:] if h5py.check_string_dtype(item.dtype) else item[:].astype(str)


def _left(group, shape, scratch):
    """The matrix of a group, not read: a file in `scratch` leads there under the names that anndata has for a CSR."""
    path = Path(tempfile.mkdtemp(dir=scratch)) / "matrix.h5"
    with h5py.File(path, "w") as file:
        for part in ("data", "indices", "indptr"):
            file[part] = h5py.ExternalLink(group.file.filename, f"{group.name}/{part}")
        for name, value in (("encoding-type", "csr_matrix"), ("encoding-version", "0.1.0"), ("shape", shape)):
            file.attrs[name] = value
    return sparse_dataset(h5py.File(path, "r"))


def check_sizes(name, n_features, names, n_cells, barcodes):
    if n_features != names or n_cells != barcodes:
        raise UserError(
            f"'{name}' has a matrix of {n_features:,} genes and {n_cells:,} cells but names {names:,} genes and"
            f" {barcodes:,} cells: its parts do not belong together or were not copied to their end."
        )


def one_genome(adata, name, reading):
    """`adata` with one genome's genes where it has several (species mixed in one run), or all if that is meant."""
    if "genome" not in adata.var or reading.cells is not None:
        return adata  # of a second file only the proteins are wanted, and those have no genome
    genome = adata.var["genome"].astype(str)
    genes = pd.Series(True, adata.var_names)
    if "feature_types" in adata.var:
        genes = pd.Series(feature_kinds(adata.var["feature_types"]) == "genes", adata.var_names)
    names = sorted(set(genome[genes.to_numpy()]) - {""})
    if len(names) < 2:
        return adata
    chosen = _which(names, name, reading, [(ALL, "all of them, as one dataset")])
    if chosen == ALL:
        return adata
    kept = part_of(adata, genes=(genome == chosen).to_numpy() | ~genes.to_numpy())
    # Mixed runs put the genome before every gene, which hides what a gene is called (GRCh38_MT-CO1).
    kept.var_names = kept.var_names.str.replace(rf"^{re.escape(chosen)}_+", "", regex=True)
    reading.say(f"Of {len(names)} genomes, {chosen} was read ({int((genome == chosen).sum()):,} genes).")
    return kept
