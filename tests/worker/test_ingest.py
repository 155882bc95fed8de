"""Reading calls every file by the name its owner gave it, and loads only the libraries that it uses."""

import subprocess
import sys
from pathlib import Path

import formats
import pytest
from app_under_test import bring

from core.store import Status
from core.worker import execute
from core.worker.jobs.ingest import _names

DAMAGED = b"\x89HDF\r\n\x1a\n but no more"


@pytest.fixture
def datasets(store):
    return store.of("local").datasets


@pytest.fixture
def first(store, tmp_path):
    """The id of the dataset 'cells.h5ad'."""
    id = bring(store.of("local"), "cells.h5ad", formats.h5ad(formats.counts(), tmp_path).read_bytes())
    execute.drain(store)
    return id


def joined_message(store, datasets, first, what, name):
    id = datasets.join(first, what, "click", name)
    execute.drain(store)
    row = store.row("dataset", id)
    assert row["status"] == Status.FAILED
    return row["message"]


def test_a_second_file_called_data_h5ad_does_not_rename_the_first(store, datasets, first):
    (store.root / "inbox" / "data.h5ad").write_bytes(store.dataset_folder(first).file.read_bytes())
    store.dataset_folder(first).file.write_bytes(DAMAGED)
    message = joined_message(store, datasets, first, "proteins", "data.h5ad")
    assert message.startswith("'cells.h5ad' is damaged")


def test_a_damaged_second_file_called_data_h5ad_is_named_itself(store, datasets, first):
    (store.root / "inbox" / "data.h5ad").write_bytes(DAMAGED)
    message = joined_message(store, datasets, first, "proteins", "data.h5ad")
    assert message.startswith("'data.h5ad' is damaged")


@pytest.mark.parametrize("name", ["mine.h5ad", "mine.zip", "mine.h5ad.gz", "mine.csv"])
def test_a_damaged_upload_is_called_by_its_owners_name(store, name):
    id = bring(store.of("local"), name, DAMAGED)
    execute.drain(store)
    row = store.row("dataset", id)
    assert row["status"] == Status.FAILED and f"'{name}' " in row["message"] and id not in row["message"]


def test_notes_call_an_upload_by_its_owners_name(store, tmp_path):
    table = formats.counts().to_df()
    id = bring(store.of("local"), "mine.csv", table.to_csv().encode())
    execute.drain(store)
    assert "'mine.csv'" in store.row("dataset", id)["record"]["question"]["sentence"]


def test_jobs_of_earlier_versions_saved_names_by_file_name():
    saved = {"data.h5ad": "cells.h5ad", "1f.csv": "labels.csv"}
    names = _names("cells.h5ad + labels.csv", "/d/data.h5ad", ["/u/1f.csv"], saved)
    assert names == {"/d/data.h5ad": "cells.h5ad", "/u/1f.csv": "labels.csv"}


READ_AND_PREPARE = """
import sys
from pathlib import Path
from core.config import RunConfig
from core.settings import Settings
from core.store import Status, Store
from core.worker.jobs import ingest, prepare
store = Store(Settings(data_dir=Path(sys.argv[1])))
id = store.add("dataset", "local", name="a.h5ad", origin="inbox:a.h5ad", status=Status.QUEUED)
ingest.read_file(store, {"target": id, "arguments": {"path": sys.argv[2]}}, lambda *_: None)
settings = RunConfig(n_top_genes=20).model_dump()
preparation = store.add("preparation", "local", dataset=id, settings=settings, status=Status.QUEUED)
prepare.prepare_data(store, {"target": preparation}, lambda *_: None)
print(store.row("preparation", preparation)["status"], *(name for name in sys.argv[3:] if name in sys.modules))
"""
UNUSED = ("torch", "scanpy", "sklearn", "umap", "pynndescent", "matplotlib", "igraph", "dash", "plotly")


def test_reading_and_preprocessing_load_no_library_of_training(tmp_path):
    path = formats.h5ad(formats.counts(), tmp_path)
    command = [sys.executable, "-c", READ_AND_PREPARE, str(tmp_path / "data"), str(path), *UNUSED]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["ready"], done.stderr
