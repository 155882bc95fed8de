"""The settings of the Preprocess page: what is done to the values before a model sees them."""

from pydantic import BaseModel

from core.config.fields import PREPARE, setting


class Prepare(BaseModel):
    """What is done to the values before a model sees them."""

    normalize: bool = setting(
        True,
        PREPARE,
        "Normalise library size",
        "Divides each cell by its total counts, so that deeply sequenced cells do not look different for that alone.",
    )
    target_sum: float = setting(
        10_000.0,
        PREPARE,
        "Target sum",
        "The total every cell is brought to; 10,000 is scanpy's and Seurat's custom.",
        unit="counts",
        ge=1,
        le=1e7,
        folded=True,
    )
    log1p: bool = setting(
        True,
        PREPARE,
        "Log transform",
        "log(1 + x): a gene that goes from 1 to 2 then counts as much as one from 100 to 200.",
    )
    scale: bool = setting(
        True,
        PREPARE,
        "Centre and scale",
        "Gives each gene mean 0 and standard deviation 1 in the training cells, so that every gene is heard.",
    )
    clip: float = setting(
        10.0,
        PREPARE,
        "Clip",
        "Scaled values beyond this many standard deviations are cut, as scanpy does; rare spikes would rule the loss.",
        unit="sd",
        ge=1,
        le=1000,
        folded=True,
    )
    clr: bool = setting(
        True,
        PREPARE,
        "CLR for proteins",
        "Centred log-ratio for each protein across cells: surface protein counts have a background that this removes.",
    )
