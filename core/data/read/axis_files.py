"""Matrix Market files and the files beside them that name their cells and features, known by their names."""

import csv
import re
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from core.data.read.archives import open_plain

MATRIX = re.compile(r"\.mtx(\.gz)?$", re.IGNORECASE)
# What such files are called: Cell Ranger, STARsolo, kb-python, alevin-fry, Parse, the single-cell expression atlas, GEO.
STRONG = {
    "cells": r"barcodes?(?:[_.]?(?:names?|list))?|cells?[_.]?(?:names?|ids?|metadata|barcodes?)",
    "features": r"(?:all[_.])?(?:genes?|features?)(?:[_.]?(?:names?|ids?|symbols?|list))?",
    "rows": r"mtx_rows|row_?names",
    "columns": r"mtx_cols|col(?:umn)?_?names",
}
WEAK = {
    "cells": r"cells?",
    "features": r"peaks|tags|symbols?",
    "rows": r"rows?",
    "columns": r"cols?|columns?",
}
# Parts of names that say what a file is and not whose it is.
GENERIC = frozenset(
    {
        "matrix",
        "mtx",
        "mat",
        "count",
        "counts",
        "cell",
        "cells",
        "gene",
        "genes",
        "feature",
        "features",
        "barcode",
    }
    | {"barcodes", "bc", "names", "name", "x", "all", "dge", "umi", "quants"}
)
ENDS = re.compile(r"(\.(mtx|tsv|txt|csv))?(\.gz)?$", re.IGNORECASE)
KINDS = re.compile(r"(\.(tsv|txt|csv)|mtx_rows|mtx_cols)(\.gz)?$", re.IGNORECASE)
# The first field of a line that names columns; looked for only where a file has a line too many.
HEADER = re.compile(
    r"unnamed: 0|v1|x|index|row_?names|(cell|gene|feature|ensembl|barcode|bc)?[ _.]?(ids?|(short_)?names?|symbols?)|genes?|features?"
    r"|symbols?|(cell[ _.]?)?barcodes?|cells?|bc_wells?|sample",
    re.IGNORECASE,
)


class AxisFile(NamedTuple):
    """A file that names one side of a matrix."""

    path: Path
    role: str  # "cells", "features", "rows" or "columns"
    of: frozenset  # the parts of its name that say whose it is
    symbols: bool  # it has names of genes beside another file with their ids, as kb-python writes


def is_matrix(path: Path) -> bool:
    """Is this, by its name, a Matrix Market file?"""
    return bool(MATRIX.search(path.name)) and path.is_file()


def role_of(path: Path) -> AxisFile | None:
    """The AxisFile at `path` by its name, or None where the name is of something else."""
    if not KINDS.search(path.name):
        return None
    stem = ENDS.sub("", path.name)
    for patterns in (STRONG, WEAK):
        hits = [
            (hit.start(), len(hit[0]), role, hit[0])
            for role, pattern in patterns.items()
            for hit in re.finditer(rf"(?<![a-z])(?:{pattern})(?![a-z])", stem, re.IGNORECASE)
        ]
        if hits:
            start, length, role, text = max(hits)
            symbols = bool(re.search(r"names?$|symbols?$", text, re.IGNORECASE))
            return AxisFile(path, role, whose(stem[:start] + " " + stem[start + length :]), symbols)
    return None


def whose(name: str) -> frozenset:
    """The parts of a file's name that say whose it is: the sample, the accession, "raw" or "filtered"."""
    stem = ENDS.sub("", name)
    return frozenset(re.findall(r"[a-z0-9]+", stem.lower())) - GENERIC


def beside(matrix: Path, role: str, others: set[frozenset], folders) -> list[list[AxisFile]]:
    """The files of a role that may belong to a matrix, the likeliest first; files that are as likely share a list.

    A file of the next folder counts only where the ones before it have none. `others` say whose the other matrices of
    the folder are: files that bear the same names as those are theirs.
    """
    own = whose(matrix.name)
    for folder in folders:
        files = [file for path in sorted(folder.iterdir()) if path.is_file() and (file := role_of(path))]
        files = [file for file in files if file.role == role and (file.of <= own or file.of not in others)]
        ranks = sorted({_distance(file, own) for file in files})
        if ranks:
            return [[file for file in files if _distance(file, own) == rank] for rank in ranks]
    return []


def _distance(file, own):
    return len(file.of - own), -len(file.of & own)


def rows_of(path: Path) -> list[list[str]]:
    """The lines of such a file as lists of fields, without the quotes that R puts around them."""
    is_csv = bool(re.search(r"\.csv(\.gz)?$", path.name, re.IGNORECASE))
    for encoding in ("utf-8-sig", "latin-1"):
        try:
            with open_plain(path, "rt", encoding=encoding, newline=None) as file:
                lines = (line.rstrip("\r\n") for line in file if line.strip())
                return _without_numbers(_of_csv(lines) if is_csv else _of_tabs(lines))
        except UnicodeDecodeError:
            continue
    return []


def _of_tabs(lines):
    return [[_bare(field) for field in line.split("\t")] for line in lines]


def _of_csv(lines):
    first = next(lines, "")
    separator = max(",;\t", key=first.count)
    return [
        [field.strip() for field in row]
        for row in csv.reader(chain([first], lines), delimiter=separator)
        if row
    ]


def _without_numbers(rows):
    """`rows` without the row numbers that R (from 1) and pandas (from 0) put in front, below a header or not."""
    if len(rows) < 3 or any(len(row) < 2 for row in rows[1:]):
        return rows
    for start in (0, 1):
        if all(row[0] == str(i) for i, row in enumerate(rows[1:], start)):  # the first line is a header
            return [rows[0][len(rows[0]) == len(rows[1]) :], *(row[1:] for row in rows[1:])]
        if len(rows[0]) > 1 and all(row[0] == str(i) for i, row in enumerate(rows, start)):
            return [row[1:] for row in rows]
    return rows


def _bare(field):
    field = field.strip()
    if len(field) < 2 or field[0] != field[-1] or field[0] not in "\"'":
        return field
    return (
        field[1:-1].replace('""', '"') if field[0] == '"' else field[1:-1]
    )  # quotes inside quotes are doubled


def is_header(row: list[str]) -> bool:
    """May this line name columns?"""
    return row[:1] == [""] or any(HEADER.fullmatch(field) for field in row)
