"""Read a person's file into an AnnData of one normal form, or say in a sentence what is wrong with it."""

from core.data.identity import data_hash
from core.data.proteins import ProteinReport, protein_report
from core.data.read.door import SERVER, read
from core.data.read.joins import Sample, join_annotations, join_proteins, join_samples, what_is_lost
from core.data.read.normal import MIN_CELLS, tidy

__all__ = [
    "MIN_CELLS",
    "SERVER",
    "ProteinReport",
    "Sample",
    "data_hash",
    "join_annotations",
    "join_proteins",
    "join_samples",
    "protein_report",
    "read",
    "tidy",
    "what_is_lost",
]
