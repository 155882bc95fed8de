"""Citeseq: a branch for RNA, one for protein, one latent space between them, mean squared error for each."""

import torch
from torch import nn
from torch.nn import functional as F

from core.models.layers import block


class Citeseq(nn.Module):
    """An autoencoder of two modalities; without proteins, an autoencoder of RNA.

    The latent and the output layers are linear: an activation there put the model below PCA on larger sets. A batch
    covariate enters both sides one-hot (Lopez 2018), so that the latent space need not carry it.
    """

    nat = 0.0  # what a nat of divergence costs in the loss, times the number of genes: here there is none

    def __init__(self, config, n_genes, n_proteins, n_groups=0):
        super().__init__()
        self.sizes = {"rna": n_genes, "protein": n_proteins} if n_proteins else {"rna": n_genes}
        self.hide = nn.Dropout(config.input_dropout)
        layers = config.layers(n_genes, n_proteins, n_groups)
        self.blocks = nn.ModuleDict({layer.name: block(layer, config) for layer in layers if layer.n_in})
        self.order = {
            (side, branch): [x.name for x in layers if (x.side, x.branch) == (side, branch) and not x.plain]
            for side in ("encoder", "decoder")
            for branch in self.sizes
        }

    def _through(self, side, branch, x, group):  # (cells, n) -> (cells, hidden)
        x = x if group is None else torch.cat([x, group], dim=1)
        for name in self.order[side, branch]:
            x = self.blocks[name](x)
        return x

    def _hidden(
        self, cells
    ):  # (cells, features) -> (cells, hidden): what both branches have made of the input
        parts = zip(self.sizes, cells.x.split(list(self.sizes.values()), dim=1), strict=True)
        return torch.cat([self._through("encoder", b, self.hide(x), cells.group) for b, x in parts], dim=1)

    def encode(self, cells):  # (cells, features) -> (cells, latent)
        return self.blocks["latent"](self._hidden(cells))

    def decode(self, z, group=None):  # (cells, latent) -> (cells, features)
        made = [self.blocks[f"output_{b}"](self._through("decoder", b, z, group)) for b in self.sizes]
        return torch.cat(made, dim=1)

    def errors(
        self, z, cells
    ):  # (cells, latent) -> named parts, each the mean over its own features and the cells
        sizes = list(self.sizes.values())
        made = self.decode(z, cells.group).split(sizes, 1)
        return {
            b: F.mse_loss(m, x) for b, m, x in zip(self.sizes, made, cells.x.split(sizes, 1), strict=True)
        }

    def loss(self, cells):  # (cells, features) -> named parts, each a scalar
        return self.errors(self.encode(cells), cells)

    def rebuild(self, cells, matrix, rows):  # -> (cells, features) array: X', on the scale of the input X
        return self.decode(self.encode(cells), cells.group).cpu().numpy()
