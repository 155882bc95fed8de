"""Citeseq: a branch for RNA, one for protein, one latent space between them, mean squared error for each."""

import torch
from torch import nn
from torch.nn import functional as F

from core.models.layers import block


class Citeseq(nn.Module):
    """An autoencoder of two modalities; without proteins, an autoencoder of RNA.

    The latent and the output layers are linear: an activation there put the model below PCA on larger sets.
    """

    def __init__(self, config, n_genes, n_proteins):
        super().__init__()
        self.sizes = {"rna": n_genes, "protein": n_proteins} if n_proteins else {"rna": n_genes}
        self.hide = nn.Dropout(config.input_dropout)
        layers = config.layers(n_genes, n_proteins)
        self.blocks = nn.ModuleDict({layer.name: block(layer, config) for layer in layers})
        self.order = {
            (side, branch): [x.name for x in layers if (x.side, x.branch) == (side, branch)]
            for side in ("encoder", "decoder")
            for branch in self.sizes
        }

    def _through(self, side, branch, x):
        for name in self.order[side, branch]:
            x = self.blocks[name](x)
        return x

    def encode(self, x):  # (cells, features) -> (cells, latent)
        parts = x.split(list(self.sizes.values()), dim=1)
        hidden = [self._through("encoder", b, self.hide(p)) for b, p in zip(self.sizes, parts, strict=True)]
        return self.blocks["latent"](torch.cat(hidden, dim=1))

    def decode(self, z):  # (cells, latent) -> (cells, features)
        return torch.cat([self._through("decoder", branch, z) for branch in self.sizes], dim=1)

    def loss(self, x):  # (cells, features) -> named parts, each the mean over its own features and the cells
        sizes = list(self.sizes.values())
        parts = zip(self.sizes, self.decode(self.encode(x)).split(sizes, 1), x.split(sizes, 1), strict=True)
        return {branch: F.mse_loss(made, given) for branch, made, given in parts}
