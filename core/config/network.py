"""The settings of the network: which model, how wide, how deep."""

from typing import Literal

from pydantic import BaseModel, field_validator
from pydantic_core import PydanticCustomError

from core.config import models
from core.config.fields import NETWORK, setting


class Network(BaseModel):
    """Which model, how wide, how deep."""

    model: str = setting(models.DEFAULT, NETWORK, "Model", models.descriptions, choices=models.names)
    n_latent: int | None = setting(
        None,
        NETWORK,
        "Latent dimensions",
        "How many numbers describe each cell. 10 to 50 is usual; 2 or 3 can be drawn directly. Empty: set from the size "
        "of the data.",
        ge=1,
        le=1000,
    )
    n_hidden: int | None = setting(
        None,
        NETWORK,
        "Hidden units, RNA",
        "Width of the layers between the genes and the latent space. Empty: set from the size of the data.",
        unit="units",
        ge=1,
        le=8192,
    )
    n_hidden_protein: int = setting(
        32,
        NETWORK,
        "Hidden units, protein",
        "The same for the protein branch, which is narrow because proteins are few.",
        unit="units",
        ge=1,
        le=1024,
    )
    n_layers: int = setting(
        1,
        NETWORK,
        "Hidden layers",
        "Number of layers on each side of the latent space. One is enough for most data; more train slower.",
        ge=1,
        le=5,
    )
    norm: Literal["batch", "layer", "none"] = setting(
        "batch",
        NETWORK,
        "Normalisation",
        "Keeps the values inside the network in a stable range: over the minibatch, over the layer, or not at all.",
        folded=True,
    )
    activation: Literal["elu", "leaky_relu", "relu", "tanh"] = setting(
        "elu",
        NETWORK,
        "Activation",
        "The non-linear function between two layers; without it the network could learn only what PCA does.",
        folded=True,
    )
    linear_path: bool = setting(
        True,
        NETWORK,
        "Linear path",
        "The output layer also reads the latent dimensions themselves, not only the hidden units: linear structure is "
        "learnt directly, and the hidden layers add the rest.",
        folded=True,
    )
    dropout: float | None = setting(
        None,
        NETWORK,
        "Dropout",
        models.dropouts,
        ge=0,
        le=0.9,
        step=0.05,
        folded=True,
    )
    input_dropout: float = setting(
        0.0,
        NETWORK,
        "Input dropout",
        "Share of values hidden from the encoder in each step; the model learns to fill them in from the others. A hidden "
        "gene has a count of zero, a hidden protein its mean.",
        ge=0,
        le=0.9,
        step=0.05,
        folded=True,
    )
    latent_noise: float = setting(
        0.1,
        NETWORK,
        "Latent noise",
        "Gaussian noise on the latent dimensions in training, in standard deviations of each. It makes nearby points of "
        "the latent space decode alike.",
        ge=0,
        le=10,
        step=0.05,
        folded=True,
    )
    zero_inflated: bool = setting(
        False,
        NETWORK,
        "Zero inflation",
        "Adds a probability that a count is lost altogether; droplet data rarely need it.",
        folded=True,
    )

    @field_validator("model", mode="before")
    @classmethod
    def _is_registered(cls, name):
        if not isinstance(name, str) or name not in models.MODELS:
            *others, last = map(repr, models.names())
            raise PydanticCustomError("literal_error", f"Input should be {', '.join(others)} or {last}")
        return name
