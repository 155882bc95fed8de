"""How a table of text is written: encoding, separator, quotes, and where its header lies below titles and comments."""

import csv
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data.read.tables import encoding as encodings
from core.data.read.tables.annotations import names_of
from core.data.read.tables.numbers import like_number
from core.errors import UserError

csv.field_size_limit(encodings.LONGEST)  # many genes, cut by the wrong separator, are one long field
SPACES = r"\s+"  # a run of blanks, as in tables that are aligned for the eye
SEPARATORS = {
    "\t": "tabs",
    ";": "semicolons",
    ",": "commas",
    "|": "vertical bars",
    " ": "spaces",
    SPACES: "runs of blanks",
}
COMMENT = re.compile(r"""^[\s"']*(?:#|%|//|!)""")
EXCEL_SEPARATOR = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)
LOOKED_AT = 20  # lines whose fields are looked at one by one
FIELDS = 2000  # of a line, for telling the separator
STEADY = 0.9  # share of the lines that a separator must cut into the same number of fields


class Record(NamedTuple):
    """A line of the table, cut into fields; `end` is the number of the last line of the file that belongs to it."""

    end: int
    fields: list[str]


class Dialect(NamedTuple):
    """What the parser has to know."""

    encoding: str
    separator: str  # one letter, or SPACES
    quote: str
    escape: str | None  # of quotes inside quotes; None: they are doubled
    spaced: bool = False  # a blank stands between separator and quote


class Sheet(NamedTuple):
    """The first lines of a table: `width` fields in each row, of which the last `trailing` are always empty."""

    dialect: Dialect
    header: Record | None  # None: the table has none
    rows: list[Record]
    width: int
    trailing: int
    notes: list[str]


def sheet_of(path: Path, name: str) -> Sheet:
    """The Sheet of the table at `path`; raises UserError where it is none."""
    lines, encoding = encodings.first_lines(path, name)
    notes = [f"'{name}' was read as {encodings.NAMES[encoding]}."] if encoding in encodings.NAMES else []
    forced, start = None, 0
    filled = [i for i, line in enumerate(lines) if line.strip()]
    if filled and (match := EXCEL_SEPARATOR.match(lines[filled[0]].strip("\r\n "))):
        forced, start = match[1], filled[0] + 1
    comments = [i for i in filled if i >= start and COMMENT.match(lines[i])]
    above = _unbroken(comments, [i for i in filled if i >= start])
    start = above[-1] + 1 if above else start
    if sum(i >= start for i in filled) + bool(above) < 2:
        raise UserError(f"'{name}' holds fewer than two lines, so it is no matrix with names: check it.")
    quote = _quote(lines[start:])
    escape = "\\" if any('\\"' in line for line in lines[start:]) else None
    separator = forced or _separator(lines[start:], quote, escape, name)
    spaced = separator not in (" ", SPACES) and any(f"{separator} {quote}" in line for line in lines[start:])
    dialect = Dialect(encoding, separator, quote, escape, spaced)
    records = cut(lines[start:], dialect, start)
    if above:  # the last line of comments may be the header: "#gene  cell1  cell2"
        last = cut([lines[above[-1]]], dialect, above[-1])
        width = len(records[-1].fields)
        if last and width > 2 and width - 1 <= len(last[0].fields) <= width + 1:
            first = re.sub(r"^[#%!/]+\s*", "", last[0].fields[0])
            records.insert(0, Record(last[0].end, [first, *last[0].fields[1:]]))
            above = above[:-1]
    sheet = _sheet(dialect, records, name)
    skipped = len(above) + sheet.notes.count("title")
    kinds = [word for word, n in (("comment", len(above)), ("title", sheet.notes.count("title"))) if n]
    if skipped:
        lines_were = "1 line" if skipped == 1 else f"{skipped} lines"
        notes.append(
            f"{lines_were} above the table ({' and '.join(kinds)}) {'was' if skipped == 1 else 'were'} skipped."
        )
    notes.insert(0, f"The fields of '{name}' are separated by {SEPARATORS.get(separator, repr(separator))}.")
    return sheet._replace(notes=notes)


def _unbroken(places, all_places):
    """Those of `places` with which `all_places` begins."""
    n = 0
    while n < len(places) and places[n] == all_places[n]:
        n += 1
    return places[:n]


def _quote(lines):
    """The quotation mark: ' only where the fields of the first line are all within such."""
    first = next((line for line in lines if line.strip()), "")
    single = re.fullmatch(r"\s*'[^',;\t]*'(?:[,;\t]'[^',;\t]*')+\s*", first)
    return "'" if single else '"'


def cut(lines, dialect: Dialect, before: int = 0) -> list[Record]:
    """The lines as Records without blank ones; `before` lines of the file lie above them."""
    return list(records_of(iter(lines), dialect, before))


