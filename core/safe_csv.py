"""CSV tables in which no text is a formula to a spreadsheet, and reading them back."""

import csv
import re

# The beginning of a formula in spreadsheets, and the same after the apostrophe that marks it as text: OWASP,
# "CSV Injection" (owasp.org/www-community/attacks/CSV_Injection).
FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
MARKED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def safe(value):
    """The value of a field: text that begins like a formula gets an apostrophe; numbers, also as text, are unchanged."""
    if not isinstance(value, str) or not FORMULA.match(value) or _is_number(value):
        return value
    return f"'{value}"


def plain(text):
    """The original text of a field that `safe` has changed."""
    return text[1:] if MARKED.match(text) else text


class Writer:
    """A csv.writer whose text is `safe`."""

    def __init__(self, file):
        self._writer = csv.writer(file)

    def writerow(self, row):
        """Write a row."""
        self._writer.writerow(map(safe, row))

    def writerows(self, rows):
        """Write rows."""
        self._writer.writerows(map(safe, row) for row in rows)


def rows(file):
    """The rows of a CSV, each a list of its fields as they were before `safe`."""
    for row in csv.reader(file):
        yield [plain(field) for field in row]


def records(file):
    """The rows of a CSV below its header, each a dict by column name."""
    head, *others = rows(file)
    for row in others:
        yield dict(zip(head, row, strict=True))


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
