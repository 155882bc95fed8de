"""The count model: its likelihoods are those of the textbooks, its baselines its own, and it learns."""

import anndata
import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import expit, logsumexp

from core import cli
from core.analysis import explore
from core.config import RunConfig
from core.data import demo
from core.errors import UserError
from core.models import build
from core.models.likelihood import mixture, moment_theta, negative_binomial, zero_inflated
from core.preprocessing.matrix import Cells
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import baselines, count_baselines, inference, learn, loop
from core.training.dataloader import Feed
from core.training.dispersion import likely_theta

BASE = RunConfig(
    model="counts", epochs=4, n_hidden=16, n_hidden_protein=8, n_latent=4, batch_size=64, n_top_genes=0
)


@pytest.fixture
def numbers():
    """(counts, mean, another mean, theta, logits), each (6, 5) float64, zeros and large counts among them."""
    random = np.random.default_rng(0)
    mean, other = random.gamma(2, 5, (2, 6, 5))
    counts = random.poisson(mean).astype(float)
    counts[0], counts[1, 0] = 0, 5000
    return [
        torch.from_numpy(a)
        for a in (counts, mean, other, random.gamma(2, 1, (6, 5)), random.normal(size=(6, 5)))
    ]


def known(counts, mean, theta):
    """scipy's log P(x): theta successes, each with probability theta / (theta + mean)."""
    return stats.nbinom.logpmf(counts, theta, theta / (theta + mean))


def test_the_negative_binomial_is_that_of_scipy(numbers):
    x, mean, _, theta, _ = numbers
    np.testing.assert_allclose(negative_binomial(x, mean, theta), known(x, mean, theta), rtol=1e-6)


@pytest.mark.parametrize("theta", [1e-2, 1.0, 99.0, 101.0, 1e4, 1e6, 3e6])
def test_single_precision_keeps_its_digits_at_any_dispersion(theta):
    x = torch.tensor([0.0, 1.0, 3.0, 40.0, 2000.0])
    for mean in (0.5, 5.0, 50.0, 3000.0):
        found = negative_binomial(x, torch.tensor(mean), torch.tensor(theta)).numpy()
        np.testing.assert_allclose(found, known(x.numpy().astype(float), mean, theta), rtol=2e-4, atol=2e-3)


def test_gradients_of_the_dispersion_do_not_jump_where_the_series_begins():
    x = torch.tensor([0.0, 2.0, 7.0, 300.0], dtype=torch.float64)
    slopes = []
    for theta in (99.99, 100.01):
        of = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
        negative_binomial(x, torch.tensor(5.0, dtype=torch.float64), of).sum().backward()
        slopes.append(of.grad.item())
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-3)


def test_a_zero_may_be_lost_or_drawn(numbers):
    x, mean, _, theta, logits = numbers
    lost, kept = expit(logits.numpy()), known(x, mean, theta)
    expected = np.log(np.where(x == 0, lost, 0) + (1 - lost) * np.exp(kept))
    finite = np.isfinite(expected)  # of 5,000 counts exp() leaves nothing, and the log-space answer stays
    found = zero_inflated(x, mean, theta, logits).numpy()
    np.testing.assert_allclose(found[finite], expected[finite], rtol=1e-6)
    assert np.isfinite(found).all()


def test_the_mixture_weighs_background_against_foreground(numbers):
    x, low, high, theta, logits = numbers
    share = expit(logits.numpy())
    terms = [np.log(share) + known(x, low, theta), np.log1p(-share) + known(x, high, theta)]
    np.testing.assert_allclose(mixture(x, low, high, theta, logits), logsumexp(terms, axis=0), rtol=1e-6)


def test_gradients_are_finite_where_counts_are_wild():
    for x in (0.0, 1.0, 1e6, 1e12):
        mean, theta, logits = (torch.tensor(v, requires_grad=True) for v in (1e-6, 1e-3, 3.0))
        value = zero_inflated(torch.tensor(x), mean, theta, logits) + mixture(
            torch.tensor(x), mean, mean * 2, theta, logits
        )
        value.backward()
        assert all(torch.isfinite(v.grad) for v in (mean, theta, logits))


def test_theta_by_moments_finds_that_of_a_sample():
    random = np.random.default_rng(1)
    mean, theta = 20.0, np.array([0.5, 3.0, 50.0])
    x = random.negative_binomial(theta, theta / (theta + mean), (200_000, 3)).astype(float)
    found = moment_theta(((x - mean) ** 2).mean(axis=0), np.full(3, mean), np.full(3, mean**2))
    np.testing.assert_allclose(found, theta, rtol=0.15)
    assert (
        moment_theta(np.array([1.0]), np.array([5.0]), np.array([25.0])) == 1e4
    )  # less than Poisson: nearly Poisson


