"""A data folder of commit 059a8f2 opens today: pages, maps, mapping, bundle and verify (tests/fixtures/make_store_0_1_0.py)."""

import csv
import json
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest
from app_under_test import AppUnderTest, clusters_page, sent
from constants import FIXTURES, ROOT

from core.store.run_table import Query
from core.worker.execute import drain
from core.worker.older_runs import fill_scores

PARTS = ["h5ad", "tables", "weights", "markers", "scores"]


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """The unpacked folder with the app over it; `dataset`, `derived` and `run` are the ids of its rows."""
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(FIXTURES / "store_0_1_0.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    nuwa = AppUnderTest(folder / "data")
    drain(nuwa.store)
    datasets = {row["name"]: row["id"] for row in nuwa.store.rows("dataset")}
    nuwa.dataset = datasets.pop("tiny.h5ad")
    (nuwa.derived,) = datasets.values()
    nuwa.run = next(row["id"] for row in nuwa.store.rows("run") if row["name"] == "first")
    return nuwa


def test_nothing_is_done_again_when_the_folder_opens(older):
    """Every job of the older folder is finished, and none was added."""
    jobs = older.store.jobs()
    assert {job["status"] for job in jobs} == {"done"}
    kinds = {"read", "steps", "prepare", "train", "explore", "markers", "embed", "spaces", "explained"}
    assert kinds | {"cell_scores", "labels", "meaning", "steadiness", "stability", "map", "bundle"} == {
        job["kind"] for job in jobs
    }


@pytest.mark.parametrize("path", ["/data", "/preprocess", "/model", "/train", "/clusters", "/runs"])
def test_every_page_answers_for_the_run(older, path):
    answer = older.press("content.children", {"url.pathname": path, "url.search": f"?run={older.run}"})
    header, content = sent(answer["header"]), sent(answer["content"])
    assert "tiny.h5ad" in header and older.run in header
    assert "no longer exists" not in content and "does not exist" not in content


def test_the_table_of_runs_has_the_scores_of_older_runs(older):
    rows = {row["name"]: row for row in older.view.run_table.rows(Query())}
    assert {"first", "first, seed 1"} <= set(rows)
    assert rows["first"]["loss"] is not None and rows["first"]["neighbours_kept"] is not None
    assert rows["first"]["knn_accuracy"] is None  # it is in the folder alone, until the worker has read that
    fill_scores(older.store)
    assert 0 < older.view.runs.one(older.run)["knn_accuracy"] <= 1


def test_the_clusters_page_has_the_named_clusters(older):
    page = clusters_page(older.view, older.run)
    assert "My cells" in page and older.derived in page  # what can be mapped


def test_both_datasets_are_on_the_data_page(older):
    for dataset, cells in ((older.dataset, "240 cells"), (older.derived, "cells")):
        answer = older.press(
            "content.children", {"url.pathname": "/data", "url.search": f"?dataset={dataset}"}
        )
        assert cells in sent(answer["content"])


@pytest.mark.parametrize("space", ["latent_umap", "latent_tsne", "input_umap", "pca", "protein_pca"])
def test_the_maps_draw(older, space):
    answer = older.client.get(f"/cells/{older.run}/points?space={space}")
    length = int.from_bytes(answer.data[:4], "little")
    head = json.loads(answer.data[4 : 4 + length])
    assert answer.status_code == 200 and head["n"] == 240


def test_colours_come_from_clusters_names_genes_and_seeds(older):
    (line,) = {row["line"] for row in named(older)}
    for by in (
        "clusters",
        f"made:{line}",
        "obs:cell_type",
        "gene:SIM-0007",
        "protein:ADT-01",
        "company",
        "score:neighbours_kept_15",
    ):
        answer = older.client.get(f"/cells/{older.run}/colour", query_string={"by": by, "resolution": 1.0})
        assert answer.status_code == 200, by
        head = json.loads(answer.data[4 : 4 + int.from_bytes(answer.data[:4], "little")])
        if by.startswith("made"):
            assert "#0072b2" in head["palette"]


def named(older):
    """The clusterings named by hand, read from the database alone."""
    with older.store.engine.connect() as db:
        return [dict(row) for row in db.exec_driver_sql("select * from clusterings").mappings()]


def test_the_mapping_of_the_older_folder_downloads_as_csv(older):
    (key,) = [path.name for path in (older.store.root / "runs" / older.run / "mapped").iterdir()]
    text = older.client.get(f"/download/{older.run}/mapped.csv?key={key}&threshold=0.5").text
    labels = [row[1] for row in csv.reader(text.splitlines())][1:]
    assert "T cells" in labels


def test_a_new_mapping_works(older):
    values = {
        "map-go.n_clicks": 1,
        "map-dataset.value": older.derived,
        "map-labels.value": "obs:cell_type",
        "map-batch.value": " ",
        "resolution.value": 1.0,
        "run.data": older.run,
    }
    answer = older.work("mapping", values, "map-go.n_clicks")
    job = older.store.job(answer["mapping-done"]["data"])
    assert job["status"] == "done", job["message"]
    folder = older.store.root / "runs" / older.run / "mapped" / job["result"]["key"]
    confidence = np.load(folder / "confidence.npy")
    assert np.median(confidence) > 0.5


@pytest.mark.slow
def test_the_older_bundle_verifies_and_a_new_one_is_made(older, tmp_path):
    """Bits are the same where device, threads, processor and versions are; what differs is named."""
    path = older.store.root / "runs" / older.run / "bundle.zip"
    older_bundle = tmp_path / "older.zip"
    older_bundle.write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "core", "verify", str(older_bundle), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    answer = json.loads(done.stdout)
    assert answer["same"] or any(reason.startswith("Another ") for reason in answer["reasons"]), answer
    assert done.returncode == (0 if answer["same"] else 1)

    values = {
        "bundle-go.n_clicks": 1,
        "bundle-by.value": "clusters",
        "resolution.value": 1.0,
        "bundle-parts.value": PARTS,
        "bundle-denoised.value": False,
        "bundle-width.value": 7,
        "bundle-height.value": 4,
        "bundle-dpi.value": 100,
        "bundle-unit.value": "inches",
        "run.data": older.run,
    }
    answer = older.press("bundle-job.data", values, "bundle-go.n_clicks")
    job = older.store.job(answer["bundle-job"]["data"])
    assert job["status"] == "done", job["message"]
    with zipfile.ZipFile(path) as new, zipfile.ZipFile(older_bundle) as old:
        assert set(new.namelist()) == set(old.namelist())
        assert new.read("latent.npy") == old.read("latent.npy")
