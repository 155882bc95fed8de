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
        "The numbers each cell is squeezed into. 10 to 50 is usual; 2 or 3 can be drawn directly. Empty: chosen from "
        "the data size.",
        ge=1,
        le=1000,
    )
    n_hidden: int | None = setting(
        None,
        NETWORK,
        "Hidden units, RNA",
        "Width of the layers between the genes and the latent space. Empty: chosen from the data size.",
        unit="units",
        ge=1,
        le=8192,
    )
    n_hidden_protein: int = setting(
        32,
        NETWORK,
        "Hidden units, protein",
        "The same for the protein branch; proteins are few, so it is narrow.",
        unit="units",
        ge=1,
        le=1024,
    )
    n_layers: int = setting(
        1,
        NETWORK,
        "Hidden layers",
        "How many layers stand on each side of the latent space. One is enough for most data; more learn slower.",
        ge=1,
        le=5,
    )
    norm: Literal["batch", "layer", "none"] = setting(
        "batch",
        NETWORK,
        "Normalisation",
        "Keeps the values inside the network in a steady range: over the batch, over the layer, or not at all.",
        folded=True,
    )
    activation: Literal["elu", "leaky_relu", "relu", "tanh"] = setting(
        "elu",
        NETWORK,
        "Activation",
        "The bend between two layers; without it the network could learn only what PCA does.",
        folded=True,
    )
    linear_path: bool = setting(
        True,
        NETWORK,
        "Linear path",
        "The output is given the latent dimensions themselves beside what the hidden layers make of them: a straight line "
        "need not be learnt by bends, and what they add comes on top.",
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
        "Share of counts hidden from the encoder in each step; the model learns to fill them in from the others. A gene is "
        "seen with a count of zero then, a protein at its mean.",
        ge=0,
        le=0.9,
        step=0.05,
        folded=True,
    )
    latent_noise: float = setting(
        0.1,
        NETWORK,
        "Latent noise",
        "Noise that joins the latent dimensions in training, in standard deviations of each: what lies close has to mean "
        "much the same.",
        ge=0,
        le=10,
        step=0.05,
        folded=True,
    )
    zero_inflated: bool = setting(
        False,
        NETWORK,
        "Zero inflation",
        "Lets a count be lost altogether with a probability of its own; droplet data seldom need it.",
        folded=True,
    )

    @field_validator("model", mode="before")
    @classmethod
    def _is_registered(cls, name):
        if not isinstance(name, str) or name not in models.MODELS:
            *others, last = map(repr, models.names())
            raise PydanticCustomError("literal_error", f"Input should be {', '.join(others)} or {last}")
        return name
