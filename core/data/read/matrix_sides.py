"""Which of the files beside a matrix name its cells and which its features, by the number of names in each."""

import re

import pandas as pd
from anndata.utils import make_index_unique

from core.data.read import axis_files
from core.data.read.archives import plain_bytes
from core.data.read.axis_names import like_barcodes, like_genes
from core.data.read.features import features_of
from core.data.read.tenx import check_sizes
from core.errors import UserError
from core.text import listed

A_BYTE = 12  # bytes in memory for a byte of text: a barcode in a list of fields in a list of lines
# Programs whose rows are cells, for a matrix as wide as high.
CELLS_FIRST = re.compile(r"cells_x_|quants_mat|dge|count_matrix", re.IGNORECASE)


class Sides:
    """The files that name the cells and the features of one matrix."""

    def __init__(self, path, name, folders, reading):
        self.path, self.name, self.reading = path, name, reading
        others = {axis_files.whose(one.name) for one in path.parent.iterdir() if axis_files.is_matrix(one)}
        self.files = {
            role: axis_files.beside(path, role, others - {axis_files.whose(path.name)}, folders)
            for role in ("cells", "features", "rows", "columns")
        }
        self.lines = {}
        self.by_side = bool(self.files["rows"] and self.files["columns"])  # and not by what they hold
        self.by_side &= not (self.files["cells"] and self.files["features"])
        for role, usual in (("cells", "barcodes.tsv"), ("features", "features.tsv or genes.tsv")):
            if not self.files[role] and not self.by_side:
                raise UserError(f"Beside '{name}' there is no {usual}: put it into the same folder.")

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
            plain = plain_bytes(file.path, file.path.name)
            self.reading.take(0, self.name, A_BYTE * plain)
            self.lines[file.path] = axis_files.rows_of(file.path)
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
