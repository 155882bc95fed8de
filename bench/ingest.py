"""python -m bench.ingest: seconds, GB/s and peak memory from a file to a dataset that can be trained on and coloured.

For each number of cells a file of simulated counts is written (20,000 genes, 5 % not zero, lzf), then a process of its
own does with it what the worker does when a file is brought and prepared: read it into normal form, look at every
value, leave the counts by cell and by gene, choose variable genes and normalise. Another does the same steps with scanpy
on `scanpy.read_h5ad`, for as many cells as are said to fit. Peak memory is the highest sum of the resident memory of
that process and all below it, looked at every 100 ms. GB are those of the values in memory: 8 bytes for each that is not
zero. Files are in the page cache, as one that was just uploaded is, but for the gene, whose pages are given up before.
"""

import argparse
import datetime
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import psutil

from core import settings
from core.store import Status

THREADS = settings.limit_threads()

GENES, DENSITY, BLOCK = 20_000, 0.05, 10_000
CELLS = (50_000, 200_000, 1_000_000)
FITS = 200_000  # cells up to which scanpy has its turn
SETTLED = {"n_top_genes": 2000}


def write(path, n_cells):
    """An .h5ad of `n_cells` simulated cells, a block at a time: types of cells differ in 200 genes of each."""
    import anndata
    import h5py
    import numba
    import numpy as np
    import pandas as pd
    from scipy import sparse

    from core.data.h5ad_writer import SparseWriter
    from core.data.standalone.gene_families import MITO_HUMAN

    @numba.njit(cache=True)
    def drawn(cumulated, types, sizes, seed):
        np.random.seed(seed)
        n_genes = cumulated.shape[1]
        seen, indptr = np.zeros(n_genes, np.int32), np.zeros(len(types) + 1, np.int64)
        indices, data = np.empty(sizes.sum(), np.int32), np.empty(sizes.sum(), np.float32)
        place = 0
        for cell in range(len(types)):
            for _ in range(sizes[cell]):
                seen[np.searchsorted(cumulated[types[cell]], np.random.random())] += 1
            for gene in range(n_genes):
                if seen[gene]:
                    indices[place], data[place] = gene, seen[gene]
                    place += 1
                    seen[gene] = 0
            indptr[cell + 1] = place
        return indices[:place], data[:place], indptr

    random = np.random.default_rng(0)
    level = random.lognormal(0, 1.4, GENES)
    types = np.stack([level] * 12)
    for own in types:
        own[random.choice(GENES, 200, replace=False)] *= 8
    cumulated = np.cumsum(types / types.sum(axis=1, keepdims=True), axis=1)
    cumulated[:, -1] = 1
    mean = _counts_for(level / level.sum())
    names = [*MITO_HUMAN, *(f"GENE{i}" for i in range(GENES - len(MITO_HUMAN)))]
    kind, batch = random.integers(0, 12, n_cells), random.integers(0, 8, n_cells)
    obs = pd.DataFrame(index=[f"cell-{i:07d}" for i in random.permutation(n_cells)])
    obs["cell_type"], obs["batch"] = (
        pd.Categorical([f"{w}{i}" for i in v]) for w, v in (("t", kind), ("b", batch))
    )
    with h5py.File(path, "w") as file:
        empty = anndata.AnnData(
            sparse.csr_matrix((n_cells, GENES), dtype=np.float32), obs, pd.DataFrame(index=names)
        )
        anndata.io.write_elem(file, "/", empty)
        del file["X"]
        writer = SparseWriter(file, "X", (n_cells, GENES), np.float32, "lzf")
        for first in range(0, n_cells, BLOCK):
            rows = slice(first, min(first + BLOCK, n_cells))
            sizes = np.rint(random.lognormal(np.log(mean), 0.3, rows.stop - first)).astype(np.int64)
            indices, data, indptr = drawn(cumulated, kind[rows], sizes, first)
            writer.add(sparse.csr_matrix((data, indices, indptr), shape=(rows.stop - first, GENES)))
        writer.finish()


def _counts_for(share):
    """The counts of a cell with which the share of genes that are not zero is DENSITY."""
    import numpy as np

    low, high = 100.0, 1e6
    while high - low > 1:
        middle = (low + high) / 2
        low, high = (low, middle) if np.mean(-np.expm1(-middle * share)) > DENSITY else (middle, high)
    return low / 1.045  # sizes vary: exp(0.3**2 / 2)


class Clock:
    """Seconds of each step, as {name: seconds}."""

    def __init__(self):
        self.seconds, self.last = {}, time.perf_counter()

    def lap(self, name):
        now = time.perf_counter()
        self.seconds[name], self.last = now - self.last, now


