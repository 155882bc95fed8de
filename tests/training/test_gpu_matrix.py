"""What lies on a device makes the same batches as the host does; tried here with the CPU as the device."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from core.config import RunConfig
from core.models import build
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import count_splitting
from core.training.dataloader import Feed
from core.training.gpu_matrix import FORMS, SHARE, Resident, form_that_fits
from core.training.inference import encode
from core.training.loop import fit


@pytest.fixture(scope="module")
def matrix(tiny):
    """With proteins, batches and raw counts: all that a model may read."""
    config = RunConfig(n_top_genes=0, model="counts", batch_key="sample")
    return prepare(tiny, config, split_cells(tiny.n_obs, config))


@pytest.mark.parametrize("form", FORMS)
def test_minibatches_are_those_of_the_host(matrix, form):
    rows = np.random.default_rng(0).permutation(matrix.n_cells)[:100]
    minibatches = list(Resident(matrix, "cpu", form).minibatches(rows, 32))
    expected = Feed(matrix)
    assert [len(part) for part, _ in minibatches] == [32, 32, 32, 4]
    for part, cells in minibatches:
        known = expected.cells(part)
        torch.testing.assert_close(cells.x, known.x, rtol=0, atol=2e-5)
        assert torch.equal(cells.counts, known.counts) and torch.equal(cells.batch, known.batch)
        assert cells.seen is None and cells.rna is None


def test_both_forms_are_the_same_to_the_last_digit(matrix):
    rows = np.arange(60)[::-1].copy()
    (_, one), (_, other) = (next(Resident(matrix, "cpu", form).minibatches(rows, 60)) for form in FORMS)
    assert torch.equal(one.x, other.x)


@pytest.mark.parametrize("form", FORMS)
def test_hidden_counts_are_zeros_to_the_encoder_alone(matrix, form):
    resident = Resident(matrix, "cpu", form)
    rows = np.arange(matrix.n_cells)
    (_, cells), (_, again), (_, other) = (
        next(resident.minibatches(rows, len(rows), hide=0.3, seed=seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(cells.seen, again.seen) and not torch.equal(cells.seen, other.seen)
    genes = cells.x[:, : matrix.n_genes]
    assert torch.equal(genes, other.x[:, : matrix.n_genes])
    hidden = cells.seen != genes
    counts = cells.counts[:, : matrix.n_genes] > 0
    assert hidden[counts].float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert not hidden[~counts].any()
    assert torch.equal(cells.seen[hidden], resident.base.expand_as(genes)[hidden])


@pytest.mark.parametrize("form", FORMS)
def test_counts_are_split_on_the_device_as_on_the_host(tiny, form):
    config = RunConfig(n_top_genes=80)
    split = split_cells(tiny.n_obs, config)
    matrix = prepare(tiny, config, split)
    splitter = count_splitting.splitter(matrix, split.train, config)
    resident, rows = Resident(matrix, "cpu", form, splitter), np.arange(matrix.n_cells)
    (_, one), (_, again), (_, other) = (
        next(resident.minibatches(rows, len(rows), draw=draw)) for draw in (1, 1, 2)
    )
    assert torch.equal(one.x, again.x) and torch.equal(one.seen, again.seen)
    assert not torch.equal(one.seen, other.seen)
    known = Feed(matrix, splitter=splitter)
    on_host = [known.cells(rows, draw=draw) for draw in range(1, 9)]
    on_device = [next(resident.minibatches(rows, len(rows), draw=draw))[1] for draw in range(1, 9)]
    for name in ("x", "seen"):
        host, device = (torch.stack([getattr(c, name) for c in cells]) for cells in (on_host, on_device))
        assert (host.mean(dim=(0, 1)) - device.mean(dim=(0, 1))).abs().max() < 0.1
        error = (host.var(dim=0).mean() / 4).sqrt().item()  # of the difference of two means of eight draws
        assert (host.mean(dim=0) - device.mean(dim=0)).std().item() < 1.15 * error
    at_zero = matrix.raw(rows)[:, :80] == 0
    for name, base in (("x", splitter.base), ("seen", splitter.seen_base)):
        genes = getattr(one, name)[:, :80]
        torch.testing.assert_close(genes[at_zero], base.expand_as(genes)[at_zero], rtol=0, atol=2e-5)
    assert one.x.shape == (matrix.n_cells, matrix.n_features)


def test_the_form_follows_the_memory_that_is_free(matrix):
    dense = 2 * 4 * matrix.n_cells * matrix.n_genes
    assert form_that_fits(matrix, 2 * dense / SHARE) == "dense"
    assert form_that_fits(matrix, 1000) is None
    thin = type("Thin", (), {"n_values": 10})
    shape = {"n_cells": 100, "n_genes": 10_000, "n_proteins": 0, "rna": thin}
    wide = type("Wide", (), {"reads_counts": False, "pearson": None, **shape})
    assert form_that_fits(wide, 1_000_000) == "sparse"


@pytest.fixture
def a_gpu(monkeypatch):
    """A function of the bytes that are free on it, to call a device that is the CPU by another name."""
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)

    def with_memory(free):
        monkeypatch.setattr("core.device.free_on_gpu", lambda: free)
        return "cpu:0"

    return with_memory


ROOMS = {"resident dense": 1e9, "resident sparse": 120_000, "streamed": 0}


@pytest.mark.parametrize("path", ROOMS)
def test_a_training_ends_where_it_ends_on_the_cpu(thin, a_gpu, monkeypatch, path):
    config, split, matrix = thin
    device = a_gpu(ROOMS[path])
    assert Feed(matrix, device, config).path == path
    epochs, model = trained(config, split, matrix, device)
    codes = encode(model, matrix, device=device)
    monkeypatch.setattr(Feed, "path", "dense")
    known, model = trained(config, split, matrix, "cpu")
    for one, other in zip(epochs, known, strict=True):
        assert one.valid.total == pytest.approx(other.valid.total, rel=1e-4)
    np.testing.assert_allclose(codes, encode(model, matrix), atol=1e-2)


@pytest.fixture
def thin(tiny):
    """A matrix with few values that are not zero, new for each test: what lies on a device lives as long as it."""
    tiny = tiny.copy()
    tiny.X = tiny.X.multiply(np.random.default_rng(0).random(tiny.shape) < 0.2).tocsr()
    tiny.X.eliminate_zeros()
    config = RunConfig(
        n_top_genes=0, epochs=2, n_hidden=16, n_latent=4, batch_size=32, clip_grad=0, norm="layer"
    )
    split = split_cells(tiny.n_obs, config)
    return config, split, prepare(tiny, config, split)


def trained(config, split, matrix, device):
    torch.manual_seed(0)
    model = build(config, matrix.n_genes, matrix.n_proteins)
    return list(fit(model, matrix, split, config, device)), model


class Looks(TorchDispatchMode):
    """Counts how often a number is asked of a tensor, for which a GPU would have to be waited for."""

    count = 0

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        self.count += function is torch.ops.aten._local_scalar_dense.default
        return function(*arguments, **(options or {}))


@pytest.mark.parametrize("room", [ROOMS["resident dense"], ROOMS["resident sparse"]])
@pytest.mark.parametrize(
    "changes", [{}, {"input_dropout": 0.2, "dropout": 0.1, "l1": 0.1}, {"model": "variational"}]
)
def test_no_step_waits_for_the_device(thin, a_gpu, changes, room):
    config, split, matrix = thin
    counted = []
    for batch_size in (64, 16):
        config = config.model_copy(update={"batch_size": batch_size, **changes})
        with Looks() as looks:
            trained(config, split, matrix, a_gpu(room))
        counted.append(looks.count)
    assert counted[0] == counted[1] > 0
