"""What `train` writes: every file of a run, from few cells as from many; and how it ends when training fails."""

import csv
import json
import os
import re
import signal
import subprocess
import time

import anndata
import formats
import numpy as np
import pytest
import scanpy as sc
import torch
from commands import QUICK, command, losses
from constants import ROOT

from core.cli import main, train_job
from core.config import RunConfig
from core.config.run_files import HISTORY
from core.data import read
from core.errors import OUT_OF_MEMORY
from core.export import run_folder
from core.training.inference import encode
from core.training.phases import PHASES


def test_every_file_of_the_contract_is_there(trained_folder):
    promised = {"config.json", "history.csv", "scores.json", "latent.npy", "model.pt", "loss.html"}
    assert promised | {"clusters.html", "result.h5ad"} <= {path.name for path in trained_folder.iterdir()}
    assert not [path for path in trained_folder.rglob("*") if path.name.startswith(".")]


def test_the_config_holds_every_setting_and_how_it_was_made(trained_folder, rich_file):
    config = json.loads((trained_folder / "config.json").read_text())
    assert set(RunConfig.model_fields) <= set(config)
    assert (config["epochs"], config["n_latent"], config["n_top_genes"]) == (3, 4, 60)
    assert config["device_used"] == "cpu" and config["threads"] >= 1 and config["source"] == str(rich_file)
    assert config["data_hash"] == read.data_hash(read.read(rich_file))
    assert config["versions"]["torch"] == torch.__version__


