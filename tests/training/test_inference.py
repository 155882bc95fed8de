"""A trained model gives each cell its latent and its reconstruction."""

import numpy as np
import pytest
import torch

from core.config import RunConfig
from core.models import build
from core.preprocessing.matrix import Cells
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import inference
from core.training.loop import fit

BASE = RunConfig(epochs=3, n_hidden=16, n_hidden_protein=8, n_latent=4, batch_size=64, n_top_genes=0)


@pytest.fixture(scope="module")
def prepared(tiny):
    """(Split, Matrix) of the tiny set under the base settings."""
    split = split_cells(tiny.n_obs, BASE)
    return split, prepare(tiny, BASE, split)


def fresh(matrix, config):
    torch.manual_seed(config.seed)
    return build(config, matrix.n_genes, matrix.n_proteins)


def trained(tiny, config):
    """(model, epochs) of a whole training run."""
    split = split_cells(tiny.n_obs, config)
    matrix = prepare(tiny, config, split)
    model = fresh(matrix, config)
    return model, list(fit(model, matrix, split, config))


def test_a_cell_has_the_same_code_whoever_stands_beside_it(tiny, prepared):
    split, matrix = prepared
    model, _ = trained(tiny, BASE)
    z = inference.encode(model, matrix)
    assert z.shape == (240, 4) and z.dtype == np.float32
    np.testing.assert_allclose(inference.encode(model, matrix, np.array([9, 3])), z[[9, 3]], atol=1e-5)


def test_a_reconstruction_is_the_mean_over_the_cells_asked_for(tiny, prepared):
    split, matrix = prepared
    model, _ = trained(tiny, BASE)
    rows = np.array([4, 8, 15])
    mean_values, mean_reconstruction = inference.mean_reconstruction(model, matrix, rows)
    x = torch.from_numpy(matrix.dense(rows))
    np.testing.assert_allclose(mean_values, x.mean(dim=0), atol=1e-5)
    with torch.no_grad():
        np.testing.assert_allclose(
            mean_reconstruction, model.decode(model.encode(Cells(x))).mean(dim=0), atol=1e-5
        )
