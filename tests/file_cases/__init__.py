"""A table of files of the kinds people bring, and what the command line must make of each.

The rows are in `counts.py`, `tables.py` and `tenx.py` beside this file. To add one, append a `Case` to `CASES` there:
its file is a function that writes it, `make(folder) -> path`, or a name in the folder of cases (NUWA_TEST_CASES), where
`truth.json` has its values. tests/data/test_cases.py runs them all.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from core.cli import MISTAKE, main

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("NUWA_TEST_CASES", ROOT / "../shared/cases"))
# Keys of truth.json that are fields of a Case; `first_gene` and the like are the beginning of a list here.
TRUTH = ("cells", "genes", "proteins", "total", "protein_total", "counts")
FIRST = {"first_cell": "cell_names", "first_gene": "gene_names"}


class Case(NamedTuple):
    """A file, the arguments beside it, and what must come of it; None or "" for what is not checked."""

    file: (
        str | Callable[[Path], Any]
    )  # a name in FOLDER, or a function that writes a file and returns its path
    words: tuple[str, ...] = ()  # arguments; what is the name of a file in FOLDER becomes its path
    cells: int | None = None
    genes: int | None = None
    proteins: int | None = None
    total: float | None = None  # of the matrix that is trained on
    protein_total: float | None = None
    cell_names: tuple[str, ...] = ()  # the first ones, up to five
    gene_names: tuple[str, ...] = ()
    protein_names: tuple[str, ...] = ()
    counts: str | None = None  # where they lie: 'X', 'raw.X', 'layers["counts"]'
    kind: str = ""  # of X, a key of KIND_WORDS
    form: str | None = None  # a finer one, a key of FORM_WORDS
    sentence: str | tuple[str, ...] = ()  # parts of the findings, or of the refusal
    absent: str | tuple[str, ...] = ()  # what no finding may say
    exit: int = 0  # 1: a finding forbids training; 2: refused, or a question
    name: str = ""  # of the case, where several have the same file
    files: tuple[str, ...] = ()  # names in FOLDER of further files, which are joined to `file`
    open: bool = False  # not right yet: the test must fail

    @property
    def id(self):
        return self.name or (self.file if isinstance(self.file, str) else self.file.__name__)


class Outcome(NamedTuple):
    """What `inspect --json` printed (None where it refused), its exit code and what it said on standard error."""

    record: dict | None
    code: int
    error: str


def with_truth(case: Case) -> Case:
    """The case with the values of truth.json that it does not set itself; skips the test where the file is not there."""
    if not isinstance(case.file, str):
        return case
    if not (FOLDER / case.file).exists():
        pytest.skip(f"no file {case.file} in {FOLDER} (NUWA_TEST_CASES)")
    truth = json.loads((FOLDER / "truth.json").read_text()).get(case.file, {})
    values = {key: truth[key] for key in TRUTH if key in truth and getattr(case, key) is None}
    values |= {
        key: tuple(truth[key][:5])
        for key in ("gene_names", "protein_names")
        if key in truth and not getattr(case, key)
    }
    values |= {
        field: (truth[key],)
        for key, field in FIRST.items()
        if key in truth and field not in values and not getattr(case, field)
    }
    if truth.get("form") == "log counts" and case.form is None:
        values["form"] = truth["form"]
    return case._replace(**values)


def outcome(case: Case, folder: Path, capsys) -> Outcome:
    """Inspect the file of a case, or what comes of joining its files."""
    path = FOLDER / case.file if isinstance(case.file, str) else case.file(folder)
    words = [str(FOLDER / word) if _is_file(word) else word for word in case.words]
    if case.files:
        joined = folder / "joined.h5ad"
        code = main(
            ["join", str(path), *(str(FOLDER / name) for name in case.files), "--out", str(joined), *words]
        )
        error = capsys.readouterr().err
        if code:
            return Outcome(None, code, error)
        path, words = joined, []
    code = main(["inspect", "--json", str(path), *words])
    printed = capsys.readouterr()
    return Outcome(None if code == MISTAKE else json.loads(printed.out), code, printed.err)


def _is_file(word):
    return not word.startswith("-") and (FOLDER / word).exists()


def check(case: Case, seen: Outcome) -> None:
    """Assert that a case came out right."""
    record, findings = seen.record or {}, (seen.record or {}).get("findings", ())
    text = " ".join([seen.error, *(f"{one['sentence']} {one['evidence']}" for one in findings)])
    assert seen.code == case.exit, text
    for part in _several(case.sentence):
        assert part in text, text
    for part in _several(case.absent):
        assert part not in text, text
    if seen.record is None:
        assert "Traceback" not in seen.error and (case.files or seen.error.count("\n") == 1)
        return
    expected = {
        "cells": case.cells,
        "genes": case.genes,
        "counts_where": case.counts,
        "proteins": case.proteins,
        "kind": case.kind or None,
        "form": case.form,
    }
    actual = record | {"proteins": len(record["proteins"])} | record["verdict"]
    expected = {key: value for key, value in expected.items() if value is not None}
    assert {key: actual[key] for key in expected} == expected, text
    for key in ("total", "protein_total"):
        if (value := getattr(case, key)) is not None:
            assert record[key] == pytest.approx(value, rel=1e-6), text
    for axis in ("cell", "gene", "protein"):
        names = getattr(case, f"{axis}_names")
        assert tuple(record[f"first_{axis}s"][: len(names)]) == names


def _several(parts):
    return (parts,) if isinstance(parts, str) and parts else parts
