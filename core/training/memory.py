"""The memory of a run, computed from shapes alone, and advice for a run that needs too much."""

import os
from typing import NamedTuple

import numpy as np

from core import text
from core.preprocessing.matrix import block_size
from core.sparse.linear import gram_pays
from core.training import gpu_matrix
from core.training.baselines import COVARIANCE_LIMIT, PANEL_AXES

# Constants fitted to the peak resident memory of whole runs, each in its own process (Linux, float32;
# tests/training/test_forecast.py repeats it). A copy is an array of the same size as the original.
PROGRAM = 450e6  # bytes: Python with torch, scanpy and numba loaded (CPU)
COMPILED = 60e6  # bytes: numba's compiler and code, and memory that torch keeps after training
CUDA = 1.5e9  # bytes of main memory that torch's CUDA libraries take; not measured
READER = 80e6  # bytes of the process that reads files, while it waits
BESIDE = 480e6  # bytes of the helper process (core.analysis.side_process), shared memory counted once
PICTURE = 4000  # bytes for each cell there while UMAP runs (3.1 kB with 25,000 cells, 3.6 kB with 50,000)
SOURCE_COPIES = 1.0  # of the values of the file, while they are prepared
MATRIX_COPIES = 4.0  # of the values of the chosen genes, meanwhile
SQUARES = 4  # features x features: the covariance, the weighted one, and those of the eigensolver
WEIGHT_COPIES = (
    7  # weights, gradients, two moments of Adam, those of the last and the best epoch, and a temporary copy
)
STORED = 60  # bytes for each value in two sparse minibatches: by cell and by gene, with and without dropout, and indices
UNIT_COPIES = 6  # of the values of a hidden unit for a minibatch, with norm, activation and gradients
FEWEST_BESIDE = (
    2_000  # cells; below, the work for a helper process takes less time than loading its libraries
)
MOST_BESIDE = 50_000  # cells; above, training and UMAP at once may need more memory than the machine has

FEWER = {"batch_size": (128, "minibatches of 128 cells"), "n_hidden": (128, "128 hidden units")}
FEWER_GENES = (2000, 1000)  # what is suggested for settings that do not fit, as the two above


class Copies(NamedTuple):
    """The number of arrays at once that are as large as a dense part of the data."""

    baselines: float  # of a block of cells, while the baselines are measured
    look: float  # of a block, while its loss is computed, without gradients
    step: float  # of a minibatch, while it is trained on, with gradients


ERRORS = Copies(3.5, 4.5, 7)
LIKELIHOODS = Copies(9.5, 12, 22)  # several terms for each value, in float64 for the baselines


class Shapes(NamedTuple):
    """The properties of the data that determine memory."""

    n_cells: int
    n_train: int
    n_genes: int
    n_proteins: int
    n_batches: int
    density: float  # the share of the chosen genes' values that is stored
    path: str  # how minibatches come to the model: a name in core.training.dataloader.PATHS
    source: float  # bytes of the dataset as it was read
    matrix: float  # bytes of the Matrix

    @classmethod
    def of(cls, matrix, split, path, source):
        """The Shapes of a prepared Matrix; `source` is the bytes of the dataset it was made from."""
        own = {name: part for name, part in vars(matrix).items() if name != "standardised"}
        return cls(
            matrix.n_cells,
            len(split.train),
            matrix.n_genes,
            matrix.n_proteins,
            len(matrix.batch_names),
            matrix.rna.density,
            path,
            source,
            n_bytes(own),
        )

    def with_genes(self, n_genes):
        """The same data with fewer variable genes."""
        return self._replace(n_genes=n_genes, matrix=self.matrix * n_genes / self.n_genes)


def n_bytes(held):
    """Bytes of the arrays in an array, an AnnData, a dict, or an object with such fields."""
    if isinstance(held, np.memmap):
        return 0  # lies on disk
    if isinstance(held, np.ndarray):
        return held.nbytes
    if hasattr(held, "obsm"):
        raw = [] if held.raw is None else [held.raw.X]
        return sum(n_bytes(part) for part in [held.X, *held.layers.values(), *held.obsm.values(), *raw])
    if hasattr(held, "to_numpy"):  # a table
        return int(held.memory_usage().sum())
    fields = held if isinstance(held, dict) else getattr(held, "__dict__", {})
    return sum(n_bytes(part) for part in fields.values())


def helper_pays(n_cells):
    """Is a helper process beside the training of so many cells worth its start, and is a core to spare?"""
    return len(os.sched_getaffinity(0)) > 1 and FEWEST_BESIDE <= n_cells <= MOST_BESIDE


