"""python -m bench.large: cells per second, and memory, of datasets that are too large for one tensor.

Two shapes: 1,000,000 x 2,000, always on disk, and 50,000 x 20,000. One process writes each
file, another prepares and trains it from there (`core.preprocessing.prepare`, `core.training.loop`, as a run does), and a third runs the
reference loop (`bench.reference`) on some of the cells, dense, with a network of the same layers. The
two run in turns, so that a slower machine affects both: with the same batch size, and in the last row of each
shape with the default batch size of each. Peak memory is that of the training process
(VmHWM), from its start to the end of the last pass.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.bars import Bar, threaded
from core import settings
from core.config import RunConfig

THREADS = settings.limit_threads()

SHAPES = ((1_000_000, 2_000), (50_000, 20_000))
DRAWN = 80_000_000  # values that are simulated; the cells made of them are repeated until there are enough
SOME = 40_000_000  # values of the cells that the reference trains on, which it holds as float32
OWN_BATCH = 64  # of the reference, as it is mostly seen
AIMS = ((40_000, "cells/s", 1.0), (3.5, "times", 2.0))  # of each shape: speed, its unit, GiB


def write(path, n_cells, n_genes):
    """Write an .h5ad of simulated counts as in `bench.speed`, a block at a time."""
    import anndata
    import h5py
    import numpy as np
    import pandas as pd

    from bench.speed import simulated

    n_drawn = min(n_cells, DRAWN // n_genes)
    drawn, random = simulated(n_drawn, n_genes).X, np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        anndata.io.write_elem(file, "/", anndata.AnnData(drawn))
        for start in range(n_drawn, n_cells, n_drawn):
            rows = random.permutation(n_drawn)[: n_cells - start]
            anndata.io.sparse_dataset(file["X"]).append(drawn[rows])
        anndata.io.write_elem(file, "obs", pd.DataFrame(index=np.arange(n_cells).astype(str)))


def config_of(batch_size, passes):
    from bench.speed import EQUAL

    return EQUAL.model_copy(update={"batch_size": batch_size, "epochs": passes, "device": "cpu"})


def prepared(path, config):
    """(split, Matrix) of the file, read as for a run."""
    from core.data.backed import opened
    from core.preprocessing.prepare import prepare
    from core.preprocessing.split import split_cells

    adata = opened(path)
    split = split_cells(adata.n_obs, config)
    return split, prepare(adata, config, split, Path(path).parent)


def ours(path, config):
    """Yields {} once the data is prepared, then {"cells", "seconds", "loss"} of each pass."""
    import torch

    from core.models import build
    from core.sparse import disk_rows
    from core.training import loop
    from core.training.dataloader import Feed

    if "million" in Path(path).name:
        disk_rows.RESIDENT = 0
    started = time.perf_counter()
    split, matrix = prepared(path, config)
    facts = {"prepared": time.perf_counter() - started, "density": matrix.rna.density}
    torch.manual_seed(0)
    model = build(config, matrix.n_genes, 0)
    yield facts | {
        "path": Feed(matrix, "cpu", config).path,
        "rows": type(matrix.rna).__name__,
    }
    for epoch in loop.fit(model, matrix, split, config):
        yield {"cells": len(split.train), "seconds": epoch.seconds, "loss": epoch.train.total}


def theirs(path, config):
    """The same of the reference loop, on as many cells as make `SOME` values."""
    import numpy as np
    import torch
    from torch import nn

    from bench import reference

    split, matrix = prepared(path, config)
    rows = np.random.default_rng(0).permutation(split.train)[: SOME // matrix.n_genes]
    x = torch.from_numpy(matrix.dense(np.sort(rows)))
    torch.manual_seed(0)
    model = reference.Autoencoder(x.shape[1], config.n_hidden, config.n_latent, nn.ELU, linear_latent=True)
    yield {}
    start = time.perf_counter()
    for loss in reference.passes(model, x, config.batch_size, config.epochs, config.lr):
        n_cells = len(x) // config.batch_size * config.batch_size
        yield {"cells": n_cells, "seconds": time.perf_counter() - start, "loss": loss}
        start = time.perf_counter()


class Child:
    """A process that does the next part of its work on request."""

    def __init__(self, kind, path, batch_size, passes):
        command = [sys.executable, "-m", "bench.large", "--work", kind, "--file", str(path)]
        command += ["--batches", str(batch_size), "--repeats", str(passes)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def step(self):
        """The result of the next part, and "peak", the process's peak memory so far in bytes."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"The process that measures ended with {self.process.wait()}.")
        return json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def work(kind, path, config):
    """The other end of a Child."""
    pieces = {"ours": ours, "reference": theirs}[kind](path, config)
    for _ in sys.stdin:
        result = next(pieces)
        status = Path("/proc/self/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
        print(json.dumps(result | {"peak": peak}), flush=True)


def measure(path, batches, repeats):
    """{kind: [result of each timed pass]}, after one warm-up pass of each, and Nuwa's description of its data.

    `batches`: the batch size of Nuwa and of the reference.
    """
    with (
        Child("ours", path, batches[0], repeats + 1) as one,
        Child("reference", path, batches[1], repeats + 1) as other,
    ):
        facts = one.step()
        other.step()
        passes = {"ours": [], "reference": []}
        for i in range(repeats + 1):
            for kind, child in (("ours", one), ("reference", other)):
                done = child.step()
                passes[kind] += [done] if i else []
    return facts, passes


def row(facts, passes_of, i, batches):
    """One line of the table, and its Bars; `i` is the number of the shape, `batches` as `measure` has them."""
    shape, (least, unit, most) = SHAPES[i], AIMS[i]
    speeds = {kind: sorted(f["cells"] / f["seconds"] for f in passes) for kind, passes in passes_of.items()}
    ours, reference = (speeds[kind][len(speeds[kind]) // 2] for kind in ("ours", "reference"))
    peaks = [passes_of[kind][-1]["peak"] / 2**30 for kind in ("ours", "reference")]
    where = "on disk" if facts["rows"] == "Stored" else "in memory"
    sizes = " and ".join(str(size) for size in dict.fromkeys(batches))
    name = f"{shape[0]:,} x {shape[1]:,}, batch {sizes}"
    speed = ours if unit == "cells/s" else ours / reference
    what = "speed" if unit == "cells/s" else "the reference's speed"
    bars = [
        Bar(f"{name}: {what}", speed, least, unit),
        Bar(f"{name}: peak memory", peaks[0], most, "GiB", at_most=True),
    ]
    line = (
        f"{shape[0]:>9,} x {shape[1]:<6,} {where:<9} {facts['path']:<6} {sizes:>11} {ours:>9,.0f} {reference:>9,.0f} "
        f"{ours / reference:>6.2f} {peaks[0]:>6.2f} {facts['prepared']:>8.0f} {passes_of['ours'][-1]['loss']:>7.4f}"
    )
    return line, bars


def main(command_line=None):
    """Measure and print; returns the Bars. `command_line`; by default that of this process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--shapes", type=int, nargs="+", default=[0, 1], help="0: 1,000,000 x 2,000; 1: 50,000 x 20,000"
    )
    parser.add_argument("--batches", type=int, nargs="+", default=[256, 1024])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--folder", help="where the files go for the while; the system's temporary folder by default"
    )
    parser.add_argument("--work", choices=["ours", "reference", "write"], help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    options = parser.parse_args(command_line)
    if options.work == "write":
        return write(options.file, *SHAPES[options.shapes[0]])
    if options.work:
        return work(options.work, options.file, config_of(options.batches[0], options.repeats))
    print(f"{platform.machine()}, {os.cpu_count()} cores, {threaded(THREADS)}, {datetime.date.today()}")
    print(
        f"{'cells x genes':>18} {'rows':<9} {'path':<6} {'batch':>11} {'cells/s':>9} {'reference':>9} {'times':>6} "
        f"{'GiB':>6} {'prepare':>8} {'loss':>7}"
    )
    bars, folder = [], Path(tempfile.mkdtemp(prefix="nuwa-bench-", dir=options.folder))
    try:
        for i in options.shapes:
            path = folder / f"{('million', 'wide')[i]}.h5ad"
            command = [
                sys.executable,
                "-m",
                "bench.large",
                "--work",
                "write",
                "--file",
                str(path),
                "--shapes",
                str(i),
            ]
            subprocess.run(command, check=True)
            as_they_come = RunConfig().for_data(*SHAPES[i]).batch_size, OWN_BATCH
            for batches in [*zip(options.batches, options.batches, strict=True), as_they_come]:
                line, more = row(*measure(path, batches, options.repeats), i, batches)
                print(line, flush=True)
                bars += more
            path.unlink()
    finally:
        shutil.rmtree(folder)
    return bars


if __name__ == "__main__":
    main()