def records_of(lines, dialect: Dialect, before: int = 0):
    """The Records of an iterator of lines, one after the other."""
    if dialect.separator == SPACES:
        lines = (re.sub(r"[ \t]+", " ", line.strip()) + "\n" for line in lines)
    reader = csv.reader(
        lines,
        delimiter=" " if dialect.separator == SPACES else dialect.separator,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        doublequote=dialect.escape is None,
        skipinitialspace=dialect.spaced,
    )
    try:
        for fields in reader:
            if fields and (len(fields) > 1 or fields[0].strip()):
                yield Record(before + reader.line_num, fields)
    except csv.Error as error:
        raise UserError(
            f"Line {before + reader.line_num} of the table cannot be cut into fields: check its quotation marks."
        ) from error


def _separator(lines, quote, escape, name):
    """The separator that cuts most lines into the same number of fields, best into numbers, else into many."""
    best, best_rank = None, None
    for order, separator in enumerate(SEPARATORS):
        try:
            records = cut(lines, Dialect("", separator, quote, escape))
        except UserError:
            continue
        names = [record.fields[0] for record in records[-LOOKED_AT:]]
        if separator in (" ", SPACES) and best and all(best in n and not like_number(n) for n in names):
            continue  # blanks within the values of a table with another separator, such as "type 1"
        widths = [len(record.fields) for record in records]
        late = widths[len(widths) // 3 :]
        width, n = Counter(late).most_common(1)[0] if late else (0, 0)
        if width < 2 or n < STEADY * len(late):
            continue
        fields = [
            f for record in records[-LOOKED_AT:] for f in record.fields[1:FIELDS] if f.strip() or "\t" in f
        ]
        share = float(np.mean(["\t" not in f and like_number(f) for f in fields])) if fields else 0.0
        rank = (round(share, 1), 0, -order) if share >= 0.5 else (0.0, width, -order)
        if best_rank is None or rank > best_rank:
            best, best_rank = separator, rank
    if best is None:
        text = "".join(lines[:LOOKED_AT])
        counts = {separator: text.count(separator) for separator in ("\t", ",", ";")}
        if not any(counts.values()):
            raise UserError(
                f"'{name}' has one column only: its separator is none of comma, tab and semicolon."
            )
        best = max(counts, key=counts.get)
    return best


def _sheet(dialect, records, name) -> Sheet:
    """Header, rows and width; `notes` has the word "title" for each line above the header."""
    late = records[min(len(records) - 1, len(records) // 3) :]
    width = Counter(len(record.fields) for record in late).most_common(1)[0][0]
    if width < 2:
        raise UserError(f"'{name}' has one column only: its separator is none of comma, tab and semicolon.")
    first = next(i for i, record in enumerate(records) if len(record.fields) == width)
    if first and _may_be_header(records[first - 1].fields, width):
        first -= 1
    # A title in a spreadsheet has as many fields as the table, all but one of them empty.
    while width > 2 and first + 2 < len(records) and sum(bool(f.strip()) for f in records[first].fields) < 2:
        first += 1
    titles, (head, *rows) = records[:first], records[first:]
    for record in titles:  # a row of values that is cut short is no title
        values = [field for field in record.fields[1:] if field.strip()]
        if len(values) > 1 and np.mean([like_number(value) for value in values]) > 0.5:
            raise wrong_width(record, width, name)
    if not rows:
        raise UserError(f"'{name}' holds fewer than two lines, so it is no matrix with names: check it.")
    if rows[-1].fields[0].startswith("!") and len(rows[-1].fields) < width:  # the end of a table of GEO
        rows = rows[:-1]
    for record in rows:
        if len(record.fields) != width:
            raise wrong_width(record, width, name)
    trailing = 0
    while trailing < width - 2 and all(not r.fields[width - 1 - trailing].strip() for r in rows):
        place = width - 1 - trailing
        if place < len(head.fields) and head.fields[place].strip():
            break
        trailing += 1
    if _is_values(head.fields, rows, width - trailing):
        return Sheet(dialect, None, records[first:], width, trailing, ["title"] * len(titles))
    return Sheet(dialect, head, rows, width, trailing, ["title"] * len(titles))


def _may_be_header(fields, width):
    """Could these be the column names above rows of `width` fields? R leaves out the corner, others add a separator."""
    short = len(fields) == width - 1 and width > 2
    long = len(fields) == width + 1 and not fields[-1].strip()
    names = [field.strip() for field in fields if field.strip()]
    numbers = all(like_number(field) for field in names)
    return (short or long) and not (numbers and _are_values(names))


def _are_values(numbers):
    """Do numbers repeat or have fractions, as names do not?"""
    return len(set(numbers)) < len(numbers) or any("." in number for number in numbers)


def _is_values(fields, rows, width):
    """Is the first line no header, but values, where the rows below have values?"""
    if len(fields) < width or not fields[0].strip() or names_of(fields[0]):  # a corner
        return False
    below = [record.fields for record in rows[:LOOKED_AT]]
    places = [i for i in range(1, width) if all(like_number(row[i]) for row in below)]
    values = [fields[i].strip() for i in places]
    return len(values) >= 3 and all(like_number(value) for value in values) and _are_values(values)


def wrong_width(record: Record, width: int, name: str) -> UserError:
    """The error for a row of another number of fields than the header has."""
    return UserError(
        f"Line {record.end} of '{name}' has {len(record.fields):,} fields but the first has {width:,}:"
        " save the table again with the same number in each."
    )