def main_memory(shapes, config, kind="cpu"):
    """Bytes of main memory at the peak of a run, from start to latent space; within a factor of two.

    Counted are its process, the one that has read the file, and the helper process if there is one.
    """
    features = shapes.n_genes + shapes.n_proteins
    block = _block(shapes) * _width(shapes)
    preparing = SOURCE_COPIES * shapes.source + MATRIX_COPIES * shapes.matrix
    measuring = _copies(config).baselines * block
    measuring += SQUARES * 4 * features**2 if features <= COVARIANCE_LIMIT else 0
    axes = shapes.n_cells * max(PANEL_AXES, config.n_latent) * 4
    measuring += 5 * axes  # their squares are added up in float64
    training = COMPILED + axes + shapes.n_cells * config.n_latent * 4
    training += block if kind == "cuda" else _training(shapes, config)
    program = PROGRAM + READER + (CUDA if kind == "cuda" else 0)
    if helper_pays(shapes.n_cells):
        program += BESIDE + PICTURE * shapes.n_cells
    return int(program + shapes.source + max(preparing, shapes.matrix + max(measuring, training)))


def on_gpu(shapes, config):
    """Bytes of GPU memory at the peak of training, including the values if they are kept there."""
    held = 0
    if shapes.path.startswith("resident"):
        n_values = shapes.n_cells * shapes.n_genes * shapes.density
        tables = 2 if config.model_record.reads_counts or config.splits_counts else 1
        form = shapes.path.removeprefix("resident ")
        held = gpu_matrix.n_bytes(form, shapes.n_cells, shapes.n_genes, shapes.n_proteins, n_values, tables)
    return int(held + _training(shapes, config))


def _training(shapes, config):
    """Bytes of the network, its optimiser, and the larger of a minibatch in training and a block in evaluation."""
    layers = config.layers(shapes.n_genes, shapes.n_proteins, shapes.n_batches)
    weights = sum(layer.weights for layer in layers) * 4
    units = sum(layer.n_out for layer in layers if not layer.name.startswith("output"))
    batch, look = min(config.batch_size, shapes.n_train), _block(shapes)
    values = max(batch * _of_a_cell(shapes, config, batch), look * _copies(config).look * _width(shapes))
    return WEIGHT_COPIES * weights + batch * UNIT_COPIES * units * 4 + values


def _block(shapes):
    """Cells that are dense at once while a loss is computed or the baselines are measured."""
    return min(shapes.n_cells, block_size(shapes.n_genes + shapes.n_proteins))


def _width(shapes):
    """Bytes of a cell made dense."""
    return (shapes.n_genes + shapes.n_proteins) * 4


def _of_a_cell(shapes, config, batch):
    """Bytes of the values of a cell in a step with `batch` cells."""
    if shapes.path != "sparse":
        return (_copies(config).step + (2 if config.input_dropout else 0)) * _width(shapes)
    last = next(
        layer for layer in config.layers(shapes.n_genes, 0, shapes.n_batches) if layer.name == "output_rna"
    )
    residual = (
        0 if gram_pays(batch, last.n_in) else 2 * shapes.n_genes * 4
    )  # one in each of the two minibatches
    return STORED * shapes.n_genes * shapes.density + residual + shapes.n_proteins * 4 * ERRORS.step


def _copies(config):
    return LIKELIHOODS if config.model_record.reads_counts else ERRORS


def advice(shapes, config, free, what, need):
    """A warning and advice for a run that needs more than the `free` bytes of `what`; else "".

    `need(shapes, config)` gives the bytes that a run needs.
    """
    if need(shapes, config) <= free:
        return ""
    short = (
        f"This run needs about {text.size(need(shapes, config))} of {what} and {text.size(free)} are free, "
        "so it may be stopped half-way."
    )
    changes = list(_changes(shapes, config))
    for less, change in changes:
        if need(*less) <= free:
            return f"{short} With {change} it would need about {text.size(need(*less))}."
    tried = f"Even with {changes[-1][1]} it would not fit: use" if changes else "Use"
    return f"{short} {tried} fewer cells, or a machine with more memory."


def _changes(shapes, config):
    """Pairs of ((Shapes, RunConfig) that need less, the change in words): each change, then all together."""
    smallest, said = (shapes, config), []
    for name, (value, change) in FEWER.items():
        if getattr(config, name) > value:
            less = {name: value}
            yield (shapes, config.model_copy(update=less)), change
            smallest, said = (shapes, smallest[1].model_copy(update=less)), [*said, change]
    fewer = [n_genes for n_genes in FEWER_GENES if shapes.n_genes > n_genes]
    for n_genes in fewer:
        yield (shapes.with_genes(n_genes), config), _genes(n_genes)
    if fewer:
        smallest, said = (shapes.with_genes(fewer[-1]), smallest[1]), [*said, _genes(fewer[-1])]
    if len(said) > 1:
        yield smallest, text.listed(said)


def _genes(n):
    return f"{n:,} variable genes (Preprocess)"
