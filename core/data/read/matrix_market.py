"""Matrix Market files with the files that name their cells and features: Cell Ranger and its relatives."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.utils import make_index_unique
from scipy import io, sparse

from core.data.read import axis_files
from core.data.read.archives import is_gzip, open_plain, plain_bytes
from core.data.read.axis_names import like_barcodes, like_genes
from core.data.read.features import NOT_FEATURES, features_of
from core.data.read.tenx import check_sizes, one_genome
from core.errors import UserError
from core.text import listed

# Of the values in memory while they are read and brought into normal form: as a rule, and at most.
HELD, COPIES = 2, 4
# Bytes that a value takes in the text at least: "1 1 1" and the end of its line; "1 1" of a pattern; "1" of an array.
ENTRY, ENTRY_OF_PATTERN, ENTRY_OF_ARRAY = 6, 4, 2
MATRIX = re.compile(r"\.mtx(\.gz)?$", re.IGNORECASE)
# The parts of the counts that RNA velocity keeps apart: STARsolo, kb-python.
VELOCITY = ("spliced", "unspliced", "ambiguous", "mature", "nascent")
CELLS_FIRST = re.compile(
    r"cells_x_|quants_mat|dge|count_matrix", re.IGNORECASE
)  # of a matrix as wide as high


def is_matrix(path: Path) -> bool:
    """Is this, by its name, a Matrix Market file?"""
    return bool(MATRIX.search(path.name)) and path.is_file()


def part_of_velocity(path: Path) -> tuple[str, frozenset]:
    """("spliced", whose) of a file that holds one part of the counts, ("", whose) of one that holds all of them."""
    whose = axis_files.whose(path.name)
    part = next((part for part in VELOCITY if part in whose), "")
    return part, whose - {part}


def read_parts(paths: list[Path], reading, folders) -> AnnData:
    """The AnnData of the matrices of spliced, unspliced and ambiguous counts: each is a layer, and X is their sum."""
    parts = {part_of_velocity(path)[0]: read_matrix(path, reading, folders) for path in paths}
    cells = pd.Index(np.concatenate([part.obs_names for part in parts.values()])).unique()
    first = next(iter(parts.values()))
    if any(not part.var_names.equals(first.var_names) for part in parts.values()):
        raise UserError(
            f"The matrices {listed(list(parts))} name different genes: bring them with their own files."
        )
    adata = AnnData(None, pd.DataFrame(index=cells), first.var)
    for name, part in parts.items():
        rows = pd.Index(part.obs_names).get_indexer(cells)
        chosen = sparse.csr_matrix(
            (np.ones((rows >= 0).sum(), np.float32), (np.flatnonzero(rows >= 0), rows[rows >= 0])),
            shape=(len(cells), part.n_obs),
        )
        adata.layers[name] = sparse.csr_matrix(chosen @ part.X.astype(np.float32))
    return _summed(adata, reading)


def _summed(adata, reading):
    adata.X = sparse.csr_matrix(sum(adata.layers[name] for name in adata.layers))
    reading.say(f"The counts are the sum of {listed(list(adata.layers))}, which are kept as layers.")
    return adata


def read_matrix(path: Path, reading, folders=None) -> AnnData:
    """The AnnData of a Matrix Market file and of the files that name its cells and features.

    `folders` are searched for those, one after the other: by default the one of the matrix. Which side of the matrix is
    cells follows from the number of names, not from a convention.
    Raises UserError where the files do not fit together, Question where no name says which side is cells.
    """
    name = reading.name(path)
    names = _Names(path, name, folders or [path.parent], reading)
    plain = plain_bytes(path, name)
    rows, columns, entries, least = _size(path, name)
    if least * entries > plain:
        raise UserError(
            f"'{name}' claims {entries:,} values and has not that many lines: it was not copied to its end."
        )
    need = 16 * entries  # row, column and a value
    features, cells, turned = names.fitting(rows, columns)
    reading.take(HELD * need, name, COPIES * need)
    values = _values(path)
    adata = AnnData(sparse.csr_matrix(values if turned else values.T), cells, features)
    return one_genome(_without_rest(_split(adata, reading), reading), name, reading)


def _values(path):
    """scipy's reader opens a .gz by its name, and a plain file without Python."""
    if not is_gzip(path) and path.name.lower().endswith(".mtx"):
        return io.mmread(path)
    with open_plain(path, "rb") as file:
        return io.mmread(file)


