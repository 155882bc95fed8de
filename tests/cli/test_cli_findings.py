"""What `train` and `join` say of a file before they use it."""

import subprocess

import formats
import numpy as np
import pytest
from commands import command
from constants import ROOT

from core.cli import MISTAKE, main
from core.cli.findings import idle_options
from core.data.checks.obs_columns import check_labels
from core.errors import UserError

REPORT = {
    "counts_where": None,
    "verdict": {"kind": "lognorm"},
    "proteins": ["CD3"],
    "proteins_left_out": {},
}


def test_options_without_effect_are_named():
    alone = REPORT | {"proteins_left_out": {"CD3": "0 in every cell"}}
    assert idle_options({"protein_transform", "n_hidden_protein", "epochs"}, alone) == [
        "--n-hidden-protein does not apply: the dataset has no proteins.",
        "--protein-transform does not apply: the dataset has no proteins.",
    ]
    assert idle_options({"target_sum"}, REPORT)[0].startswith("--target-sum does not apply: X already holds")
    assert idle_options({"target_sum", "protein_transform"}, REPORT | {"counts_where": "raw.X"}) == []


def test_join_prints_the_warnings_of_each_file(tmp_path, capsys):
    path = formats.h5ad(formats.counts(), tmp_path)
    out = tmp_path / "joined.h5ad"
    assert main(["join", str(path), str(path), "--names", "a", "b", "--out", str(out)]) == 0
    error = capsys.readouterr().err
    assert "Warning on a: There are only 30 cells" in error and "Warning on b: There are only" in error


def test_train_prints_the_warnings_before_it_refuses(tmp_path, capsys):
    adata = formats.counts()
    adata.X = adata.X.astype(float)
    adata.X[7, 3] = float("nan")
    path = formats.h5ad(adata, tmp_path)
    assert main(["train", str(path), "--out", str(tmp_path / "run")]) == MISTAKE
    assert "  Warning: There are only 30 cells" in capsys.readouterr().err


@pytest.mark.parametrize(
    "values, sentence",
    [
        (np.linspace(0, 1, 30), "holds numbers \\(30 different ones\\)"),
        ([f"x{i}" for i in range(30)], "30 different"),
    ],
)
def test_columns_that_hold_no_labels_are_refused(values, sentence):
    obs = formats.counts().obs
    obs["score"] = values
    with pytest.raises(UserError, match=sentence):
        check_labels(obs, "score")
    check_labels(obs, "group")


@pytest.mark.slow
def test_no_warning_of_a_library_reaches_the_terminal(tmp_path):
    adata = formats.counts(60, 40, proteins=0)
    adata.obs["CD4+/CD8-"] = "yes"  # of which anndata warns that it will be refused one day
    path = formats.h5ad(adata, tmp_path)
    words = [*command(path, "--out", tmp_path / "run"), "--epochs", "1", "--device", "cpu"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "Warning:" not in done.stderr.replace("  Warning: ", "")
