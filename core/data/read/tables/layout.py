"""What each column of a table holds: the names of its rows, their numbers, what is known of them, or values."""

from pathlib import Path
from typing import NamedTuple

from core.data.read.axis_names import like_barcodes, like_genes
from core.data.read.tables.annotations import describes, is_of_names, names_of, plain
from core.data.read.tables.dialect import LOOKED_AT, Dialect, Sheet, sheet_of
from core.data.read.tables.numbers import MISSING, like_number, mostly_text
from core.errors import UserError
from core.text import few

MOST_ASIDE = 20  # columns of text that may stand beside the numbers
FIRST_COLUMN = "first_column"  # the name of the question whether the first column holds names or values
LOGICAL = {"true", "false", "t", "f", "yes", "no"}
ALIKE = 0.3  # share of column names that look like genes from which the first one that does is a gene, too


class Layout(NamedTuple):
    """How a table is read. Columns are numbered from 0, rows below the header too."""

    dialect: Dialect
    columns: list[str]  # one name for each field
    corner: str  # the header of the column of names
    above: int  # lines of the file above the first row of values
    names: int | None  # the column of names; None: the rows have none
    aside: list[int]  # columns that describe the rows
    values: list[int]
    above_rows: dict[str, list[str]]  # rows above the values that describe the columns, by name
    first_names: list[str]  # of the first rows of values
    sample: list[list[str]]  # the fields of the first LOOKED_AT rows of values
    named: bool  # the columns have names


def layout_of(path: Path, name: str, reading) -> Layout:
    """The Layout of the table at `path`, every guess said; raises UserError for a table that is all text."""
    sheet = sheet_of(path, name)
    for note in sheet.notes:
        reading.say(note)
    columns = _columns(sheet, name, reading)
    rows = [record.fields for record in sheet.rows]
    width = sheet.width - sheet.trailing
    blank = [i for i in range(1, width) if not columns[i].strip() and not any(row[i].strip() for row in rows)]
    if all(not row[0].strip() for row in rows) and width > 2 and not columns[0].strip():
        blank.insert(0, 0)  # a separator at the start of each line
    if blank or sheet.trailing:
        reading.say(
            f"{_columns_are(len(blank) + sheet.trailing)} skipped: without a name and without values."
        )
    here = [i for i in range(width) if i not in blank]
    rows_above = _rows_above(rows, here)
    body = rows[len(rows_above) :]
    if not body:
        raise _all_text(name, rows, here)
    texts = _texts(body[:LOOKED_AT], here)
    if len(here) > 2 and _is_row_numbers(columns[here[0]], [row[here[0]] for row in body]):
        # Names may look like numbers: behind the numbers of rows one name that does not is enough.
        texts += [here[1]] if here[1] not in texts and not _all_numbers(body, here[1]) else []
    names = _names_column(columns, body, here, texts, name, reading)
    others = [i for i in here if i != names]
    aside = [i for i in others if i in texts or (sheet.header and describes(columns[i]) and i != names)]
    first = here[0]
    if (
        first in others
        and first not in aside
        and _is_row_numbers(columns[first], [row[first] for row in body])
    ):
        others.remove(first)
        reading.say(f"The first column of '{name}' only numbers its rows and was skipped.")
    unnamed = [i for i in others if i not in aside and sheet.header and not columns[i]]
    if counting := [i for i in unnamed if _is_row_numbers("", [row[i] for row in body])]:
        others = [i for i in others if i not in counting]
        reading.say(f"A column of '{name}' without a name only numbers its rows and was skipped.")
    values = [i for i in others if i not in aside]
    if len([i for i in aside if i in texts]) > MOST_ASIDE or len(values) <= len(aside) or not values:
        raise _all_text(name, body, [i for i in aside if i in texts] or here)
    above = [record for record in (sheet.header, *sheet.rows[: len(rows_above)]) if record]
    return Layout(
        sheet.dialect,
        columns,
        columns[names] if names is not None and sheet.header else "",
        above[-1].end if above else sheet.rows[0].end - 1,
        names,
        aside,
        values,
        {
            row[names if names is not None else 0].strip() or f"row_{i}": row
            for i, row in enumerate(rows_above, 1)
        },
        [row[names].strip() for row in body] if names is not None else [],
        body[:LOOKED_AT],
        sheet.header is not None,
    )


def _columns_are(n):
    return "1 column was" if n == 1 else f"{n:,} columns were"


def _columns(sheet: Sheet, name, reading) -> list[str]:
    """A name for each field of a row; those of a table without header are numbered later."""
    if sheet.header is None:
        reading.say(f"'{name}' has no line of column names.")
        return [""] * sheet.width
    fields = [field.strip() for field in sheet.header.fields]
    if len(fields) == sheet.width - 1 and not sheet.trailing:
        reading.say(f"The first line of '{name}' lacks the name of the first column, as R writes it.")
        fields = ["", *fields]
    return (fields + [""] * sheet.width)[: sheet.width]


