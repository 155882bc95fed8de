"""Tables of text (csv, tsv, txt, plain or gz): a matrix with names on both sides, or labels of cells."""

import csv
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.data.read.archives import is_gzip, open_plain, plain_bytes
from core.data.read.axis_names import like_barcodes, like_genes, like_proteins
from core.errors import UserError, is_out_of_memory
from core.safe_csv import plain
from core.text import few

PEEK, SAMPLE = 200, 20  # rows whose names, and whose values, are looked at before the table is read
BLOCK_VALUES = 8_000_000  # values of a block: text and numbers together stay below half a GB
MOST_ASIDE = 20  # columns of text that may stand beside the numbers
NEAR_WHOLE = 1e-3  # 0.9995 is a count that went through arithmetic, as in core.data.matrix_kind
SURE = 0.4  # by so much must one orientation fit the names better than the other
LONGEST = 50_000_000  # characters of a line: a million cells of fifty
csv.field_size_limit(LONGEST)  # a table of many genes, cut by the wrong separator, is one long field
MOST_A_BYTE = 24  # bytes of memory for one of text, in a table of short words as Python's objects
COPIES = 4  # of the values: blocks, what they are put together to, its normal form, and a block as text
PACKED = 5  # times that a table of counts shrinks when it is packed, at least
MISSING = {"", "na", "nan", "n/a", "null", "none"}


class Layout(NamedTuple):
    """How a table is written: its separator, its decimal sign, and its column names, the first being the rows'."""

    separator: str
    decimal: str
    columns: list[str]
    rows: list[list[str]]  # the first SAMPLE, as text
    names: list[str]  # of the first PEEK rows


def read_table(path: Path, reading) -> AnnData:
    """The matrix of a text table, cells x genes, as CSR float32.

    Which side the cells are on is found from the names and confirmed by the answer "transpose". Columns of
    text become obs columns where the rows are cells. Raises UserError for what is not a number, by its place.
    """
    name = reading.name(path)
    layout = _layout(path, name, reading)
    aside = _aside(layout, name)
    numbers = [i for i in range(1, len(layout.columns)) if i not in aside]
    transpose = _orientation(layout, [layout.columns[i] for i in numbers], name, reading)
    if layout.decimal == ",":
        reading.say("Decimal commas were read as such.")
    reading.take(_sparse_bytes(path, layout, numbers), name)
    names, matrix, text = _values(path, name, layout, numbers, aside)
    columns = pd.Index([layout.columns[i] for i in numbers])
    rows = pd.DataFrame(text, index=pd.Index(names))
    if aside:
        what = ", ".join(layout.columns[i] for i in aside)
        reading.say(f"Columns of text were kept beside the values: {what}.")
    matrix = _whole(matrix, reading)
    if transpose:
        return AnnData(sparse.csr_matrix(matrix.T), pd.DataFrame(index=columns), rows)
    return AnnData(matrix, rows, pd.DataFrame(index=columns))


def _sparse_bytes(path, layout, numbers):
    """About how many bytes the values of a table take as CSR, by its first rows."""
    values = [row[i].strip() for row in layout.rows for i in numbers]
    letters = sum(len(field) + 1 for row in layout.rows for field in row)
    filled = sum(value not in ("0", "0.0") for value in values)
    size = path.stat().st_size * (PACKED if is_gzip(path) else 1)
    return COPIES * 8 * filled * size / max(letters, 1)


def read_labels(path: Path, reading) -> pd.DataFrame:
    """A table of labels: a row a cell, whose name is the column that fits `reading.cells` best."""
    name = reading.name(path)
    if not path.is_file():
        raise UserError(f"There is no file '{name}': check its name and folder.")
    if not re.search(r"\.(csv|tsv|txt)(\.gz)?$", path.name.lower()):
        raise UserError(
            f"'{name}' is no table of labels: bring a .csv, .tsv or .txt with a row for each cell."
        )
    layout = _layout(path, name, reading)
    table = next(_blocks(path, layout, range(len(layout.columns)), None, None))
    table.columns = layout.columns
    table = table.set_axis([_unique(str(c), i, layout.columns) for i, c in enumerate(table.columns)], axis=1)
    for column in table.select_dtypes(object).columns:  # which Nuwa itself may have written
        table[column] = table[column].map(lambda x: plain(x) if isinstance(x, str) else x)
    table = table.rename(columns=plain)
    if reading.cells is None:
        key = table.columns[0]
    else:
        known = set(reading.cells.str.replace(r"[-.]\d+$", "", regex=True))
        text = [c for c in table.columns if table[c].dtype == object or c == table.columns[0]]
        bare = {c: table[c].astype(str).str.replace(r"[-.]\d+$", "", regex=True) for c in text}
        key = max(text, key=lambda c: bare[c].isin(known).mean())
    return table.set_index(key)


