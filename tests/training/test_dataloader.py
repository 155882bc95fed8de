"""By whichever path cells come to a model, it sees the same values, and learns the same from them."""

import numpy as np
import pytest
import torch

from core.config import RunConfig
from core.config.models import MODELS
from core.data import demo
from core.models import build
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training.dataloader import Feed
from core.training.loop import fit, losses

BASE = RunConfig(
    epochs=3, n_hidden=16, n_hidden_protein=8, n_latent=4, batch_size=128, n_top_genes=0, device="cpu"
)


@pytest.fixture(scope="module")
def thin():
    """500 cells of 200 genes, few of them not zero, with proteins and two samples."""
    adata = demo.simulated(n_cells=500, n_genes=200, n_proteins=8)
    keep = np.random.default_rng(0).random(adata.shape) < 0.2
    adata.X = adata.X.multiply(keep).tocsr()
    adata.X.eliminate_zeros()
    return adata


def config_split_matrix(adata, **changes):
    config = BASE.model_copy(update=changes)
    split = split_cells(adata.n_obs, config)
    return config, split, prepare(adata, config, split)


def model_of(config, matrix):
    torch.manual_seed(0)
    return build(config, matrix.n_genes, matrix.n_proteins, len(matrix.batch_names))


def test_the_path_follows_a_rule_on_shapes(thin):
    config, _, matrix = config_split_matrix(thin)
    assert matrix.standardised.density < 0.15
    feed = Feed(matrix, "cpu", config)
    assert feed.path == "sparse"
    assert Feed(matrix).path == "dense"
    assert Feed(matrix, "cpu", config.model_copy(update={"model": "counts"})).path == "dense"


def test_dense_minibatches_are_what_the_matrix_says(thin):
    _, _, matrix = config_split_matrix(thin, batch_key="sample", model="counts")
    rows = np.array([4, 0, 333])
    cells, known = Feed(matrix).cells(rows), matrix.cells(rows)
    for part, expected in zip(cells[:3], known[:3], strict=True):
        np.testing.assert_allclose(part.numpy(), expected, atol=2e-5)
    assert cells.batch.shape == (3, 2) and cells.rna is None


def test_a_matrix_that_came_dense_goes_dense():
    adata = demo.DEMOS["pbmc68k_reduced"][1]()
    config, _, matrix = config_split_matrix(adata)
    feed = Feed(matrix, "cpu", config)
    assert feed.path == "dense"
    np.testing.assert_array_equal(feed.cells(np.array([1, 5])).x.numpy(), matrix.dense(np.array([1, 5])))


@pytest.mark.parametrize("name", [name for name, record in MODELS.items() if record.sparse_ends])
@pytest.mark.parametrize("changes", [{}, {"batch_key": "sample", "n_layers": 2}, {"input_dropout": 0.3}])
def test_both_paths_give_the_same_losses_and_gradients(thin, name, changes):
    """With input dropout, the same counts are hidden by both."""
    config, split, matrix = config_split_matrix(thin, model=name, norm="layer", **changes)
    by_path = {}
    for path in ("sparse", "dense"):
        model = model_of(config, matrix)
        feed = Feed(matrix, "cpu", config if path == "sparse" else None)
        cells = feed.cells(split.train[:200], config.input_dropout, seed=7)
        assert (cells.rna is None) == (path == "dense")
        torch.manual_seed(1)  # the draw of a variational latent, and of the hidden proteins
        parts = model.loss(cells)
        sum(parts.values()).backward()
        gradients = {name: p.grad for name, p in model.named_parameters()}
        by_path[path] = parts, gradients
    (parts, gradients), (dense_parts, expected) = by_path["sparse"], by_path["dense"]
    assert parts.keys() == dense_parts.keys()
    for part, value in parts.items():
        assert value.item() == pytest.approx(dense_parts[part].item(), rel=2e-5)
    for name, gradient in gradients.items():
        torch.testing.assert_close(
            gradient, expected[name], rtol=2e-4, atol=2e-5 * expected[name].abs().max().item() + 1e-7
        )


@pytest.mark.parametrize("model", ["citeseq", "counts"])
def test_hidden_counts_are_zeros_to_the_encoder_alone(thin, model):
    _, _, matrix = config_split_matrix(thin, model=model)
    rows = np.arange(100)
    cells, n = Feed(matrix).cells(rows, hide=0.4, seed=3), matrix.n_genes
    np.testing.assert_allclose(cells.x.numpy(), matrix.dense(rows), atol=2e-5)
    hidden = ~np.isclose(cells.seen.numpy(), cells.x.numpy()[:, :n], atol=1e-6)
    assert hidden[matrix.rna.dense(rows) > 0].mean() == pytest.approx(0.4, abs=0.05)
    at_zero = np.broadcast_to(matrix.standardised.base.numpy(), hidden.shape)
    np.testing.assert_allclose(cells.seen.numpy()[hidden], at_zero[hidden], atol=1e-6)


def test_values_that_came_dense_are_hidden_too():
    adata = demo.DEMOS["pbmc68k_reduced"][1]()
    _, _, matrix = config_split_matrix(adata)
    cells = Feed(matrix).cells(np.arange(50), hide=0.4, seed=3)
    assert (cells.seen == 0).float().mean().item() == pytest.approx(0.4, abs=0.03)
    assert torch.equal(cells.seen, Feed(matrix).cells(np.arange(50), hide=0.4, seed=3).seen)


def test_a_training_takes_the_same_way_by_both_paths(thin, monkeypatch):
    config, split, matrix = config_split_matrix(thin)
    short = list(fit(model_of(config, matrix), matrix, split, config))
    taken = Feed(matrix, "cpu", config).path
    monkeypatch.setattr(Feed, "path", "dense")
    long = list(fit(model_of(config, matrix), matrix, split, config))
    assert taken == "sparse"
    for one, other in zip(short, long, strict=True):
        assert one.valid.total == pytest.approx(other.valid.total, rel=1e-3)
        assert one.train.protein == pytest.approx(other.train.protein, rel=1e-2)


@pytest.mark.parametrize("changes", [{}, {"input_dropout": 0.3}])
def test_minibatches_that_are_filled_ahead_train_to_the_same_bits(thin, monkeypatch, changes):
    config, split, matrix = config_split_matrix(thin, **changes)
    losses_of_runs = []
    for many in (0, float("inf")):
        monkeypatch.setattr("core.training.dataloader.MANY", many)
        losses_of_runs.append(
            [(e.train, e.valid) for e in fit(model_of(config, matrix), matrix, split, config)]
        )
    assert losses_of_runs[0] == losses_of_runs[1]


def test_an_error_while_a_minibatch_is_filled_ahead_is_raised(thin, monkeypatch):
    config, _, matrix = config_split_matrix(thin)
    monkeypatch.setattr("core.training.dataloader.MANY", 0)
    with pytest.raises(IndexError, match="Rows are numbered"):
        list(Feed(matrix, "cpu", config).minibatches(np.array([0, 1, 2, 10**6]), 2))


def test_evaluation_agrees_with_dense_arithmetic(thin):
    config, split, matrix = config_split_matrix(thin)
    model = model_of(config, matrix).eval()
    parts = losses(model, matrix, split.train, config)
    x = torch.from_numpy(matrix.dense(split.train))
    with torch.no_grad():
        cells = Feed(matrix).cells(split.train)
        back = model.decode(model.encode(cells))
    assert parts.rna == pytest.approx(((back - x)[:, : matrix.n_genes] ** 2).mean().item(), rel=1e-5)
