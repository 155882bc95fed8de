"""make bench-scale: the scaling exponent of genes, Pearson residuals and the distance between cells, on four real datasets.

Each latent space is scored by Euclidean and by cosine neighbours. A row for each dataset, method, transform, seed and
distance is written to bench/results/scale.json; rows that are there are not measured again.
"""

import argparse
import json

from core import settings

settings.limit_threads()

import numpy as np  # noqa: E402  threads are set before the science is loaded

from bench import latents, sets  # noqa: E402
from bench.agreement import best_agreement  # noqa: E402
from core.analysis.metrics import count_split, scores, split_half  # noqa: E402
from core.analysis.neighbors import in_metric  # noqa: E402
from core.config import parse  # noqa: E402
from core.training import learn  # noqa: E402

FILE = latents.RESULTS / "scale.json"
TRANSFORMS = {
    "1": {},
    "0.5": {"scale_exponent": 0.5},
    "pearson": {"gene_transform": "pearson"},
    "0": {"scale_exponent": 0.0},
}
METHODS = ("citeseq", "pca20")
METRICS = ("euclidean", "cosine")
LEIDEN_SEEDS = (0, 1)


def spaces_of(name, transform, seed):
    """{method: ((cells, dimensions), deviance explained)} of a dataset by RNA alone, with 20 dimensions each."""
    adata = latents.given(name, False)
    config = parse({"seed": seed, "n_top_genes": latents.N_GENES} | TRANSFORMS[transform])
    *_, learnt = learn.learn(adata, config)
    matrix, split, config = learnt.start.matrix, learnt.start.split, learnt.start.config
    model = learn.model_of(learnt)
    halves = count_split.split(matrix, split.train, split.scored, seed)
    counts = split_half.molecules(halves)
    base, halved = split_half.mean_profile(counts, halves), split_half.positions(model, halves, config)
    score = {
        space: split_half.deviance_explained(halved[space][0], counts, halves, base)[0] for space in halved
    }
    k = config.n_latent
    return {"citeseq": (learnt.latent, score["latent"]), f"pca{k}": (learnt.axes[:, :k], score["pca"])}


def measure(points, labels, metric):
    """{"knn", "nmi", "ami"} of a space by the neighbours of a metric."""
    agreement = best_agreement(points, labels, metric, LEIDEN_SEEDS)
    found = {"knn": scores.knn_accuracy(in_metric(points, metric), labels)} | agreement
    return {name: round(float(found[name]), 4) for name in ("knn", "nmi", "ami")}


def table(rows):
    """The lines of a table: kNN accuracy / NMI of each method, transform and metric, means over the seeds."""
    names = list(dict.fromkeys(key.split()[0] for key in rows))
    yield f"| method | transform | distance | {' | '.join(names)} |"
    yield "|---" * (len(names) + 3) + "|"
    for method in METHODS:
        for transform in TRANSFORMS:
            for metric in METRICS:
                cells = [_cell(rows, name, method, transform, metric) for name in names]
                if any(cell != "-" for cell in cells):
                    yield f"| {method} | {transform} | {metric} | {' | '.join(cells)} |"


def _cell(rows, name, method, transform, metric):
    wanted = [name, method, transform, metric]
    found = [row for key, row in rows.items() if [*key.split()[:3], key.split()[4]] == wanted]
    if not found:
        return "-"
    return (
        f"{np.mean([r['knn'] for r in found]):.3f} / {np.mean([r['nmi'] for r in found]):.3f} ({len(found)})"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sets",
        nargs="*",
        default=["pbmc68k_reduced", "baron_pancreas_human", "pbmc3k", "pbmc10k_citeseq"],
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22], help="such as no choice has seen")
    parser.add_argument("--transforms", nargs="*", default=list(TRANSFORMS))
    parser.add_argument("--tables", action="store_true", help="print what was measured, measure nothing")
    asked = parser.parse_args()
    rows = json.loads(FILE.read_text()) if FILE.exists() else {}
    tasks = [(s, d, t) for s in asked.seeds for d in asked.sets for t in asked.transforms]
    labelled = {data.name: data.labels for data in sets.SETS}
    for seed, name, transform in [] if asked.tables else tasks:
        if all(f"{name} {m} {transform} {seed} {metric}" in rows for m in METHODS for metric in METRICS):
            continue
        labels = sets.load(name).obs[labelled[name]].astype(str).to_numpy()
        for method, (points, deviance) in spaces_of(name, transform, seed).items():
            for metric in METRICS:
                key = f"{name} {method} {transform} {seed} {metric}"
                rows[key] = measure(points, labels, metric) | {"deviance": round(deviance, 5)}
                print(key, rows[key], flush=True)
        latents.RESULTS.mkdir(parents=True, exist_ok=True)
        FILE.write_text(json.dumps(rows, indent=0))
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
