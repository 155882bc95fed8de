"""The histograms of a preparation are those of the values that a model trains on."""

import numpy as np
import pytest

from core.config import RunConfig
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.worker.jobs.value_histograms import of_preparation, preprocessed_genes


@pytest.mark.parametrize("values", [{}, {"scale": False}, {"clip": 1.0}, {"modalities": "rna"}])
def test_values_without_torch_are_those_with_torch(tiny, values):
    config = RunConfig(n_top_genes=60, **values)
    split = split_cells(tiny.n_obs, config)
    matrix = prepare(tiny.copy(), config, split)
    held = matrix.rna.held(split.train)
    genes = preprocessed_genes(matrix, held.rows.dense(held.at), split.train)
    dense = matrix.dense(split.train)
    np.testing.assert_allclose(genes, dense[:, : matrix.n_genes], rtol=1e-5, atol=1e-6)
    assert genes.dtype == np.float32
    for pair in of_preparation(tiny, matrix, split)["histograms"]:
        after = dense[:, : matrix.n_genes] if pair["name"] == "RNA" else dense[:, matrix.n_genes :]
        counts = np.histogram(after, np.linspace(after.min(), after.max(), 41))[0]
        assert np.abs(counts - pair["after"]["counts"]).sum() <= 4  # values at an edge of two bins