def _texts(rows, columns):
    """The columns that hold text in most rows."""
    texts = []
    for i in columns:
        known = [row[i] for row in rows if row[i].strip().lower() not in MISSING]
        if known and sum(not like_number(text) for text in known) > len(known) / 2:
            texts.append(i)
    return texts


def _all_numbers(rows, column):
    return all(like_number(row[column]) for row in rows)


def _rows_above(rows, columns):
    """The first rows, as far as they describe the columns: text where the rows below have numbers, or a known name."""
    above = []
    for row in rows[:LOOKED_AT]:
        text = mostly_text([row[i] for i in columns[1:]])
        if not (text or (row[columns[0]].strip() and describes(row[columns[0]]))):
            break
        above.append(row)
    return [] if len(above) == min(len(rows), LOOKED_AT) else above


def _names_column(columns, rows, here, texts, name, reading):
    """The column that names the rows, None where the rows have no names."""
    first = here[0]
    fields = {i: [row[i].strip() for row in rows] for i in {first, *texts}}
    unique = [i for i in texts if len(set(fields[i])) == len(rows) and len(rows) > 1]
    counting = _is_row_numbers(columns[first], fields[first])
    word = columns[first]
    if first not in texts and names_of(word):  # Entrez ids beside symbols, numbers of cells beside barcodes
        unique = [i for i in unique if names_of(columns[i]) == names_of(word)] or unique[:0]
        counting = bool(unique)
    if first in texts and (first in unique or not unique):
        named = [i for i in unique if names_of(columns[i])]
        return named[0] if describes(word) and not is_of_names(word) and named else first
    if (
        first not in texts
        and unique
        and (counting or len(set(fields[first])) < len(rows) or not names_of(word))
    ):
        return max(unique, key=lambda i: (_likeness(fields[i]), is_of_names(columns[i]), -i))
    if first in texts:
        return max([first, *unique], key=lambda i: (i in unique and _likeness(fields[i]) > 0.5, -i))
    if names_of(word) or is_of_names(word):
        return first
    return first if _first_names(columns, fields[first], here, texts, name, reading) else None


def _first_names(columns, fields, here, texts, name, reading):
    """Are the numbers of the first column, whose header is no known word, the names of the rows?"""
    others = [columns[i] for i in here[1:] if i not in texts]
    repeated = len(set(fields)) < len(fields)
    if not columns[here[0]]:  # no header at all
        alone = repeated or any("." in field for field in fields)
        if alone:
            reading.say(f"The rows of '{name}' have no names; they were numbered.")
        return not alone
    alike = like_genes([columns[here[0]]]) > 0.5 and like_genes(others) >= ALIKE
    alike = alike or (like_barcodes([columns[here[0]]]) > 0.5 and like_barcodes(others) > 0.5)
    if _is_counting(fields) and not alike:
        return True
    known = alike and (repeated or not _is_counting(fields))
    header, shown = columns[here[0]][:30], few(fields, 3)
    choices = [
        ("names", "they are the names of the rows"),
        ("values", "they are values, and the rows have no names"),
    ]
    sentence = (
        f"The first column of '{name}' is called '{header}' and begins with {shown}: what does it hold?"
    )
    answer = (
        "values"
        if known
        else reading.answer(sentence, FIRST_COLUMN, choices, "values" if repeated else "names", False)
    )
    if answer == "values":
        reading.say(
            f"The rows of '{name}' have no names; they were numbered ('{header}' is a column of values)."
        )
    return answer == "names"


def _is_counting(fields):
    """Do these count from 0 or 1 upwards?"""
    if not fields or not all(field.strip().isdecimal() for field in fields):
        return False
    numbers = [int(field) for field in fields]
    return numbers[0] in (0, 1) and all(b == a + 1 for a, b in zip(numbers, numbers[1:], strict=False))


def _is_row_numbers(header, fields):
    """Are these the numbers of rows? After some rows were removed they have holes."""
    nameless = plain(header) in ("", "unnamed0", "index", "x", "x1", "v1", "rownames")
    whole = all(field.strip().isdecimal() for field in fields) and len(set(fields)) == len(fields)
    return _is_counting(fields) or (nameless and whole)


def _likeness(names):
    return max(like_barcodes(names), like_genes(names))


def _all_text(name, rows, columns) -> UserError:
    text = next((row[i] for row in rows for i in columns[-1:] or [0] if row[i].strip()), "")
    shown = next((row[columns[0]] for row in rows if row[columns[0]].strip()), text)
    fields = {row[i].strip().lower() for row in rows[:LOOKED_AT] for i in columns[-3:]}
    if fields and fields <= LOGICAL:
        return UserError(
            f"'{name}' holds TRUE and FALSE, which say whether a gene was detected, not how often: bring the counts."
        )
    return UserError(
        f"'{name}' holds text ('{shown[:30]}'), not a matrix of numbers: if it is a table"
        " of labels, join it to the file of the counts."
    )
