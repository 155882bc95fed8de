"""The models by name. A value is "module:Class" as text, so that a form can list them without torch."""

from importlib import import_module

MODELS = {
    "citeseq": "core.models.citeseq:Citeseq",
}


def build(config, n_genes, n_proteins):
    """The untrained model that `config.model` names, its weights drawn from torch's current seed."""
    module, name = MODELS[config.model].split(":")
    return getattr(import_module(module), name)(config, n_genes, n_proteins)
