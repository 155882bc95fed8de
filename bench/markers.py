"""make bench-markers: 100,000 cells x 20,000 genes x 20 clusters, Nuwa from disk, and other tools, each in its own process."""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from core import settings

DENSITY = 0.075  # of values that are not 0, as in 10x data
BLOCK = 200  # genes made at a time
OURS, SCANPY, ILLICO = "Nuwa", "scanpy", "illico"
PEAK = 0.05  # seconds between two looks at a process's memory


def make(folder, n_cells, n_genes, n_groups, seed=0):
    """Simulated counts as a dataset folder keeps them, by gene with the size of each cell, and the group of each cell."""
    random = np.random.default_rng(seed)
    share = random.beta(0.4, 5, n_genes)
    share = np.clip(share * DENSITY / share.mean(), 0, 1)
    codes = random.integers(0, n_groups, n_cells).astype(np.int32)
    size = random.lognormal(0, 0.3, n_cells).astype(np.float32)
    indptr = [0]
    (folder / "genes").mkdir(parents=True)
    paths = [folder / "genes" / f"{name}.raw" for name in ("data", "indices")]
    with paths[0].open("wb") as data, paths[1].open("wb") as indices:
        for gene in range(n_genes):
            here = np.full(n_cells, share[gene])
            here[codes == gene % n_groups] = min(1, 2 * share[gene])  # every gene marks a group a little
            rows = np.flatnonzero(random.random(n_cells) < here).astype(np.int32)
            data.write(random.geometric(0.5, len(rows)).astype(np.uint8).tobytes())
            indices.write(rows.tobytes())
            indptr.append(indptr[-1] + len(rows))
    for path, kind in zip(paths, (np.uint8, np.int32), strict=True):
        np.save(path.with_suffix(".npy"), np.memmap(path, kind, mode="r"))
        path.unlink()
    np.save(folder / "genes" / "indptr.npy", np.array(indptr))
    np.save(folder / "genes" / "size.npy", size)
    np.save(folder / "cells.npy", np.char.encode(np.arange(n_cells).astype(str), "utf-8"))
    np.save(folder / "codes.npy", codes)
    return indptr[-1]


def ours(folder, codes, n_genes):
    from core.analysis import markers
    from core.store.dataset_folder import DatasetFolder

    markers.warm_up()
    start = time.perf_counter(), time.process_time()
    if n_genes is None:
        table = markers.markers(DatasetFolder(folder).gene_blocks(), codes, codes.max() + 1)
    else:
        table = markers.markers([_matrix(folder, n_genes)], codes, codes.max() + 1)
    return start, table.of("p")[0]


def _matrix(folder, n_genes):
    from scipy import sparse

    indptr, indices, data = (
        np.load(folder / "genes" / f"{name}.npy", mmap_mode="r") for name in ("indptr", "indices", "data")
    )
    n_genes, n_cells = n_genes or len(indptr) - 1, len(np.load(folder / "cells.npy"))
    pointer, end = np.array(indptr[: n_genes + 1]), int(indptr[n_genes])
    rows = np.array(indices[:end])
    shown = data[:end] * np.load(folder / "genes" / "size.npy")[rows]
    return sparse.csc_matrix((np.log1p(shown, out=shown), rows, pointer), shape=(n_cells, n_genes))


def _annotated(folder, codes, n_genes):
    import pandas as pd
    from anndata import AnnData

    matrix = _matrix(folder, n_genes)
    cells = [str(i) for i in range(matrix.shape[0])]
    return AnnData(matrix, pd.DataFrame({"group": pd.Categorical(codes.astype(str))}, index=cells))


def scanpy(folder, codes, n_genes):
    import scanpy as sc

    adata = _annotated(folder, codes, n_genes)
    start = time.perf_counter(), time.process_time()
    sc.tl.rank_genes_groups(adata, "group", method="wilcoxon", tie_correct=True)
    first = sc.get.rank_genes_groups_df(adata, "0").set_index("names").loc[adata.var_names]
    return start, first.pvals.to_numpy()


def illico(folder, codes, n_genes):
    from illico import asymptotic_wilcoxon

    adata = _annotated(folder, codes, n_genes)
    start = time.perf_counter(), time.process_time()
    options = {"is_log1p": True, "exp_post_agg": True, "use_continuity": False}
    result = asymptotic_wilcoxon(adata, group_keys="group", n_threads=settings.limit_threads(), **options)
    return start, result.loc["0"]["p_value"].loc[adata.var_names].to_numpy()


def one(method, folder, n_genes):
    """Run one method on the first `n_genes` genes (None: all, read from disk) and print its time and memory."""
    codes = np.load(folder / "codes.npy")
    run = {OURS: ours, SCANPY: scanpy, ILLICO: illico}[method]
    (wall, processor), p = run(folder, codes, n_genes)
    took = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
    np.save(folder / f"p_{method}.npy", p)
    print(json.dumps(took))


def measured(python, method, folder, n_genes):
    """{"wall", "processor", "peak"} of a method in its own process, by the interpreter that has its library."""
    command = [python, "-m", "bench.markers", "--one", method, "--folder", str(folder)]
    command += [] if n_genes is None else ["--genes", str(n_genes)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    process, peak = psutil.Process(child.pid), 0
    while child.poll() is None:
        try:
            peak = max(peak, process.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(PEAK)
    out = child.stdout.read().strip().splitlines()
    return json.loads(out[-1]) | {"peak": peak / 2**30} if out and not child.wait() else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--all-genes", type=int, default=20_000)
    parser.add_argument("--groups", type=int, default=20)
    parser.add_argument("--peers-genes", type=int, default=1000, help="genes that peers are given")
    parser.add_argument("--illico", help="an interpreter that has illico", default="")
    parser.add_argument("--one")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--genes", type=int)
    options = parser.parse_args()
    if options.one:
        return one(options.one, options.folder, options.genes)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {settings.limit_threads()} thread(s), numpy {np.__version__}, "
        f"scanpy {importlib.metadata.version('scanpy')}, {datetime.date.today()}"
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "dataset"
        n = make(folder, options.cells, options.all_genes, options.groups)
        print(f"{options.cells:,} cells x {options.all_genes:,} genes, {n / 1e6:.0f} million values not 0")
        here = sys.executable
        jobs = [(OURS, here, None), (OURS, here, options.peers_genes), (SCANPY, here, options.peers_genes)]
        if options.illico:
            jobs += [(ILLICO, options.illico, options.peers_genes), (ILLICO, options.illico, 0)]
        print(
            f"{'':<10}{'genes':>8}{'seconds':>10}{'processor':>11}{'peak, GiB':>11}  largest difference of p"
        )
        reference = {}
        for method, python, n_genes in jobs:
            took = measured(python, method, folder, n_genes)
            shown = n_genes or options.all_genes
            if took is None:
                print(f"{method:<10}{shown:>8,}  failed")
                continue
            p = np.load(folder / f"p_{method}.npy")
            reference.setdefault(shown, p)
            apart = float(np.nanmax(np.abs(p - reference[shown])))
            print(
                f"{method:<10}{shown:>8,}{took['wall']:>10.1f}{took['processor']:>11.1f}{took['peak']:>11.2f}  {apart:.1e}",
                flush=True,
            )
    return None


if __name__ == "__main__":
    sys.exit(main())
