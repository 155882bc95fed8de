"""python -m bench.speed: how many cells a second three loops train, each the same model in float32.

The loops: the one people use today (`bench.reference`); the same on one dense tensor with a fused optimiser
and without a look at every loss; and one with the sparse ends of `core.sparse`. They take turns on 10,000 x
2,000 simulated counts, so that a machine that slows down does so for all three; medians over the repeats are
printed. The share of the machine's peak counts the work that the dense model asks for, so that a loop which
avoids work can pass 100 %.
"""

import argparse
import datetime
import os
import platform
import time

from core import settings

THREADS = settings.limit_threads()

import numpy as np  # noqa: E402  threads are set before the science is loaded
import torch  # noqa: E402
from anndata import AnnData  # noqa: E402
from scipy import sparse as scipy_sparse  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from bench import reference  # noqa: E402
from core.config import RunConfig  # noqa: E402
from core.prepare import prepare, split_cells  # noqa: E402
from core.sparse import Standardised, first_layer, mse, pays  # noqa: E402
from core.train import learning_rate  # noqa: E402

CONFIG = RunConfig(n_top_genes=0, n_hidden=128, n_latent=20, lr=1e-3)
GROUPS = 8


def simulated(n_cells, n_genes, seed=0):
    """AnnData of negative-binomial counts (dispersion 0.5) in eight groups; about 8 % are not zero."""
    random = np.random.default_rng(seed)
    level = random.lognormal(-3.2, 1.2, n_genes) * random.lognormal(0, 0.5, (GROUPS, n_genes))
    size = random.lognormal(0, 0.3, (n_cells, 1))
    counts = [
        scipy_sparse.csr_matrix(random.poisson(part * random.gamma(2.0, 0.5, part.shape)).astype(np.float32))
        for part in np.array_split(level[random.integers(0, GROUPS, n_cells)] * size, 10)
    ]
    return AnnData(scipy_sparse.vstack(counts, format="csr"))


def stepping(model, n_cells, batch_size, epochs, loss_of, seed=0):
    """Yield the mean loss of each pass of a plain loop; `loss_of(rows)` gives the loss of one batch."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=CONFIG.lr, fused=True)
    random, steps, done = np.random.default_rng(seed), n_cells // batch_size, 0
    model.train()
    for _ in range(epochs):
        order, total = random.permutation(n_cells), torch.zeros(())
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = learning_rate(CONFIG, done, epochs * steps)
            loss = loss_of(order[step * batch_size : (step + 1) * batch_size])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.detach()
            done += 1
        yield total.item() / steps


def dense_loss(model, x):
    """A function of rows: the loss on those rows of one dense tensor."""

    def loss_of(rows):
        batch = x.index_select(0, torch.from_numpy(rows))
        return F.mse_loss(model(batch), batch)

    return loss_of


def sparse_loss(model, x):
    """A function of rows: the same loss by the sparse ends of the model."""
    batch = x.batch([])

    def loss_of(rows):
        x.batch(rows, into=batch)
        hidden = model.middle(first_layer(batch, model.first.weight, model.first.bias))
        return mse(batch, hidden, model.last.weight, model.last.bias)

    return loss_of


def loops(dense, sparse, batch_size, epochs):
    """The three loops by name, each a generator over passes and each with a model of its own and the same
    weights."""
    models = []
    for _ in range(3):
        torch.manual_seed(0)
        shape = (dense.shape[1], CONFIG.n_hidden, CONFIG.n_latent)
        models.append(reference.Autoencoder(*shape, activation=nn.ELU, linear_latent=True))
    return {
        "reference": reference.passes(models[0], dense, batch_size, epochs, CONFIG.lr),
        "dense": stepping(models[1], len(dense), batch_size, epochs, dense_loss(models[1], dense)),
        "sparse": stepping(models[2], len(dense), batch_size, epochs, sparse_loss(models[2], sparse)),
    }


def measure(dense, sparse, batch_size, repeats):
    """{loop: (cells a second, the median over the repeats; mean loss of the last pass)}, after one pass to
    warm up."""
    running = loops(dense, sparse, batch_size, repeats + 1)
    seconds, loss = {name: [] for name in running}, {}
    for _ in range(repeats + 1):
        for name, loop in running.items():
            start = time.perf_counter()
            loss[name] = next(loop)
            seconds[name].append(time.perf_counter() - start)
    trained = len(dense) // batch_size * batch_size
    return {name: (trained / np.median(seconds[name][1:]), loss[name]) for name in running}


def as_used(dense, repeats):
    """Cells a second of the reference in the shape it is mostly seen in: hidden 100, latent 50, batches of
    64."""
    torch.manual_seed(0)
    seconds, start = [], time.perf_counter()
    for _ in reference.passes(reference.Autoencoder(dense.shape[1]), dense, epochs=repeats + 1):
        seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
    return len(dense) // 64 * 64 / np.median(seconds[1:])


def peak(size=1536, repeats=7):
    """Operations a second of the best of some float32 matrix products: what a dense loop can reach."""
    square, seconds = torch.randn(size, size), []
    for _ in range(repeats):
        start = time.perf_counter()
        square @ square
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)


def work(n_genes):
    """Operations that one cell costs in the dense model: three products a layer, and two in the first, whose
    input needs no gradient."""
    return 2 * (5 * n_genes * CONFIG.n_hidden + 6 * CONFIG.n_hidden * CONFIG.n_latent)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--genes", type=int, default=2_000)
    parser.add_argument("--batches", type=int, nargs="+", default=[64, 256, 1024])
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    started = time.perf_counter()
    matrix = prepare(simulated(asked.cells, asked.genes), CONFIG, split_cells(asked.cells, CONFIG))
    dense = torch.from_numpy(matrix.batch(np.arange(matrix.n_cells)))
    sparse = Standardised(matrix.rna, matrix.mean, matrix.sd, matrix.clip)
    top = peak()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {THREADS} threads, torch {torch.__version__}, "
        f"{datetime.date.today()}; fp32 peak {top / 1e9:.0f} GFLOP/s"
    )
    print(
        f"{matrix.n_cells:,} cells x {matrix.n_genes:,} genes, {sparse.density:.1%} not zero; "
        f"hidden {CONFIG.n_hidden}, latent {CONFIG.n_latent}; median of {asked.repeats}"
    )
    print(
        f"reference as used (hidden 100, latent 50, batch 64): {as_used(dense, asked.repeats):,.0f} cells/s"
    )
    print(f"{'batch':>6} {'loop':<10} {'cells/s':>9} {'x reference':>12} {'of peak':>8} {'loss':>7}  pays")
    for batch_size in asked.batches:
        found = measure(dense, sparse, batch_size, asked.repeats)
        for name, (speed, loss) in found.items():
            told = str(pays(batch_size, CONFIG.n_hidden, sparse.density)) if name == "sparse" else ""
            print(
                f"{batch_size:>6} {name:<10} {speed:>9,.0f} {speed / found['reference'][0]:>12.2f} "
                f"{speed * work(matrix.n_genes) / top:>8.0%} {loss:>7.4f}  {told}",
                flush=True,
            )
    print(f"{time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
