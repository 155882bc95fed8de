"""Compact rows, in memory or on disk, give back the values of the source, and the same batches."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from anndata import AnnData
from scipy import sparse

from core.config import RunConfig
from core.data import count_sources, demo
from core.data.backed import opened
from core.errors import UserError
from core.models import build
from core.preprocessing.prepare import prepare
from core.preprocessing.split import Split, split_cells
from core.sparse import disk_rows
from core.sparse import rows as in_memory
from core.sparse.rows import Rows
from core.training import inference, loop
from core.training.dataloader import Feed

CONFIG = RunConfig(epochs=3, n_hidden=16, n_hidden_protein=8, n_latent=4, batch_size=32, device="cpu")


@pytest.fixture(scope="module")
def adata():
    """1,200 cells, so that a test set is there; 150 genes, 6 proteins."""
    return demo.simulated(n_cells=1200, n_genes=150, n_proteins=6)


@pytest.fixture
def on_disk(adata, monkeypatch, tmp_path):
    """(split, Matrix in memory, the same Matrix on disk), read in pools of about 200 cells."""
    split = split_cells(adata.n_obs, CONFIG)
    resident = prepare(adata, CONFIG, split)
    monkeypatch.setattr(disk_rows, "RESIDENT", 0)
    monkeypatch.setattr(disk_rows, "STRETCH", 64)
    monkeypatch.setattr(disk_rows, "POOL", resident.rna.n_values * 3 // 6)
    return split, resident, prepare(adata, CONFIG, split, tmp_path)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 255], np.uint8),
        ([1, 256], np.uint16),
        ([1, 70_000], np.int32),
        ([-1, 3], np.int32),
        ([0.5, 3], np.float32),
        ([1, 1e30], np.float32),
        ([], np.uint8),
    ],
)
def test_values_are_kept_exactly_and_as_small_as_they_go(values, kind):
    there = (values, ([0] * len(values), range(len(values))))
    rows = Rows.of(sparse.csr_matrix(there, shape=(2, 3), dtype=np.float32))
    assert rows.values.dtype == kind and rows.indices.dtype == np.uint16
    np.testing.assert_array_equal(rows.dense([1, 0])[1, : len(values)], np.float32(values))
    assert not rows.dense([1]).any()


def test_counts_take_three_bytes_where_the_source_takes_eight(adata):
    matrix = prepare(adata, CONFIG, split_cells(adata.n_obs, CONFIG))
    assert matrix.rna.n_values == adata.X.nnz
    held = matrix.rna.indices.nbytes + matrix.rna.values.nbytes
    assert held <= 4 * adata.X.nnz
    np.testing.assert_array_equal(matrix.rna.dense(np.arange(1200)), adata.X.toarray()[:, matrix.gene_index])


def test_rows_on_disk_are_those_in_memory(on_disk):
    _, resident, disk = on_disk
    assert isinstance(disk.rna, disk_rows.Stored) and isinstance(resident.rna, Rows)
    assert disk.rna.density == resident.rna.density and disk.rna.types[0] == np.uint16
    for rows in (np.arange(1200), [5], [7, 7, 1199, 0, 7], np.array([], int)):
        np.testing.assert_array_equal(disk.raw(rows), resident.raw(rows))
        np.testing.assert_array_equal(disk.dense(rows), resident.dense(rows))
    np.testing.assert_array_equal(disk.mean, resident.mean)
    for wrong in ([-1], [1200]):
        with pytest.raises(IndexError):
            disk.dense(wrong)


def test_cells_without_a_count_lie_on_disk_too(monkeypatch):
    counts = sparse.csr_matrix(np.diag([3.0] * 5 + [0] * 95))
    adata = AnnData(counts.astype(np.float32))
    split = Split(np.arange(90), np.arange(90, 100), np.array([], int), "")
    monkeypatch.setattr(disk_rows, "RESIDENT", 0)
    monkeypatch.setattr(disk_rows, "POOL", 3)
    rows = prepare(adata, CONFIG, split).rna
    for part in (np.arange(100), [99], [4], [50, 3]):
        held, at = rows.held(part)
        np.testing.assert_array_equal(held.dense(at), counts.toarray()[part][:, :5])


@pytest.mark.parametrize("model", ["citeseq", "counts"])
def test_the_same_order_gives_the_same_minibatches(on_disk, model):
    split, resident, disk = on_disk
    config = CONFIG.model_copy(update={"model": model})
    order = disk.rna.shuffled(split.train, 32, np.random.default_rng(3))
    batches = [
        Feed(m, "cpu", config).minibatches(order, 32, 0.2, np.random.default_rng(0)) for m in (resident, disk)
    ]
    n = 0
    for (rows, ours), (same, theirs) in zip(*batches, strict=True):
        np.testing.assert_array_equal(rows, same)
        assert (ours.rna is None) == (theirs.rna is None)
        assert torch.equal(ours.x, theirs.x)
        if ours.rna is not None:
            assert torch.equal(ours.rna.dense_seen(), theirs.rna.dense_seen())
        n += len(rows)
    assert n == len(split.train)


def test_an_order_holds_each_cell_once_and_is_another_each_time(on_disk):
    split, _, disk = on_disk
    random = np.random.default_rng(0)
    first, second = (disk.rna.shuffled(split.train, 32, random) for _ in range(2))
    for order in (first, second):
        np.testing.assert_array_equal(np.sort(order), split.train)
    assert (first != second).mean() > 0.9
    again = disk.rna.shuffled(split.train, 32, np.random.default_rng(0))
    np.testing.assert_array_equal(first, again)
    sizes = [len(part) for part, _ in disk.rna.minibatches(first, 32)]
    assert set(sizes[:-1]) == {32} and sum(sizes) == len(split.train)


def test_training_cells_lie_first_on_disk_and_shuffled(on_disk):
    split, _, disk = on_disk
    places = disk.rna.place[split.train]
    assert sorted(places) == list(range(len(split.train)))
    assert abs(np.corrcoef(places, split.train)[0, 1]) < 0.1
    assert (np.diff(disk.rna.place[split.test]) == 1).all()


def test_a_run_on_disk_repeats_to_the_bit_and_learns_what_one_in_memory_does(on_disk):
    split, resident, disk = on_disk
    ends, latents = [], []
    for matrix in (disk, disk, resident):
        torch.manual_seed(0)
        model = build(CONFIG, matrix.n_genes, matrix.n_proteins)
        ends.append(list(loop.fit(model, matrix, split, CONFIG))[-1].valid.total)
        latents.append(inference.encode(model, matrix, np.array([900, 3, 77])))
    assert ends[0] == ends[1] == pytest.approx(ends[2], rel=0.05)
    np.testing.assert_array_equal(latents[0], latents[1])
    np.testing.assert_allclose(inference.encode(model, disk), inference.encode(model, resident), atol=1e-5)


def test_nothing_is_left_in_the_folder(adata, monkeypatch, tmp_path):
    def open_files():
        links = [f"/proc/self/fd/{n}" for n in os.listdir("/proc/self/fd")]
        return sum(str(tmp_path) in os.readlink(link) for link in links if os.path.lexists(link))

    monkeypatch.setattr(disk_rows, "RESIDENT", 0)
    matrix = prepare(adata, CONFIG, split_cells(adata.n_obs, CONFIG), tmp_path)
    assert open_files() == 2 and not list(tmp_path.iterdir())  # without a name from the beginning
    next(matrix.rna.minibatches(np.arange(1200), 8))  # a reader that is left half way
    del matrix
    assert open_files() == 0


def test_a_full_disk_is_reported_in_a_sentence(adata, monkeypatch, tmp_path):
    monkeypatch.setattr(disk_rows, "RESIDENT", 0)
    monkeypatch.setattr(disk_rows.shutil, "disk_usage", lambda folder: SimpleNamespace(free=10))
    with pytest.raises(UserError, match="make room, or use fewer genes"):
        prepare(adata, CONFIG, split_cells(adata.n_obs, CONFIG), tmp_path)


def test_only_what_is_large_goes_to_disk(adata, monkeypatch):
    split = split_cells(adata.n_obs, CONFIG)
    size = 3 * adata.X.nnz if adata.X.max() < 256 else 4 * adata.X.nnz
    monkeypatch.setattr(disk_rows, "RESIDENT", size)
    assert isinstance(prepare(adata, CONFIG, split).rna, in_memory.Rows)
    monkeypatch.setattr(disk_rows, "RESIDENT", size - 1)
    assert isinstance(prepare(adata, CONFIG, split).rna, disk_rows.Stored)


def test_a_large_file_is_prepared_without_reading_it_whole(adata, tmp_path):
    adata = adata.copy()
    adata.layers["counts"] = adata.X.copy()
    adata.X = count_sources.logged(adata.X)
    adata.raw = adata.copy()
    adata.write_h5ad(tmp_path / "data.h5ad")
    left = opened(tmp_path / "data.h5ad")
    assert not isinstance(left.X, sparse.spmatrix | np.ndarray)
    assert left.raw.X.shape == adata.shape and list(left.obsm["protein"].columns) == list(
        adata.obsm["protein"]
    )
    split = split_cells(adata.n_obs, CONFIG)
    from_disk, expected = (
        prepare(a, CONFIG.model_copy(update={"n_top_genes": 80}), split) for a in (left, adata)
    )
    assert from_disk.where == expected.where == 'layers["counts"]' and from_disk.kind == "counts"
    assert list(from_disk.genes) == list(expected.genes) and list(from_disk.proteins) == list(
        expected.proteins
    )
    np.testing.assert_array_equal(from_disk.dense(split.valid), expected.dense(split.valid))


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_logged_values_left_in_a_file_are_known_for_what_they_are(adata, tmp_path, form):
    logged = adata.copy()
    logged.X = form(count_sources.logged(adata.X).toarray())
    logged.write_h5ad(tmp_path / "data.h5ad")
    left = count_sources.source_of(opened(tmp_path / "data.h5ad"))
    assert left.kind == "lognorm" and left.kind == count_sources.source_of(logged).kind
