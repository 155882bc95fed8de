"""history.csv as it is read back; nothing numeric is loaded."""

import csv


def history_of(text):
    """The rows of history.csv: {column: float or None}."""
    rows = csv.DictReader(text.splitlines())
    return [{k: float(v) if v else None for k, v in row.items()} for row in rows]
