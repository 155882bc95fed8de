"""The command line leaves what it promises, and answers mistakes with one sentence and the right exit code."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout

import anndata
import formats
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
import torch
from conftest import ROOT
from house import bring

from core.cli import main, train_job
from core.config import RunConfig, specs
from core.config.run_files import HISTORY
from core.data import read
from core.errors import OUT_OF_MEMORY
from core.export import run_folder
from core.training.inference import encode
from core.training.phases import PHASES
from core.worker.execute import drain

QUICK = ["--epochs", "3", "--n-hidden", "16", "--n-hidden-protein", "8", "--n-latent", "4", "--device", "cpu"]
QUICK += ["--batch-size", "64", "--n-top-genes", "60"]


@pytest.fixture(scope="module")
def rich_file(tiny, tmp_path_factory):
    """The tiny set with what people's files have besides: .raw, a PCA, and keys that are called like ours."""
    adata = tiny.copy()
    adata.raw = adata.copy()
    adata.obsm["X_pca"] = np.random.default_rng(0).standard_normal((240, 3))
    adata.obsm["X_nuwa"] = np.full((240, 2), 7.0)
    adata.obs["nuwa_cluster"] = pd.Categorical(["old"] * 240)
    adata.uns["colours"] = ["red", "blue"]
    path = tmp_path_factory.mktemp("rich") / "rich.h5ad"
    adata.write_h5ad(path)
    return path


def run(*words):
    return [sys.executable, "-m", "core", "train", *map(str, words)]


@pytest.fixture(scope="module")
def left(rich_file, tmp_path_factory):
    """The folder that a whole run leaves, made by the command in this process, where later runs find all compiled."""
    out, told = tmp_path_factory.mktemp("run") / "new" / "out", io.StringIO()
    words = ["train", str(rich_file), "--out", str(out), *QUICK]
    with redirect_stdout(told):
        assert main([*words, "--labels", "cell_type", "--tsne", "--resolution", "0.4"]) == 0
    assert "Training complete" in told.getvalue() and str(out) in told.getvalue()
    assert "Where the time went" in told.getvalue() and "  training" in told.getvalue()
    return out


