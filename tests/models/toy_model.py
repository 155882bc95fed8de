"""A model from outside: this file and the record in test_new_model.py are all that it takes."""

from torch import nn


class Toy(nn.Module):
    """An autoencoder of two linear maps with a bend between them; genes and proteins go through the same ones."""

    nat = 0.0

    def __init__(self, config, n_genes, n_proteins, n_batches=0):
        super().__init__()
        self.sizes = {part: n for part, n in (("rna", n_genes), ("protein", n_proteins)) if n}
        n_features = n_genes + n_proteins
        self.down = nn.Sequential(nn.Linear(n_features, config.n_hidden), nn.Tanh())
        self.latent = nn.Linear(config.n_hidden, config.n_latent)
        self.up = nn.Linear(config.n_latent, n_features)

    def encode(self, cells):  # (cells, features) -> (cells, latent)
        return self.latent(self.down(cells.x))

    def loss(self, cells):  # named parts, each a mean over its own features and the cells
        errors = (self.expected(self.encode(cells), cells) - cells.x).square()
        parts = errors.split(list(self.sizes.values()), dim=1)
        return {name: part.mean() for name, part in zip(self.sizes, parts, strict=True)}

    def expected(self, z, cells):  # (cells, latent) -> (cells, features)
        return self.up(z)

    denoised = response = expected
