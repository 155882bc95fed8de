"""The settings of the Preprocess page: what is done to the values before a model sees them."""

from typing import Literal

from pydantic import BaseModel, model_validator

from core.config.fields import PREPARE, setting


class Prepare(BaseModel):
    """What is done to the values before a model sees them."""

    gene_transform: Literal["log", "pearson"] = setting(
        "log",
        PREPARE,
        "Transform of the genes",
        "log: normalised, logged and scaled as set below. pearson: analytic Pearson residuals of the counts (Lause 2021), "
        "that is how far a count is from the one that the depth of its cell and the abundance of its gene predict. "
        "They need raw counts, take the place of the steps for genes below, and train more slowly.",
    )
    normalize: bool = setting(
        True,
        PREPARE,
        "Normalise library size",
        "Divides each cell by its total counts, so that sequencing depth alone does not separate cells.",
    )
    target_sum: float = setting(
        10_000.0,
        PREPARE,
        "Target sum",
        "The total counts of each cell afterwards; 10,000 is common with scanpy and Seurat.",
        unit="counts",
        ge=1,
        le=1e7,
        folded=True,
    )
    log1p: bool = setting(
        True,
        PREPARE,
        "Log transform",
        "log(1 + x), so that ratios of expression count rather than differences.",
    )
    scale: bool = setting(
        True,
        PREPARE,
        "Centre and scale",
        "Gives each gene mean 0 and standard deviation 1 in the training cells, so that all genes have the same weight.",
    )
    scale_exponent: float = setting(
        1.0,
        PREPARE,
        "Scaling exponent",
        "Each gene is divided by its standard deviation to this power. 1: all genes have the same weight. 0: genes that "
        "vary more weigh more. 0.5: between the two. Proteins are always divided by their standard deviation.",
        ge=0,
        le=1,
        step=0.05,
        folded=True,
    )
    clip: float = setting(
        10.0,
        PREPARE,
        "Clip",
        "Scaled values beyond this many standard deviations are clipped, as in scanpy; a few extreme values would dominate the loss. "
        "Where the scaling exponent is below 1, it is the size of the scaled value itself.",
        unit="sd",
        ge=1,
        le=1000,
        folded=True,
    )
    modalities: Literal["both", "rna", "protein"] = setting(
        "both",
        PREPARE,
        "Trained on",
        "both: RNA, and protein where there is some. rna: without the proteins, which then score the latent space of the "
        "genes. protein: without the genes, which still colour plots and serve as markers.",
    )
    protein_transform: Literal["clr", "clr_cells", "dsb", "none"] = setting(
        "clr",
        PREPARE,
        "Transform of the proteins",
        "Counts of surface proteins have a background. clr: centred log-ratio of each protein across cells. clr_cells: "
        "within each cell, for large panels. dsb: against the empty droplets of the unfiltered matrix (Mulè 2022). "
        "none: counts as they are.",
    )
    batch_key: str | None = setting(
        None,
        PREPARE,
        "Batch covariate",
        "An obs column of batches (donor, run, chip). Encoder and decoder get the batch of each cell, so "
        "that the latent space need not encode it. Empty: none.",
        max_length=200,
    )

    @model_validator(mode="before")
    @classmethod
    def _of_today(cls, values):
        return upgraded(values) if isinstance(values, dict) else values


def upgraded(values):
    """Settings of an earlier version under their present names: `clr` (a bool) became `protein_transform`."""
    if not isinstance(values.get("clr"), bool) or "protein_transform" in values:
        return values
    kept = {name: value for name, value in values.items() if name != "clr"}
    return kept | {"protein_transform": "clr" if values["clr"] else "none"}
