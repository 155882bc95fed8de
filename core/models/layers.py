"""The building blocks of models, made from the records of `RunConfig.layers`."""

import math

import torch
from torch import nn

ACTIVATIONS = {"elu": nn.ELU, "leaky_relu": nn.LeakyReLU, "relu": nn.ReLU, "tanh": nn.Tanh}


def measured_alone(of_proteins, cells):
    """(cells, proteins) with 0 where a protein was not measured in a cell, so that it adds nothing to a loss.

    As totalVI masks the proteins that are missing in a batch (Gayoso 2021; scvi-tools' `protein_batch_mask`): the loss stays
    a mean over all cells, and the decoder predicts the missing values.
    """
    return of_proteins if cells.measured is None else of_proteins * cells.measured


class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation that uses its running statistics for a minibatch of one cell."""

    def forward(self, x):
        if self.training and len(x) == 1:
            return nn.functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(x)


class Dropout(nn.Dropout):
    """torch's Dropout with a mask of sixteen random bits a value on the CPU, in half the time."""

    def forward(self, x):
        if not self.training or not self.p or x.device.type != "cpu":
            return super().forward(x)
        drawn = (
            torch.empty(math.ceil(x.numel() / 4), dtype=torch.int64).random_(-(2**63), None).view(torch.int16)
        )
        kept = drawn[: x.numel()].view(x.shape) >= round(self.p * 2**16) - 2**15
        return x * kept.to(x.dtype).mul_(1 / (1 - self.p))


class Hide(nn.Module):
    """Input dropout: in training a share of the values becomes 0, the mean of their feature; the others do not change."""

    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, x):
        return x * (torch.rand_like(x) >= self.share) if self.training and self.share else x


NORMS = {"batch": BatchNorm, "layer": nn.LayerNorm}


def linear(n_in, n_out):
    """A linear map with initial weights N(0, 1 / n_in), so that sums over inputs keep their variance."""
    layer = nn.Linear(n_in, n_out)
    nn.init.normal_(layer.weight, std=1 / math.sqrt(n_in))
    nn.init.zeros_(layer.bias)
    return layer


class ByInput(nn.Linear):
    """A linear map with weights stored as (n_in, n_out), as a sparse product reads and writes them.

    In a state_dict they are (n_out, n_in), like those of every linear map.
    """

    def __init__(self, layer):
        """With the weights of the linear map `layer`."""
        nn.Module.__init__(self)
        self.in_features, self.out_features, self.bias = layer.in_features, layer.out_features, layer.bias
        self.weight = nn.Parameter(layer.weight.detach().t().contiguous())

    def forward(self, x):
        return nn.functional.linear(x, self.weight.t(), self.bias)

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "weight"] = destination[prefix + "weight"].t()

    def _load_from_state_dict(self, state_dict, prefix, *rest):
        if (given := state_dict.get(prefix + "weight")) is not None:
            state_dict[prefix + "weight"] = given.t()
        super()._load_from_state_dict(state_dict, prefix, *rest)


def block(layer, config, sparse_input=False):
    """The torch module of one `config.Layer`: linear, then (unless plain) norm, activation and dropout."""
    parts = [linear(layer.n_in, layer.n_out)]
    if sparse_input:
        parts = [ByInput(*parts)]
    if not layer.plain:
        if layer.norm != "none":
            parts.append(NORMS[layer.norm](layer.n_out))
        parts.append(ACTIVATIONS[config.activation]())
        if config.dropout:
            parts.append(Dropout(config.dropout))
    return nn.Sequential(*parts)


def mean_absolute_weight(model):
    """Scalar: the mean |weight| over all linear layers, the quantity that L1 shrinks."""
    weights = [m.weight for m in model.modules() if isinstance(m, nn.Linear)]
    return torch.stack([w.abs().sum() for w in weights]).sum() / sum(w.numel() for w in weights)
