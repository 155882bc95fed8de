"""The weights of another run as the start of a training: of the features that both have, by name."""

import torch

from core import models
from core.config import parse
from core.errors import UserError
from core.preprocessing.shared_features import shared_features

FRESH = "Choose another run, or train from fresh weights."


def start_from(model, content, matrix, config):
    """Copy weights of another run into an untrained `model`; returns a sentence on how many features both have.

    `content` is that of a model.pt (core.export.run_folder.save_weights). A feature that the other run lacks keeps its
    fresh weights. Raises UserError where the networks differ, or no feature is in both.
    """
    before = parse(content["config"])
    before.check_same_network(config)
    if list(content["groups"]) != list(matrix.batch_names):
        raise UserError(f"The runs have other batches, and the network has a part for each. {FRESH}")
    genes, proteins = (
        shared_features(own, names)
        for names, own in ((content["genes"], matrix.genes), (content["proteins"], matrix.proteins))
    )
    n_genes, n_proteins = len(genes[0]), len(proteins[0])
    if not n_genes + n_proteins:
        raise UserError(f"The runs have no gene and no protein in common. {FRESH}")
    old_sizes = len(content["genes"]), len(content["proteins"])
    new_sizes = matrix.n_genes, matrix.n_proteins
    axes = _feature_axes(config, new_sizes, len(matrix.batch_names))
    state = model.state_dict()
    with torch.no_grad():
        for name, value in state.items():
            if name in content["weights"]:  # what comes from the split of counts alone may not be
                _copy(value, content["weights"][name], axes[name], (genes, proteins), old_sizes, new_sizes)
    return (
        f"Training started from the weights of another run: {n_genes:,} of {matrix.n_genes:,} genes and {n_proteins} of "
        f"{matrix.n_proteins} proteins are in both."
    )


def _feature_axes(config, sizes, n_batches):
    """{name of a weight: (axis of the genes or None, axis of the proteins or None)}: those that grow with their number."""
    shapes = _shapes(config, *sizes, n_batches)
    axes = {name: [None, None] for name in shapes}
    for kind in (0, 1):
        if not sizes[kind]:
            continue
        larger = _shapes(config, *(n + (i == kind) for i, n in enumerate(sizes)), n_batches)
        for name, shape in shapes.items():
            grown = [axis for axis, n in enumerate(shape) if larger[name][axis] != n]
            axes[name][kind] = grown[0] if grown else None
    return axes


def _shapes(config, n_genes, n_proteins, n_batches):
    with torch.device("meta"):  # no memory and no random numbers
        return {
            name: tuple(value.shape)
            for name, value in models.build(config, n_genes, n_proteins, n_batches).state_dict().items()
        }


def _copy(value, before, axes, matches, old_sizes, new_sizes):
    """Copy a weight of the other run: whole, or along the axis of its features those of both."""
    axis = next((axis for axis in axes if axis is not None), None)
    if axis is None:
        value.copy_(before)
        return
    here, there = [], []
    old_begin = new_begin = 0
    for kind, (own, other) in enumerate(matches):  # genes come first
        if axes[kind] is not None:
            here += [new_begin + int(i) for i in own]
            there += [old_begin + int(i) for i in other]
            old_begin, new_begin = old_begin + old_sizes[kind], new_begin + new_sizes[kind]
    rest = value.shape[axis] - new_begin  # one-hot batches
    here += [new_begin + i for i in range(rest)]
    there += [old_begin + i for i in range(rest)]
    chosen = before.to(value.device).index_select(axis, torch.tensor(there, device=value.device))
    value.index_copy_(axis, torch.tensor(here, device=value.device), chosen)
