"""python -m bench.tutorial: the numbers of docs/tutorial.md, each from the command given there.

Prints a line for each run: loss on the test cells with its baselines, the best epoch and the losses there and at the
end, variance explained, clusters at resolution 1 and their agreement with the types, neighbours kept, silhouette.
"""

import csv
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import anndata

RUNS = [
    [],
    *(["--n-latent", n] for n in ("2", "7", "50")),
    *(["--lr", rate] for rate in ("0.00001", "0.001", "1", "10")),
    ["--patience", "10"],
    ["--n-hidden", "32"],
    *(["--dropout", share] for share in ("0", "0.2")),
    ["--l2", "0.1"],
    *(["--epochs", n] for n in ("30", "300")),
]
OTHERS = {
    "pbmc68k_reduced": [["--epochs", "30"], [], ["--epochs", "300"]],
    "pbmc10k_citeseq.h5ad": [[], ["--epochs", "100"]],
}
SHARED = Path(os.environ.get("NUWA_TEST_DATA", "../shared/data"))


def line(data, options, out):
    """The results of one run, in a line."""
    path = SHARED / data if data.endswith(".h5ad") else data
    labels = ["--labels", "cell_type"] if data == "simulated" else []
    command = ["-m", "core", "train", str(path), "--out", out, "--seed", "0", "--target", "whole"]
    subprocess.run(
        [sys.executable, *command, *labels, *options],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    scores = json.loads(Path(out, "scores.json").read_text())
    with open(Path(out, "history.csv")) as file:
        history = list(csv.DictReader(file))
    best, last = (history[i] for i in (scores["best_epoch"] - 1, -1))
    curve = " ".join(
        f"{when} {float(row['train_loss']):.3f} / {float(row['valid_loss']):.3f}"
        for when, row in (("best", best), ("end", last))
    )
    protein = scores["variance_explained_protein"]
    explained = f"{scores['variance_explained_rna']:.3f}" + ("" if protein is None else f" {protein:.3f}")
    clusters = anndata.read_h5ad(Path(out, "result.h5ad"), backed="r").obs["nuwa_cluster"].nunique()
    agreement = "".join(
        f" {name} {scores[name]:.2f}" for name in ("ari", "nmi") if scores.get(name) is not None
    )
    return (
        f"{data} {' '.join(options) or '(defaults)'}: loss {scores['loss_total']:.3f}, PCA {scores['loss_total_pca']:.3f}, "
        f"mean {scores['loss_total_mean']:.3f}; epoch {scores['best_epoch']} of {len(history)}, {curve}; explained "
        f"{explained}; {clusters} clusters,{agreement} kept {scores['neighbours_kept_15']:.3f} (PCA {scores['neighbours_kept_15_pca']:.3f}) "
        f"silhouette {scores['silhouette']:.3f}"
    )


def main():
    print(f"{platform.machine()}, {os.cpu_count()} cores, {datetime.date.today()}")
    for data, runs in ({"simulated": RUNS} | OTHERS).items():
        if data.endswith(".h5ad") and not (SHARED / data).exists():
            continue
        for options in runs:
            with tempfile.TemporaryDirectory(prefix="nuwa-tutorial-") as out:
                print(line(data, options, out), flush=True)


if __name__ == "__main__":
    main()
