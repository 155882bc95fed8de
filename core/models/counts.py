"""Counts: a variational autoencoder with the likelihood of the raw counts as its loss, one for RNA and one for protein."""

import numpy as np
import torch
from torch import nn

from core.models.layers import measured_alone
from core.models.likelihood import mixture, negative_binomial, zero_inflated
from core.models.variational import Variational, divergence

MOST = 15.0  # the largest exponent of a protein's background or dispersion: e^15 counts is more than any cell has


class Counts(Variational):
    """Negative-binomial RNA with the cell's library size (scVI, Lopez 2018); protein as a mixture of background and
    foreground (totalVI, Gayoso 2021).

    The encoder reads the preprocessed values, like every model; the likelihood is that of `cells.counts`. Proteins that
    were not measured in a cell add nothing to it, nor to the divergence of their background, as in totalVI.
    """

    nat = 1.0  # the loss is a mean over the genes of nats

    def __init__(self, config, n_genes, n_proteins, n_batches=0):
        super().__init__(config, n_genes, n_proteins, n_batches)
        self.zero_inflated = config.zero_inflated
        self.log_theta = nn.ParameterDict({b: nn.Parameter(torch.zeros(n)) for b, n in self.sizes.items()})
        # A nat of a background's divergence has the price of a nat of its likelihood, as in the evidence lower bound.
        self.background_price = (
            config.weight_of("protein") * n_genes / n_proteins if n_genes and n_proteins else 1.0
        )
        if n_proteins:  # the level of each protein's background over all cells, and how it varies
            self.prior_mean = nn.Parameter(torch.zeros(n_proteins))
            self.prior_log_sd = nn.Parameter(torch.zeros(n_proteins))

    @torch.no_grad()
    def start_from(self, baselines):
        """Start from the baselines of the counts in the training cells: each gene's share, each protein's level, dispersions.

        The maps to the counts start small, so that training starts there and not from noise.
        """
        for name, block in self.blocks.items():
            if name.startswith("output"):
                block[0].weight.mul_(0.1)
        n = self.sizes.get("rna", 0)
        theta = torch.from_numpy(np.log(baselines.first_theta)).float()
        if n:
            self.log_theta["rna"].copy_(theta[:n])
            self.blocks["output_rna"][0].bias.copy_(torch.from_numpy(np.log(baselines.share + 1e-8)))
        if "protein" in self.sizes:
            self.log_theta["protein"].copy_(theta[n:])
            self.prior_mean.copy_(torch.from_numpy(np.log(baselines.level + 1e-8)))

    def _theta(self, branch):
        return self.log_theta[branch].clamp(-MOST, MOST).exp()

    def rna(self, z, cells):  # -> expected counts (cells, genes), and the logits of loss (or None)
        hidden = self._through("decoder", "rna", z, cells.batch)
        library = cells.counts[:, : self.sizes["rna"]].sum(dim=1, keepdim=True).clamp(min=1)
        logits = self.blocks["output_rna_loss"](hidden) if self.zero_inflated else None
        return library * self.blocks["output_rna"](hidden).softmax(dim=1), logits

    def protein(
        self, z, cells
    ):  # -> background, foreground, logits of background: each (cells, proteins); and KL
        hidden, level = self._level(z, cells)
        log_sd = self._spread(hidden)
        kl = self._background_kl(level, log_sd, cells)
        if self.training:
            level = level + torch.randn_like(level) * log_sd.exp()
        return *self._tags(hidden, level), kl

    def _level(self, z, cells):  # -> (cells, hidden), and (cells, proteins): the mean log background
        hidden = self._through("decoder", "protein", z, cells.batch)
        return hidden, self.prior_mean + self.blocks["output_background"](hidden)

    def _spread(self, hidden):  # -> (cells, proteins): how much it varies, as log standard deviation
        return self.blocks["output_background_spread"](hidden).clamp(-5, 2)

    def _tags(self, hidden, level):  # -> background, foreground, logits of background: each (cells, proteins)
        background = level.clamp(-MOST, MOST).exp()
        foreground = background * (1 + self.blocks["output_protein"](hidden).relu())
        return background, foreground, self.blocks["output_mixing"](hidden)

    def _background_kl(self, level, log_sd, cells):
        """Scalar: KL of each background's log-normal from its protein's prior, summed over proteins, in nats a cell."""
        ratio = 2 * (log_sd - self.prior_log_sd)
        moved = ((level - self.prior_mean) / self.prior_log_sd.exp()).square()
        return 0.5 * measured_alone(ratio.exp() + moved - 1 - ratio, cells).sum(dim=1).mean()

    def loss(self, cells):  # named parts: nats a feature, a mean over cells; and "kl" in nats a cell
        mean, log_variance = self.posterior(cells)
        z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp() if self.training else mean
        kl = divergence(mean, log_variance)
        parts = {"rna": -self._of_rna(z, cells).mean()} if "rna" in self.sizes else {}
        if "protein" in self.sizes:
            *tags, kl_background = self.protein(z, cells)
            parts["protein"] = -self._of_protein(tags, cells).mean()
            kl = kl + self.background_price * kl_background
        return parts | {"kl": kl}

    def _of_rna(self, z, cells):  # -> (cells, genes): log-likelihood of the counts
        mean, logits = self.rna(z, cells)
        x, theta = cells.counts[:, : self.sizes["rna"]], self._theta("rna")
        return negative_binomial(x, mean, theta) if logits is None else zero_inflated(x, mean, theta, logits)

    def _of_protein(self, tags, cells):  # -> (cells, proteins): the same
        background, foreground, mixing = tags
        y = cells.counts[:, self.sizes.get("rna", 0) :]
        return measured_alone(mixture(y, background, foreground, self._theta("protein"), mixing), cells)

    def nats(self, loss, n_features):
        """Nats a cell of a loss that is summed over features: the loss is in nats already."""
        return loss

    def evidence(self, z, cells, noise):
        """(cells,): log p(counts | z), in nats; where proteins have a background, that of one drawn from its posterior
        by `noise` (of a tensor, standard normal), times p / q of that background: its share of the evidence.
        """
        found = self._of_rna(z, cells).sum(dim=1) if "rna" in self.sizes else z.new_zeros(len(z))
        if "protein" not in self.sizes:
            return found
        hidden, level = self._level(z, cells)
        log_sd, drawn = self._spread(hidden), noise(level)
        level = level + drawn * log_sd.exp()
        from_prior = (level - self.prior_mean) / self.prior_log_sd.exp()
        ratio = 0.5 * (drawn.square() - from_prior.square()) + log_sd - self.prior_log_sd
        ratio = measured_alone(ratio, cells)
        return found + (self._of_protein(self._tags(hidden, level), cells) + ratio).sum(dim=1)

    def expected(self, z, cells):  # (cells, latent) -> (cells, features): expected counts
        made = []
        if "rna" in self.sizes:
            rna, logits = self.rna(z, cells)
            made.append(rna if logits is None else rna * torch.sigmoid(-logits))
        if "protein" in self.sizes:
            background, foreground, mixing, _ = self.protein(z, cells)
            made.append(torch.lerp(foreground, background, mixing.sigmoid()))
        return torch.cat(made, dim=1)

    def distributions(self, z, cells):
        """{branch: [(share, mean, theta)]}: the negative binomials of which each count is one.

        share and mean are (cells, n), theta (n,); what the shares lack of 1 is a count of 0.
        """
        made = {}
        if "rna" in self.sizes:
            rna, logits = self.rna(z, cells)
            share = torch.ones_like(rna) if logits is None else torch.sigmoid(-logits)
            made["rna"] = [(share, rna, self._theta("rna"))]
        if "protein" in self.sizes:
            background, foreground, mixing, _ = self.protein(z, cells)
            theta, share = self._theta("protein"), mixing.sigmoid()
            made["protein"] = [(share, background, theta), (1 - share, foreground, theta)]
        return made

    def response(self, z, cells):  # (cells, latent) -> (cells, features): log of the expected counts
        return self.expected(z, cells).clamp(min=1e-10).log()

    def denoised(self, z, cells):  # -> (cells, features): the counts expected without dropout and background
        made = [self.rna(z, cells)[0]] if "rna" in self.sizes else []
        if "protein" in self.sizes:
            _, foreground, mixing, _ = self.protein(z, cells)
            made.append(foreground * torch.sigmoid(-mixing))
        return torch.cat(made, dim=1)

    def foreground(self, cells):  # (cells, proteins): the probability that a protein is more than background
        return torch.sigmoid(-self.protein(self.encode(cells), cells)[2])
