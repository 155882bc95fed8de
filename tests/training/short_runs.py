"""Short trainings of a small model, for the tests of the loop and of what a trained model gives."""

import torch

from core.config import RunConfig
from core.models import build
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_of
from core.training.loop import fit

BASE = RunConfig(epochs=3, n_hidden=16, n_hidden_protein=8, n_latent=4, batch_size=64, n_top_genes=0)


def base_matrix(tiny):
    """(Split, Matrix) of the tiny set under the base settings."""
    split = split_of(tiny, BASE)
    return split, prepare(tiny, BASE, split)


def fresh(matrix, config):
    """An untrained model, seeded."""
    torch.manual_seed(config.seed)
    return build(config, matrix.n_genes, matrix.n_proteins)


def trained(tiny, config):
    """(model, epochs) of a whole training run."""
    split = split_of(tiny, config)
    matrix = prepare(tiny, config, split)
    model = fresh(matrix, config)
    return model, list(fit(model, matrix, split, config))


def weights(model):
    """A copy of the weights by name."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(a, b):
    """Whether two dicts of tensors are equal, bit for bit."""
    return a.keys() == b.keys() and all(a[k].shape == b[k].shape and torch.equal(a[k], b[k]) for k in a)
