"""What the variational models learn from, the pull of the KL term included, is minus their evidence lower bound."""

import anndata
import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from scipy.special import expit, logsumexp
from torch.distributions import Normal, kl_divergence

from core.config import RunConfig, parse
from core.models import build
from core.preprocessing.matrix import Cells
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import inference, learn, loop
from core.training.optimizer import make_optimizer
from core.training.schedule import warmth

G, P, N = 30, 5, 40
SIZES = {"n_hidden": 12, "n_hidden_protein": 6, "n_latent": 3, "norm": "layer", "l1": 0.0}


def small(**settings):
    return RunConfig(**(SIZES | {"beta_warm_up": 0.0} | settings))


def double(tensor):
    return tensor.detach().double()


def stepped(model, cells, config, monkeypatch):
    """(the scalar that a step goes down by, the standard normal numbers that it drew, in their order)."""
    drawn, real = [], torch.randn_like
    monkeypatch.setattr(torch, "randn_like", lambda x: drawn.append(real(x)) or drawn[-1])
    n = model.sizes.get("rna") or model.sizes["protein"]
    kl_weight = warmth(config, 1.0) * model.nat / n
    loss, (_, kl), _ = loop.one_step(model, make_optimizer(model, config), cells, config, 0.0, kl_weight)
    return (loss + kl).item(), drawn


def pull(model, cells):
    """KL of the posterior of z from the standard normal, in nats a cell, by torch's own distributions."""
    mean, log_variance = (double(x) for x in model.posterior(cells))
    return mean, log_variance, kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)


@pytest.mark.parametrize("name", ["variational", "linear"])
def test_variational_goes_down_by_the_bound_of_a_normal_density(name, monkeypatch):
    config = small(model=name).for_data(N, G)
    model, cells = build(config, G, 0), Cells(torch.randn(N, G))
    mean, log_variance, kl = pull(model, cells)
    found, (noise,) = stepped(model, cells, config, monkeypatch)
    z = mean + noise.double() * (log_variance / 2).exp()
    made = double(model.decode(z.float()))
    likelihood = Normal(made, 1.0).log_prob(cells.x.double()).sum(1) + G * np.log(2 * np.pi) / 2
    assert found == pytest.approx(2 / G * (kl - likelihood).mean().item(), rel=1e-5)


@pytest.mark.parametrize("modalities", ["both", "protein"])
def test_counts_goes_down_by_the_bound_of_all_its_counts(modalities, monkeypatch):
    """A gene's nat, a protein's, and either divergence's cost the same, divided by the number of genes."""
    n_genes = G if modalities == "both" else 0
    torch.manual_seed(0)
    config = small(model="counts", modalities=modalities).for_data(N, n_genes, P)
    counts = torch.poisson(torch.rand(N, n_genes + P) * 9)
    model, cells = build(config, n_genes, P), Cells(torch.randn(N, n_genes + P), None, counts)
    with torch.no_grad():
        model.prior_mean.normal_()
        model.prior_log_sd.normal_(std=0.3)
        for theta in model.log_theta.values():
            theta.normal_()
        model.blocks["output_protein"][0].weight.normal_()
        # Backgrounds near the model's guards (a level of -15, EPS in its logarithms) are not what is tested here.
        model.blocks["output_background_spread"][0].weight.mul_(0.2)
        model.prior_mean.mul_(0.5)
    mean, log_variance, kl = pull(model, cells)
    found, drawn = stepped(model, cells, config, monkeypatch)
    z = mean + drawn[0].double() * (log_variance / 2).exp()
    bound = (
        -kl.numpy() + of_genes(model, z, counts, n_genes) + of_proteins(model, z, counts, n_genes, drawn[1])
    )
    assert found == pytest.approx(-bound.mean() / (n_genes or P), rel=1e-5)


def hidden_of(model, branch, z):
    return double(model._through("decoder", branch, z.float(), None)).numpy()


def mapped(model, name, hidden):
    linear = model.blocks[name][0]
    return hidden @ double(linear.weight).numpy().T + double(linear.bias).numpy()


def log_nb(x, mean, log_theta):
    theta = double(log_theta).exp().numpy()
    return stats.nbinom.logpmf(x, theta, theta / (theta + mean))


