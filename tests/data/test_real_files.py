"""Every real file opens on the page and on the command line, and holds the same whichever way it came."""

import json

import anndata
import numpy as np
import pytest
from app_under_test import AppUnderTest, sent
from app_under_test import bring as bring_file

from core.cli import main
from core.data import read
from core.worker.execute import drain
from dashboard.pages.data import page as data

pytestmark = pytest.mark.slow

SETS = ("pbmc10k_citeseq.h5ad", "pbmc3k.h5ad", "baron_pancreas_human.h5ad")
FORMATS = (
    *("citeseq.h5mu", "citeseq_feature_types.h5ad", "filtered_feature_bc_matrix"),
    *("filtered_feature_bc_matrix.h5", "filtered_feature_bc_matrix.tar.gz", "rna.loom", "rna.zarr.zip"),
    *("rna_200cells_cells_by_genes.csv.gz", "rna_200cells_genes_by_cells.tsv.gz", "protein_200cells.csv.gz"),
)
LABELS = "metadata.csv"  # a table about cells: it opens beside a dataset
EVERY = [*SETS, *(f"formats/{name}" for name in FORMATS)]


def test_no_real_file_is_forgotten(real_data):
    there = {path.name for path in (*real_data("").iterdir(), *real_data("formats").iterdir())}
    assert there - {"README.md", "formats"} == {*SETS, *FORMATS, LABELS}


@pytest.fixture(scope="module")
def cells600(real_data):
    return read.read(real_data("formats/citeseq_feature_types.h5ad"))


@pytest.fixture(scope="module")
def nuwa(tmp_path_factory):
    return AppUnderTest(tmp_path_factory.mktemp("real"))


def opened(nuwa, path):
    """The row of a dataset that came through the page: a file from the browser, a folder from the inbox."""
    if path.is_dir():
        (nuwa.store.root / "inbox" / path.name).symlink_to(path)
        id = nuwa.view.datasets.add_from_inbox(path.name, path.name)
    else:
        id = bring_file(nuwa.view, path.name, path.read_bytes())
    drain(nuwa.store)
    row = nuwa.view.datasets.one(id)
    if row["status"] == "asking":  # as the file itself speaks for
        assert row["record"]["question"]["sentence"] in sent(data.detail(nuwa.view, row))
        nuwa.view.datasets.answer(id, row["record"]["question"]["default"], f"answer {id}")
        drain(nuwa.store)
    return nuwa.view.datasets.one(id)


def is_part_of(adata, cells600):
    """Do these cells have the counts that they have among the 600?"""
    expected = cells600[adata.obs_names, adata.var_names]
    if "protein" in adata.obsm:  # some files call CD3 CD3_TotalSeqB
        np.testing.assert_array_equal(adata.obsm["protein"], expected.obsm["protein"])
    return (adata.X != expected.X).sum() == 0


@pytest.mark.parametrize("name", EVERY)
def test_every_real_file_opens_on_the_page(nuwa, real_data, cells600, name):
    row = opened(nuwa, real_data(name))
    assert row["status"] == "ready", row["message"]
    text = sent(data.detail(nuwa.view, row))
    assert "Data checks" in text and f"{row['record']['cells']:,}" in text
    if name.startswith("formats/"):
        adata = anndata.read_h5ad(nuwa.store.dataset_folder(row["id"]).file)
        assert adata.n_obs == (200 if "200cells" in name else 600)
        if "protein_" not in name:
            assert adata.n_vars == cells600.n_vars and is_part_of(adata, cells600)
            assert ("protein" in adata.obsm) == ("rna" not in name)


def test_labels_and_proteins_open_on_the_page_beside_a_data_set(nuwa, real_data, cells600):
    path = real_data("formats/rna_200cells_cells_by_genes.csv.gz")
    first = opened(nuwa, path)
    for what, name in (("annotations", LABELS), ("proteins", "protein_200cells.csv.gz")):
        content = real_data(f"formats/{name}").read_bytes()
        id = bring_file(nuwa.view, name, content, (first["id"], what))
        drain(nuwa.store)
        first = nuwa.view.datasets.one(id)
        assert first["status"] == "ready", first["message"]
    adata = anndata.read_h5ad(nuwa.store.dataset_folder(first["id"]).file)
    assert is_part_of(adata, cells600) and adata.obsm["protein"].shape == (
        200,
        len(cells600.obsm["protein"].columns),
    )
    assert list(adata.obs["cell_type"]) == list(cells600[adata.obs_names].obs["cell_type"])


@pytest.mark.parametrize("name", EVERY)
def test_every_real_file_opens_on_the_command_line(real_data, capsys, name):
    assert main(["inspect", "--json", str(real_data(name))]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["verdict"]["kind"] == "counts"
    if name.startswith("formats/"):
        assert record["cells"] == (200 if "200cells" in name else 600)


def test_labels_open_on_the_command_line_beside_a_data_set(real_data, capsys):
    files = [str(real_data(f"formats/{name}")) for name in ("rna.loom", LABELS)]
    assert main(["inspect", "--json", files[0], "--annotations", files[1]]) == 0
    columns = [column["name"] for column in json.loads(capsys.readouterr().out)["columns"]]
    assert any(name.startswith("cell_type") for name in columns)
