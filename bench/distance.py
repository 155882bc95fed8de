"""make bench-distance: Euclidean and cosine distance between cells, for every model, with proteins, on UMAP, for mapped cells.

Each latent space is scored by both distances, and so is the UMAP of each. Then a model is trained on half of the cells and
labels are transferred to the other half. A row for each is written to bench/results/distance.json; rows that are there are
not measured again.
"""

import argparse
import json
import tempfile
from pathlib import Path

from core import settings

settings.limit_threads()

import numpy as np  # noqa: E402  threads are set before the science is loaded

from bench import latents, sets  # noqa: E402
from bench.agreement import best_agreement  # noqa: E402
from core.analysis import embedding, label_transfer, query, reference_mapping  # noqa: E402
from core.analysis.metrics import scores  # noqa: E402
from core.analysis.neighbors import in_metric  # noqa: E402
from core.config import parse  # noqa: E402
from core.export import run_folder  # noqa: E402
from core.training import learn  # noqa: E402

FILE = latents.RESULTS / "distance.json"
METRICS = ("euclidean", "cosine")
SETS = ("pbmc68k_reduced", "pbmc3k", "baron_pancreas_human", "pbmc10k_citeseq")
WITH_PROTEINS = "pbmc10k_citeseq"
PCA = "pca20"


def trained(adata, model, seed):
    """The Learnt of a model with its defaults."""
    *_, learnt = learn.learn(adata, parse({"seed": seed, "n_top_genes": latents.N_GENES, "model": model}))
    return learnt


def measure(points, labels, metric, proteins, seed):
    """{"knn", "nmi", "ami", "map", and with proteins their agreement} of a space; "map" is kNN accuracy on its UMAP."""
    found = {"knn": scores.knn_accuracy(in_metric(points, metric), labels)}
    found |= best_agreement(points, labels, metric, seeds=(0,))
    found["map"] = scores.knn_accuracy(embedding.umap(points, seed=seed, metric=metric), labels)
    if proteins is not None:
        rows = scores.evenly(np.arange(len(points)))
        shared = scores.shared_neighbours_of_cells(in_metric(points, metric), proteins, rows)
        found["proteins"] = np.mean(shared)
    return {name: round(float(value), 4) for name, value in found.items() if name != "ari"}


def transfer(adata, labels, model, seed):
    """{metric: {"right", "confidence"}} of the labels of one half of the cells, mapped onto a model of the other half."""
    order = np.random.default_rng(seed).permutation(adata.n_obs)
    first, second = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    learnt = trained(adata[first].copy(), model, seed)
    with tempfile.TemporaryDirectory() as folder:
        run_folder.save_weights(Path(folder) / "model.pt", learnt, learnt.start.config)
        known = run_folder.load_trained(Path(folder) / "model.pt")
    *_, latent = reference_mapping.encode_query(query.prepare_query(adata[second].copy(), known), known)
    names, codes = np.unique(labels[first], return_inverse=True)
    out = {}
    for metric in METRICS:
        points, reference = in_metric(latent, metric), in_metric(learnt.latent, metric)
        votes = label_transfer.carry(points, reference, None, codes, seed).votes
        right = names[votes.codes] == labels[second]
        out[metric] = {
            "right": round(float(right.mean()), 4),
            "confidence": round(float(votes.confidence.mean()), 4),
        }
    return out


def table(rows):
    """The lines of a table: each row's figures by Euclidean / cosine distance, means over the seeds."""
    columns = ("knn", "nmi", "map", "proteins", "right", "confidence")
    yield f"| dataset | method | seeds | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 3) + "|"
    for name, method in dict.fromkeys((key.split()[0], key.split()[1]) for key in rows):
        here = {m: [r for k, r in rows.items() if _is(k, name, method, m)] for m in METRICS}
        cells = []
        for column in columns:
            pair = [[row[column] for row in here[m] if column in row] for m in METRICS]
            cells.append(" / ".join(f"{np.mean(values):.3f}" for values in pair) if pair[0] else "-")
        yield f"| {name} | {method} | {len(here['cosine'])} | {' | '.join(cells)} |"


def _is(key, name, method, metric):
    return key.split()[:2] == [name, method] and key.split()[3] == metric


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--models", nargs="*", default=list(latents.OURS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[31, 32], help="such as no choice has seen")
    parser.add_argument("--no-transfer", action="store_true")
    parser.add_argument("--tables", action="store_true", help="print what was measured, measure nothing")
    options = parser.parse_args()
    rows = json.loads(FILE.read_text()) if FILE.exists() else {}
    labelled = {data.name: data.labels for data in sets.SETS}
    tasks = [(s, d, m) for s in options.seeds for m in options.models for d in options.sets]
    for seed, name, model in [] if options.tables else tasks:
        adata, joint = latents.given(name, True), name == WITH_PROTEINS
        labels = adata.obs[labelled[name]].astype(str).to_numpy()
        method = f"{model}_both" if joint else model
        if f"{name} {method} {seed} cosine" not in rows:
            learnt = trained(adata.copy(), model, seed)
            proteins = learnt.start.matrix.protein_space() if joint else None
            spaces = {method: learnt.latent}
            if model == "citeseq":
                spaces[f"{PCA}_both" if joint else PCA] = learnt.axes[:, : learnt.latent.shape[1]]
            for space, points in spaces.items():
                for metric in METRICS:
                    _keep(
                        rows,
                        f"{name} {space} {seed} {metric}",
                        measure(points, labels, metric, proteins, seed),
                    )
        if not options.no_transfer and f"{name} {method}_mapped {seed} cosine" not in rows:
            for metric, row in transfer(adata, labels, model, seed).items():
                _keep(rows, f"{name} {method}_mapped {seed} {metric}", row)
    print("\n".join(table(rows)))


def _keep(rows, key, row):
    rows[key] = row
    print(key, row, flush=True)
    latents.RESULTS.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(rows, indent=0))


if __name__ == "__main__":
    main()