def of_genes(model, z, counts, n_genes):
    """(cells,): log-likelihood of the genes given z, by scipy."""
    if not n_genes:
        return 0.0
    x, logits = counts[:, :n_genes].numpy(), mapped(model, "output_rna", hidden_of(model, "rna", z))
    share = np.exp(logits - logsumexp(logits, axis=1, keepdims=True))
    return log_nb(x, x.sum(1, keepdims=True) * share, model.log_theta["rna"]).sum(1)


def of_proteins(model, z, counts, n_genes, noise):
    """(cells,): log-likelihood of the proteins, minus the divergence of their backgrounds; foreground = b (1 + relu f)."""
    x, hidden = counts[:, n_genes:].numpy(), hidden_of(model, "protein", z)
    level = double(model.prior_mean).numpy() + mapped(model, "output_background", hidden)
    log_sd = np.clip(mapped(model, "output_background_spread", hidden), -5, 2)
    prior = Normal(double(model.prior_mean), double(model.prior_log_sd).exp())
    posterior = Normal(torch.from_numpy(level), torch.from_numpy(np.exp(log_sd)))
    background = np.exp(level + noise.double().numpy() * np.exp(log_sd))
    foreground = background * (1 + np.maximum(mapped(model, "output_protein", hidden), 0))
    pi, theta = expit(mapped(model, "output_mixing", hidden)), model.log_theta["protein"]
    terms = np.log(pi) + log_nb(x, background, theta), np.log1p(-pi) + log_nb(x, foreground, theta)
    return logsumexp(terms, axis=0).sum(1) - kl_divergence(posterior, prior).sum(1).numpy()


@pytest.mark.parametrize(
    ("warm_up", "done", "weight"), [(0.5, 0, 0), (0.5, 0.25, 1), (0.5, 0.75, 2), (0, 0, 2)]
)
def test_the_kl_weight_grows_to_beta_over_its_warm_up(warm_up, done, weight):
    assert warmth(RunConfig(model="variational", beta=2.0, beta_warm_up=warm_up), done) == weight


def test_each_step_of_a_training_costs_the_divergence_that_is_due(tiny, monkeypatch):
    config = small(model="counts", n_top_genes=0, epochs=2, beta_warm_up=0.5)
    split = split_cells(tiny.n_obs, config)
    matrix = prepare(tiny, config, split)
    config = config.for_data(matrix.n_cells, matrix.n_genes, matrix.n_proteins)
    weights, step = [], loop.one_step
    monkeypatch.setattr(loop, "one_step", lambda *a: weights.append(a[-1]) or step(*a))
    list(loop.fit(build(config, matrix.n_genes, matrix.n_proteins), matrix, split, config))
    n = len(weights)
    expected = [min(1.0, 2 * i / n) / matrix.n_genes for i in range(n)]
    assert n == 2 * -(-len(split.train) // config.batch_size) and weights == pytest.approx(expected)


def two_kinds(n_cells=600, n_genes=60):
    """AnnData of two kinds of cells, with a protein of either kind (200 counts beside 10) and one that nobody has."""
    random, kind = np.random.default_rng(0), np.arange(n_cells) % 2
    level = random.gamma(1.0, 2.0, (2, n_genes))
    depth = random.lognormal(0, 0.3, (n_cells, 1))
    proteins = np.stack(
        [np.where(kind == 0, 200, 10), np.where(kind == 1, 200, 10), np.full(n_cells, 10)], axis=1
    )
    noise = random.gamma(5.0, 0.2, proteins.shape)
    adata = anndata.AnnData(random.poisson(level[kind] * depth).astype(np.float32))
    adata.obs_names = [f"cell {i}" for i in range(n_cells)]
    adata.obsm["protein"] = pd.DataFrame(
        random.poisson(proteins * noise).astype(np.float32),
        adata.obs_names,
        ["of one", "of the other", "of none"],
    )
    return adata, kind


def test_foreground_is_sure_of_the_cells_that_have_a_protein_and_of_those_that_have_not():
    adata, kind = two_kinds()
    *_, learnt = learn.learn(adata, parse({"model": "counts", "epochs": 60}))
    start = learnt.start
    model = build(start.config, start.matrix.n_genes, start.matrix.n_proteins)
    model.load_state_dict(learnt.weights)
    share = inference.foreground(model, start.matrix).to_numpy()
    for j, has in enumerate((kind == 0, kind == 1)):
        assert share[has, j].mean() > 0.9 and share[~has, j].mean() < 0.1
