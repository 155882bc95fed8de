"""The values of a table, read block by block by pandas, or by csv where only its texts say what a number means."""

from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from core.data.read.tables import encoding as encodings
from core.data.read.tables import numbers
from core.data.read.tables.dialect import SPACES, records_of, wrong_width
from core.data.read.tables.layout import Layout
from core.data.read.tables.numbers import MISSING, PLAIN, Notation
from core.errors import UserError, is_out_of_memory

BLOCK_VALUES = 8_000_000  # values of a block: text and numbers together stay below half a GB
MOST_TEXTS = 5_000_000  # distinct numbers whose texts are kept
BELOW = "!"  # begins a line of GEO that ends a table


class Values(NamedTuple):
    """The body of a table."""

    names: list[str]  # of the rows, [] where they have none
    matrix: sparse.csr_matrix  # (rows, layout.values) float32
    aside: dict[int, list[str]]  # the fields of the columns that describe rows, by column
    blank: int  # empty fields that were read as 0
    rows_aside: dict[str, list[str]]  # rows of text, which describe the columns: their fields by name


class _Blocks:
    """Puts blocks of rows together; rows without name and values are left out."""

    def __init__(self, layout: Layout, fill: bool):
        self.layout, self.fill = layout, fill
        self.names, self.parts, self.blank, self.zeros = [], [], 0, 0
        self.aside = {i: [] for i in layout.aside}
        self.rows_aside = {}

    def add(self, values: np.ndarray, names, aside):
        missing = np.isnan(values)
        kept = np.ones(len(values), dtype=bool)
        if missing.any():
            empty = missing.all(axis=1)
            names = None if names is None else list(names)
            for i in np.flatnonzero(empty):
                name = "" if names is None else names[i]
                kept[i] = bool(name) and not name.startswith(BELOW)
            if self.fill:
                self.blank += int(missing[kept].sum())
                self.zeros += int((values == 0).sum())
                values[missing] = 0
        if names is not None:
            self.names.extend(name for name, keep in zip(names, kept, strict=True) if keep)
        for i, fields in aside.items():
            self.aside[i].extend(field for field, keep in zip(fields, kept, strict=True) if keep)
        self.parts.append(sparse.csr_matrix(values[kept]))

    def result(self) -> Values:
        matrix = sparse.vstack(self.parts, format="csr")
        return Values(self.names, matrix, self.aside, self.blank, self.rows_aside)


def read_values(path: Path, name: str, layout: Layout, reading) -> Values:
    """The Values of the table at `path`, whose first rows have `layout`; raises UserError with the place of a fault."""
    fields = [row[i].strip() for row in layout.sample for i in layout.values]
    blanks = any(not field for field in fields)
    zeros = any(field in ("0", "0.0", "0.00") for field in fields)
    named = any(field and field.lower() in MISSING for field in fields)
    fill = blanks and not zeros and not named  # a table that leaves its zeros out
    while True:
        try:
            values = _read(path, name, layout, fill, reading)
            break
        except UnicodeDecodeError:
            encoding = encodings.next_encoding(layout.dialect.encoding, name)
            reading.say(f"'{name}' was read as {encodings.NAMES[encoding]}.")
            layout = layout._replace(dialect=layout.dialect._replace(encoding=encoding))
        except _HasZeros:
            fill = False
    if values.blank:
        reading.say(f"{values.blank:,} empty fields were read as 0, since the table has no 0 written in it.")
    return values


class _HasZeros(Exception):
    """Empty fields were taken for zeros, but zeros are written out further down."""


def _read(path, name, layout, fill, reading) -> Values:
    plain = layout.dialect.quote == '"' and not any(
        "," in f or "'" in f or "’" in f or any(space in f for space in numbers.SPACE)
        for row in layout.sample
        for i in layout.values
        for f in (row[i],)
    )
    values = None
    if plain:
        try:
            values = _by_pandas(path, layout, fill)
        except UnicodeDecodeError:
            raise
        except (pd.errors.ParserError, ValueError, OverflowError) as error:
            if is_out_of_memory(error):
                raise MemoryError from error
    if values is None or _like_thousands(values.matrix.data):
        notation = _notation(path, name, layout, reading)
        if values is None or notation != PLAIN:
            values = _by_text(path, name, layout, notation, fill)
    return values


