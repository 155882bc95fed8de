"""Denoised values and held-out likelihoods, each against a plain way of reckoning it in float64."""

import anndata
import numpy as np
import pytest
import torch
from scipy import stats

from core import cli
from core.analysis import explore
from core.config import RunConfig
from core.data import demo
from core.export import h5ad
from core.models import build
from core.models.variational import divergence
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import held_out, inference, learn
from core.training.dataloader import Feed

SMALL = {
    "epochs": 12,
    "n_hidden": 16,
    "n_hidden_protein": 8,
    "n_latent": 3,
    "device": "cpu",
    "n_top_genes": 60,
}
ROWS = np.arange(40)


def learnt(name, **changes):
    """(Learnt, its model in evaluation mode) of a few epochs on a simulated set."""
    adata = demo.simulated(n_cells=240, n_genes=120, n_proteins=8)
    config = RunConfig(model=name, **SMALL | changes)
    *_, learnt_run = learn.learn(adata, config)
    matrix = learnt_run.start.matrix
    model = build(config, matrix.n_genes, matrix.n_proteins, len(matrix.batch_names))
    model.load_state_dict(learnt_run.weights)
    return learnt_run, model.eval()


@pytest.fixture(scope="module")
def trained():
    """A function of a model's name: what `learnt` gives, once for each."""
    known = {}

    def find(name):
        if name not in known:
            known[name] = learnt(name, batch_key="sample")
        return known[name]

    return find


def everything(model, matrix, batch=None):
    return np.concatenate([values for _, values in inference.denoised(model, matrix, batch)])


# --- denoised values


@pytest.mark.parametrize("name", ["citeseq", "variational", "linear"])
def test_a_reconstruction_is_taken_back_to_the_values_before_scaling(trained, name):
    learnt_run, model = trained(name)
    matrix = learnt_run.start.matrix
    denoised = everything(model, matrix)
    assert denoised.shape == (240, matrix.n_features) and denoised.dtype == np.float32
    cells = Feed(matrix).cells(ROWS)
    with torch.no_grad():
        x = model.decode(model.encode(cells), cells.batch).double().numpy()
    expected = x * matrix.sd.astype(float) + matrix.mean
    np.testing.assert_allclose(denoised[ROWS], expected, rtol=1e-5, atol=1e-5)
    values = matrix.dense(np.arange(240)) * matrix.sd + matrix.mean
    assert np.corrcoef(denoised.mean(axis=0), values.mean(axis=0))[0, 1] > 0.99
    if name != "linear":  # which needs more epochs than these
        assert ((denoised - values) ** 2).mean() < ((values.mean(axis=0) - values) ** 2).mean()


def test_expected_counts_are_those_of_the_cells_own_library_without_background(trained):
    learnt_run, model = trained("counts")
    matrix = learnt_run.start.matrix
    cells = Feed(matrix).cells(ROWS)
    n = matrix.n_genes
    with torch.no_grad():
        z = model.encode(cells)
        hidden = model._through("decoder", "rna", z, cells.batch)
        share = model.blocks["output_rna"](hidden).double().softmax(dim=1).numpy()
        expected_of = model.expected(z, cells).numpy()
    counts = matrix.raw(ROWS).astype(float)
    genes = counts[:, :n].sum(axis=1, keepdims=True) * share
    total = (
        demo.simulated(n_cells=240, n_genes=120, n_proteins=8).X.toarray()[ROWS].sum(axis=1, keepdims=True)
    )
    denoised = everything(model, matrix)[ROWS]
    np.testing.assert_allclose(denoised[:, :n], np.log1p(genes * 10_000 / total), rtol=1e-3, atol=1e-4)
    tags = np.expm1(denoised[:, n:]) * matrix.protein_change.means
    assert (tags <= expected_of[:, n:] * (1 + 1e-4)).all() and (tags >= 0).all()


@pytest.mark.parametrize("name", ["citeseq", "counts"])
def test_cells_can_be_decoded_as_if_from_one_batch(trained, name):
    learnt_run, model = trained(name)
    matrix = learnt_run.start.matrix
    own = everything(model, matrix)
    one, other = (everything(model, matrix, batch) for batch in matrix.batch_names)
    from_one = matrix.batch_codes == 0
    np.testing.assert_allclose(own[from_one], one[from_one], atol=1e-5)
    np.testing.assert_allclose(own[~from_one], other[~from_one], atol=1e-5)
    assert np.abs(one - other).max() > 1e-4
    with pytest.raises(ValueError):
        everything(model, matrix, "nowhere")


