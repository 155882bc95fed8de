"""The memory of a run follows from shapes, and a run that does not fit gets advice."""

import os
from types import SimpleNamespace

import anndata
import numpy as np
import pytest
from scipy import sparse

from core import models
from core.analysis import side_process
from core.config import RunConfig
from core.data import demo
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import loop
from core.training import memory as footprint
from core.training.dataloader import Feed
from core.training.optimizer import make_optimizer
from core.training.schedule import segments


def sized(**settings):
    """A RunConfig that leaves no size to be chosen from the data."""
    return RunConfig(**{"n_hidden": 128, "n_latent": 20, "batch_size": 128} | settings)


LARGE = footprint.Shapes(50_000, 42_500, 20_000, 0, 0, 0.05, "dense", 1e8, 1e8)


def test_the_bytes_of_what_is_held_are_those_of_its_arrays():
    values = sparse.random(50, 40, 0.1, "csr", np.float32)
    own = values.data.nbytes + values.indices.nbytes + values.indptr.nbytes
    adata = anndata.AnnData(values, layers={"counts": values.copy()}, obsm={"p": np.zeros((50, 3))})
    assert footprint.n_bytes(adata) == 2 * own + 50 * 3 * 8
    adata.raw = adata.copy()
    assert footprint.n_bytes(adata) == 3 * own + 50 * 3 * 8
    assert footprint.n_bytes({"a": np.zeros(3), "b": "words", "c": None}) == 24


def test_an_array_on_disk_takes_no_memory(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(100))
    assert footprint.n_bytes(np.load(tmp_path / "a.npy", mmap_mode="r")) == 0


@pytest.mark.parametrize(
    ("more", "config"),
    [
        ({"source": 8e9}, {}),
        ({"n_genes": 40_000}, {}),
        ({"matrix": 4e9}, {}),
        ({"n_cells": 1_000_000}, {}),
        ({}, {"batch_size": 8192}),
        ({}, {"n_hidden": 1024}),
        ({}, {"model": "counts"}),
        ({}, {"n_layers": 4, "batch_size": 8192}),
    ],
)
def test_more_of_anything_takes_more_memory(more, config):
    plain = sized(batch_size=4096 if config.get("n_layers") else 128)
    less = footprint.main_memory(LARGE, plain)
    assert footprint.main_memory(LARGE._replace(**more), plain.model_copy(update=config)) > less


@pytest.mark.parametrize("cores", [{0}, {0, 1}])
@pytest.mark.parametrize(
    "n_cells",
    [footprint.FEWEST_BESIDE - 1, footprint.FEWEST_BESIDE, footprint.MOST_BESIDE, footprint.MOST_BESIDE + 1],
)
def test_the_process_that_draws_beside_is_counted_where_there_will_be_one(monkeypatch, cores, n_cells):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores)
    monkeypatch.setattr(side_process, "HelperProcess", lambda: SimpleNamespace(do=lambda *_: None))
    there = not isinstance(side_process.opened(n_cells), side_process.NoHelper)
    need = footprint.main_memory(LARGE._replace(n_cells=n_cells), sized())
    monkeypatch.setattr(footprint, "helper_pays", lambda _: False)
    alone = footprint.main_memory(LARGE._replace(n_cells=n_cells), sized())
    assert need - alone == (footprint.BESIDE + footprint.PICTURE * n_cells if there else 0)
    assert there == (len(cores) == 2 and footprint.FEWEST_BESIDE <= n_cells <= footprint.MOST_BESIDE)


def test_the_residual_of_sparse_minibatches_is_counted_as_often_as_there_is_one():
    """Whose gradient does not go by the Gram form, as the network is wider than its batches."""
    adata = demo.simulated(n_cells=300, n_genes=400, n_proteins=0)
    adata.X = adata.X.multiply(np.random.default_rng(0).random(adata.shape) < 0.2).tocsr()
    adata.X.eliminate_zeros()
    config = sized(batch_size=32, n_hidden=64, n_top_genes=0, epochs=1)
    split = split_cells(300, config)
    matrix = prepare(adata, config, split)
    model, feed = models.build(config, matrix.n_genes, 0), Feed(matrix, "cpu", config)
    assert feed.path == "sparse"
    segment, optimizer = segments(config, len(split.train))[0], make_optimizer(model, config)
    loop.one_pass(model, feed, split.train, config, 1, segment, optimizer, 1.0, None)
    rooms = sum(room._room.nbytes for room in feed._rooms)
    shapes = footprint.Shapes.of(matrix, split, "sparse", 0)
    values = [footprint._of_a_cell(shapes, config, 32), footprint._of_a_cell(shapes, config, 1024)]
    assert rooms == 32 * (values[0] - values[1]) > 0


def test_the_largest_part_of_a_large_network_is_its_weights():
    config = sized(n_hidden=4096, batch_size=1)
    shapes = LARGE._replace(n_cells=100, n_train=85, source=0, matrix=0, density=0)
    weights = 4 * sum(layer.weights for layer in config.layers(20_000, 0))
    looks = 100 * 20_000 * 4 * footprint.ERRORS.look
    assert footprint.on_gpu(shapes, config) == pytest.approx(
        footprint.WEIGHT_COPIES * weights + looks, rel=1e-3
    )


def test_a_warning_names_the_one_change_that_is_enough():
    config = sized(batch_size=16_384)
    need = footprint.main_memory(LARGE, config)
    less = footprint.main_memory(LARGE, config.model_copy(update={"batch_size": 128}))
    assert footprint.advice(LARGE, config, need, "memory", footprint.main_memory) == ""
    message = footprint.advice(LARGE, config, need - 1, "memory", footprint.main_memory)
    assert message.startswith(
        f"This run needs about {need / 1e9:.0f} GB of memory and {need / 1e9:.0f} GB are free"
    )
    assert message.endswith(f"With minibatches of 128 cells it would need about {less / 1e9:.1f} GB.")


def test_a_warning_names_fewer_genes_where_minibatches_are_small_already():
    free = footprint.main_memory(LARGE.with_genes(2000), sized())
    message = footprint.advice(LARGE, sized(), free, "memory", footprint.main_memory)
    assert "With 2,000 variable genes (Preprocess) it would need about" in message


def test_a_warning_names_all_changes_where_one_is_not_enough():
    config = sized(batch_size=65_536, n_hidden=2048)
    alone = [footprint.on_gpu(*less) for less, _ in footprint._changes(LARGE, config)]
    message = footprint.advice(LARGE, config, alone[-1], "GPU memory", footprint.on_gpu)
    assert alone[-1] < min(alone[:-1])
    assert (
        "With minibatches of 128 cells, 128 hidden units and 1,000 variable genes (Preprocess) it would"
        in message
    )


def test_a_warning_says_so_where_no_change_is_enough():
    message = footprint.advice(LARGE, sized(), 1e8, "memory", footprint.main_memory)
    assert message.endswith(
        "genes (Preprocess) it would not fit: use fewer cells, or a machine with more memory."
    )
    few = LARGE.with_genes(500)
    message = footprint.advice(few, sized(), 1e8, "memory", footprint.main_memory)
    assert message.endswith("half-way. Use fewer cells, or a machine with more memory.")
