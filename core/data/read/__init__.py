"""Read a person's file into an AnnData of one normal form, or say in a sentence what is wrong with it."""

from core.data.identity import data_hash
from core.data.proteins import ProteinReport, protein_report
from core.data.read.door import SERVER, read
from core.data.read.joins import join_annotations, join_proteins
from core.data.read.normal import MIN_CELLS, tidy
from core.data.read.samples import Outline, Plan, Sample, check_room, join_samples, outline, plan

__all__ = [
    "MIN_CELLS",
    "SERVER",
    "Outline",
    "Plan",
    "ProteinReport",
    "Sample",
    "check_room",
    "data_hash",
    "join_annotations",
    "join_proteins",
    "join_samples",
    "outline",
    "plan",
    "protein_report",
    "read",
    "tidy",
]
