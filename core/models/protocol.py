"""What a model has to offer, so that it is trained, shown, exported, described and mapped like every other one.

Models see tensors only: `cells` is a `core.preprocessing.matrix.Cells` of tensors, a row a cell. What they return as
expected values is put back on the scale of the data by `core.training.inference`.
"""

from typing import Any, Protocol

Tensor = Any  # torch.Tensor; this file is read where torch is not loaded


class Model(Protocol):
    """A torch.nn.Module made by `Model(config, n_genes, n_proteins, n_batches)`.

    Its linear maps are torch.nn.Linear, which weight decay and L1 find; parameters are named in `state_dict`.
    """

    nat: float  # the price of a nat of divergence in the loss, times the number of genes; 0 without a divergence

    def encode(self, cells) -> Tensor:
        """(cells, latent): the position of each cell in the latent space, without noise."""

    def loss(self, cells) -> dict[str, Tensor]:
        """Named scalars: "rna" and "protein", each a mean over its features and the cells; also "kl", in nats a cell,
        of models with a Gaussian latent space."""

    def expected(self, z, cells) -> Tensor:
        """(cells, latent) -> (cells, features): the expected values, genes then proteins.

        They are on the scale of `cells.x`, or are counts where the record says `reads_counts`.
        """

    def denoised(self, z, cells) -> Tensor:
        """The same without technical effects that the model knows, such as background or dropped counts."""

    def response(self, z, cells) -> Tensor:
        """(cells, latent) -> (cells, features): the output that `core.analysis.latent_effects` differentiates."""


class SplitModel(Model, Protocol):
    """A model that obeys `target`: in training `cells.seen` is one part of the counts, the genes of `cells.x` are the other.

    `expected`, `denoised` and `response` multiply by `whole_slope` and add `whole_offset`, (features,) each, which
    core.training.count_splitting.calibrate sets.
    """

    predicts_other_part: bool

    def other_part(self, z, cells) -> Tensor:
        """(cells, latent) -> (cells, features): the expected other part, on the scale of `cells.x` in training."""


class Likelihood(Model, Protocol):
    """A model with a Gaussian latent space (`variational` in its record)."""

    def posterior(self, cells) -> tuple[Tensor, Tensor]:
        """The mean and the log-variance of each cell's latent, each (cells, latent)."""

    def nats(self, loss, n_features) -> float:
        """Nats a cell of a loss that is summed over features."""

    def evidence(self, z, cells, noise) -> Tensor:
        """(cells,): log p(cells | z) in nats; `noise(tensor)` draws standard normal numbers like a tensor."""


class CountModel(Likelihood, Protocol):
    """A model of raw counts (`reads_counts` in its record)."""

    def start_from(self, baselines) -> None:
        """Set the first weights from the `core.training.count_baselines` of the training cells."""

    def distributions(self, z, cells) -> dict[str, list]:
        """{"rna", "protein": [(share, mean, theta)]}: the negative binomials of which each count is one.

        share and mean are (cells, n), theta (n,); what the shares lack of 1 is a count of 0.
        """


class LinearDecoder(Model, Protocol):
    """A model whose output is a linear map of its latent (`linear_decoder` in its record)."""

    def loadings(self) -> Tensor:
        """(features, latent): the change of each feature by one unit of each latent dimension."""