def losses(folder):
    """history.csv without the clock."""
    with (folder / "history.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


# --- what it leaves


def test_every_file_of_the_contract_is_there(left):
    promised = {"config.json", "history.csv", "scores.json", "latent.npy", "model.pt", "loss.html"}
    assert promised | {"clusters.html", "result.h5ad"} <= {path.name for path in left.iterdir()}
    assert not [path for path in left.rglob("*") if path.name.startswith(".")]


def test_the_config_holds_every_setting_and_how_it_was_made(left, rich_file):
    config = json.loads((left / "config.json").read_text())
    assert set(RunConfig.model_fields) <= set(config)
    assert (config["epochs"], config["n_latent"], config["n_top_genes"]) == (3, 4, 60)
    assert config["device_used"] == "cpu" and config["threads"] >= 1 and config["source"] == str(rich_file)
    assert config["data_hash"] == read.data_hash(read.read(rich_file))
    assert config["versions"]["torch"] == torch.__version__


def test_the_history_has_a_row_an_epoch(left):
    with (left / "history.csv").open() as file:
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


def test_the_scores_are_flat_and_have_their_names(left):
    scores = json.loads((left / "scores.json").read_text())
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


def test_the_model_loads_safely_and_encodes_the_latent_again(left, rich_file):
    content = torch.load(left / "model.pt", weights_only=True)
    assert (
        content["config"]["n_latent"] == 4 and len(content["genes"]) == 60 and len(content["proteins"]) == 6
    )
    model = run_folder.load_model(left / "model.pt")
    from core.preprocessing.prepare import prepare
    from core.preprocessing.split import split_cells

    config = RunConfig(**content["config"])
    matrix = prepare(read.read(rich_file), config, split_cells(240, config))
    np.testing.assert_allclose(encode(model, matrix), np.load(left / "latent.npy"), atol=1e-5)


def test_the_phases_are_all_there_and_in_order(left):
    seconds = json.loads((left / "phases.json").read_text())
    assert list(seconds) == [name for name in PHASES if name != "harmony"] and all(
        spent >= 0 for spent in seconds.values()
    )


@pytest.mark.parametrize("name", ["loss.html", "clusters.html"])
def test_the_pages_ask_no_outside_host(left, name):
    page = (left / name).read_text()
    assert "<title>" in page and "Plotly.newPlot" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]*\b(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert not re.search(r"@import\s+url|url\(\s*[\"']?https?:", page)


@pytest.mark.parametrize("name", ["loss.html", "clusters.html"])
def test_the_pages_say_what_the_data_set_holds(left, name):
    assert "X: counts" in (left / name).read_text()


def test_the_clusters_page_shows_latent_pca_and_umap_and_tsne_on_request(left):
    page = (left / "clusters.html").read_text()
    for words in ("Latent", "PCA", "UMAP", "t-SNE"):
        assert words in page


def test_the_result_opens_in_scanpy_and_keeps_what_was_there(left, rich_file):
    made, given = sc.read_h5ad(left / "result.h5ad"), sc.read_h5ad(rich_file)
    counts = made.layers["counts"]
    assert made.shape == given.shape and (counts != given.X).nnz == 0
    log = given.copy()
    sc.pp.normalize_total(log, target_sum=1e4)
    sc.pp.log1p(log)
    np.testing.assert_allclose(made.X.toarray(), log.X.toarray(), rtol=1e-5)
    np.testing.assert_array_equal(made.obsm["X_nuwa"], np.load(left / "latent.npy"))
    assert made.obsm["X_nuwa_umap"].shape == (240, 2)
    np.testing.assert_array_equal(made.obsm["X_nuwa_before"], given.obsm["X_nuwa"])
    np.testing.assert_array_equal(made.obsm["X_pca"], given.obsm["X_pca"])
    assert list(made.obs["nuwa_cluster_before"]) == ["old"] * 240
    labels = np.load(left / "clusters" / "leiden_0.4.npy")
    np.testing.assert_array_equal(made.obs["nuwa_cluster"].astype(int), labels)
    assert set(made.obs["nuwa_split"]) == {"train", "valid"}
    assert made.var["nuwa_used"].sum() == 60
    assert (made.raw.X != given.raw.X).nnz == 0
    assert list(made.obs["cell_type"]) == list(given.obs["cell_type"])
    np.testing.assert_array_equal(made.obsm["protein"], given.obsm["protein"])
    assert list(made.uns["protein_names"]) == list(given.obsm["protein"].columns)
    assert list(made.uns["colours"]) == ["red", "blue"]


def test_what_the_result_says_of_the_run_is_strings_numbers_and_arrays(left):
    facts = anndata.read_h5ad(left / "result.h5ad").uns["nuwa"]
    plain = (str, int, float, bool, np.generic, np.ndarray)
    assert all(isinstance(value, plain) for value in facts.values()), facts
    assert facts["n_latent"] == 4 and facts["versions_torch"] and len(facts["loss_valid"]) == 3
    assert facts["data_hash"] == json.loads((left / "config.json").read_text())["data_hash"]


def test_the_config_of_a_run_repeats_it_to_the_last_digit(left, rich_file, tmp_path):
    again = tmp_path / "again"
    words = ["train", str(rich_file), "--out", str(again), "--config", str(left / "config.json")]
    assert main(words) == 0
    assert losses(again) == losses(left)
    np.testing.assert_array_equal(np.load(again / "latent.npy"), np.load(left / "latent.npy"))
    assert "ari" not in json.loads((again / "scores.json").read_text())


def test_an_option_wins_over_the_config(left, rich_file, tmp_path):
    config = tmp_path / "run.json"
    config.write_text(json.dumps({"n_latent": 5, "n_hidden": 8, "epochs": 9, "run": "abc"}))
    arguments = [
        "train",
        str(rich_file),
        "--out",
        str(tmp_path / "out"),
        "--config",
        str(config),
        "--epochs",
        "1",
    ]
    assert main(arguments) == 0
    written = json.loads((tmp_path / "out" / "config.json").read_text())
    assert (written["n_latent"], written["epochs"]) == (5, 1)


def test_a_recipe_makes_of_a_file_what_the_page_makes_of_it(tiny_file, tmp_path, empty_house, capsys):
    view, store = empty_house.view, empty_house.store
    dataset = bring(view, "tiny.h5ad", tiny_file.read_bytes())
    drain(store)
    made = view.steps.replace(dataset, [{"name": "filter_cells"}, {"name": "filter_genes"}])
    drain(store)
    row = view.datasets.one(made)
    recipe = view.steps.recipe(made, {"n_top_genes": 70, "clip": 4.0, "scale": False})
    (tmp_path / "recipe.json").write_text(recipe.to_json())
    words = ["train", str(tiny_file), "--out", str(tmp_path), "--recipe", str(tmp_path / "recipe.json")]
    assert main([*words, *QUICK, "--epochs", "1"]) == 0
    written, told = json.loads((tmp_path / "config.json").read_text()), capsys.readouterr().err
    assert (written["data_hash"], written["clip"]) == (row["record"]["data_hash"], 4.0)
    assert written["source"] == f"filtered by filter_cells, filter_genes from {tiny_file}"
    for step in row["record"]["derived"]["steps"]:
        assert step["said"] in told
    # What wins over the recipe is said.
    assert written["n_top_genes"] == 60 and "n_top_genes is 60 by --n-top-genes, and not 70 as in" in told
    assert "clip" not in told.partition("...")[0]


def test_what_forbids_training_on_the_page_forbids_it_here(tmp_path, capsys):
    path = formats.h5ad(formats.counts(proteins=0).T.copy(), tmp_path)
    assert main(["train", str(path), "--out", str(tmp_path / "out"), *QUICK]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("This data set cannot be trained on as it is. The matrix lies on its side")
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


def test_every_setting_is_an_option(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["train", "--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    for spec in specs():
        assert f"--{spec.name.replace('_', '-')}" in shown


# --- mistakes


def refused(capsys, *words):
    """The one sentence on standard error of a command that ends with 2."""
    capsys.readouterr()
    assert main(["train", *map(str, words)]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and "Traceback" not in shown.err
    return shown.err.strip().splitlines()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--lr", "0"], "Learning rate (lr): it should be greater than 0, not 0."),
        (["--lr", "fast"], "Learning rate (lr)"),
        (["--lr", "nan"], "Learning rate (lr)"),
        (["--keep-genes", "CD4, CD8A", "--drop-genes", "CD4"], "CD4 stands in both lists of genes"),
        (["--optimizer", "adamm"], "Optimizer (optimizer): it should be 'adam'"),
        (["--n-latent", "2.5"], "Latent dimensions (n_latent)"),
        (["--train-share", "0.9", "--valid-share", "0.2"], "must not exceed 1"),
        (["--resolution", "0.3"], "The resolution 0.3 is not one of 0.2, 0.4"),
        (["--labels", "celltype"], "There is no obs column 'celltype'; the file has: cell_type, sample."),
        (["--config", "nowhere.json"], "'nowhere.json' cannot be read: No such file"),
    ],
)
def test_a_mistake_in_the_options_is_one_sentence(tiny_file, tmp_path, capsys, words, sentence):
    (line,) = refused(capsys, tiny_file, "--out", tmp_path / "out", *words)
    assert sentence in line and line.endswith(".")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"n_latnet": 3}', "Unknown setting 'n_latnet'; did you mean 'n_latent'?"),
        ('{"lr": 0}', "Learning rate (lr)"),
        ("[1, 2]", "should hold one JSON object of settings"),
        ("{lr: 1}", "is not JSON"),
        ("\udce9\udcff", "is not JSON"),
    ],
)
def test_a_mistake_in_the_config_is_one_sentence(tiny_file, tmp_path, capsys, text, sentence):
    config = tmp_path / "run.json"
    config.write_bytes(text.encode(errors="surrogateescape"))
    (line,) = refused(capsys, tiny_file, "--out", tmp_path / "out", "--config", config)
    assert sentence in line
    assert not (tmp_path / "out").exists()