def _by_pandas(path, layout, fill) -> Values | None:
    """The Values by pandas, whose parser takes a point as the decimal sign; None where a row is cut short."""
    width = len(layout.columns)
    kept = {*layout.aside, *([] if layout.names is None else [layout.names])}
    types = dict.fromkeys(layout.values, np.float32)
    texts = {i: str.strip for i in range(width) if i not in types}
    blocks = _Blocks(layout, fill)
    with encodings.open_text(path, layout.dialect.encoding) as file:
        for _ in range(layout.above):
            file.readline()
        options = {
            "sep": layout.dialect.separator,
            "quotechar": layout.dialect.quote,
            "escapechar": layout.dialect.escape,
            "doublequote": layout.dialect.escape is None,
            "header": None,
            "names": range(width + 1),  # a field too many goes into the last one, and is seen
            "index_col": False,
            "dtype": types | {width: str},
            "converters": texts,
            "skip_blank_lines": True,
            "skipinitialspace": layout.dialect.spaced,
            "low_memory": False,
            "chunksize": max(1, BLOCK_VALUES // width),
        }
        with pd.read_csv(file, **options) as parts:
            for part in parts:
                if part[width].notna().any():
                    return None
                matrix = part[layout.values].to_numpy(np.float32, copy=True)
                short = np.isnan(matrix[:, -1]) if layout.values[-1] == width - 1 else part[width - 1] == ""
                if short.any() and not _is_whole(path, layout):
                    return None
                aside = {i: part[i].tolist() for i in kept}
                names = aside.pop(layout.names) if layout.names is not None else None
                blocks.add(matrix, names, aside)
    if blocks.blank and blocks.zeros:
        raise _HasZeros
    return blocks.result()


def _is_whole(path, layout):
    """Have all rows the same number of fields? Those of a row that is cut short look like empty ones to pandas."""
    with encodings.open_text(path, layout.dialect.encoding) as file:
        lines = islice(file, layout.above, None)
        return all(
            len(record.fields) == len(layout.columns) or record.fields[0].startswith(BELOW)
            for record in records_of(lines, layout.dialect)
        )


def _like_thousands(values) -> bool:
    """Are all fractions above 1 and of three digits at most, as where points part thousands?"""
    fractions = values[np.isfinite(values) & (values != np.rint(values))].astype(np.float64)
    if not fractions.size or not (np.abs(fractions) >= 1).all() or np.abs(fractions).max() >= 1000:
        return False
    return bool(np.allclose(fractions * 1000, np.rint(fractions * 1000), rtol=1e-6, atol=0.01))


def _rows(path, name, layout):
    """The Records of the body of a table; raises UserError for one of another width."""
    width = len(layout.columns)
    with encodings.open_text(path, layout.dialect.encoding) as file:
        lines = islice(file, layout.above, None)
        for record in records_of(lines, layout.dialect, layout.above):
            if len(record.fields) == width:
                yield record
            elif not record.fields[0].startswith(BELOW):
                raise wrong_width(record, width, name)


def _notation(path, name, layout, reading) -> Notation:
    """The Notation of the numbers of a table, by all of their texts; asks where they leave it open."""
    texts: set[str] = set()
    for record in _rows(path, name, layout):
        texts.update([record.fields[i] for i in layout.values])
        if len(texts) > MOST_TEXTS:
            break
    known = {text for text in texts if numbers.like_number(text)}
    try:
        notation = numbers.notation_of(known, layout.dialect.separator)
    except numbers.Mixed as error:
        raise UserError(
            f"'{name}' mixes decimal commas and points ({error}): save it again with points and without thousands."
        ) from None
    if isinstance(notation, numbers.Doubt):
        sign = notation.thousands.thousands
        word = "point" if sign == "." else "comma"
        choices = [
            (numbers.THOUSANDS, f"it parts thousands: {notation.examples} are whole numbers"),
            (numbers.DECIMAL, f"it is the decimal sign: {notation.examples} have fractions"),
        ]
        sentence = f"'{name}' holds numbers such as {notation.examples}: what does the {word} mean?"
        answer = reading.answer(sentence, numbers.ASKS, choices, numbers.THOUSANDS, False)
        notation = notation.thousands if answer == numbers.THOUSANDS else notation.decimal
    if notation.thousands:
        example = next((text for text in sorted(known) if notation.thousands in text), "")
        reading.say(f"The signs between thousands were removed from numbers such as {example}.")
    if notation.decimal == ",":
        reading.say("Decimal commas were read as such.")
    return notation


def _by_text(path, name, layout, notation, fill) -> Values:
    """The Values by the text of each field; raises UserError with the place of what is no number."""
    worth: dict[str, float] = {}
    blocks, step = _Blocks(layout, fill), max(1, BLOCK_VALUES // len(layout.columns))
    records = _rows(path, name, layout)
    while block := list(islice(records, step)):
        lines, rows = [], []
        for _, fields in block:
            chosen = [fields[i] for i in layout.values]
            try:
                for text in chosen:
                    if text not in worth:
                        worth[text] = notation.value(text)
            except ValueError:
                if layout.names is not None and numbers.mostly_text(chosen):
                    blocks.rows_aside[fields[layout.names].strip()] = fields
                    continue
                raise _no_number(name, layout, fields, layout.values[chosen.index(text)]) from None
            lines.append(fields)
            rows.append([worth[text] for text in chosen])
        texts = {i: [fields[i].strip() for fields in lines] for i in layout.aside}
        names = None if layout.names is None else [fields[layout.names].strip() for fields in lines]
        with np.errstate(over="ignore"):
            values = np.array(rows, dtype=np.float32).reshape(len(rows), len(layout.values))
        blocks.add(values, names, texts)
    if blocks.blank and blocks.zeros:
        raise _HasZeros
    if not blocks.parts:
        raise UserError(f"'{name}' is damaged or was not copied to its end: copy it again.")
    return blocks.result()


def _no_number(name, layout, fields, place) -> UserError:
    row = fields[layout.names][:40] if layout.names is not None else ""
    where = f"row '{row}', column '{layout.columns[place][:40]}'"
    return UserError(
        f"'{fields[place].strip()[:30]}' is not a number ({where} of '{name}'): correct it and save again."
    )


__all__ = ["SPACES", "Values", "read_values"]
