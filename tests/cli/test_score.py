"""`score` prints the scores of a trained run."""

import json

import anndata
import numpy as np
import pandas as pd
import pytest

from core.cli import main


def test_the_folder_of_a_run_is_scored_with_the_labels_of_a_second_file(trained_folder, tmp_path, capsys):
    adata = anndata.read_h5ad(trained_folder / "result.h5ad")
    table = tmp_path / "labels.csv"
    pd.DataFrame({"cell_type": np.where(np.arange(240) < 120, "a", "b")}, adata.obs_names).to_csv(table)
    assert main(["score", str(trained_folder), "--labels", "cell_type", "--json"]) == 0
    found = {(r["score"], r["space"]): r["value"] for r in json.loads(capsys.readouterr().out)}
    before = json.loads((trained_folder / "scores.json").read_text())
    assert found["neighbours_kept_15", "latent"] == pytest.approx(before["neighbours_kept_15"], abs=1e-6)
    assert found["neighbours_kept_15", "pca"] == pytest.approx(before["neighbours_kept_15_pca"], abs=1e-6)
    assert found["knn_accuracy", "latent"] == pytest.approx(before["knn_accuracy"], abs=1e-6)
    words = [
        "--labels",
        "cell_type",
        "--annotations",
        str(table),
        "--batch",
        "cell_type",
        "--resolution",
        "0.4",
    ]
    assert main(["score", str(trained_folder), *words]) == 0
    shown = capsys.readouterr().out
    for head in ("Trustworthiness (15)", "Batches mixed (iLISI)", "Variance explained (autoencoder, PCA)"):
        assert head in shown
    assert "t-SNE of" in shown and "seen in training" in shown
