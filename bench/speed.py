"""python -m bench.speed: cells per second of Nuwa's training loop, beside the reference loop and SCVI.

All loops train the same cells in turns, one pass each, so that a slower machine affects all of them.
Medians over the repeats and their ratios are printed. "Equal model" rows compare the network of `bench.reference`
with the same network in Nuwa's own loop (core.training.loop, with gradient clipping), in float32 and with the same
loss; a row in bf16 is for information only. The share of the machine's peak counts the operations of the dense
model, so a loop that skips some can exceed 100 %. SCVI runs in the interpreter that `make bench-quality` makes for it; without that its row is left out.
"""

import argparse
import datetime
import os
import platform
import subprocess
import time
from pathlib import Path

from core import settings

THREADS = settings.limit_threads()

import numpy as np  # noqa: E402  threads are set before the science is loaded
import torch  # noqa: E402
from anndata import AnnData  # noqa: E402
from scipy import sparse as scipy_sparse  # noqa: E402
from torch import nn  # noqa: E402

from bench import reference  # noqa: E402
from bench.bars import Bar, threaded  # noqa: E402
from core import models  # noqa: E402
from core.config import RunConfig  # noqa: E402
from core.preprocessing.prepare import prepare  # noqa: E402
from core.preprocessing.split import split_cells  # noqa: E402
from core.training import loop as train  # noqa: E402
from core.training.dataloader import Feed  # noqa: E402

SIZES = {"n_hidden": 100, "n_latent": 50}  # the reference's own
PLAIN = {"linear_path": False, "latent_noise": 0.0, "dropout": 0.0}  # of which the reference knows nothing
EQUAL = RunConfig(n_top_genes=0, activation="elu", norm="batch", lr=1e-3, **SIZES, **PLAIN)
BARS = {64: 1.35, 256: 2.0, 1024: 3.0}  # batch -> times the reference at equal model and loss
REFERENCE_EPOCHS = 100  # what a run of the reference takes, as it is mostly seen
GROUPS = 8
RIVAL = Path(".venv-bench/bin/python")


def simulated(n_cells, n_genes, seed=0):
    """AnnData of negative-binomial counts (dispersion 0.5) in eight groups; about 8 % are non-zero."""
    random = np.random.default_rng(seed)
    level = random.lognormal(-3.2, 1.2, n_genes) * random.lognormal(0, 0.5, (GROUPS, n_genes))
    size = random.lognormal(0, 0.3, (n_cells, 1))
    counts = [
        scipy_sparse.csr_matrix(random.poisson(part * random.gamma(2.0, 0.5, part.shape)).astype(np.float32))
        for part in np.array_split(level[random.integers(0, GROUPS, n_cells)] * size, 10)
    ]
    return AnnData(scipy_sparse.vstack(counts, format="csr"))


class Data:
    """The simulated cells as Nuwa's Matrix, and for the reference as one dense tensor of the training cells."""

    def __init__(self, n_cells, n_genes):
        self.adata = simulated(n_cells, n_genes)
        self.split = split_cells(n_cells, EQUAL)
        self.matrix = prepare(self.adata, EQUAL, self.split)
        self.dense = torch.from_numpy(self.matrix.dense(self.split.train))
        self.judges = torch.from_numpy(self.matrix.dense(self.split.valid))


def the_reference(data, batch_size, linear_latent=True, activation=nn.ELU):
    """Yield (seconds, cells, loss on the validation cells) of each pass of the reference loop."""
    torch.manual_seed(0)
    sizes = data.dense.shape[1], SIZES["n_hidden"], SIZES["n_latent"]
    model = reference.Autoencoder(*sizes, activation, linear_latent)
    passes = reference.passes(model, data.dense, batch_size, REFERENCE_EPOCHS, EQUAL.lr)
    while True:
        model.train()
        start = time.perf_counter()
        next(passes)
        seconds = time.perf_counter() - start
        model.eval()
        with torch.no_grad():
            loss = nn.functional.mse_loss(model(data.judges), data.judges).item()
        yield seconds, len(data.dense) // batch_size * batch_size, loss


def nuwa(data, config, path=None, like_reference=False, bf16=False):
    """Yield (seconds, cells, loss on the validation cells) of each pass of Nuwa's loop.

    `path`, a name in feed.PATHS, overrides its choice; `like_reference`: it starts from the reference's weights;
    `bf16`: matrix products round their factors to eight bits, by torch's autocast.
    """
    torch.manual_seed(0)
    model = models.build(config, data.matrix.n_genes, 0)
    if like_reference:
        torch.manual_seed(0)
        sizes = data.matrix.n_genes, config.n_hidden, config.n_latent
        model.load_state_dict(as_ours(reference.Autoencoder(*sizes, nn.ELU, True).state_dict()))
    passes = train.fit(model, data.matrix, data.split, config)
    while True:
        with Forced(path), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            epoch = next(passes)
        yield epoch.seconds, len(data.split.train), epoch.valid.total


def as_ours(weights):
    """The weights of the reference under the names of Nuwa's model."""
    names = {"first": "encoder_rna_1.0", "middle.0": "encoder_rna_1.1", "middle.2": "latent.0"}
    names |= {"middle.3": "decoder_rna_1.0", "middle.4": "decoder_rna_1.1", "last": "output_rna.0"}
    parts = ((*key.rpartition("."), value) for key, value in weights.items())
    return {f"blocks.{names[module]}.{name}": value for module, _, name, value in parts}


class Forced:
    """Context in which minibatches take this path."""

    def __init__(self, path):
        self.path, self.before = path, Feed.path

    def __enter__(self):
        if self.path:
            Feed.path = self.path

    def __exit__(self, *_):
        Feed.path = self.before


