"""What preprocessing made of a dataset, as the database keeps it."""

from typing import Any

from core.config.dataset_record import Record


class Histograms(Record):
    """The values of a modality before and after preprocessing: {"edges", "counts"} each."""

    name: str
    before: dict[str, Any]
    after: dict[str, Any]


class PreparationRecord(Record):
    """The record of a preparation that is ready."""

    n_cells: int = 0
    n_genes: int = 0
    n_proteins: int = 0
    proteins: tuple[str, ...] = ()
    genes: tuple[str, ...] = ()  # the first 200
    kind: str | None = None  # of the matrix that was preprocessed
    where: str | None = None  # where it lies
    notes: tuple[str, ...] = ()
    n_train: int = 0
    histograms: tuple[Histograms, ...] = ()

    @classmethod
    def upgraded(cls, record):
        """The PreparationRecord of a record of this version or an earlier one; an empty one where there is none yet."""
        return record if isinstance(record, cls) else cls(**(record or {}))

    @classmethod
    def of(cls, row):
        """The PreparationRecord of a row of the database."""
        return cls.upgraded(row["record"])
