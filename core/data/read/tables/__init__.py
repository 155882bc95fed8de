"""Tables of text (csv, tsv, txt, tab, plain or gz): a matrix with names on both sides, or labels of cells."""

from core.data.read.tables.labels import read_labels
from core.data.read.tables.matrix import read_table

__all__ = ["read_labels", "read_table"]