def test_the_history_has_a_row_an_epoch(trained_folder):
    with (trained_folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == HISTORY
    assert HISTORY[:9] == (
        *("epoch", "train_loss", "valid_loss", "train_rna", "valid_rna", "train_protein", "valid_protein"),
        *("learning_rate", "seconds"),
    )
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    for row in rows:
        for side in ("train", "valid"):
            parts = float(row[f"{side}_rna"]) + 0.3 * float(row[f"{side}_protein"])
            assert float(row[f"{side}_loss"]) == pytest.approx(parts)
        assert float(row["seconds"]) > 0


def test_the_scores_are_flat_and_have_their_names(trained_folder):
    scores = json.loads((trained_folder / "scores.json").read_text())
    names = {"loss_total", "loss_total_pca", "loss_total_mean", "silhouette", "best_epoch", "ari", "nmi"}
    paired = ("variance_explained_rna", "variance_explained_protein", "neighbours_kept_15")
    for name in (*paired, "protein_agreement_15", "knn_accuracy"):
        names |= {name, f"{name}_pca"}
    assert names <= set(scores)
    assert not any(isinstance(value, (dict, list)) for value in scores.values())
    assert scores["judged_on"] == "valid" and scores["best_epoch"] in (1, 2, 3)
    assert scores["loss_total_pca"] < scores["loss_total_mean"]
    for name in ("neighbours_kept_15", "protein_agreement_15", "knn_accuracy"):
        assert 0 < scores[name] < 1


def test_the_model_loads_safely_and_encodes_the_latent_again(trained_folder, rich_file):
    content = torch.load(trained_folder / "model.pt", weights_only=True)
    assert (
        content["config"]["n_latent"] == 4 and len(content["genes"]) == 60 and len(content["proteins"]) == 6
    )
    model = run_folder.load_model(trained_folder / "model.pt")
    from core.preprocessing.prepare import prepare
    from core.preprocessing.split import split_cells

    config = RunConfig(**content["config"])
    matrix = prepare(read.read(rich_file), config, split_cells(240, config))
    np.testing.assert_allclose(encode(model, matrix), np.load(trained_folder / "latent.npy"), atol=1e-5)


def test_the_phases_are_all_there_and_in_order(trained_folder):
    seconds = json.loads((trained_folder / "phases.json").read_text())
    assert list(seconds) == [name for name in PHASES if name != "harmony"] and all(
        spent >= 0 for spent in seconds.values()
    )


@pytest.mark.parametrize("name", ["loss.html", "clusters.html"])
def test_the_pages_ask_no_outside_host(trained_folder, name):
    page = (trained_folder / name).read_text()
    assert "<title>" in page and "Plotly.newPlot" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]*\b(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert not re.search(r"@import\s+url|url\(\s*[\"']?https?:", page)


@pytest.mark.parametrize("name", ["loss.html", "clusters.html"])
def test_the_pages_say_what_the_data_set_holds(trained_folder, name):
    assert "X: counts" in (trained_folder / name).read_text()


def test_the_clusters_page_shows_latent_pca_and_umap_and_tsne_on_request(trained_folder):
    page = (trained_folder / "clusters.html").read_text()
    for words in ("Latent", "PCA", "UMAP", "t-SNE"):
        assert words in page


def test_the_result_opens_in_scanpy_and_keeps_what_was_there(trained_folder, rich_file):
    made, given = sc.read_h5ad(trained_folder / "result.h5ad"), sc.read_h5ad(rich_file)
    counts = made.layers["counts"]
    assert made.shape == given.shape and (counts != given.X).nnz == 0
    log = given.copy()
    sc.pp.normalize_total(log, target_sum=1e4)
    sc.pp.log1p(log)
    np.testing.assert_allclose(made.X.toarray(), log.X.toarray(), rtol=1e-5)
    np.testing.assert_array_equal(made.obsm["X_nuwa"], np.load(trained_folder / "latent.npy"))
    assert made.obsm["X_nuwa_umap"].shape == (240, 2)
    np.testing.assert_array_equal(made.obsm["X_nuwa_before"], given.obsm["X_nuwa"])
    np.testing.assert_array_equal(made.obsm["X_pca"], given.obsm["X_pca"])
    assert list(made.obs["nuwa_cluster_before"]) == ["old"] * 240
    labels = np.load(trained_folder / "clusters" / "leiden_0.4.npy")
    np.testing.assert_array_equal(made.obs["nuwa_cluster"].astype(int), labels)
    assert set(made.obs["nuwa_split"]) == {"train", "valid"}
    assert made.var["nuwa_used"].sum() == 60
    assert (made.raw.X != given.raw.X).nnz == 0
    assert list(made.obs["cell_type"]) == list(given.obs["cell_type"])
    np.testing.assert_array_equal(made.obsm["protein"], given.obsm["protein"])
    assert list(made.uns["protein_names"]) == list(given.obsm["protein"].columns)
    assert list(made.uns["colours"]) == ["red", "blue"]


def test_what_the_result_says_of_the_run_is_strings_numbers_and_arrays(trained_folder):
    facts = anndata.read_h5ad(trained_folder / "result.h5ad").uns["nuwa"]
    plain = (str, int, float, bool, np.generic, np.ndarray)
    assert all(isinstance(value, plain) for value in facts.values()), facts
    assert facts["n_latent"] == 4 and facts["versions_torch"] and len(facts["loss_valid"]) == 3
    assert facts["data_hash"] == json.loads((trained_folder / "config.json").read_text())["data_hash"]


def test_the_config_of_a_run_repeats_it_to_the_last_digit(trained_folder, rich_file, tmp_path):
    again = tmp_path / "again"
    words = ["train", str(rich_file), "--out", str(again), "--config", str(trained_folder / "config.json")]
    assert main(words) == 0
    assert losses(again) == losses(trained_folder)
    np.testing.assert_array_equal(np.load(again / "latent.npy"), np.load(trained_folder / "latent.npy"))
    assert "ari" not in json.loads((again / "scores.json").read_text())


def test_what_forbids_training_on_the_page_forbids_it_here(tmp_path, capsys):
    path = formats.h5ad(formats.counts(proteins=0).T.copy(), tmp_path)
    assert main(["train", str(path), "--out", str(tmp_path / "out"), *QUICK]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("This dataset cannot be trained on as it is. The matrix lies on its side")
    assert not (tmp_path / "out").exists()


def test_without_proteins_their_columns_are_empty(tiny, tmp_path):
    alone = tiny.copy()
    del alone.obsm["protein"]
    alone.write_h5ad(tmp_path / "rna.h5ad")
    assert main(["train", str(tmp_path / "rna.h5ad"), "--out", str(tmp_path / "out"), *QUICK]) == 0
    for row in losses(tmp_path / "out"):
        assert row["train_protein"] == row["valid_protein"] == ""
        assert row["train_loss"] == row["train_rna"]
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert scores["variance_explained_protein"] is None


def test_scaled_values_are_given_back_as_they_came(tmp_path):
    assert main(["train", "pbmc68k_reduced", "--out", str(tmp_path), *QUICK]) == 0
    given, made = sc.datasets.pbmc68k_reduced(), sc.read_h5ad(tmp_path / "result.h5ad")
    np.testing.assert_allclose(made.X, given.X, rtol=1e-6)
    assert "counts" not in made.layers and made.raw.shape == given.raw.shape
    assert set(given.obsm) <= set(made.obsm) and made.var["nuwa_used"].all()


@pytest.mark.parametrize("cells", [10, 25, 60])
def test_a_handful_of_cells_goes_all_the_way(tmp_path, tiny, cells):
    tiny[:cells].copy().write_h5ad(tmp_path / "few.h5ad")
    words = [
        "train",
        str(tmp_path / "few.h5ad"),
        "--out",
        str(tmp_path / "out"),
        *QUICK,
        "--labels",
        "cell_type",
    ]
    assert main(words) == 0
    assert np.load(tmp_path / "out" / "latent.npy").shape == (cells, 4)


def test_a_loss_that_is_no_number_ends_with_1_and_keeps_the_last_good_weights(tiny_file, tmp_path, capsys):
    wild = [
        "--lr",
        "10",
        "--optimizer",
        "sgd",
        "--schedule",
        "constant",
        "--norm",
        "none",
        "--clip-grad",
        "0",
    ]
    assert main(["train", str(tiny_file), "--out", str(tmp_path), *QUICK, *wild, "--epochs", "50"]) == 1
    assert "Lower the learning rate (it was 10)" in capsys.readouterr().err.strip().splitlines()[-1]
    weights = torch.load(tmp_path / "model.pt", weights_only=True)["weights"]
    assert all(torch.isfinite(value).all() for value in weights.values())
    assert (tmp_path / "history.csv").exists() and (tmp_path / "config.json").exists()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."),
    ],
)
def test_too_little_memory_ends_with_1_and_a_sentence(tiny_file, tmp_path, capsys, monkeypatch, error):
    def full(*_, **__):
        raise error

    monkeypatch.setattr(train_job.learn, "learn", full)
    assert main(["train", str(tiny_file), "--out", str(tmp_path / "out"), *QUICK]) == 1
    assert capsys.readouterr().err.strip() == OUT_OF_MEMORY