def test_denoised_values_are_written_in_blocks_beside_what_was_there(trained, tmp_path):
    learnt_run, model = trained("citeseq")
    matrix = learnt_run.start.matrix
    adata = demo.simulated(n_cells=240, n_genes=120, n_proteins=8)
    adata.obsm["nuwa_denoised"] = np.ones((240, 2))
    path = tmp_path / "result.h5ad"
    adata.write_h5ad(path)
    values = everything(model, matrix)
    blocks = [(part, values[part]) for part in np.split(np.arange(240), [100, 101])]
    h5ad.add_denoised(path, matrix, blocks)
    exported = anndata.read_h5ad(path)
    genes, proteins = exported.obsm["nuwa_denoised"], exported.obsm["nuwa_denoised_protein"]
    assert list(exported.uns["nuwa_denoised_names"]) == list(matrix.genes)
    assert list(exported.uns["nuwa_denoised_protein_names"]) == list(matrix.proteins)
    np.testing.assert_array_equal(np.hstack([genes, proteins]), values)
    assert (exported.obsm["nuwa_denoised_before"] == 1).all()
    exported.copy().write_h5ad(tmp_path / "again.h5ad")


def test_the_command_line_adds_denoised_values_where_asked(tiny_file, tmp_path, capsys):
    arguments = [
        "train",
        str(tiny_file),
        "--device",
        "cpu",
        "--epochs",
        "2",
        "--n-hidden",
        "16",
        "--n-latent",
        "4",
    ]
    arguments += ["--batch-key", "sample", "--denoised-batch"]
    assert cli.main([*arguments, "nowhere", "--out", str(tmp_path / "no")]) == 2
    assert "There is no batch 'nowhere' in 'sample', which has: " in capsys.readouterr().err
    assert cli.main([*arguments, "sample 1", "--out", str(tmp_path / "out")]) == 0
    exported = anndata.read_h5ad(tmp_path / "out" / "result.h5ad")
    assert exported.obsm["nuwa_denoised"].shape == (240, 120)
    assert exported.obsm["nuwa_denoised_protein"].shape == (240, 6)
    mixed = np.load(tmp_path / "out" / "harmony_axes.npy")  # a run with batches has Harmony beside PCA
    np.testing.assert_array_equal(exported.obsm["X_nuwa_pca_harmony"], mixed)
    assert "PCA, Harmony" in (tmp_path / "out" / "clusters.html").read_text()
    assert cli.main(["train", str(tiny_file), "--denoised-batch", "a", "--out", str(tmp_path / "b")]) == 2
    assert "name its obs column with --batch-key" in capsys.readouterr().err


# --- likelihoods


def test_the_nll_of_a_normal_model_is_its_density(trained):
    learnt_run, model = trained("variational")
    matrix, rows = learnt_run.start.matrix, learnt_run.start.split.scored
    cells = Feed(matrix).cells(rows)
    with torch.no_grad():
        decoded = model.decode(model.encode(cells), cells.batch).double().numpy()
    expected = -stats.norm.logpdf(cells.x.double().numpy(), decoded, 1).sum(axis=1).mean()
    assert learnt_run.held_out["held_out_nll"] == pytest.approx(expected, rel=1e-5)
    assert learnt_run.held_out["held_out_nll"] < learnt_run.held_out["held_out_nll_mean"]


def test_the_nll_of_counts_is_that_of_every_count(trained):
    learnt_run, model = trained("counts")
    matrix, rows = learnt_run.start.matrix, learnt_run.start.split.scored
    cells = Feed(matrix).cells(rows)
    with torch.no_grad():
        z = model.encode(cells)
        mean, _ = model.rna(z, cells)
        theta = model.log_theta["rna"].double().exp().numpy()
        background, foreground, mixing, _ = model.protein(z, cells)
        theta_p = model.log_theta["protein"].double().exp().numpy()
    counts, n = cells.counts.double().numpy(), matrix.n_genes

    def logpmf(x, mean, theta):
        return stats.nbinom.logpmf(x, theta, theta / (theta + mean.double().numpy()))

    pi = torch.sigmoid(mixing.double()).numpy()
    proteins = np.logaddexp(
        np.log(pi) + logpmf(counts[:, n:], background, theta_p),
        np.log1p(-pi) + logpmf(counts[:, n:], foreground, theta_p),
    )
    expected = -(logpmf(counts[:, :n], mean, theta).sum(axis=1) + proteins.sum(axis=1)).mean()
    assert learnt_run.held_out["held_out_nll"] == pytest.approx(expected, rel=1e-4)
    baselines = learnt_run.start.on_scored.pca
    assert learnt_run.held_out["held_out_nll_pca"] == pytest.approx(
        baselines.rna * n + baselines.protein * matrix.n_proteins
    )


