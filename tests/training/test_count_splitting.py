"""Training on split counts: an honest loss, fair baselines on the same scale, the same bits, and whole counts afterwards."""

import numpy as np
import pytest
import torch
from anndata import AnnData
from scipy import sparse
from short_runs import fresh, same
from sklearn.decomposition import PCA

from core.config import RunConfig
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import baselines, count_splitting, learn, loop
from core.training.dataloader import Feed
from core.training.inference import encode, reconstruction

CONFIG = RunConfig(
    epochs=40,
    n_hidden=32,
    n_latent=4,
    batch_size=64,
    n_top_genes=0,
    train_share=0.6,
    valid_share=0.2,
    device="cpu",
)


@pytest.fixture(scope="module")
def rank_four():
    """800 cells, 120 genes, Poisson counts whose logarithms have four dimensions."""
    random = np.random.default_rng(0)
    rate = np.exp(0.8 * random.standard_normal((800, 4)) @ random.standard_normal((4, 120)) / 2 - 1)
    adata = AnnData(sparse.csr_matrix(random.poisson(rate), dtype=np.float32))
    adata.obs_names, adata.var_names = adata.obs_names.astype(str), [f"G{i}" for i in range(120)]
    adata.obs["batch"] = np.where(np.arange(800) % 2, "one", "two")
    return adata


@pytest.fixture(scope="module")
def learnt(rank_four):
    *_, learnt = learn.learn(rank_four, CONFIG)
    return learnt


@pytest.fixture(scope="module")
def prepared(rank_four):
    split = split_cells(800, CONFIG)
    matrix = prepare(rank_four, CONFIG, split)
    return split, matrix, count_splitting.splitter(matrix, split.train, CONFIG)


def test_a_repeat_has_the_same_bits(rank_four):
    short = CONFIG.model_copy(update={"epochs": 3})
    one, other = (list(learn.learn(rank_four, short))[-1] for _ in range(2))
    assert same(one.weights, other.weights) and (one.latent == other.latent).all()
    assert [e.valid for e in one.epochs] == [e.valid for e in other.epochs]


def test_copied_noise_gains_nothing_so_more_dimensions_do_not_lower_the_loss(rank_four, learnt):
    loss, measured = learnt.loss.total, learnt.start.on_scored
    assert loss < measured.mean.total and loss < 1.02 * measured.pca.total
    assert 2 <= measured.pca_size <= 6  # of the four that there are
    wide = CONFIG.model_copy(update={"n_latent": 60})
    of_wide = list(learn.learn(rank_four, wide))[-1]
    assert of_wide.loss.total > 0.98 * loss
    whole = [CONFIG.model_copy(update={"target": "whole", "n_latent": n}) for n in (4, 60)]
    few, many = (list(learn.learn(rank_four, config))[-1].loss.total for config in whole)
    assert many < 0.9 * few  # a plain loss asks for more


def test_the_validation_loss_is_that_of_one_split_of_cells_that_are_held_out(prepared):
    split, matrix, splitter = prepared
    model = fresh(matrix, CONFIG)
    first, again = (loop.losses(model, matrix, split.valid, CONFIG, splitter=splitter) for _ in range(2))
    assert first == again
    model.eval()
    cells = Feed(matrix, splitter=splitter).cells(split.valid)
    x = cells.x.double()
    with torch.no_grad():
        predicted = model.decode(model.encode(cells)).double()
    assert first.total == pytest.approx((predicted - x).square().mean().item(), rel=1e-5)
    assert not torch.equal(cells.seen, cells.x)
    epochs = list(loop.fit(model, matrix, split, CONFIG.model_copy(update={"epochs": 4}), splitter=splitter))
    best = min(epochs, key=lambda epoch: epoch.valid.total)
    kept = loop.losses(model, matrix, split.valid, CONFIG, splitter=splitter)
    assert kept.total == pytest.approx(best.valid.total, rel=1e-6)


def test_the_encoder_does_not_see_the_target(prepared):
    split, matrix, splitter = prepared
    model = fresh(matrix, CONFIG).eval()
    cells = Feed(matrix, splitter=splitter).cells(split.valid)
    with torch.no_grad():
        places = model.encode(cells)
        assert torch.equal(places, model.encode(cells._replace(x=torch.zeros_like(cells.x))))


def test_another_share_trains_other_weights_and_is_that_of_the_molecules(rank_four):
    short = CONFIG.model_copy(update={"epochs": 1})
    runs = [list(learn.learn(rank_four, short.model_copy(update={"split_share": p})))[-1] for p in (0.5, 0.9)]
    assert not same(runs[0].weights, runs[1].weights)
    assert runs[1].start.on_scored.mean.total != runs[0].start.on_scored.mean.total


