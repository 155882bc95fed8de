"""Cell Ranger's matrices: .h5 of versions 2 and 3, and folders of matrix.mtx, barcodes and genes or features."""

import re
import tempfile
from pathlib import Path

import h5py
import pandas as pd
from anndata import AnnData
from anndata.io import sparse_dataset
from scipy import io, sparse

from core.data.backed import part_of
from core.data.protein_panel import GENES
from core.data.read.archives import open_plain, plain_bytes
from core.errors import UserError

ALL = "all"  # the answer that keeps every genome of a mixed experiment
# Of the values in memory while they are read and brought into normal form: as a rule, and at most.
HELD, COPIES = 2, 4
ENTRY = 6  # bytes that a value takes in a text file at least: "1 1 1" and the end of its line
MATRIX = re.compile(r"matrix\.mtx(\.gz)?$", re.IGNORECASE)  # GEO puts the sample's name in front


def genomes_in(file):
    """The genome groups of a version 2 file, by name."""
    groups = (name for name, group in file.items() if isinstance(group, h5py.Group))
    return [name for name in groups if "barcodes" in file[name] and "indptr" in file[name]]


def read_h5(file, name, reading):
    """The AnnData of an open 10x file: version 3 has one `matrix`, version 2 a group for each genome."""
    if isinstance(file.get("matrix"), h5py.Group):
        return _one_genome(_read_group(file["matrix"], name, reading), name, reading)
    names = genomes_in(file)
    chosen = _which(names, name, reading) if len(names) > 1 else names[0]
    return _read_group(file[chosen], name, reading)


def _which(names, name, reading, more=()):
    sentence = f"'{name}' holds {len(names)} genomes ({', '.join(names[:5])}): which one is meant?"
    return reading.answer(sentence, "genome", [*((genome, genome) for genome in names), *more])


def _read_group(group, name, reading):
    """Version 3 has `features` with types and genomes, version 2 `genes` and `gene_names`."""
    features = group.get("features")
    names, ids = (features["name"], features["id"]) if features else (group["gene_names"], group["genes"])
    # Stored features x cells by column, which read as cells x features is CSR.
    n_features, n_cells = (int(n) for n in group["shape"][:])
    barcodes = group["barcodes"].asstr()[:]
    _check_sizes(name, n_features, names.shape[0], n_cells, len(barcodes))
    need = 8 * group["data"].shape[0]
    if need > reading.large:
        matrix = _left(group, (n_cells, n_features), reading.scratch)
    else:
        reading.take(HELD * need, name, COPIES * need)
        parts = (group["data"][:], group["indices"][:], group["indptr"][:])
        matrix = sparse.csr_matrix(parts, shape=(n_cells, n_features))
    var = pd.DataFrame({"gene_ids": ids.asstr()[:]}, index=names.asstr()[:])
    for key, column in (("feature_type", "feature_types"), ("genome", "genome")):
        if features and key in features:
            var[column] = pd.Categorical(features[key].asstr()[:])
    return AnnData(matrix, pd.DataFrame(index=barcodes), var)


def _left(group, shape, scratch):
    """The matrix of a group, not read: a file in `scratch` leads there under the names that anndata has for a CSR."""
    path = Path(tempfile.mkdtemp(dir=scratch)) / "matrix.h5"
    with h5py.File(path, "w") as file:
        for part in ("data", "indices", "indptr"):
            file[part] = h5py.ExternalLink(group.file.filename, f"{group.name}/{part}")
        for name, value in (("encoding-type", "csr_matrix"), ("encoding-version", "0.1.0"), ("shape", shape)):
            file.attrs[name] = value
    return sparse_dataset(h5py.File(path, "r"))


def _check_sizes(name, n_features, names, n_cells, barcodes):
    if n_features != names or n_cells != barcodes:
        raise UserError(
            f"'{name}' has a matrix of {n_features:,} genes and {n_cells:,} cells but names {names:,} genes and"
            f" {barcodes:,} cells: its parts do not belong together or were not copied to their end."
        )


def _one_genome(adata, name, reading):
    """`adata` with one genome's genes where it has several (species mixed in one run), or all if that is meant."""
    if "genome" not in adata.var or reading.cells is not None:
        return adata  # of a second file only the proteins are wanted, and those have no genome
    genome = adata.var["genome"].astype(str)
    genes = pd.Series(True, adata.var_names)
    if "feature_types" in adata.var:
        genes = adata.var["feature_types"].astype(str).str.casefold() == GENES
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


def is_matrix(path):
    """Is this file the matrix of a 10x folder?"""
    return bool(MATRIX.search(path.name)) and path.is_file()


def read_matrix(path, reading):
    """The AnnData of matrix.mtx or matrix.mtx.gz and the files beside it (genes.tsv or features.tsv, barcodes.tsv)."""
    prefix, name = MATRIX.sub("", path.name), reading.name(path)
    barcodes = [line[0] for line in _lines(path, prefix, ("barcodes.tsv",), name)]
    features = _lines(path, prefix, ("features.tsv", "genes.tsv"), name)
    plain = plain_bytes(path, name)
    rows, columns, entries = _size(path, name)
    turned = (rows, columns) == (len(barcodes), len(features)) != (len(features), len(barcodes))
    _check_sizes(
        name,
        *(columns, len(features), rows) if turned else (rows, len(features), columns),
        len(barcodes),
    )
    if ENTRY * entries > plain:
        raise UserError(
            f"'{name}' claims {entries:,} values and has not that many lines: it was not copied to its end."
        )
    need = 16 * entries  # row, column and a value
    reading.take(HELD * need, name, COPIES * need)
    matrix = io.mmread(path)
    matrix = sparse.csr_matrix(matrix if turned else matrix.T)
    names = [line[1] if len(line) > 1 else line[0] for line in features]
    var = pd.DataFrame({"gene_ids": [line[0] for line in features]}, index=names)
    if features and all(len(line) > 2 for line in features):
        var["feature_types"] = pd.Categorical([line[2] for line in features])
    return AnnData(matrix, pd.DataFrame(index=barcodes), var)


def _lines(path, prefix, endings, name):
    """The lines of the first of `endings`, plain or gz, that lies beside the matrix, each as a list of fields."""
    for file_name in endings:
        for end in ("", ".gz"):
            beside = path.with_name(f"{prefix}{file_name}{end}")
            if beside.is_file():
                plain_bytes(beside, beside.name)
                with open_plain(beside, "rt", encoding="utf-8-sig") as file:
                    return [line.rstrip("\r\n").split("\t") for line in file if line.strip()]
    raise UserError(f"Beside '{name}' there is no {' or '.join(endings)}: put it into the same folder.")


def _size(path, name):
    """(rows, columns, values) that the matrix claims; looked at first, as absurd ones would take all memory."""
    with open_plain(path, "rb") as file:
        if not file.readline(200).lower().startswith(b"%%matrixmarket matrix coordinate"):
            raise UserError(f"'{name}' is not a sparse matrix in Matrix Market form: copy it again.")
        for _ in range(1000):  # comments
            line = file.readline(1000)
            if line.strip() and not line.startswith(b"%"):
                rows, columns, entries = (int(n) for n in line.split())
                return rows, columns, entries
    raise ValueError("no sizes")
