"""Matrix Market files with the files that name their cells and features: Cell Ranger and its relatives."""

from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import io, sparse

from core.data.read import axis_files
from core.data.read.archives import is_gzip, open_plain, plain_bytes
from core.data.read.features import NOT_FEATURES
from core.data.read.matrix_sides import Sides
from core.data.read.tenx import one_genome
from core.errors import UserError
from core.text import listed

# Of the values in memory while they are read and brought into normal form: as a rule, and at most.
HELD, COPIES = 2, 4
# Bytes that a value takes in the text at least: "1 1 1" and the end of its line; "1 1" of a pattern; "1" of an array.
ENTRY, ENTRY_OF_PATTERN, ENTRY_OF_ARRAY = 6, 4, 2
BANNER = 200  # bytes of the first line at most
BOM = b"\xef\xbb\xbf"
NO_BANNER = [b"matrix", b"coordinate", b"real", b"general"]
# The parts of the counts that RNA velocity keeps apart: STARsolo, kb-python.
VELOCITY = ("spliced", "unspliced", "ambiguous", "mature", "nascent")


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
    sides = Sides(path, name, folders or [path.parent], reading)
    plain = plain_bytes(path, name)
    rows, columns, entries, least = _size(path, name)
    if least * entries > plain:
        raise UserError(
            f"'{name}' claims {entries:,} values and has not that many lines: it was not copied to its end."
        )
    need = 16 * entries  # row, column and a value
    features, cells, turned = sides.fitting(rows, columns)
    del sides  # and with it the text of the names, which are millions in an unfiltered matrix
    reading.take(HELD * need, name, COPIES * need)
    values = _values(path)
    adata = AnnData(sparse.csr_matrix(values if turned else values.T), cells, features)
    return one_genome(_without_rest(_split(adata, reading), reading), name, reading)


def _values(path):
    """scipy's reader opens a .gz by its name, and a plain file without Python."""
    with open_plain(path, "rb") as file:
        line = file.readline(BANNER)
        if not line.startswith(b"%%MatrixMarket "):
            _, rest = _banner(line)
            return io.mmread(_Begun(b" ".join([b"%%MatrixMarket", *rest]), file))
    if not is_gzip(path) and path.name.lower().endswith(".mtx"):
        return io.mmread(path)
    with open_plain(path, "rb") as file:
        return io.mmread(file)


class _Begun:
    """A file that begins with other bytes."""

    def __init__(self, start, file):
        self.start, self.file = start, file

    def read(self, n=-1):
        start, self.start = self.start, b""
        return start or self.file.read(n)


def _banner(line):
    """(the fields after %%MatrixMarket, what a reader needs of this first line): some programs leave the banner out."""
    fields = line.removeprefix(BOM).lower().split()
    if fields[:1] == [b"%%matrixmarket"]:
        return fields[1:], [*fields[1:], b"\n"]
    if len(fields) == 3 and all(word.isdigit() for word in fields):
        return NO_BANNER, [*NO_BANNER, b"\n" + line.removeprefix(BOM)]
    return [], []


def _size(path, name):
    """(rows, columns, values, least bytes of a value) that the matrix claims.

    Looked at first, as absurd ones would take all memory.
    """
    with open_plain(path, "rb") as file:
        first = file.readline(BANNER)
        fields, _ = _banner(first)
        if fields[:1] != [b"matrix"] or fields[1:2] not in ([b"coordinate"], [b"array"]):
            raise UserError(f"'{name}' is not a matrix in Matrix Market form: copy it again.")
        for i in range(1000):  # comments
            line = first.removeprefix(BOM) if fields is NO_BANNER and i == 0 else file.readline(1000)
            if line.strip() and not line.startswith(b"%"):
                rows, columns, *rest = (int(n) for n in line.split())
                if fields[1] == b"array":
                    return rows, columns, rows * columns, ENTRY_OF_ARRAY
                return rows, columns, rest[0], ENTRY_OF_PATTERN if b"pattern" in fields else ENTRY
    raise ValueError("no sizes")


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
