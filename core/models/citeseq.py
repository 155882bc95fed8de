"""Citeseq: a branch for RNA, one for protein, one latent space between them, mean squared error for each."""

import torch
from torch import nn
from torch.nn import functional as F

from core.models.layers import Hide, block, measured_alone
from core.sparse import linear as sparse
from core.sparse.minibatch import Minibatch


class Citeseq(nn.Module):
    """An autoencoder of two modalities, or of one where the other has no features.

    The latent and the output layers are linear: with an activation there the model was worse than PCA on larger
    datasets. With the linear path the output is a linear map of the hidden units and of the latent dimensions, a
    shortcut (He 2016); the noise on the latent follows Poole 2014. A batch covariate enters both sides one-hot (Lopez
    2018), so that the latent space need not represent it.
    """

    nat = 0.0  # the price of a nat of divergence in the loss, times the number of genes: here there is no divergence

    def __init__(self, config, n_genes, n_proteins, n_batches=0):
        super().__init__()
        self.sizes = {branch: n for branch, n in (("rna", n_genes), ("protein", n_proteins)) if n}
        self.hide_protein = Hide(
            config.input_dropout
        )  # input dropout of genes is in core.training.dataloader
        self.linear_path, self.latent_noise = config.has_linear_path, config.latent_noise
        self.predicts_other_part = config.splits_counts
        if (
            self.predicts_other_part
        ):  # from predicted parts of counts to whole ones; training does not change it
            self.register_buffer("whole_slope", torch.ones(n_genes + n_proteins))
            self.register_buffer("whole_offset", torch.zeros(n_genes + n_proteins))
        layers = config.layers(n_genes, n_proteins, n_batches)
        self.blocks = nn.ModuleDict(
            {x.name: block(x, config, x.name == "encoder_rna_1") for x in layers if x.n_in}
        )
        self.order = {
            (side, branch): [x.name for x in layers if (x.side, x.branch) == (side, branch) and not x.plain]
            for side in ("encoder", "decoder")
            for branch in self.sizes
        }

    def _inputs(self, cells):
        """Pairs of a branch and its part of the input: (cells, n) dense, or a sparse minibatch of the genes."""
        if cells.rna is not None:
            return list(zip(self.sizes, (cells.rna, cells.x), strict=False))
        return list(zip(self.sizes, cells.x.split(list(self.sizes.values()), dim=1), strict=True))

    def _through(self, side, branch, x, batch):  # (cells, n) -> (cells, hidden)
        names = self.order[side, branch]
        if isinstance(x, Minibatch):
            x, names = self._first(names[0], x, batch), names[1:]
        elif batch is not None:
            x = torch.cat([x, batch], dim=1)
        start = x
        for name in names:
            x = self.blocks[name](x)
        return torch.cat([x, start], dim=1) if side == "decoder" and self.linear_path else x

    def _first(self, name, genes, batch):  # the first block of a branch, its input never made dense
        linear, *after = self.blocks[name]
        x = sparse.first_layer(genes, linear.weight, linear.bias, batch)
        for part in after:
            x = part(x)
        return x

    def _hidden(self, cells):  # (cells, features) -> (cells, hidden): the last hidden units of both branches
        hidden = []
        for branch, x in self._inputs(cells):
            if branch == "protein":
                x = self.hide_protein(x)
            elif cells.seen is not None:
                x = cells.seen
            hidden.append(self._through("encoder", branch, x, cells.batch))
        return torch.cat(hidden, dim=1) if len(hidden) > 1 else hidden[0]

    def encode(self, cells):  # (cells, features) -> (cells, latent)
        return self.blocks["latent"](self._hidden(cells))

    def decode(self, z, batch=None):  # (cells, latent) -> (cells, features)
        outputs = [self.blocks[f"output_{b}"](self._through("decoder", b, z, batch)) for b in self.sizes]
        return torch.cat(outputs, dim=1)

    def errors(self, z, cells):
        """Named parts, each a scalar: the mean over its own features and the cells, of (cells, latent) against the input."""
        parts = {}
        for branch, x in self._inputs(cells):
            hidden, output = self._through("decoder", branch, z, cells.batch), self.blocks[f"output_{branch}"]
            if isinstance(x, Minibatch):
                parts[branch] = sparse.mse(x, hidden, output[0].weight, output[0].bias)
            elif branch == "protein" and cells.measured is not None:
                parts[branch] = measured_alone((output(hidden) - x).square(), cells).mean()
            else:
                parts[branch] = F.mse_loss(output(hidden), x)
        return parts

    def loss(self, cells):  # (cells, features) -> named parts, each a scalar
        z = self.encode(cells)
        if self.training and self.latent_noise:
            spread = z.detach().std(
                dim=0, correction=0
            )  # the noise grows with it, so that large values do not avoid it
            z = z + self.latent_noise * spread * torch.randn_like(z)
        return self.errors(z, cells)

    def other_part(self, z, cells):  # (cells, latent) -> (cells, features), on the scale that losses have
        return self.decode(z, cells.batch)

    def response(self, z, cells):  # (cells, latent) -> (cells, features), on the scale of the whole input
        x = self.decode(z, cells.batch)
        return x * self.whole_slope + self.whole_offset if self.predicts_other_part else x

    expected = denoised = response