def scvi(data):
    """Yield (seconds, cells, loss) of each pass of SCVI with its defaults, in a separate interpreter."""
    counts_file = Path(".venv-bench") / "speed.npz"
    scipy_sparse.save_npz(counts_file, data.adata.X)
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen([RIVAL, "-m", "bench.scvi_passes", counts_file], **pipe) as process:
        for line in process.stdout:
            seconds, cells, loss = map(float, line.split())
            yield seconds, cells, loss
            process.stdin.write("\n")
            process.stdin.flush()


def take_turns(loops, repeats):
    """{name: (median cells per second, loss of the last pass)}; the first pass of each is a warm-up."""
    speeds, losses = {name: [] for name in loops}, {}
    for _ in range(repeats + 1):
        for name, loop in loops.items():
            seconds, cells, losses[name] = next(loop)
            speeds[name].append(cells / seconds)
    for loop in loops.values():
        loop.close()
    return {name: (np.median(passes[1:]), losses[name]) for name, passes in speeds.items()}


def peak(size=1536, repeats=7):
    """Operations per second of the best of some float32 matrix products: the limit of a dense loop."""
    square, seconds = torch.randn(size, size), []
    for _ in range(repeats):
        start = time.perf_counter()
        square @ square
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)


def work(n_genes):
    """Operations per cell of the dense model: three products per layer, and two in the first, whose
    input needs no gradient."""
    hidden, latent = SIZES["n_hidden"], SIZES["n_latent"]
    return 2 * (5 * n_genes * hidden + 6 * hidden * latent)


def equal_models(data, batches, repeats, top):
    """Print the rows at equal model and loss; returns their Bars."""
    bars = []
    print(f"{'batch':>6} {'loop':<18} {'cells/s':>9} {'x reference':>12} {'of peak':>8} {'loss':>7}")
    for batch_size in batches:
        config = EQUAL.model_copy(update={"batch_size": batch_size, "epochs": REFERENCE_EPOCHS})
        path = Feed(data.matrix, "cpu", config).path
        loops = {
            "reference": the_reference(data, batch_size),
            f"Nuwa ({path})": nuwa(data, config, like_reference=True),
            "Nuwa, if dense": nuwa(data, config, "dense", like_reference=True),
            "  and in bf16": nuwa(data, config, "dense", like_reference=True, bf16=True),
        }
        speeds = take_turns(loops, repeats)
        for name, (speed, loss) in speeds.items():
            ratio = speed / speeds["reference"][0]
            share = speed * work(data.matrix.n_genes) / top
            print(
                f"{batch_size:>6} {name:<18} {speed:>9,.0f} {ratio:>12.2f} {share:>8.0%} {loss:>7.4f}",
                flush=True,
            )
            if batch_size in BARS and name == f"Nuwa ({path})":
                bars.append(
                    Bar(f"Equal model, batch {batch_size}: the reference's speed", ratio, BARS[batch_size])
                )
    return bars


def as_people_run_them(data, repeats):
    """Print the rows of each tool with its defaults, and the time of a whole training; returns their Bars."""
    n_train = len(data.split.train)
    config = RunConfig(n_top_genes=0).for_data(data.matrix.n_cells, data.matrix.n_features)
    loops = {
        "reference": the_reference(data, 64, linear_latent=False, activation=nn.LeakyReLU),
        "Nuwa": nuwa(data, config.model_copy(update={"epochs": max(config.epochs, repeats + 1)})),
    }
    epochs = {"reference": REFERENCE_EPOCHS, "Nuwa": config.epochs}
    if RIVAL.exists():
        loops["SCVI"] = scvi(data)
        epochs["SCVI"] = min(round(20_000 / n_train * 400), 400)  # its own rule
    speeds_of = take_turns(loops, repeats)
    print(f"\n{'with defaults':<13} {'cells/s':>9} {'epochs':>7} {'training, s':>12}   Nuwa is quicker")
    total = {name: epochs[name] * n_train / speed for name, (speed, _) in speeds_of.items()}
    for name, (speed, _) in speeds_of.items():
        ratio = f"{speeds_of['Nuwa'][0] / speed:.1f} times a cell, {total[name] / total['Nuwa']:.1f} times a training"
        print(
            f"{name:<13} {speed:>9,.0f} {epochs[name]:>7} {total[name]:>12.1f}   {ratio if name != 'Nuwa' else ''}"
        )
    bars = [Bar("A training with defaults: the reference's speed", total["reference"] / total["Nuwa"], 4.0)]
    if "SCVI" in speeds_of:
        bars.append(
            Bar("With defaults: SCVI's cells a second", speeds_of["Nuwa"][0] / speeds_of["SCVI"][0], 8.0)
        )
    return bars


def main(command_line=None):
    """Measure and print; returns the Bars. `command_line`: its options; by default that of this process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--genes", type=int, default=2_000)
    parser.add_argument("--batches", type=int, nargs="+", default=[64, 256, 1024])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args(command_line)
    started = time.perf_counter()
    data = Data(options.cells, options.genes)
    top = peak()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {threaded(THREADS)}, torch {torch.__version__}, "
        f"{datetime.date.today()}; fp32 peak {top / 1e9:.0f} GFLOP/s"
    )
    density = data.adata.X.nnz / np.prod(data.adata.shape)
    print(
        f"{options.cells:,} cells x {data.matrix.n_genes:,} genes, {density:.1%} not zero; hidden {SIZES['n_hidden']}, "
        f"latent {SIZES['n_latent']}, {EQUAL.activation}, batch normalisation; median of {options.repeats}"
    )
    bars = equal_models(data, options.batches, options.repeats, top) + as_people_run_them(
        data, options.repeats
    )
    print(f"{time.perf_counter() - started:.0f} s in all")
    return bars


if __name__ == "__main__":
    main()
