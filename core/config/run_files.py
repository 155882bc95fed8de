"""Names of the files in a run's folder, and the columns of its history.csv."""

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
)
BUNDLE = "bundle.zip"
HARMONY = "harmony_axes"  # (cells, k) the input's principal components after Harmony, of a run with batches


def clusters_of(resolution):
    """Name of the array of Leiden clusters at a resolution, without .npy."""
    return f"clusters/leiden_{float(resolution):.1f}"


def company_of(resolution):
    """Name of the array of each cell's co-clustering consistency over seeds, without .npy."""
    return f"stability/company_{float(resolution):.1f}"  # the name that earlier versions gave it


def survival_of(resolution):
    """Name of the array of each cluster's Jaccard index with its match in the other seeds, without .npy."""
    return f"stability/survival_{float(resolution):.1f}"