def test_what_nobody_foresaw_keeps_its_traceback(tiny_file, tmp_path, monkeypatch):
    def odd(*_, **__):
        raise RuntimeError("ours")

    monkeypatch.setattr(train_job.learn, "learn", odd)
    with pytest.raises(RuntimeError, match="ours"):
        main(["train", str(tiny_file), "--out", str(tmp_path / "out"), *QUICK])


@pytest.mark.slow  # beside it, the same before the first epoch, in this process
def test_an_interruption_ends_with_130_and_writes_what_was_learnt(tiny_file, tmp_path):
    words = command(tiny_file, "--out", tmp_path, *QUICK, "--epochs", "10000")
    child = subprocess.Popen(
        words, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    )
    try:
        for line in child.stderr:
            if line.startswith("training"):
                break
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        rest = child.stderr.read()
        assert child.wait(60) == 130 and "Traceback" not in rest
    finally:
        child.kill()
        child.stderr.close()
    rows = losses(tmp_path)
    assert f"the model after {len(rows)} epochs is in {tmp_path}" in rest and len(rows) >= 1
    assert np.load(tmp_path / "latent.npy").shape == (240, 4)
    assert torch.load(tmp_path / "model.pt", weights_only=True)["weights"]


def test_an_interruption_before_the_first_epoch_ends_with_130(tiny_file, tmp_path, monkeypatch, capsys):
    prepare, before = train_job.learn.prepare, signal.getsignal(signal.SIGINT)

    def slowly(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        return prepare(*arguments)

    monkeypatch.setattr(train_job.learn, "prepare", slowly)
    assert main(["train", str(tiny_file), "--out", str(tmp_path / "out"), *QUICK]) == 130
    assert capsys.readouterr().err.strip().endswith("Interrupted.")
    assert not (tmp_path / "out").exists()
    assert signal.getsignal(signal.SIGINT) is before
