"""The likelihood of cells that a model has not seen, for models with a likelihood."""

import math

import torch

from core.training.dataloader import Feed

SAMPLES = 50  # draws of the importance-weighted bound; more gain little (Burda 2016)
BOUND_CELLS = 1000  # at most, for the bound: each costs SAMPLES passes through the decoder


def held_out(model, matrix, rows, loss, baselines, config, device="cpu", splitter=None):
    """Scores of likelihood on the cells `rows`, each in nats a cell, summed over features, the lower the better.

    `held_out_nll`: the negative log-likelihood with the latent at the posterior's mean, and those of PCA and of the
    training mean (`loss` and `baselines` are the losses they are read from). `held_out_bound`: the importance-weighted
    bound on -log p(x), of at most 1,000 of the cells. Both are None for models without a likelihood. With a `splitter` they are of the
    part of the counts that the encoder has not seen.
    """
    if not hasattr(model, "evidence"):
        return {"held_out_nll": None, "held_out_bound": None}

    def nats(parts):
        total = matrix.n_genes * (parts.rna or 0.0) + matrix.n_proteins * (parts.protein or 0.0)
        return _finite(model.nats(total, matrix.n_features - missing))

    missing = 0.0 if matrix.measured is None else float((~matrix.measured[rows]).sum(axis=1).mean())
    some = rows[:: -(-len(rows) // BOUND_CELLS)]
    return {
        "held_out_nll": nats(loss),
        "held_out_nll_pca": nats(baselines.pca),
        "held_out_nll_mean": nats(baselines.mean),
        "held_out_bound": _finite(
            -evidence_bound(model, matrix, some, SAMPLES, config.seed, device, splitter).mean()
        ),
    }


def _finite(value):
    return float(value) if math.isfinite(value) else None


@torch.no_grad()
def evidence_bound(model, matrix, rows, samples=SAMPLES, seed=0, device="cpu", splitter=None):
    """(cells,) float64: a lower bound on log p(x) in nats, the importance-weighted one (Burda 2016), seeded.

    log of the mean over `samples` draws of p(x | z) p(z) / q(z | x): with one draw the evidence lower bound in
    expectation, and never looser with more.
    """
    model.eval()
    random = torch.Generator(device).manual_seed(seed)

    def noise(like):
        return torch.randn(like.shape, generator=random, device=like.device)

    bounds = []
    for _, cells in Feed(matrix, device, splitter=splitter).blocks(rows):
        mean, log_variance = model.posterior(cells)
        draws = []
        for _ in range(samples):
            drawn = noise(mean)
            z = mean + drawn * (0.5 * log_variance).exp()
            ratio = 0.5 * (drawn.square() - z.square() + log_variance).sum(dim=1)
            draws.append((ratio + model.evidence(z, cells, noise)).double())
        bounds.append(torch.logsumexp(torch.stack(draws), dim=0) - math.log(samples))
    return torch.cat(bounds).cpu().numpy()
