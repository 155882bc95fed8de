"""A trained model gives each cell its latent and its reconstruction."""

import numpy as np
import pytest
import torch
from short_runs import BASE, base_matrix, trained

from core.preprocessing.matrix import Cells
from core.training import inference


@pytest.fixture(scope="module")
def prepared(tiny):
    return base_matrix(tiny)


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
