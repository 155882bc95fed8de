"""An installation without harmonypy, whose licence is GPL-3: everything else is there, and the page says what to do."""

import importlib.metadata
import importlib.util
import sys

import numpy as np
import pytest
from app_under_test import sent

from core.analysis import harmony
from core.errors import UserError
from core.export.versions import versions
from dashboard.pages.clusters import batch_note
from dashboard.pages.clusters.viewer import embeddings


@pytest.fixture
def without(monkeypatch):
    """harmonypy is not installed."""
    find, version = importlib.util.find_spec, importlib.metadata.version

    def missing(name):
        if name == "harmonypy":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "harmonypy" else find(name))
    monkeypatch.setattr(importlib.metadata, "version", missing)
    monkeypatch.setitem(sys.modules, "harmonypy", None)


@pytest.mark.usefixtures("without")
def test_nothing_is_computed_and_the_versions_leave_it_out():
    assert harmony.harmony(np.zeros((40, 3), dtype=np.float32), np.arange(40) % 2) is None
    assert "harmonypy" not in versions() and "igraph" in versions()


def test_the_page_says_what_to_install(finished):
    row = finished.view.runs.one(finished.run)
    run = row | {"config": row["config"] | {"batch_key": "sample"}}
    with_scores = run | {"scores": row["scores"] | {"ilisi": 1.3, "ilisi_input": 1.1, "batches": 2}}
    assert "installs requirements-harmony.txt" in sent(batch_note.line(with_scores))
    there = with_scores | {"scores": with_scores["scores"] | {"ilisi_harmony": 1.6}}
    assert "requirements-harmony" not in sent(batch_note.line(there))
    with pytest.raises(UserError, match="install requirements-harmony.txt"):
        embeddings.points(finished.view, run, "harmony", 2)