def _size(path, name):
    """(rows, columns, values, least bytes of a value) that the matrix claims.

    Looked at first, as absurd ones would take all memory.
    """
    with open_plain(path, "rb") as file:
        banner = file.readline(200).lower().split()
        if banner[:2] != [b"%%matrixmarket", b"matrix"] or banner[2:3] not in ([b"coordinate"], [b"array"]):
            raise UserError(f"'{name}' is not a matrix in Matrix Market form: copy it again.")
        for _ in range(1000):  # comments
            line = file.readline(1000)
            if line.strip() and not line.startswith(b"%"):
                rows, columns, *rest = (int(n) for n in line.split())
                if banner[2] == b"array":
                    return rows, columns, rows * columns, ENTRY_OF_ARRAY
                return rows, columns, rest[0], ENTRY_OF_PATTERN if b"pattern" in banner else ENTRY
    raise ValueError("no sizes")


class _Names:
    """The files that name the cells and the features of one matrix."""

    def __init__(self, path, name, folders, reading):
        self.path, self.name, self.reading = path, name, reading
        others = {axis_files.whose(one.name) for one in path.parent.iterdir() if is_matrix(one)}
        self.files = {
            role: axis_files.beside(path, role, others - {axis_files.whose(path.name)}, folders)
            for role in ("cells", "features", "rows", "columns")
        }
        self.lines = {}
        self.by_side = bool(self.files["rows"] and self.files["columns"])  # and not by what they hold
        self.by_side &= not (self.files["cells"] and self.files["features"])
        for role, words in (("cells", "barcodes.tsv"), ("features", "features.tsv or genes.tsv")):
            if not self.files[role] and not self.by_side:
                raise UserError(f"Beside '{name}' there is no {words}: put it into the same folder.")

    def fitting(self, rows, columns):
        """(var, obs, whether the rows of the matrix are cells) for a matrix of so many rows and columns."""
        if self.by_side:
            row_file, column_file = (self._first(side) for side in ("rows", "columns"))
            turned = self._cells_are_rows(row_file, column_file)
            features, cells = (column_file, row_file) if turned else (row_file, column_file)
            return self._frames(
                features, cells, columns if turned else rows, rows if turned else columns, turned
            )
        ways = [(False, rows, columns), (True, columns, rows)]
        if rows == columns and CELLS_FIRST.search(self.path.name):
            ways.reverse()
        for turned, n_features, n_cells in ways:
            features, cells = self._named("features", n_features), self._named("cells", n_cells)
            if features and cells:
                return self._frames(features, cells, n_features, n_cells, turned)
        features, cells = self._first("features"), self._first("cells")
        turned = len(self._rows(cells)) == rows or len(self._rows(features)) == columns
        n_features, n_cells = (columns, rows) if turned else (rows, columns)
        return self._frames(features, cells, n_features, n_cells, turned)

    def _first(self, role):
        """The likeliest file of a role; the one of ids where another has the symbols."""
        return min(
            self.files[role][0], key=lambda file: (file.symbols, "feature" not in file.path.name.lower())
        )

    def _named(self, role, n):
        """The likeliest file of a role that has `n` names, or None."""
        for alike in self.files[role]:
            fits = [file for file in alike if self._table(file, n) is not None]
            if len({file.of for file in fits}) > 1:
                names = listed(sorted(file.path.name for file in fits))
                raise UserError(
                    f"Each of {names} may name the {role} of '{self.name}': leave only its own there."
                )
            if fits:
                return min(fits, key=lambda file: (file.symbols, "feature" not in file.path.name.lower()))
        return None

    def _rows(self, file):
        if file.path not in self.lines:
            self.lines[file.path] = axis_files.rows_of(file.path, file.path.name)
        return self.lines[file.path]

    def _table(self, file, n):
        """(rows, header or None) of a file with `n` names, with or without a line that names its columns; else None."""
        rows = self._rows(file)
        if len(rows) == n:
            return rows, None
        if len(rows) == n + 1 and axis_files.is_header(rows[0]):
            return rows[1:], rows[0]
        if file.role != "cells" and len(rows) * 3 == n and "quants_mat" in file.path.name:
            names = [row[0] for row in rows]
            return [[name + end] for end in ("", "-U", "-A") for name in names], None
        return None

    def _cells_are_rows(self, row_file, column_file):
        rows, columns = ([row[0] for row in self._rows(file)] for file in (row_file, column_file))
        if "quants_mat" in self.path.name.lower():  # alevin-fry
            return True
        sides = [like_genes(side) - like_barcodes(side) for side in (rows, columns)]
        choices = [(False, "rows are cells, columns are genes"), (True, "rows are genes, columns are cells")]
        sentence = (
            f"The rows of '{self.name}' are called {rows[0]}, its columns {columns[0]}: which are the cells?"
        )
        sure = abs(sides[0] - sides[1]) > 0.3
        return not self.reading.answer(sentence, "transpose", choices, bool(sides[0] >= sides[1]), sure)

    def _frames(self, features, cells, n_features, n_cells, turned):
        tables = [self._table(features, n_features), self._table(cells, n_cells)]
        if None in tables:
            check_sizes(self.name, n_features, len(self._rows(features)), n_cells, len(self._rows(cells)))
        (rows, header), (cell_rows, cell_header) = tables
        symbols = next(
            (
                file
                for alike in self.files["features"]
                for file in alike
                if file.symbols and file.of == features.of
            ),
            None,
        )
        table = self._table(symbols, n_features) if symbols and symbols != features else None
        names = [row[0] for row in table[0]] if table else None
        return features_of(rows, header, names), _cells(cell_rows, cell_header), turned