@pytest.mark.parametrize("name", ["variational", "counts"])
def test_one_draw_is_the_evidence_lower_bound_in_expectation_and_more_draws_are_tighter(trained, name):
    learnt_run, model = trained(name)
    matrix = learnt_run.start.matrix
    one = np.mean([held_out.evidence_bound(model, matrix, ROWS, 1, seed) for seed in range(300)], axis=0)
    cells = Feed(matrix).cells(ROWS)
    random, n = torch.Generator().manual_seed(1), matrix.n_genes
    with torch.no_grad():
        mean, log_variance = model.posterior(cells)
        elbo = []
        for _ in range(300):
            z = mean + torch.randn(mean.shape, generator=random) * (0.5 * log_variance).exp()
            if name == "variational":
                decoded = model.decode(z, cells.batch).double().numpy()
                elbo.append(stats.norm.logpdf(cells.x.double().numpy(), decoded, 1).sum(axis=1).mean())
                continue
            hidden, level = model._level(z, cells)
            log_sd = model._spread(hidden)
            drawn = level + torch.randn(level.shape, generator=random) * log_sd.exp()
            tags = model._tags(hidden, drawn)
            fit = model._of_rna(z, cells).sum(1) + model._of_protein(tags, cells).sum(1)
            elbo.append(float(fit.double().mean() - model._background_kl(level, log_sd, cells)))
        expected = np.mean(elbo) - float(divergence(mean, log_variance))
    assert n and one.mean() == pytest.approx(expected, abs=0.002 * abs(expected) + 0.1)
    means = [held_out.evidence_bound(model, matrix, ROWS, k).mean() for k in (1, 5, 50)]
    assert means[0] < means[1] < means[2]
    again = held_out.evidence_bound(model, matrix, ROWS, 5)
    np.testing.assert_array_equal(again, held_out.evidence_bound(model, matrix, ROWS, 5))


def test_with_the_exact_posterior_the_bound_is_the_marginal_likelihood():
    """A linear decoder with noise of unit variance is a Gaussian; with orthogonal loadings so is each dimension's posterior."""
    adata = demo.simulated(n_cells=240, n_genes=120, n_proteins=8)
    config = RunConfig(model="linear", **SMALL)
    matrix = prepare(adata, config, split_cells(240, config))
    model = build(config, matrix.n_genes, matrix.n_proteins).eval()
    random = np.random.default_rng(0)
    basis, _ = np.linalg.qr(random.standard_normal((matrix.n_features, 3)))
    loadings, bias = basis * [3.0, 2.0, 1.0], random.standard_normal(matrix.n_features)
    with torch.no_grad():
        for branch, part in (("rna", slice(None, matrix.n_genes)), ("protein", slice(matrix.n_genes, None))):
            linear = model.blocks[f"output_{branch}"][0]
            linear.weight.copy_(torch.from_numpy(loadings[part]))
            linear.bias.copy_(torch.from_numpy(bias[part]))
    precision = 1 + (loadings**2).sum(axis=0)

    def posterior(cells):
        mean = ((cells.x.double().numpy() - bias) @ loadings) / precision
        return torch.from_numpy(mean).float(), torch.from_numpy(-np.log(precision)).float().expand(
            len(mean), -1
        )

    model.posterior = posterior
    spread = loadings @ loadings.T + np.eye(matrix.n_features)
    exact = stats.multivariate_normal(bias, spread).logpdf(matrix.dense(ROWS).astype(float))
    np.testing.assert_allclose(held_out.evidence_bound(model, matrix, ROWS, 1), exact, rtol=1e-5)
    np.testing.assert_allclose(held_out.evidence_bound(model, matrix, ROWS, 7), exact, rtol=1e-5)
    model.posterior = lambda cells: tuple(
        torch.zeros(len(cells.x), 3) for _ in range(2)
    )  # the prior: far from it
    loose = [held_out.evidence_bound(model, matrix, ROWS, k).mean() for k in (1, 10, 1000)]
    assert loose[0] < loose[1] < loose[2] < exact.mean() + 0.1 and loose[0] < exact.mean() - 0.5


def test_likelihoods_are_among_the_scores_and_none_where_a_model_has_none(trained):
    for name in ("citeseq", "counts"):
        learnt_run, _ = trained(name)
        scores = explore.score(
            explore.trained_run(learnt_run), RunConfig(model=name, **SMALL), np.zeros(240, int)
        )
        if name == "citeseq":
            assert scores["held_out_nll"] is None and scores["held_out_bound"] is None
        else:
            assert learnt_run.held_out.items() <= scores.items()
            assert scores["held_out_nll"] < scores["held_out_nll_mean"] and scores["held_out_bound"] > 0
