"""A table of numbers with names on both sides as AnnData."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.data.read.archives import is_gzip, plain_bytes
from core.data.read.features import types_by_name
from core.data.read.tables.annotations import MEAN, NO_FEATURE, TOTAL, describes
from core.data.read.tables.encoding import unwrapped
from core.data.read.tables.layout import layout_of
from core.data.read.tables.numbers import MISSING
from core.data.read.tables.orientation import rows_are_genes
from core.data.read.tables.values import read_values
from core.text import few, listed

NEAR_WHOLE = 1e-3  # 0.9995 is a count that went through arithmetic, as in core.data.matrix_kind
MOST_A_BYTE = 24  # bytes of memory for one of text, in a table of short fields as Python's objects
COPIES = 4  # of the values: blocks, what they are put together to, its normal form, and a block as text
PACKED = 5  # times that a table of counts shrinks when it is packed, at least
# What salmon, kallisto and RSEM measure, in front of the name of a sample.
MEASURE = re.compile(
    r"(counts|abundance|length|infReps|TPM|FPKM|NumReads|est_counts|expected_count|eff_length|EffectiveLength)[._](.+)",
    re.IGNORECASE,
)
READS = re.compile(
    r"(?:Aligned\.(?:sortedByCoord\.)?out)?\.(?:bam|sam|cram)$"
)  # featureCounts names cells by file


def read_table(path: Path, reading) -> AnnData:
    """The matrix of a text table, cells x genes, as CSR float32.

    Which side the cells are on is told by known names, else asked ("transpose"). Columns and rows that describe genes
    or cells go to var and obs. Every guess is said. Raises UserError for what is not a number, by its place, and
    Question for what only the person knows.
    """
    name = reading.name(path)
    path = unwrapped(path, name, reading)
    reading.take(0, name, MOST_A_BYTE * plain_bytes(path, name))
    layout = _one_measure(layout_of(path, name, reading), name, reading)
    columns = [layout.columns[i] for i in layout.values]
    transpose = rows_are_genes(layout, layout.first_names, columns if layout.named else [], name, reading)
    reading.take(_sparse_bytes(path, layout), name)
    values = read_values(path, name, layout, reading)
    row_kind, column_kind = ("gene", "cell") if transpose else ("cell", "gene")
    rows = _table(values.names or _numbered(row_kind, values.matrix.shape[0]), reading)
    columns = _table(columns if layout.named else _numbered(column_kind, len(columns)), reading)
    for i, fields in values.aside.items():
        _add(rows, layout.columns[i], fields)
    for header, fields in (layout.above_rows | values.rows_aside).items():
        _add(columns, header, [fields[i] for i in layout.values])
    for frame, what, kind in ((rows, "Columns", row_kind), (columns, "Rows", column_kind)):
        if len(frame.columns):
            kept = few(frame.columns, 10)
            reading.say(f"{what} that describe {kind}s were kept beside the values: {kept}.")
    matrix = _near_whole(values.matrix, reading)
    if _is_unusual(rows.index):
        matrix, rows, columns = _set_aside(matrix, rows, columns, reading)
    if _is_unusual(columns.index):
        turned, columns, rows = _set_aside(matrix.T.tocsr(), columns, rows, reading)
        matrix = turned.T
    obs, var = (columns, rows) if transpose else (rows, columns)
    if "feature_types" not in var and (types := types_by_name(var.index)):
        var["feature_types"] = pd.Categorical(types)
    return AnnData(sparse.csr_matrix(matrix.T if transpose else matrix), obs, var)


def _one_measure(layout, name, reading):
    """`layout` with the columns of one measure where a table has several, as tximport writes: counts.S1, length.S1."""
    parts = {i: MEASURE.fullmatch(layout.columns[i]) for i in layout.values}
    measures = list(dict.fromkeys(match[1] for match in parts.values() if match))
    if len(measures) < 2 or not all(parts.values()):
        return layout
    sentence = (
        f"The columns of '{name}' hold {listed(measures)} of each cell or sample: which of them is meant?"
    )
    measure = reading.answer(sentence, "part", [(one, one) for one in measures], measures[0])
    columns = [parts[i][2] if parts.get(i) else column for i, column in enumerate(layout.columns)]
    return layout._replace(columns=columns, values=[i for i in layout.values if parts[i][1] == measure])


def _numbered(kind, n):
    return [f"{kind}_{i}" for i in range(1, n + 1)]


def _table(names, reading) -> pd.DataFrame:
    """An empty table of these names, without quotation marks that were quoted, and the endings of files of reads."""
    names = [_unquoted(name) for name in names]
    if names and all(READS.search(name) for name in names):
        reading.say(f"Folders and endings of files were removed from names such as '{names[0][-60:]}'.")
        names = [READS.sub("", name.rpartition("/")[2]) for name in names]
    return pd.DataFrame(index=pd.Index(names, dtype=object))


def _unquoted(name):
    name = name.strip()
    while len(name) > 2 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1].strip()
    return name


def _add(table, header, fields):
    """A column of what describes rows: numbers where all that is known are such, else text."""
    header = header.strip() or "unnamed"
    while header in table:
        header += "_2"
    known = [None if field.strip().lower() in MISSING else field.strip() for field in fields]
    numbers = pd.to_numeric(pd.Series(known, dtype=object), errors="coerce")
    whole = numbers.notna().sum() == sum(one is not None for one in known) > 0
    table[header] = numbers.to_numpy() if whole else np.array(known, dtype=object)


def _set_aside(matrix, rows, columns, reading):
    """`matrix` without rows that count what no gene got or that sum up the others; those that describe columns go there."""
    names = list(rows.index)
    no_gene = np.array([bool(NO_FEATURE.match(name)) for name in names], dtype=bool)
    for i in [i for i, name in enumerate(names) if TOTAL.match(name) or MEAN.match(name)]:
        own = matrix[i].toarray().ravel()
        others = np.asarray(matrix.sum(axis=0)).ravel() - own
        others = others / (len(names) - 1) if MEAN.match(names[i]) else others
        no_gene[i] = np.allclose(others, own, rtol=1e-3, atol=1e-3)
    describing = np.array([bool(describes(name)) for name in names], dtype=bool) & ~no_gene
    if no_gene.any():
        share = float(matrix[np.flatnonzero(no_gene)].sum()) / max(float(matrix.sum()), 1.0)
        left_out = few(rows.index[no_gene], 6)
        reading.say(f"What counts no gene was left out: {left_out} ({100 * share:.0f} % of the sum).")
    if describing.any():
        for i in np.flatnonzero(describing):
            columns[names[i]] = matrix[i].toarray().ravel()
        reading.say(
            f"{few(rows.index[describing], 10)}: kept beside the values, since no gene or cell is named so."
        )
    kept = np.flatnonzero(~(no_gene | describing))
    return matrix[kept], rows.iloc[kept], columns


def _is_unusual(names):
    return any(
        NO_FEATURE.match(name) or TOTAL.match(name) or MEAN.match(name) or describes(name) for name in names
    )


def _sparse_bytes(path, layout):
    """About how many bytes the values of a table take as CSR, by its first rows."""
    values = [row[i].strip() for row in layout.sample for i in layout.values]
    letters = sum(len(field) + 1 for row in layout.sample for field in row)
    filled = sum(value not in ("0", "0.0", "") for value in values)
    size = path.stat().st_size * (PACKED if is_gzip(path) else 1)
    return COPIES * 8 * filled * size / max(letters, 1)


def _near_whole(matrix, reading):
    """Counts that arithmetic left a little beside whole numbers are put back on them."""
    rounded = np.rint(matrix.data)
    away = np.abs(matrix.data - rounded)
    if away.size and 0 < away.max() <= NEAR_WHOLE:  # NaN compares as False and is refused later
        reading.say(f"Values within {NEAR_WHOLE} of whole numbers were rounded to them.")
        matrix.data = rounded
        matrix.eliminate_zeros()
    return matrix
