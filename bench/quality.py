"""make bench-quality: how good are the latent spaces, beside PCA, the reference and scvi-tools, on four real datasets?

A row for each dataset, method and seed is written to bench/results/quality.json and replaces an older one, so that a part
can be run again; then the tables are printed from all rows.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import time

from core import settings

settings.limit_threads()

import numpy as np  # noqa: E402  threads are set before the science is loaded

from bench import latents, sets, withheld  # noqa: E402
from bench.agreement import best_agreement  # noqa: E402
from core.analysis.metrics import lisi, scores  # noqa: E402

FILE = latents.RESULTS / "quality.json"
MEASURES = {
    "knn": "kNN accuracy",
    "nmi": "NMI",
    "ami": "AMI",
    "ari": "ARI",
    "proteins": "agreement with proteins",
    "kept": "neighbours kept",
    "ilisi": "iLISI",
    "seconds": "processor seconds",
}


def measure(data, method, seed):
    """One row: the MEASURES of a method on a DataSet with a seed."""
    made = latents.make(data, method, seed)
    adata = sets.load(data.name)
    labels = adata.obs[data.labels].astype(str).to_numpy()
    cells = np.arange(len(labels))
    row = {"knn": scores.knn_accuracy(made.points, labels)} | best_agreement(made.points, labels)
    kept = scores.neighbours_kept(made.matrix, made.matrix.weights(made.config), {"": made.points}, cells)
    row |= {"kept": kept[""], "seconds": made.seconds}
    if "protein" in adata.obsm:
        row["proteins"] = scores.shared_neighbours(made.points, latents.proteins(data, seed), cells)
    if data.batches:
        row["ilisi"] = lisi.ilisi(made.points, np.unique(adata.obs[data.batches], return_inverse=True)[1])
    return {name: round(float(value), 4) for name, value in row.items()}


def table(rows, data):
    """The lines of a dataset's table: one per method, mean and standard deviation over the seeds."""
    measures = [m for m in MEASURES if any(m in row for row in rows.values())]
    yield f"| {data.name} | seeds | {' | '.join(MEASURES[m] for m in measures)} |"
    yield "|---" * (len(measures) + 2) + "|"
    for method in latents.methods(data):
        found = [row for (name, _), row in rows.items() if name == method.name]
        if found:
            values = (_spread([row[m] for row in found if m in row], m == "seconds") for m in measures)
            yield f"| {method.words} | {len(found)} | {' | '.join(values)} |"


def _spread(values, whole):
    if not values:
        return "-"
    if whole:
        return f"{np.mean(values):,.0f}"
    return f"{np.mean(values):.3f} ({np.std(values, ddof=1):.3f})" if len(values) > 1 else f"{values[0]:.3f}"


def read_rows():
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def add_row(key, row):
    """Write one row into the file; it replaces an older one."""
    rows = read_rows() | {key: row | {"date": str(datetime.date.today())}}
    latents.RESULTS.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(rows, indent=0))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=[data.name for data in sets.SETS])
    parser.add_argument("--methods", nargs="*", help="such as citeseq or scvi (all)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--tables", action="store_true", help="print what was measured, measure nothing")
    parser.add_argument("--no-withheld", action="store_true", help="leave out what the proteins add")
    asked = parser.parse_args()
    chosen, started = [data for data in sets.SETS if data.name in asked.sets], time.perf_counter()
    for seed in [] if asked.tables else asked.seeds:
        for data in chosen:
            for method in latents.methods(data):
                if asked.methods and method.name not in asked.methods:
                    continue
                row = measure(data, method, seed)
                add_row(f"{data.name} {method.name} {seed}", row)
                print(data.name, method.name, seed, row, flush=True)
        if not asked.no_withheld:
            add_row(f"withheld {seed}", withheld.measure(seed))
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "scikit-learn"))
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, {versions}, {datetime.date.today()}; ", end="")
    print(f"{time.perf_counter() - started:,.0f} s in all")
    rows = read_rows()
    for data in chosen:
        own = {tuple(k.split()[1:]): row for k, row in rows.items() if k.split()[0] == data.name}
        print("\n" + "\n".join(table(own, data)))
    if folds := [row for key, row in rows.items() if key.startswith("withheld")]:
        print("\n" + "\n".join(withheld.table(folds)))


if __name__ == "__main__":
    main()
