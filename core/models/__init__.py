"""The models: torch modules, tensors in, named loss parts out. `core.config.models` lists them by name."""

from importlib import import_module


def build(config, n_genes, n_proteins, n_batches=0):
    """The untrained `core.models.protocol.Model` of a RunConfig, its weights drawn from torch's current seed."""
    module, name = config.model_record.module.split(":")
    return getattr(import_module(module), name)(config, n_genes, n_proteins, n_batches)
