"""The settings of the network: which model, how wide, how deep."""

from typing import Literal

from pydantic import BaseModel

from core.config.fields import NETWORK, setting
from core.models import MODELS


class Network(BaseModel):
    """Which model, how wide, how deep."""

    model: Literal[tuple(MODELS)] = setting(
        "citeseq",
        NETWORK,
        "Model",
        "Citeseq: a branch for RNA and one for protein (absent without proteins) that meet in one latent space. "
        "Variational: the same with a Gaussian latent space, smoother and harder to over-fit. "
        "Linear: variational, with a linear decoder whose loadings say which genes make each dimension. "
        "Counts: variational, judged by the likelihood of the raw counts (negative binomial; protein as background "
        "and foreground); three times as slow, and with raw counts of proteins nearest to labels where we measured it.",
    )
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
        models=("citeseq",),
        folded=True,
    )
    dropout: float | None = setting(
        None,
        NETWORK,
        "Dropout",
        "Share of hidden units silenced in each step; helps against over-fitting. Empty: 0.1 for citeseq, none for the "
        "others.",
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
        models=("citeseq",),
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
        models=("counts",),
        folded=True,
    )
