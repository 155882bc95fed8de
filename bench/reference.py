"""A common training loop for this model, the reference of the benchmarks; Nuwa itself does not use it.

A dense matrix, a DataLoader that shuffles single rows and stacks them, Adam under OneCycleLR, and the
loss read after every minibatch.
"""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


class Autoencoder(nn.Module):
    """One hidden layer on each side; `first` and `last` are the linear maps from and to the features."""

    def __init__(self, n_features, n_hidden=100, n_latent=50, activation=nn.LeakyReLU, linear_latent=False):
        super().__init__()
        self.first = nn.Linear(n_features, n_hidden)
        latent = [] if linear_latent else [nn.BatchNorm1d(n_latent), activation()]
        self.n_encoding = 3 + len(latent)  # this much of `middle` leads to the latent space
        self.middle = nn.Sequential(
            *(nn.BatchNorm1d(n_hidden), activation(), nn.Linear(n_hidden, n_latent), *latent),
            *(nn.Linear(n_latent, n_hidden), nn.BatchNorm1d(n_hidden), activation()),
        )
        self.last = nn.Linear(n_hidden, n_features)

    @torch.no_grad()
    def latent(self, x):  # (cells, features) -> (cells, latent) array, in evaluation mode
        self.eval()
        return self.middle[: self.n_encoding](self.first(x)).numpy()

    def forward(self, x):  # (cells, features) -> (cells, features)
        return self.last(self.middle(self.first(x)))


def passes(model, x, batch_size=64, epochs=10, lr=1e-3):
    """Train `model` on x (cells, features), float32 and standardised; yields the mean loss of each pass.

    A last minibatch that is not full is skipped, since batch normalisation does not work with a single cell.
    """
    loader = DataLoader(TensorDataset(x), batch_size=batch_size, shuffle=True, drop_last=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=epochs * len(loader))
    model.train()
    for _ in range(epochs):
        total = 0.0
        for (batch,) in loader:
            optimizer.zero_grad()
            loss = F.mse_loss(model(batch), batch)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        yield total / len(loader)
