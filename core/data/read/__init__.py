"""Read a person's file into an AnnData of one normal form, or say in a sentence what is wrong with it."""

from core.data.fingerprint import data_hash
from core.data.normal_form import MIN_CELLS, tidy
from core.data.protein_panel import ProteinReport, protein_report
from core.data.read.concatenate import Outline, Plan, Sample, check_room, join_samples, outline, plan
from core.data.read.sandbox import SERVER, read
from core.data.read.second_file import join_annotations, join_proteins

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
