"""The options of `train`: what wins over what, and one sentence and exit code 2 for a mistake."""

import json
import os
import subprocess

import numpy as np
import pytest
from app_under_test import bring
from commands import QUICK, command
from constants import ROOT

from core.cli import main
from core.config import specs
from core.worker.execute import drain


def test_every_setting_is_an_option(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["train", "--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    for spec in specs():
        assert f"--{spec.name.replace('_', '-')}" in shown


def test_an_option_wins_over_the_config(trained_folder, rich_file, tmp_path):
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


def test_a_recipe_makes_of_a_file_what_the_page_makes_of_it(tiny_file, tmp_path, empty_nuwa, capsys):
    view, store = empty_nuwa.view, empty_nuwa.store
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
    assert (
        written["n_top_genes"] == 60 and "n_top_genes is 60, from --n-top-genes; the recipe has 70." in told
    )
    assert "clip" not in told.partition("...")[0]


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
        (["--epochs", "0"], "Epochs (epochs): it should be greater than or equal to 1, not 0."),
        (["--lr", "nan"], "Learning rate (lr)"),
        (["--keep-genes", "CD4, CD8A", "--drop-genes", "CD4"], "CD4 is in both lists of genes"),
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
        ("[1, 2]", "should contain one JSON object of settings"),
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
    for text, sentence in ((None, "cannot be read"), ("{}", "is not a recipe of this version of Nuwa")):
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
    assert "cannot be written to" in line


@pytest.mark.slow
def test_a_mistake_found_late_still_ends_in_order(tiny_file, tmp_path):
    """The science is loading in a thread at that moment, which must not break the way out."""
    words = command(tiny_file, "--out", tmp_path / "out", "--n-latent", "900")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("900 latent dimensions")
