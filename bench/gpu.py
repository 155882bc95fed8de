"""python -m bench.gpu: cells per second of the training loop on a GPU, resident dense and resident sparse.

Prints a row for each batch size and form. Without a CUDA device it prints that and stops.
"""

import argparse
import datetime
import sys
import time

from core import settings

settings.limit_threads()

import numpy as np  # noqa: E402  threads are set before the science is loaded
import torch  # noqa: E402

from bench.speed import simulated  # noqa: E402
from core import device, models  # noqa: E402
from core.analysis import neighbors_gpu  # noqa: E402
from core.analysis.neighbors import find_neighbors  # noqa: E402
from core.config import RunConfig  # noqa: E402
from core.preprocessing.prepare import prepare  # noqa: E402
from core.preprocessing.split import split_cells  # noqa: E402
from core.training import loop  # noqa: E402
from core.training.gpu_matrix import FORMS, resident  # noqa: E402


def passes(matrix, split, config):
    """Yield cells per second of each pass."""
    torch.manual_seed(0)
    model = models.build(config, matrix.n_genes, 0)
    for epoch in loop.fit(model, matrix, split, config, "cuda"):
        yield len(split.train) / epoch.seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--genes", type=int, default=2_000)
    parser.add_argument("--batches", type=int, nargs="+", default=[128, 512, 1024, 4096])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print(device.choose("auto").why)
        return 1
    print(f"{torch.cuda.get_device_name(0)}, torch {torch.__version__}, {datetime.date.today()}")
    adata = simulated(options.cells, options.genes)
    print(f"{'batch':>6} {'resident':<8} {'cells/s':>10}")
    for batch_size in options.batches:
        settings = {"batch_size": batch_size, "epochs": options.repeats + 1, "device": "cuda"}
        config = RunConfig(n_top_genes=0, **settings).for_data(options.cells, options.genes)
        split = split_cells(options.cells, config)
        for form in FORMS:
            matrix = prepare(adata, config, split)
            resident(matrix, "cuda", form)
            speed = np.median(list(passes(matrix, split, config))[1:])
            print(f"{batch_size:>6} {form:<8} {speed:>10,.0f}", flush=True)
    points = np.random.default_rng(0).standard_normal((options.cells, 20)).astype(np.float32)
    for name, work in (
        ("GPU, exact", lambda: neighbors_gpu.nearest_on("cuda", points, points, 15)),
        ("CPU", lambda: find_neighbors(points)),
    ):
        start = time.perf_counter()
        work()
        print(f"15 neighbours of {options.cells:,} points, {name}: {time.perf_counter() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
