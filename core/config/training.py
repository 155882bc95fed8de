"""The settings of the training: how long, how fast, on which cells."""

from typing import Literal

from pydantic import BaseModel

from core.config.fields import TRAINING, setting


class Training(BaseModel):
    """How long, how fast, on which cells."""

    epochs: int | None = setting(
        None,
        TRAINING,
        "Epochs",
        "How often the model sees every training cell. Empty: chosen from the data size.",
        ge=1,
        le=10_000,
    )
    lr: float = setting(
        1e-2,
        TRAINING,
        "Learning rate",
        "The size of a step: too large and the loss jumps, too small and it crawls. Under one-cycle this is the peak.",
        gt=0,
        le=10,
    )
    batch_size: int | None = setting(
        None,
        TRAINING,
        "Batch size",
        "Cells in one step. Smaller batches take more, noisier steps. Empty: chosen from the data size.",
        unit="cells",
        ge=1,
        le=65_536,
    )
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = setting(
        "adamw",
        TRAINING,
        "Optimizer",
        "How gradients become steps. AdamW, Adam and RMSprop adapt each weight's step, SGD (momentum 0.9) does not.",
    )
    schedule: Literal["onecycle", "constant", "cosine"] = setting(
        "onecycle",
        TRAINING,
        "Schedule",
        "How the learning rate moves: up and down once (one-cycle), steady, or slowly down (cosine).",
        folded=True,
    )
    weight_rna: float = setting(
        1.0,
        TRAINING,
        "RNA weight",
        "The share of RNA in the loss; each part is averaged over its own features first.",
        ge=0,
        le=1000,
        folded=True,
    )
    weight_protein: float | None = setting(
        None,
        TRAINING,
        "Protein weight",
        "The share of protein in the loss. Empty: 0.3, so that a dozen proteins are heard beside thousands of genes; in "
        "counts the number of proteins over that of genes, as the likelihood has it. 1 where they are trained on alone.",
        ge=0,
        le=1000,
        folded=True,
    )
    beta: float = setting(
        1.0,
        TRAINING,
        "KL weight (beta)",
        "How strongly the latent space is pulled towards a standard Gaussian; 1 is the evidence lower bound, in counts of "
        "all counts, else of genes with noise of unit variance. More is smoother, less fits better.",
        ge=0,
        le=1000,
        folded=True,
    )
    beta_warm_up: float = setting(
        0.25,
        TRAINING,
        "KL warm-up",
        "Over this share of the steps the pull grows from nothing to full, so that the latent space fills first.",
        ge=0,
        le=1,
        step=0.05,
        folded=True,
    )
    l1: float = setting(
        0.0,
        TRAINING,
        "L1",
        "Pulls weights towards exactly zero: this times the mean absolute weight of the linear layers joins the loss.",
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
        "The longest gradient a step may follow; guards against a single wild batch. 0: no limit.",
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
        "The share that chooses the best epoch. The rest is the test set, which judges the result.",
        gt=0,
        lt=1,
        step=0.05,
        folded=True,
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
        "Same seed, same data: same result, bit for bit on the CPU; on a GPU sums may differ in their last digits.",
        ge=0,
        le=2**31 - 1,
    )
    device: Literal["auto", "cpu", "cuda"] = setting(
        "auto",
        TRAINING,
        "Device",
        "Auto takes a CUDA GPU when there is one, else the CPU.",
    )
