"""The record of a dataset: that of an earlier version opens, and the fields are those that the data checks write."""

import dataclasses

import pytest
from pydantic import ValidationError

from core.config.dataset_record import DatasetRecord, KnownColumn, KnownFinding, KnownMatrix
from core.config.preparation_record import PreparationRecord
from core.data import checks
from core.data.checks.finding import Column, Finding
from core.data.matrix_kind import MatrixKind


def test_a_record_of_the_first_version_gets_a_badge():
    old = {"verdict": {"kind": "scaled", "evidence": "Means are 0.", "target_sum": None}, "cells": 3}
    record = DatasetRecord.upgraded(old)
    assert (record.badge.words, record.badge.why, record.cells) == ("X: scaled", "Means are 0.", 3)
    assert record.quality_columns is None and record.findings == () and record.steps == ()


def test_a_dataset_without_a_record_has_an_empty_one():
    record = DatasetRecord.upgraded(None)
    assert record == DatasetRecord() and record.badge is None and record.stops == ()
    assert DatasetRecord.upgraded(record) is record


def test_a_record_cannot_be_changed():
    with pytest.raises(ValidationError):
        DatasetRecord().cells = 3


def test_the_report_of_the_data_checks_fits(tiny):
    """Every key of the report has a field, and every field of a part."""
    report = checks.examine(tiny).record()
    names = {field.alias or name for name, field in DatasetRecord.model_fields.items()}
    shown_by_inspect = {"total", "protein_total", "first_cells", "first_genes", "first_proteins"}
    assert set(report) - shown_by_inspect <= names
    record = DatasetRecord.upgraded(report)
    assert [finding.model_dump() for finding in record.findings] == [
        finding | {"others": tuple(finding["others"])} for finding in report["findings"]
    ]
    assert set(KnownFinding.model_fields) == {field.name for field in dataclasses.fields(Finding)}
    assert set(KnownColumn.model_fields) == set(Column._fields)
    assert set(KnownMatrix.model_fields) == set(MatrixKind._fields)


def test_a_preparation_without_a_record_has_an_empty_one():
    assert PreparationRecord.upgraded(None) == PreparationRecord()
    record = {
        "n_cells": 3,
        "histograms": [{"name": "RNA", "before": {}, "after": {}}],
        "of an earlier version": 1,
    }
    read = PreparationRecord.of({"record": record})
    assert (read.n_cells, read.histograms[0].name) == (3, "RNA") and PreparationRecord.upgraded(read) is read