def _unique(name, i, names):
    return name if names.index(name) == i else f"{name}_{i}"


def _open(path):
    return open_plain(path, "rt", encoding="utf-8-sig", newline="")


def _layout(path, name, reading) -> Layout:
    """Separator, decimal sign and column names, from the first rows; R's headers may be one field short."""
    with open_plain(path, "rb") as file:
        start = file.read(4)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in start:
        raise UserError(f"'{name}' is not plain text (UTF-8): save it again as CSV in UTF-8.")
    plain = plain_bytes(path, name)
    reading.take(0, name, MOST_A_BYTE * plain)
    lines = []
    try:
        with _open(path) as file:
            while len(lines) <= PEEK and (line := file.readline(LONGEST)):
                if len(line) == LONGEST:
                    raise UserError(f"A line of '{name}' has no end: it is not a table of text.")
                if "\0" in line:
                    raise UserError(f"'{name}' is not plain text (UTF-8): save it again as CSV in UTF-8.")
                if line.strip():
                    lines.append(line.rstrip("\r\n"))
    except UnicodeDecodeError:
        raise UserError(f"'{name}' is not plain text (UTF-8): save it again as CSV in UTF-8.") from None
    if len(lines) < 2:
        raise UserError(f"'{name}' holds fewer than two lines, so it is no matrix with names: check it.")
    separator = _separator(lines, name)
    head, *rows = csv.reader(lines[: SAMPLE + 1], delimiter=separator)
    width = len(rows[0])
    if len(head) == width - 1:  # R's write.table leaves the corner out
        head = ["", *head]
    if len(head) == width + 1 and not head[-1]:
        head = head[:-1]
    names = []
    for number, row in enumerate(csv.reader(lines[1:], delimiter=separator), start=2):
        if len(row) != len(head):
            raise UserError(
                f"Line {number} of '{name}' has {len(row):,} fields but the first has {len(head):,}:"
                " save the table again with the same number in each."
            )
        names.append(row[0])
    if width < 2:
        raise UserError(f"'{name}' has one column only: its separator is none of comma, tab and semicolon.")
    values = [value for row in rows for value in row[1:]]
    commas = sum(bool(re.fullmatch(r"-?\d+,\d+", value)) for value in values)
    points = sum("." in value for value in values)
    if commas and points and separator != ",":
        raise UserError(f"'{name}' mixes decimal commas and points: save it again with points.")
    return Layout(separator, "," if commas else ".", [str(name) for name in head], rows, names)


def _separator(lines, name):
    """The separator that cuts the first lines into the same number of fields, the most of them."""
    best = {}
    for separator in ("\t", ",", ";", " "):
        widths = [len(row) for row in csv.reader(lines[:20], delimiter=separator)]
        if (
            len(widths) > 1
            and len(set(widths[1:])) == 1
            and widths[0] in (widths[1], widths[1] - 1, widths[1] + 1)
        ):
            best[separator] = widths[1]
    # "1,5;2,5" can be cut by commas too: a semicolon or tab that cuts well is meant.
    for separator in ("\t", ";"):
        if best.get(separator, 0) > 1:
            return separator
    if best and max(best.values()) > 1:
        return max(best, key=best.get)
    first = {separator: lines[1].count(separator) for separator in ("\t", ",", ";")}
    if not any(first.values()):
        raise UserError(f"'{name}' has one column only: its separator is none of comma, tab and semicolon.")
    return max(first, key=first.get)


def _aside(layout, name) -> list[int]:
    """The columns that hold text in most rows, which are no values; refuses a table that is all text."""
    rows = layout.rows
    found = []
    for i in range(1, len(layout.columns)):
        words = [row[i] for row in rows if row[i].strip().lower() not in MISSING]
        if words and sum(not _is_number(word, layout.decimal) for word in words) > len(words) / 2:
            found.append(i)
    if len(found) > MOST_ASIDE or len(found) >= (len(layout.columns) - 1) / 2:
        raise UserError(
            f"'{name}' holds text ('{layout.rows[0][found[0]][:30]}'), not a matrix of numbers: if it is a table"
            " of labels, join it to the file of the counts."
        )
    return found


