"""A mistake in our code is not called a damaged file: it has a number, and its traceback is logged."""

import logging

import h5py
import pytest

from core.data.count_sources import genes_of
from core.data.read import readers, sandbox
from core.data.read.context import Reading
from core.data.read.readers import carefully
from core.errors import OwnError, UserError
from core.text import few


def error_of(step, tmp_path):
    with pytest.raises(UserError) as caught:
        carefully(step, tmp_path / "cells.h5ad", Reading(tmp_path))
    return caught.value


def test_a_mistake_of_ours_is_said_with_its_number(tmp_path, monkeypatch):
    (tmp_path / "cells.h5ad").write_text("x")
    monkeypatch.setattr(readers, "is_matrix", lambda: False)  # called with an argument
    error = error_of(readers.open_path, tmp_path)
    assert isinstance(error, OwnError)
    number = error.trace[:8]
    assert str(error).startswith(f"An error of Nuwa stopped the reading of 'cells.h5ad' (logged as {number})")
    assert "in open_path" in error.trace


def test_what_a_library_says_of_a_file_is_damage(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_group("X")
        error = error_of(lambda *_: file["X"][3], tmp_path)  # a TypeError of h5py
    assert str(error) == "'cells.h5ad' is damaged or was not copied to its end: copy it again."
    for step in (lambda *_: int("no number"), lambda *_: few(None), lambda *_: genes_of(None, "raw.X")):
        assert not isinstance(error_of(step, tmp_path), OwnError)


def test_the_traceback_goes_to_the_log(tmp_path, caplog):
    (tmp_path / "answer.json").write_text(
        '{"sentence": "An error.", "memory": false, "trace": "1a2b3c4d: Traceback"}'
    )
    with caplog.at_level(logging.ERROR, "nuwa.read"), pytest.raises(UserError, match="An error"):
        sandbox._result(tmp_path, {"late": False}, {"most_memory": 1e9}, "'x'")
    assert "1a2b3c4d: Traceback" in caplog.text