@pytest.fixture(scope="module")
def prepared(tiny):
    split = split_cells(tiny.n_obs, BASE)
    return split, prepare(tiny, BASE, split)


def test_the_raw_counts_come_along_and_are_seen_as_the_input_is(tiny, prepared):
    _, matrix = prepared
    rows = np.array([3, 0, 77])
    cells = matrix.cells(rows)
    kept = tiny.X[rows][:, matrix.gene_index].toarray()
    np.testing.assert_array_equal(cells.counts[:, : matrix.n_genes], kept)
    proteins = tiny.obsm["protein"].loc[:, list(matrix.proteins)].to_numpy()[rows]
    np.testing.assert_array_equal(cells.counts[:, matrix.n_genes :], proteins)
    np.testing.assert_allclose(matrix.as_seen(cells.counts, rows), cells.x, atol=1e-4)
    inside = np.abs(cells.x) < matrix.clip - 1e-3
    back = matrix.to_counts(cells.x.copy(), rows)
    np.testing.assert_allclose(back[inside], cells.counts[inside], rtol=1e-3, atol=1e-2)


def test_other_models_carry_no_counts(tiny):
    split = split_cells(tiny.n_obs, BASE)
    config = BASE.model_copy(update={"model": "citeseq"})
    assert prepare(tiny, config, split).cells(np.array([0])).counts is None


def test_the_mean_baseline_is_the_likelihood_of_the_training_means(prepared):
    split, matrix = prepared
    simple = count_baselines.fit(matrix, split.train, baselines.fit(matrix, split.train, BASE, 5))
    train_counts, valid = (matrix.raw(rows).astype(float) for rows in (split.train, split.valid))
    n = matrix.n_genes
    share = train_counts[:, :n].sum(axis=0) / train_counts[:, :n].sum()
    mean = valid[:, :n].sum(axis=1, keepdims=True) * share
    fitted = train_counts[:, :n].sum(axis=1, keepdims=True) * share
    theta = likely_theta(train_counts[:, :n], fitted)
    expected = -known(valid[:, :n], np.maximum(mean, 1e-12), theta).mean()
    found = simple.measure(matrix, split.valid, BASE)
    assert found.mean.rna == pytest.approx(expected, rel=1e-4)
    assert found.mean.total == pytest.approx(found.mean.rna + 0.3 * found.mean.protein)
    assert found.pca.protein < found.mean.protein and found.pca.rna < found.mean.rna