def test_a_mistake_in_the_recipe_is_one_sentence(tiny_file, tmp_path, capsys):
    path = tmp_path / "recipe.json"
    words = ["train", str(tiny_file), "--out", str(tmp_path), "--recipe", str(path)]
    for text, sentence in ((None, "cannot be read"), ("{}", "is no recipe that this Nuwa knows")):
        if text:
            path.write_text(text)
        assert main(words) == 2
        told = capsys.readouterr().err
        assert sentence in told and told.count("\n") == 1


def test_a_bad_file_is_one_sentence(tiny, tiny_file, tmp_path, capsys):
    whole = tiny_file.read_bytes()
    (tmp_path / "cut.h5ad").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.h5ad").write_bytes(b"")
    (tmp_path / "text.h5ad").write_text("cells,genes\n")
    tiny[:1].copy().write_h5ad(tmp_path / "one.h5ad")
    odd = tiny.copy()
    odd.X = odd.X.toarray()
    odd.X[3, 4] = np.nan
    odd.write_h5ad(tmp_path / "nan.h5ad")
    for name, sentence in (
        ("missing.h5ad", "There is no file 'missing.h5ad'"),
        ("cut.h5ad", "'cut.h5ad' is damaged or was not copied to its end"),
        ("empty.h5ad", "is empty (0 bytes)"),
        ("text.h5ad", "is not the HDF5 file its name promises"),
        ("one.h5ad", "has 1 cell but training needs at least 10 cells"),
        ("nan.h5ad", "1 value of X is missing (NaN) or infinite, for example gene"),
    ):
        (line,) = refused(capsys, tmp_path / name, "--out", tmp_path / "out", *QUICK)
        assert sentence in line and line.endswith(".")
    assert not (tmp_path / "out").exists()