def _cells(rows, header):
    """obs: the names, and the other columns where a line names these."""
    if not header:
        return pd.DataFrame(index=[row[0] for row in rows])
    width = min(len(row) for row in [header, *rows])
    names = make_index_unique(pd.Index(header[:width]))
    obs = pd.DataFrame([row[:width] for row in rows], columns=names)
    key = next((name for name in names if re.search("barcode|^bc_|cell_?(id|name)", name.lower())), names[0])
    obs = obs.set_index(key)
    obs.index.name = None
    for column in obs.columns:
        numbers = pd.to_numeric(obs[column], errors="coerce")
        obs[column] = obs[column] if numbers.isna().any() else numbers
    return obs


def _split(adata, reading):
    """alevin-fry counts spliced, unspliced and ambiguous molecules of a gene as three features: three layers of one."""
    n, rest = divmod(adata.n_vars, 3)
    names = adata.var_names
    if rest or not n or list(names[n : 2 * n]) != [f"{name}-U" for name in names[:n]]:
        return adata
    if list(names[2 * n :]) != [f"{name}-A" for name in names[:n]]:
        return adata
    parts = {"spliced": 0, "unspliced": n, "ambiguous": 2 * n}
    layers = {name: sparse.csr_matrix(adata.X[:, low : low + n]) for name, low in parts.items()}
    return _summed(AnnData(None, adata.obs, adata.var[:n], layers=layers), reading)


def _without_rest(adata, reading):
    """`adata` without rows that count reads of no feature, such as 'unmapped' of CITE-seq-Count."""
    rest = [bool(NOT_FEATURES.fullmatch(str(name))) for name in adata.var_names]
    if not any(rest) or all(rest):
        return adata
    reading.say(f"Rows that count reads of no feature were left out: {listed(list(adata.var_names[rest]))}.")
    return adata[:, ~np.array(rest)].copy()
