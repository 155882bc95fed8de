"""Odd matrices either train, and leave finite numbers, or are refused in a sentence: by every model."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from core.analysis import explore
from core.config import RunConfig
from core.config.models import MODELS
from core.data import read
from core.errors import UserError
from core.training import learn

pytestmark = pytest.mark.slow


def counts(cells, genes, level=1.0):
    return np.random.default_rng(0).poisson(level, (cells, genes)).astype(np.float32)


def spiked():
    return np.where(np.random.default_rng(1).random((200, 50)) < 0.01, 1e30, counts(200, 50)).astype(
        np.float64
    )


ODD = {
    "two cells": (counts(2, 50), None),
    "ten cells": (counts(10, 50), None),
    "twelve cells with proteins": (counts(12, 50), counts(12, 3, 20)),
    "ten genes": (counts(200, 10, 3), None),
    "one protein": (counts(200, 50), counts(200, 1, 30)),
    "float16": (counts(200, 50).astype(np.float16), None),
    "1e30 counts": (spiked(), None),
    "constant genes": (np.hstack([np.ones((200, 20), np.float32), counts(200, 30)]), None),
    "cells without a count": (np.vstack([np.zeros((20, 50), np.float32), counts(180, 50)]), None),
    "nothing but ones": (np.ones((200, 30), np.float32), None),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ODD)
def test_odd_data_trains_or_says_why(name, model, tmp_path):
    x, proteins = ODD[name]
    adata = AnnData(x, pd.DataFrame(index=[f"cell {i}" for i in range(len(x))]))
    adata.var_names = [f"gene {i}" for i in range(x.shape[1])]
    if proteins is not None:
        names = [f"protein {i}" for i in range(proteins.shape[1])]
        adata.obsm["protein"] = pd.DataFrame(proteins, adata.obs_names, names)
    adata.write_h5ad(tmp_path / "odd.h5ad")
    config = RunConfig(model=model, epochs=3, n_latent=5, n_hidden=32, device="cpu")
    try:
        *_, learnt = learn.learn(read.read(tmp_path / "odd.h5ad"), config)
    except UserError as error:
        why = {"two cells": "needs at least 10 cells", "nothing but ones": "No gene varies"}
        assert name in why and why[name] in str(error)
        return
    assert not learnt.failure and np.isfinite(learnt.loss.total) and np.isfinite(learnt.latent).all()
    *_, explored = explore.explore(explore.trained_run(learnt), config)
    assert all(np.isfinite(points).all() for points in explored.embeddings.values())
    assert explored.scores["loss_total"] == learnt.loss.total