def test_pca_turned_into_counts_adds_up_to_the_library_and_to_each_genes_counts(prepared):
    split, matrix = prepared
    fitted = count_baselines.fit(matrix, split.train, baselines.fit(matrix, split.train, BASE, 5))
    counts = matrix.raw(split.train).astype(float)
    n = matrix.n_genes
    pca = fitted.expected(matrix, split.train, matrix.dense(split.train), counts)["pca"]
    np.testing.assert_allclose(pca[:, :n].sum(axis=1), counts[:, :n].sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(pca.sum(axis=0), counts.sum(axis=0), rtol=0.05)
    raw = matrix.to_counts(
        fitted.simple.pca.first(4).rebuild(fitted.simple.pca.first(4).project(matrix.dense(split.train))),
        split.train,
    )
    assert raw[:, :n].sum() < 0.95 * counts[:, :n].sum()  # without it too low


@pytest.mark.parametrize("inflated", [False, True])
def test_a_run_on_counts_beats_the_mean_and_leaves_everything(inflated):
    adata = demo.simulated(n_cells=400, n_genes=120, n_proteins=8)
    config = BASE.model_copy(update={"epochs": 40, "zero_inflated": inflated})
    *_, learnt = learn.learn(adata, config)
    mean = learnt.start.on_scored.mean
    assert learnt.loss.rna < mean.rna and learnt.loss.protein < 0.95 * mean.protein
    *_, explored = explore.explore(explore.trained_run(learnt), config)
    assert 0 < explored.scores["variance_explained_protein"] < 1
    assert "variance_explained_rna_pca_alone" not in explored.scores  # there is no likelihood of RNA alone


def test_the_foreground_is_where_the_protein_is(prepared):
    split, matrix = prepared
    config = BASE.model_copy(update={"epochs": 60})
    torch.manual_seed(0)
    model = build(config, matrix.n_genes, matrix.n_proteins)
    model.start_from(count_baselines.fit(matrix, split.train, baselines.fit(matrix, split.train, config, 4)))
    list(loop.fit(model, matrix, split, config))
    cells = Feed(matrix).cells(np.arange(matrix.n_cells))
    with torch.no_grad():
        share = model.eval().foreground(cells).numpy()
    counts = matrix.raw(np.arange(matrix.n_cells))[:, matrix.n_genes :]
    assert share.shape == counts.shape and share.min() >= 0 and share.max() <= 1
    for j in range(counts.shape[1]):
        high = counts[:, j] > np.quantile(counts[:, j], 0.9)
        assert share[high, j].mean() >= share[~high, j].mean() - 0.05
    given, made = inference.mean_reconstruction(model, matrix, np.arange(50))
    assert given.shape == made.shape == (matrix.n_features,) and np.isfinite(made).all()


@pytest.mark.parametrize("change", [{}, {"zero_inflated": True}, {"protein_transform": "clr_cells"}])
def test_a_reconstruction_is_the_mean_input_of_counts_drawn_from_the_model(tiny, change):
    config = BASE.model_copy(update=change)
    split = split_cells(tiny.n_obs, config)
    matrix = prepare(tiny, config, split)
    torch.manual_seed(0)
    model = build(config, matrix.n_genes, matrix.n_proteins).eval()
    model.start_from(count_baselines.fit(matrix, split.train, baselines.fit(matrix, split.train, config, 4)))
    rows, random = np.arange(6), np.random.default_rng(0)
    with torch.no_grad():
        cells = Feed(matrix).cells(rows)
        made = inference.reconstruction(model, cells, matrix, rows)
        laws = model.distributions(model.encode(cells), cells)
    total, draws = 0.0, 1500
    for _ in range(draws):
        counts = []
        for mixture_of in laws.values():
            drawn, left = 0.0, random.random(mixture_of[0][1].shape)
            for share, mean, theta in (tuple(x.double().numpy() for x in part) for part in mixture_of):
                is_this = (left >= 0) & (left < share)
                drawn = drawn + is_this * random.negative_binomial(theta, theta / (theta + mean))
                left = np.where(is_this, -1.0, np.where(left >= 0, left - share, left))
            counts.append(drawn)
        total = total + matrix.as_seen(np.hstack(counts), rows)
    inside = np.abs(made) < 3  # clipped values are means of clipped ones, approximately
    np.testing.assert_allclose((total / draws)[inside], made[inside], atol=0.2)
    assert np.abs(total / draws - made)[inside].mean() < 0.03
    naive = matrix.as_seen(model.expected(model.encode(cells), cells).detach().numpy(), rows)
    assert (naive[:, :120] - made[:, :120]).mean() > 0.05  # the input of the expected count is too high


def test_the_foreground_leaves_with_the_result(tiny, tmp_path):
    words = [
        "train",
        str(tmp_path / "tiny.h5ad"),
        "--out",
        str(tmp_path / "out"),
        "--model",
        "counts",
        "--epochs",
        "2",
    ]
    tiny.write_h5ad(tmp_path / "tiny.h5ad")
    assert cli.main([*words, "--n-hidden", "16", "--n-latent", "4", "--device", "cpu"]) == 0
    made = anndata.read_h5ad(tmp_path / "out" / "result.h5ad")
    share = made.obsm["nuwa_foreground"]
    assert share.shape == (240, 6) and share.min() >= 0 and share.max() <= 1
    matrix = prepare(tiny, BASE, split_cells(tiny.n_obs, BASE))
    assert list(made.uns["nuwa_foreground_names"]) == list(matrix.proteins)
    plain = build(RunConfig().for_data(204, 126), matrix.n_genes, matrix.n_proteins)
    assert inference.foreground(plain, matrix) is None


def test_values_that_are_not_counts_are_refused_with_the_way_out(tiny):
    scaled = demo.DEMOS["pbmc68k_reduced"][1]()
    with pytest.raises(UserError, match="needs raw counts, and this dataset holds scaled values"):
        list(learn.learn(scaled, RunConfig(model="counts")))
    adata = tiny.copy()
    adata.obsm["protein"] = adata.obsm["protein"] * 0.37
    with pytest.raises(UserError, match="raw counts of the proteins"):
        list(learn.learn(adata, BASE))


def test_cells_without_a_count_train(tiny):
    adata = tiny.copy()
    adata.X[:3] = 0
    adata.X.eliminate_zeros()
    *_, learnt = learn.learn(adata, BASE)
    assert not learnt.failure and np.isfinite(learnt.loss.total) and np.isfinite(learnt.latent).all()


def test_the_likelihood_is_a_mean_over_features_and_cells():
    model = build(BASE, 20, 5).eval()
    x = torch.randn(7, 25)
    counts = torch.poisson(torch.full((7, 25), 3.0))
    whole = model.loss(Cells(x, None, counts))
    halves = [model.loss(Cells(x[i], None, counts[i])) for i in (slice(0, 3), slice(3, 7))]
    for part, value in whole.items():
        assert value.item() == pytest.approx(
            (3 * halves[0][part].item() + 4 * halves[1][part].item()) / 7, rel=1e-5
        )


def test_a_background_pays_for_its_distance_from_the_prior_of_its_protein(tiny):
    """KL of two Gaussians (of the logarithm): log s2/s1 + (s1^2 + (m1 - m2)^2) / (2 s2^2) - 1/2, added up."""
    model = build(BASE, 20, 4)
    with torch.no_grad():
        model.prior_mean.copy_(torch.tensor([0.0, 1.0, 2.0, -1.0]))
        model.prior_log_sd.copy_(torch.tensor([0.0, 0.5, -0.5, 0.2]))
    level, log_sd = torch.randn(5, 4), 0.3 * torch.randn(5, 4)
    m1, s1 = level.double().numpy(), np.exp(log_sd.double().numpy())
    m2, s2 = model.prior_mean.detach().double().numpy(), np.exp(model.prior_log_sd.detach().double().numpy())
    expected = (np.log(s2 / s1) + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5).sum(axis=1).mean()
    assert model._background_kl(level, log_sd, Cells(None)).item() == pytest.approx(expected, rel=1e-5)


def test_expected_counts_weigh_background_and_foreground_by_their_shares():
    torch.manual_seed(1)
    model = build(BASE, 20, 4).eval()
    cells = Cells(torch.randn(6, 24), None, torch.poisson(torch.full((6, 24), 3.0)))
    with torch.no_grad():
        model.blocks["output_protein"][0].bias.fill_(2.0)  # a foreground well above the background
        model.blocks["output_mixing"][0].bias.copy_(torch.tensor([-3.0, -1.0, 1.0, 3.0]))
        z = model.encode(cells)
        background, foreground, mixing, _ = model.protein(z, cells)
        found = model.expected(z, cells)
    share = expit(mixing.numpy())  # of background
    assert (foreground > 1.5 * background).all() and share[:, 0].max() < 0.5 < share[:, 3].min()
    by_hand = share * background.numpy() + (1 - share) * foreground.numpy()
    np.testing.assert_allclose(found[:, 20:], by_hand, rtol=1e-5)
    without = model.denoised(z, cells)[:, 20:].detach().numpy()
    np.testing.assert_allclose(without, (1 - share) * foreground.numpy(), rtol=1e-5)
    np.testing.assert_allclose(model.foreground(cells).detach().numpy(), 1 - share, rtol=1e-5)


@pytest.mark.parametrize(
    ("n_genes", "n_proteins", "weight", "price"), [(20, 4, None, 1.0), (20, 4, 0.5, 2.5), (0, 4, None, 1.0)]
)
def test_a_nat_of_a_background_costs_as_much_as_a_nat_of_a_protein(n_genes, n_proteins, weight, price):
    """In the loss, which is over the genes: weight * genes / proteins, 1 where the weight is proteins / genes."""
    config = BASE.model_copy(update={"weight_protein": weight}).for_data(200, n_genes, n_proteins)
    torch.manual_seed(2)
    model = build(config, n_genes, n_proteins).train()
    assert model.background_price == pytest.approx(price)
    n = n_genes + n_proteins
    cells = Cells(torch.randn(9, n), None, torch.poisson(torch.full((9, n), 3.0)))
    torch.manual_seed(0)
    loss = model.loss(cells)
    torch.manual_seed(0)
    model.background_price = 0.0
    without = model.loss(cells)
    torch.manual_seed(0)
    mean, log_variance = model.posterior(cells)
    z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
    kl_background = model.protein(z, cells)[-1]
    assert (loss["kl"] - without["kl"]).item() == pytest.approx(price * kl_background.item(), rel=1e-2)