def test_more_latent_dimensions_than_features_are_one_sentence(tiny, tmp_path, capsys):
    few = tiny[:, :20].copy()
    del few.obsm["protein"]
    few.write_h5ad(tmp_path / "few.h5ad")
    *_, line = refused(capsys, tmp_path / "few.h5ad", "--out", tmp_path / "out", "--n-latent", 1000)
    assert line.startswith("1000 latent dimensions for 20 features") and line.endswith(".")
    assert not (tmp_path / "out").exists()


def test_a_share_that_leaves_nothing_to_learn_from_is_one_sentence(tiny_file, tmp_path, capsys):
    words = ["--train-share", "0.001", "--valid-share", "0.1"]
    *_, line = refused(capsys, tiny_file, "--out", tmp_path / "out", *QUICK, *words)
    assert "train_share" in line


def test_a_file_in_the_place_of_the_folder_is_one_sentence(tiny_file, tmp_path, capsys):
    (tmp_path / "out").write_text("here already")
    for out in (tmp_path / "out", tmp_path / "out" / "deeper"):
        (line,) = refused(capsys, tiny_file, "--out", out, *QUICK)
        assert line == f"'{tmp_path / 'out'}' is a file: name a folder with --out."


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_one_sentence(tiny_file, tmp_path, capsys):
    tmp_path.chmod(0o500)
    (line,) = refused(capsys, tiny_file, "--out", tmp_path / "out", *QUICK)
    assert "Nothing may be written in" in line


@pytest.mark.slow
def test_a_mistake_found_late_still_ends_in_order(tiny_file, tmp_path):
    """The science is loading in a thread at that moment, which must not break the way out."""
    words = run(tiny_file, "--out", tmp_path / "out", "--n-latent", "900")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("900 latent dimensions")


# --- failures


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
    words = run(tiny_file, "--out", tmp_path, *QUICK, "--epochs", "10000")
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
    assert f"what was learnt in {len(rows)} epochs is in {tmp_path}" in rest and len(rows) >= 1
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


# --- scores of what is there


def test_the_folder_of_a_run_is_scored_with_the_labels_of_a_second_file(left, tmp_path, capsys):
    adata = anndata.read_h5ad(left / "result.h5ad")
    table = tmp_path / "labels.csv"
    pd.DataFrame({"cell_type": np.where(np.arange(240) < 120, "a", "b")}, adata.obs_names).to_csv(table)
    assert main(["score", str(left), "--labels", "cell_type", "--json"]) == 0
    found = {(r["score"], r["space"]): r["value"] for r in json.loads(capsys.readouterr().out)}
    before = json.loads((left / "scores.json").read_text())
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
    assert main(["score", str(left), *words]) == 0
    shown = capsys.readouterr().out
    for head in ("Trustworthiness (15)", "Batches mixed (iLISI)", "Variance explained (autoencoder, PCA)"):
        assert head in shown
    assert "t-SNE of" in shown and "seen in training" in shown