@pytest.mark.parametrize("model", ["citeseq", "variational", "linear"])
def test_dense_and_sparse_minibatches_are_split_alike(prepared, model, monkeypatch):
    monkeypatch.setattr("core.training.dataloader.pays", lambda density: True)
    split, matrix, splitter = prepared
    config = CONFIG.model_copy(update={"model": model})
    network = fresh(matrix, config).eval()
    dense, thin = Feed(matrix, splitter=splitter), Feed(matrix, "cpu", config, splitter)
    assert (dense.path, thin.path) == ("dense", "sparse")
    with torch.no_grad():
        losses = [network.loss(feed.cells(split.valid))["rna"].item() for feed in (dense, thin)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_the_baselines_are_those_of_scikit_learn_and_least_squares(prepared):
    split, matrix, splitter = prepared
    fitted = count_splitting.fit(matrix, splitter, split, CONFIG)
    measured = fitted.measure(matrix, split.test, CONFIG)
    seen = {}
    for name, rows in (("train", split.train), ("test", split.test)):
        _, *parts = zip(*fitted.seen.both(rows), strict=True)
        seen[name] = [np.concatenate(part).astype(np.float64) for part in parts]
    (x, y), (new_x, new_y) = seen["train"], seen["test"]
    assert measured.mean.total == pytest.approx(((new_y - y.mean(axis=0)) ** 2).mean(), rel=1e-4)
    pca = PCA(measured.pca_size, svd_solver="full").fit(x)
    rebuilt = pca.inverse_transform(pca.transform(new_x))
    assert measured.pca.total == pytest.approx(((rebuilt - new_y) ** 2).mean(), rel=1e-3)
    n = fitted.regression.shape[0]
    z, new_z = (PCA(n, svd_solver="full").fit(x).transform(values) for values in (x, new_x))
    least_squares = np.linalg.lstsq(z, y - y.mean(axis=0), rcond=None)[0]
    rank = np.linalg.matrix_rank(fitted.regression)
    directions = np.linalg.svd(z @ least_squares, full_matrices=False)[2][:rank]
    predicted = y.mean(axis=0) + new_z @ least_squares @ directions.T @ directions
    assert measured.regression.total == pytest.approx(((predicted - new_y) ** 2).mean(), rel=1e-3)
    assert measured.regression.total < measured.mean.total
    again = baselines.Baselines.read(measured.record())
    assert again == measured


def test_the_reconstruction_of_whole_counts_is_on_their_scale(learnt, rank_four):
    matrix, split = learnt.start.matrix, learnt.start.split
    model = fresh(matrix, CONFIG)
    model.load_state_dict(learnt.weights)
    model.eval()
    cells = Feed(matrix).cells(split.train)
    with torch.no_grad():
        made = reconstruction(model, cells, matrix, split.train)
        raw = model.other_part(model.encode(cells), cells).numpy()
    x = cells.x.numpy()
    assert ((made - x) ** 2).mean() < ((raw - x) ** 2).mean() < (x**2).mean()
    slopes = [np.polyfit(made[:, g], x[:, g], 1)[0] for g in range(10)]
    np.testing.assert_allclose(slopes, 1, atol=1e-3)
    np.testing.assert_allclose(encode(model, matrix), learnt.latent, atol=1e-6)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"batch_key": "batch"}, "does not apply with a batch covariate (batch): batches mix less then"),
        ({"target": "whole"}, ""),
    ],
)
def test_where_counts_are_not_split_the_target_is_whole_and_the_reason_is_said(rank_four, change, words):
    config = CONFIG.model_copy(update={"epochs": 1} | change)
    *_, learnt = learn.learn(rank_four, config)
    start = learnt.start
    assert start.config.target == "whole" and start.on_scored.regression is None
    notes = [note for note in start.matrix.notes if "Splitting counts" in note]
    assert (words in notes[0]) if words else not notes


def test_logarithms_are_not_split(rank_four):
    logs = rank_four.copy()
    logs.X = logs.X.multiply(1e4 / logs.X.sum(axis=1)).log1p().tocsr()
    *_, learnt = learn.learn(logs, CONFIG.model_copy(update={"epochs": 1}))
    assert learnt.start.config.target == "whole"
    assert any("only counts can be split" in note for note in learnt.start.matrix.notes)


def test_proteins_are_not_split(tiny):
    config = CONFIG.model_copy(update={"epochs": 2})
    split = split_cells(tiny.n_obs, config)
    matrix = prepare(tiny, config, split)
    splitter = count_splitting.splitter(matrix, split.train, config)
    cells = Feed(matrix, splitter=splitter).cells(split.valid)
    np.testing.assert_array_equal(cells.x[:, matrix.n_genes :], matrix.seen_proteins(split.valid))
    *_, learnt = learn.learn(tiny, config)
    assert learnt.loss.protein is not None and learnt.start.on_scored.regression.protein is not None
