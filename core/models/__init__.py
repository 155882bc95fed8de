"""The models by name. A value is "module:Class" as text, so that a form can list them without torch."""

from importlib import import_module
from typing import NamedTuple

MODELS = {
    "citeseq": "core.models.citeseq:Citeseq",
    "variational": "core.models.variational:Variational",
    "linear": "core.models.variational:Linear",
    "counts": "core.models.counts:Counts",
}
VARIATIONAL = (
    "variational",
    "linear",
    "counts",
)  # those with a Gaussian latent space, pulled towards the standard one

SPARSE_ENDS = ("citeseq", "variational", "linear")  # those that can take the genes of a batch sparse


class Cells(NamedTuple):
    """What a model is given of some cells, a row a cell: arrays as they come from a Matrix, or tensors."""

    x: object  # (cells, features) preprocessed values: genes, then proteins
    group: object = None  # (cells, groups) one-hot: the batch of each cell, where a run has a covariate
    counts: object = None  # (cells, features) raw counts of the same features, for models that read them
    seen: object = (
        None  # (cells, genes) what the encoder sees in training, where input dropout hides some counts
    )
    rna: object = None  # core.sparse.linear.Batch of the genes, where they come sparse; `x` then holds the proteins alone


def build(config, n_genes, n_proteins, n_groups=0):
    """The untrained model that `config.model` names, its weights drawn from torch's current seed."""
    module, name = MODELS[config.model].split(":")
    return getattr(import_module(module), name)(config, n_genes, n_proteins, n_groups)
