"""Names of the files in a run's folder, and the columns of its history.csv."""

from core.errors import UserError

HISTORY = (
    "epoch",
    "train_loss",
    "valid_loss",
    "train_rna",
    "valid_rna",
    "train_protein",
    "valid_protein",
    "learning_rate",
    "seconds",
    "penalty_l1",
    "penalty_kl",
    "segment",
)
HIGHEST_RESOLUTION = 1000  # more than anybody computes, and short in a file name
BUNDLE = "bundle.zip"
START_WEIGHTS = "start.pt"  # the weights of another run that training started from
SUGGESTED = "suggested.json"  # cell types of the clusters, by core.worker.jobs.after_training
HARMONY = "harmony_axes"  # (cells, k) the input's principal components after Harmony, of a run with batches


def _decimal(resolution):
    """A resolution as it stands in file names; raises UserError for a number that none can be."""
    number = float(resolution)
    if not 0 < number < HIGHEST_RESOLUTION:
        raise UserError(f"There are no clusters at resolution {number:g}. Choose another resolution.")
    return f"{number:.1f}"


def clusters_of(resolution):
    """Name of the array of Leiden clusters at a resolution, without .npy."""
    return f"clusters/leiden_{_decimal(resolution)}"


def company_of(resolution):
    """Name of the array of each cell's co-clustering consistency over seeds, without .npy."""
    return f"stability/company_{_decimal(resolution)}"  # the name that earlier versions gave it


def survival_of(resolution):
    """Name of the array of each cluster's Jaccard index with its match in the other seeds, without .npy."""
    return f"stability/survival_{_decimal(resolution)}"
