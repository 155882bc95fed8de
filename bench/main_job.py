"""make bench-pca: is the default model better than its baselines? Three seeds on a real CITE-seq dataset.

Prints for each seed the loss on the test cells of the autoencoder, of PCA with as many dimensions and of the
training mean; then NMI and ARI of Leiden clusters against the labels for both spaces: resolutions 0.2 to 2.0, three
Leiden seeds each, the best resolution by the mean over the seeds.
"""

import argparse
import datetime
import importlib.metadata
import os
import platform
import time

from core import settings

settings.limit_threads()

import numpy as np  # noqa: E402  threads are set before the science is loaded

from bench.agreement import best_agreement  # noqa: E402
from core.config import parse  # noqa: E402
from core.data import read  # noqa: E402
from core.training import learn  # noqa: E402


def measure(adata, labels, seed, **changes):
    """One row of the table: losses on the test cells, agreement with the labels, seconds of the training."""
    *_, learnt = learn.learn(adata, parse({"seed": seed} | changes))
    baselines = learnt.start.on_scored
    row = {"seed": seed, "loss": learnt.loss.total, "pca": baselines.pca.total, "mean": baselines.mean.total}
    for name, points in (("ae", learnt.latent), ("pca", learnt.axes[:, : learnt.start.config.n_latent])):
        row |= {f"{score}_{name}": value for score, value in best_agreement(points, labels).items()}
    return row | {"seconds": learnt.seconds["training"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.path.join(os.environ.get("NUWA_TEST_DATA", "../shared/data"), "pbmc10k_citeseq.h5ad")
    parser.add_argument("file", nargs="?", default=default)
    parser.add_argument("--labels", default="cell_type_fine")
    parser.add_argument("--model", default="citeseq")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    adata = read.read(options.file)
    labels = adata.obs[options.labels].astype(str).to_numpy()
    torch = importlib.metadata.version("torch")
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, torch {torch}, {datetime.date.today()}; {options.model} on {options.file}"
    )
    rows = []
    started = time.perf_counter()
    for seed in options.seeds:
        rows.append(measure(adata, labels, seed, model=options.model))
        print(
            "  ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{k} {v}" for k, v in rows[-1].items()),
            flush=True,
        )
    mean = {k: np.mean([r[k] for r in rows]) for k in rows[0] if k != "seed"}
    print(
        f"mean of {len(rows)} seeds: loss / PCA {np.mean([r['loss'] / r['pca'] for r in rows]):.4f}, ", end=""
    )
    print(f"loss / mean {np.mean([r['loss'] / r['mean'] for r in rows]):.4f}, ", end="")
    print(
        f"NMI {mean['nmi_ae']:.4f} (PCA {mean['nmi_pca']:.4f}), ARI {mean['ari_ae']:.4f} (PCA {mean['ari_pca']:.4f})"
    )
    print(f"{time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
