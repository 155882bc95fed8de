"""How much memory a run takes, worked out from shapes alone, and what to change where that is too much."""

import os
from typing import NamedTuple

import numpy as np

from core import text
from core.preprocessing.matrix import block_size
from core.sparse.linear import gram_pays
from core.training import gpu_matrix
from core.training.baselines import COVARIANCE_LIMIT, PANEL_AXES

# What the shapes do not tell, fitted to the peak resident memory of whole runs, each in a process of its own (Linux,
# float32; tests/training/test_forecast.py repeats it). A copy is one more array as large as what it is a copy of.
PROGRAM = 450e6  # bytes: Python with torch, scanpy and numba loaded (CPU)
COMPILED = 60e6  # bytes: numba's compiler and code, and what torch keeps once it has trained
CUDA = 1.5e9  # bytes of main memory that torch's CUDA libraries take; not measured
READER = 80e6  # bytes of the process that reads files, which waits for the next one
BESIDE = 480e6  # bytes of the helper process (core.analysis.side_process), with what it shares with this one counted once
PICTURE = 4000  # bytes a cell there while UMAP draws (3.1 kB with 25,000 cells, 3.6 kB with 50,000)
SOURCE_COPIES = 1.0  # of the file's values, while they are prepared
MATRIX_COPIES = 4.0  # of the chosen ones, meanwhile
SQUARES = 4  # features x features: a covariance, the weighted one, and the eigensolver's own
WEIGHT_COPIES = (
    7  # weights, gradients, two moments of Adam, the last and the best epoch's, and a copy on its way
)
STORED = (
    60  # bytes a value takes in two batches that stay sparse: by cell and by gene, seen and not, and where
)
UNIT_COPIES = 6  # of what a hidden unit says of each cell of a batch, with its norm, activation and gradients
FEWEST_BESIDE = (
    2_000  # cells; below, the work for a helper process takes less time than loading its libraries
)
MOST_BESIDE = 50_000  # cells; above, training and UMAP at once may need more memory than the machine has

FEWER = {"batch_size": (128, "batches of 128 cells"), "n_hidden": (128, "128 hidden units")}
FEWER_GENES = (2000, 1000)  # what settings that do not fit could come down to, as the two above


class Copies(NamedTuple):
    """How many arrays as large as a dense part of the data are there at once."""

    baselines: float  # of a block of cells, while the baselines are measured
    look: float  # of a block, while its loss is looked at, without gradients
    step: float  # of a batch, while it is trained on, with gradients


ERRORS = Copies(3.5, 4.5, 7)
LIKELIHOODS = Copies(9.5, 12, 22)  # several terms a value, and those of the baselines in float64


class Shapes(NamedTuple):
    """What of the data decides about memory."""

    n_cells: int
    n_train: int
    n_genes: int
    n_proteins: int
    n_batches: int
    density: float  # the share of the chosen genes' values that is stored
    path: str  # how batches come to the model: a name in feed.PATHS
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
        """The same data with fewer genes chosen."""
        return self._replace(n_genes=n_genes, matrix=self.matrix * n_genes / self.n_genes)


def n_bytes(held):
    """Bytes of the arrays in something that holds them: an array, an AnnData, a dict, an object with such fields."""
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

    They are those of its process, of the one that has read the file, and of the one that draws meanwhile where one does.
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
    """Bytes of GPU memory at the peak of a training, with the values where they lie there."""
    held = 0
    if shapes.path.startswith("resident"):
        n_values = shapes.n_cells * shapes.n_genes * shapes.density
        tables = 2 if config.model_record.reads_counts else 1
        form = shapes.path.removeprefix("resident ")
        held = gpu_matrix.n_bytes(form, shapes.n_cells, shapes.n_genes, shapes.n_proteins, n_values, tables)
    return int(held + _training(shapes, config))


def _training(shapes, config):
    """Bytes of the network, its optimiser, and the larger of a batch in training and a block that is looked at."""
    layers = config.layers(shapes.n_genes, shapes.n_proteins, shapes.n_batches)
    weights = sum(layer.weights for layer in layers) * 4
    units = sum(layer.n_out for layer in layers if not layer.name.startswith("output"))
    batch, look = min(config.batch_size, shapes.n_train), _block(shapes)
    values = max(batch * _of_a_cell(shapes, config, batch), look * _copies(config).look * _width(shapes))
    return WEIGHT_COPIES * weights + batch * UNIT_COPIES * units * 4 + values


def _block(shapes):
    """Cells that are dense at once while a loss is looked at, or the baselines are measured."""
    return min(shapes.n_cells, block_size(shapes.n_genes + shapes.n_proteins))


def _width(shapes):
    """Bytes of a cell made dense."""
    return (shapes.n_genes + shapes.n_proteins) * 4


def _of_a_cell(shapes, config, batch):
    """Bytes of the values of a cell in a step of the size `batch`."""
    if shapes.path != "sparse":
        return (_copies(config).step + (2 if config.input_dropout else 0)) * _width(shapes)
    last = next(
        layer for layer in config.layers(shapes.n_genes, 0, shapes.n_batches) if layer.name == "output_rna"
    )
    residual = 0 if gram_pays(batch, last.n_in) else 2 * shapes.n_genes * 4  # one in each of the two batches
    return STORED * shapes.n_genes * shapes.density + residual + shapes.n_proteins * 4 * ERRORS.step


def _copies(config):
    return LIKELIHOODS if config.model_record.reads_counts else ERRORS


def advice(shapes, config, free, what, need):
    """A sentence or two on a run that needs more than the bytes `free` of `what`, and what to change; else "".

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
    """Pairs of ((Shapes, RunConfig) that need less, what was changed in words): one change, then all together."""
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