def ours(path, folder):
    """The jobs of the worker, in this process; its own server reads the file."""
    from core.config import RunConfig
    from core.data import backed
    from core.store import Store
    from core.worker.jobs import ingest, prepare

    backed.LARGE = 0  # all sizes go the same way
    store = Store(settings.Settings(data_dir=Path(folder), inline=True))
    tempfile.tempdir = str(store.root / "cache")
    id = store.add("dataset", "local", name="bench.h5ad", origin="bench", status=Status.QUEUED)
    arguments = {"path": str(path)}
    clock, said = Clock(), []

    def say(words, _):
        if said:
            clock.lap({"Reading": "read", "Looking": "examine", "Writing": "shelve"}[said[-1].split()[0]])
        said.append(words)

    ingest.read_file(store, {"target": id, "arguments": arguments}, say)
    say("", 1)
    chosen = RunConfig(**SETTLED).model_dump()
    preparation = store.add("preparation", "local", dataset=id, settings=chosen, status=Status.QUEUED)
    clock.lap("between")
    prepare.prepare_data(store, {"target": preparation}, lambda *_: None)
    clock.lap("prepare")
    dataset_folder = store.dataset_folder(id)
    for array in (dataset_folder.folder / "genes").iterdir():
        os.sync()
        with array.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    names = dataset_folder.genes()["names"]
    most = names.index(store.row("dataset", id)["record"]["top_genes"][0]["gene"])
    for gene in (most, *range(100, 119)):  # the one with the highest counts, and some by chance
        clock.lap("between")
        dataset_folder.gene(gene)
        clock.lap(f"gene {gene}")
    genes = [seconds for name, seconds in clock.seconds.items() if name.startswith("gene ")]
    return clock.seconds | {"gene": sorted(genes)[len(genes) // 2], "slowest gene": max(genes)}


def scanpys(path, folder):
    """The same steps with scanpy, the matrix in memory."""
    import numpy as np
    import scanpy as sc
    from scipy import sparse

    clock = Clock()
    adata = sc.read_h5ad(path)
    clock.lap("read")
    adata.var["mt"] = adata.var_names.str.startswith("MT-")
    sc.pp.calculate_qc_metrics(adata, qc_vars=["mt"], percent_top=None, inplace=True)
    clock.lap("examine")
    adata.write_h5ad(Path(folder) / "data.h5ad")
    by_gene = sparse.csc_matrix(adata.X)
    for name in ("data", "indices", "indptr"):
        np.save(Path(folder) / f"{name}.npy", getattr(by_gene, name))
    del by_gene
    clock.lap("shelve")
    sc.pp.highly_variable_genes(adata, flavor="seurat_v3", n_top_genes=SETTLED["n_top_genes"])
    sc.pp.normalize_total(adata, target_sum=1e4)
    sc.pp.log1p(adata)
    clock.lap("prepare")
    return clock.seconds


def _processor():
    """Seconds of the processor that this process has taken, and those below it that have ended."""
    from core.data import read

    read.SERVER.stop()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measured(kind, path, folder):
    """({step: seconds}, peak bytes) of a process that does the steps of one kind."""
    command = [
        sys.executable,
        "-m",
        "bench.ingest",
        "--work",
        kind,
        "--file",
        str(path),
        "--folder",
        str(folder),
    ]
    process = psutil.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = 0
    while process.poll() is None:
        peak = max(peak, _resident(process))
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"The process that measures ended with {process.returncode}.")
    return json.loads(process.stdout.read()), peak


def _resident(process):
    total = 0
    try:
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.NoSuchProcess:  # it has just ended
        pass
    return total


def row(n_cells, kind, seconds, peak, n_bytes, file_bytes):
    """One line of the table."""
    steps = {name: seconds.get(name, 0) for name in ("read", "examine", "shelve", "prepare")}
    total = sum(steps.values())
    genes = [f"{1000 * seconds[name]:.0f}" for name in ("gene", "slowest gene") if name in seconds]
    spent = " ".join(f"{value:>8.1f}" for value in steps.values())
    return (
        f"{n_cells:>9,} {kind:<7} {file_bytes / 1e9:>6.2f} {n_bytes / 1e9:>6.2f} {spent} {total:>8.1f} "
        f"{seconds['processor']:>8.1f} {n_bytes / 1e9 / total:>6.3f} {peak / 2**30:>6.2f} {' / '.join(genes) or '-':>9}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, nargs="+", default=list(CELLS))
    parser.add_argument("--fits", type=int, default=FITS, help="cells up to which scanpy has its turn")
    parser.add_argument(
        "--folder", help="where the files go for the while; the system's temporary folder by default"
    )
    parser.add_argument(
        "--keep", metavar="DIR", help="where the files that are made stay, and are found again"
    )
    parser.add_argument("--work", choices=["ours", "scanpy", "write"], help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work == "write":
        return write(options.file, options.cells[0])
    if options.work:
        figures = {"ours": ours, "scanpy": scanpys}[options.work](options.file, options.folder)
        return print(json.dumps(figures | {"processor": _processor()}))
    names = ", ".join(f"{name} {version(name)}" for name in ("anndata", "scanpy", "scipy", "h5py", "numba"))
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {THREADS} threads, {datetime.date.today()}; {names}"
    )
    print(
        f"{'cells':>9} {'':<7} {'file':>6} {'GB':>6} {'read':>8} {'examine':>8} {'shelve':>8} {'prepare':>8} "
        f"{'total':>8} {'cpu':>8} {'GB/s':>6} {'GiB':>6} {'gene, ms':>9}"
    )
    folder = Path(tempfile.mkdtemp(prefix="nuwa-bench-", dir=options.folder))
    try:
        for n_cells in options.cells:
            path = (Path(options.keep) if options.keep else folder) / f"{n_cells}.h5ad"
            if not path.exists():
                command = [sys.executable, "-m", "bench.ingest", "--work", "write", "--file", str(path)]
                subprocess.run([*command, "--cells", str(n_cells)], check=True)
            for kind in ("ours", "scanpy") if n_cells <= options.fits else ("ours",):
                place = folder / kind
                place.mkdir()
                seconds, peak = measured(kind, path, place)
                print(row(n_cells, kind, seconds, peak, _values(path), path.stat().st_size), flush=True)
                shutil.rmtree(place)
            if not options.keep:
                path.unlink()
    finally:
        shutil.rmtree(folder)
    return None


def _values(path):
    """Bytes of the values of a file, in memory."""
    import h5py

    with h5py.File(path) as file:
        return 8 * file["X/data"].shape[0]


if __name__ == "__main__":
    main()
