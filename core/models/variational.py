"""Variational autoencoders: the latent of a cell is a Gaussian, pulled towards the standard one."""

import math

import torch

from core.models.citeseq import Citeseq
from core.models.layers import measured_alone

LOG_VARIANCE = (-10.0, 10.0)  # beyond, exp() of it or of its negative is out of range for float32


class Variational(Citeseq):
    """Citeseq with a Gaussian latent (Kingma and Welling 2014), of which pages and files show the mean."""

    nat = 2.0  # noise of unit variance: the evidence lower bound is sum of (x - x')^2 / 2 + KL, the loss 2 / genes of it

    def posterior(self, cells):  # (cells, features) -> mean and log-variance, each (cells, latent)
        hidden = self._hidden(cells)
        return self.blocks["latent"](hidden), self.blocks["latent_log_variance"](hidden).clamp(*LOG_VARIANCE)

    def loss(self, cells):  # named parts, and "kl" in nats a cell
        mean, log_variance = self.posterior(cells)
        z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp() if self.training else mean
        return self.errors(z, cells) | {"kl": divergence(mean, log_variance)}

    def nats(self, loss, n_features):
        """Nats of a squared error that is summed over features, each with a normal density of unit variance."""
        return loss / 2 + n_features * math.log(2 * math.pi) / 2

    def evidence(self, z, cells, noise):  # -> (cells,): log p(x | z), in nats
        errors, n_features = (self.decode(z, cells.batch) - cells.x).square(), cells.x.shape[1]
        if cells.measured is not None:
            n = self.sizes.get("rna", 0)
            errors = torch.cat([errors[:, :n], measured_alone(errors[:, n:], cells)], dim=1)
            n_features = n + cells.measured.sum(dim=1)
        return -self.nats(errors.sum(dim=1), n_features)


class Linear(Variational):
    """A variational encoder and a linear decoder (LDVAE, Svensson 2020): each latent dimension has a loading a gene."""

    def loadings(self):  # (features, latent): the change of each feature by one unit of a latent dimension
        maps = [self.blocks[f"output_{branch}"][0].weight for branch in self.sizes]
        n_latent = self.blocks["latent"][0].out_features
        loadings = torch.cat([weight[:, :n_latent] for weight in maps]).detach()
        return loadings * self.whole_slope[:, None] if self.predicts_other_part else loadings


def divergence(mean, log_variance):
    """Scalar: the Kullback-Leibler divergence of N(mean, variance) from N(0, 1), in nats, a mean over the cells."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1).mean()