def _is_number(word, decimal):
    try:
        float(word.replace(",", ".") if decimal == "," else word)
    except ValueError:
        return False
    return True


def _orientation(layout, columns, name, reading) -> bool:
    """Are the rows genes? By the barcodes of the first file where there is one, else by the names and the person."""
    rows = layout.names
    if reading.cells is not None:
        known = set(reading.cells.str.replace(r"[-.]\d+$", "", regex=True))
        inside = [np.mean([re.sub(r"[-.]\d+$", "", n) in known for n in names]) for names in (rows, columns)]
        return bool(inside[1] > inside[0])
    upright = like_barcodes(rows) + max(like_genes(columns), like_proteins(columns))
    turned = like_barcodes(columns) + max(like_genes(rows), like_proteins(rows))
    guess = turned > upright if turned != upright else len(columns) < len(rows)
    sure = abs(turned - upright) >= SURE
    rows_named, columns_named = (few((str(name)[:30] for name in names), 2) for names in (rows, columns))
    examples = f"The rows of '{name}' are named {rows_named} and its columns {columns_named}"
    choices = [(False, "rows are cells, columns are genes"), (True, "rows are genes, columns are cells")]
    transpose = reading.answer(f"{examples}: which are the cells?", "transpose", choices, bool(guess), sure)
    reading.say(f"{examples}; the {'columns' if transpose else 'rows'} were taken as cells.")
    return transpose


def _blocks(path, layout, columns, dtype, rows):
    """The table as DataFrames of `rows` rows (None: all at once)."""
    options = {
        "sep": layout.separator,
        "decimal": layout.decimal,
        "header": None,
        "skiprows": 1,
        "names": range(len(layout.columns)),
        "usecols": list(columns),
        "index_col": False,
        "dtype": dtype,
        "compression": "gzip" if is_gzip(path) else None,
        "encoding": "utf-8-sig",
        "skip_blank_lines": True,
        "low_memory": False,
    }
    if rows is None:
        yield pd.read_csv(path, **options)
        return
    with pd.read_csv(path, chunksize=rows, **options) as blocks:
        yield from blocks


def _values(path, name, layout, numbers, aside):
    """Row names, the CSR float32 of the columns `numbers`, and the columns `aside` as text."""
    names, parts, text = [], [], {i: [] for i in aside}
    types = dict.fromkeys(numbers, np.float32) | dict.fromkeys((0, *aside), str)
    step = max(1, BLOCK_VALUES // len(layout.columns))
    try:
        for block in _blocks(path, layout, [0, *aside, *numbers], types, step):
            names.extend(block[0].fillna("").astype(str))
            for i in aside:
                text[i].extend(block[i])
            parts.append(sparse.csr_matrix(block[numbers].to_numpy(np.float32)))
    except (pd.errors.ParserError, ValueError) as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        raise _place(path, name, layout, numbers) from error
    columns = {layout.columns[i]: pd.Series(values, dtype=object) for i, values in text.items()}
    return names, sparse.vstack(parts, format="csr"), {k: v.to_numpy() for k, v in columns.items()}


def _place(path, name, layout, numbers) -> UserError:
    """Where the first fault of a table lies, in a sentence."""
    with _open(path) as file:
        next(file)
        for number, row in enumerate(csv.reader(file, delimiter=layout.separator), start=2):
            if not row:
                continue
            if len(row) != len(layout.columns):
                words = f"has {len(row):,} fields but the first has {len(layout.columns):,}"
                return UserError(f"Line {number} of '{name}' {words}: save the table again or copy it again.")
            for i in numbers:
                word = row[i].strip()
                if word.lower() not in MISSING and not _is_number(word, layout.decimal):
                    where = f"row '{row[0][:40]}', column '{layout.columns[i][:40]}'"
                    return UserError(
                        f"'{word[:30]}' is not a number ({where} of '{name}'): mend it and save again."
                    )
    return UserError(f"'{name}' is damaged or was not copied to its end: copy it again.")


def _whole(matrix, reading):
    """Counts that arithmetic left a little beside whole numbers are put back on them."""
    rounded = np.rint(matrix.data)
    away = np.abs(matrix.data - rounded)
    if away.size and 0 < away.max() <= NEAR_WHOLE:  # NaN compares as False and is refused later
        reading.say(f"Values within {NEAR_WHOLE} of whole numbers were rounded to them.")
        matrix.data = rounded
        matrix.eliminate_zeros()
    return matrix
