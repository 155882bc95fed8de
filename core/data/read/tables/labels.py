"""A table of labels: a row for each cell, whatever its columns hold."""

import re
from pathlib import Path

import pandas as pd

from core.data.cell_matching import match
from core.data.read.tables import encoding as encodings
from core.data.read.tables.annotations import plain as plain_header
from core.data.read.tables.dialect import records_of, sheet_of, wrong_width
from core.data.read.tables.numbers import MISSING
from core.errors import UserError
from core.safe_csv import plain

ENDINGS = re.compile(r"\.(csv|tsv|txt|tab)(\.gz)?$")


def read_labels(path: Path, reading) -> pd.DataFrame:
    """A table of labels: a row a cell, whose name is the column that fits `reading.cells` best.

    Names are text; a column of numbers alone holds numbers, any other text, with NaN where a field says nothing.
    """
    name = reading.name(path)
    if not path.is_file():
        raise UserError(f"There is no file '{name}': check its name and folder.")
    if not ENDINGS.search(path.name.lower()):
        raise UserError(
            f"'{name}' is no table of labels: bring a .csv, .tsv or .txt with a row for each cell."
        )
    header, rows = _fields(encodings.unwrapped(path, name, reading), name, reading)
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    values = {column: _values(fields) for column, fields in columns.items()}
    key = header[0]
    if reading.cells is not None:
        text = [column for column in header if column == key or values[column].dtype == object]
        key = max(text, key=lambda column: match(reading.cells, columns[column], unique=False).n)
    labels = {
        column: values[column]
        for column, fields in columns.items()
        if column != key and not _numbers_rows(column, fields)
    }
    return pd.DataFrame(labels, index=pd.Index(columns[key], name=key))


def _fields(path, name, reading):
    """(the header, the rows as lists of text), without what Nuwa itself adds against formulas."""
    sheet = sheet_of(path, name)
    if sheet.header is None:
        raise UserError(f"'{name}' has no line of column names: add one, such as 'barcode,cell_type'.")
    width = sheet.width - sheet.trailing
    header = [plain(field.strip()) for field in sheet.header.fields[:width]]
    if len(header) == width - 1:  # R's write.table leaves the corner out
        header = ["", *header]
    header = [column if header.index(column) == i else f"{column}_{i}" for i, column in enumerate(header)]
    dialect, rows = sheet.dialect, []
    while True:
        try:
            with encodings.open_text(path, dialect.encoding) as file:
                for _ in range(sheet.header.end):
                    file.readline()
                for record in records_of(file, dialect, sheet.header.end):
                    if len(record.fields) != sheet.width:
                        raise wrong_width(record, sheet.width, name)
                    rows.append([plain(field.strip()) for field in record.fields[:width]])
            break
        except UnicodeDecodeError:
            rows, encoding = [], encodings.next_encoding(dialect.encoding, name)
            dialect = dialect._replace(encoding=encoding)
    for note in sheet.notes[1:]:
        reading.say(note)
    return header, [row for row in rows if any(row)]


def _values(fields):
    """Numbers where all that is known are such, else text."""
    known = pd.Series([None if field.lower() in MISSING else field for field in fields], dtype=object)
    numbers = pd.to_numeric(known, errors="coerce")
    return numbers.to_numpy() if numbers.notna().sum() == known.notna().sum() > 0 else known.to_numpy()


def _numbers_rows(column, fields):
    """Is this the index that pandas and R write in front of a table?"""
    return plain_header(column) in ("", "unnamed0") and all(field.isdecimal() for field in fields)
