"""The settings of the training: how long, how fast, on which cells."""

from typing import Literal

from pydantic import BaseModel

from core.config.fields import TRAINING, setting

DISTANCES = {
    "euclidean": "Euclidean distance",
    "cosine": "cosine distance",
}  # of the setting `metric`, in words


class Training(BaseModel):
    """How long, how fast, on which cells."""

    target: Literal["split", "whole"] = setting(
        "split",
        TRAINING,
        "Target",
        "What the decoder is to predict. split: in each step the molecules of a cell are divided at random into two parts; "
        "the encoder sees one part and the model predicts the other, so that copied noise gains nothing. whole: the input "
        "itself. Values that are not counts and runs with a batch covariate always use whole.",
    )
    split_share: float = setting(
        0.5,
        TRAINING,
        "Share of molecules seen",
        "The share of the molecules that the encoder sees where the target is split; the others are predicted.",
        ge=0.05,
        le=0.95,
        step=0.05,
        folded=True,
    )
    epochs: int | None = setting(
        None,
        TRAINING,
        "Epochs",
        "Number of passes over the training cells. Empty: set from the size of the data.",
        ge=1,
        le=10_000,
    )
    lr: float = setting(
        1e-2,
        TRAINING,
        "Learning rate",
        "The size of a step: too large and the loss jumps, too small and training is slow. Under one-cycle this is the peak.",
        gt=0,
        le=10,
    )
    batch_size: int | None = setting(
        None,
        TRAINING,
        "Batch size",
        "Cells in a minibatch. Smaller ones take more and noisier steps. Empty: set from the size of the data.",
        unit="cells",
        ge=1,
        le=65_536,
    )
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = setting(
        "adamw",
        TRAINING,
        "Optimizer",
        "How gradients become steps. AdamW, Adam and RMSprop adapt the step of each weight; SGD (momentum 0.9) does not.",
    )
    schedule: Literal["onecycle", "constant", "cosine"] = setting(
        "onecycle",
        TRAINING,
        "Schedule",
        "How the learning rate changes: up and down once (one-cycle), constant, or slowly down (cosine).",
        folded=True,
    )
    weight_rna: float = setting(
        1.0,
        TRAINING,
        "RNA weight",
        "The weight of RNA in the loss; each part is first averaged over its own features.",
        ge=0,
        le=1000,
        folded=True,
    )
    weight_protein: float | None = setting(
        None,
        TRAINING,
        "Protein weight",
        "The weight of protein in the loss. Empty: 0.3 times the mean variance of the genes (1 where they are scaled), so that a dozen proteins count beside thousands of genes; for a "
        "likelihood of counts, the number of proteins over that of genes. 1 when trained on proteins alone.",
        ge=0,
        le=1000,
        folded=True,
    )
    beta: float = setting(
        1.0,
        TRAINING,
        "KL weight (beta)",
        "How strongly the latent space is pulled towards a standard Gaussian; 1 is the evidence lower bound: of the raw "
        "counts, or of genes with noise of unit variance. More is smoother, less fits better.",
        ge=0,
        le=1000,
        folded=True,
    )
    beta_warm_up: float = setting(
        0.25,
        TRAINING,
        "KL warm-up",
        "Over this share of the steps the KL weight grows from 0 to its full value, so that the model fits the data first.",
        ge=0,
        le=1,
        step=0.05,
        folded=True,
    )
    l1: float = setting(
        0.0,
        TRAINING,
        "L1",
        "Pulls weights towards zero: this times the mean absolute weight of the linear layers is added to the loss.",
        ge=0,
        le=1000,
        folded=True,
    )
    l2: float = setting(
        1e-4,
        TRAINING,
        "L2",
        "Weight decay: every step shrinks the weights a little (biases and normalisations are exempt). Decoupled from the gradient, but for the classic Adam.",
        ge=0,
        le=10,
        folded=True,
    )
    clip_grad: float = setting(
        10.0,
        TRAINING,
        "Gradient clip",
        "The largest norm of a gradient; protects against a single extreme minibatch. 0: no limit.",
        ge=0,
        le=1e6,
        folded=True,
    )
    train_share: float = setting(
        0.85,
        TRAINING,
        "Training cells",
        "The share of cells the model learns from.",
        gt=0,
        lt=1,
        step=0.05,
        folded=True,
    )
    valid_share: float = setting(
        0.10,
        TRAINING,
        "Validation cells",
        "The share that chooses the best epoch. The rest are test cells, from which the scores are computed.",
        gt=0,
        lt=1,
        step=0.05,
        folded=True,
    )
    split_by: str | None = setting(
        None,
        TRAINING,
        "Split by",
        "An obs column whose groups are held out whole, such as the donor: no cell of a validation or test donor is "
        "trained on, so that the scores are those of new donors. Another seed holds out other donors. Empty: single "
        "cells are drawn.",
        folded=True,
        max_length=200,
    )
    patience: int = setting(
        0,
        TRAINING,
        "Early stopping",
        "Stops after this many epochs without a better validation loss, once the learning rate has passed its peak. "
        "0: never.",
        unit="epochs",
        ge=0,
        le=10_000,
        folded=True,
    )
    seed: int = setting(
        0,
        TRAINING,
        "Seed",
        "The same seed and data give the same result, bit for bit on the CPU; on a GPU the last digits of sums may differ.",
        ge=0,
        le=2**31 - 1,
    )
    metric: Literal["euclidean", "cosine"] = setting(
        "cosine",
        TRAINING,
        "Distance between cells",
        "How near two cells of the latent space are, for neighbours, clusters, UMAP, t-SNE and scores after the training: "
        "the cosine distance, which compares directions and not lengths, or the euclidean distance. In up to 3 latent "
        "dimensions it is always euclidean.",
        folded=True,
    )
    device: Literal["auto", "cpu", "cuda"] = setting(
        "auto",
        TRAINING,
        "Device",
        "auto: a CUDA GPU when there is one, else the CPU.",
    )
