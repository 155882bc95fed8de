"""Names of the files in a run's folder, and the columns of its history.csv."""

from core.errors import UserError

HISTORY = (
    "epoch",  # from 1
    "train_loss",  # weighted loss without penalties, of a fixed sample of training cells, as many as validation cells
    "valid_loss",  # the same of the validation cells; as all train_ and valid_ columns, in evaluation mode
    "train_rna",  # RNA's part, a mean over genes: squared error, or nats for models of counts; as are the next three
    "valid_rna",
    "train_protein",
    "valid_protein",
    "learning_rate",  # at the last step
    "seconds",  # of the training pass alone
    "penalty_l1",  # added to the loss, a mean over the steps; as is penalty_kl
    "penalty_kl",
    "segment",  # of the schedule: 1, and more where training was extended
    "penalty_l2",  # half the weight decay times the sum of all squared weights, after the epoch
    "train_kl",  # Kullback-Leibler divergence in nats a cell, before its weight; as is valid_kl
    "valid_kl",
    "gradient_norm",  # before clipping, a mean over the steps
    "cells_per_second",  # training cells through the training pass
    "cpu_percent",  # of all cores of the machine; as the next three, at the end of the epoch
    "memory_gb",  # of the machine in use, in 10^9 bytes
    "gpu_percent",  # share of the time in which the GPU works; empty without an NVIDIA driver
    "gpu_memory_gb",  # of the GPU in use, in 10^9 bytes
)
# The columns that differ when a run is repeated: they tell of the machine and the time.
OF_THE_MACHINE = ("seconds", "cells_per_second", "cpu_percent", "memory_gb", "gpu_percent", "gpu_memory_gb")
HIGHEST_RESOLUTION = 1000  # more than anybody computes, and short in a file name
BUNDLE = "bundle.zip"
START_WEIGHTS = "start.pt"  # the weights of another run that training started from
SHOWN_MAPS = "shown_maps.npz"  # core.figures.maps_file.Maps, for the bundle that is being made
SUGGESTED = "suggested.json"  # cell types of the clusters, by core.worker.jobs.after_training
HARMONY = "harmony_axes"  # (cells, k) the input's principal components after Harmony, of a run with batches
SEEDS_TOGETHER = "seeds_together"  # (cells, k) the latent spaces of several seeds side by side
SEEDS_TOGETHER_RECORD = f"{SEEDS_TOGETHER}.json"  # of which runs it is

CONDITIONS_RECORD, CONDITIONS_TABLE = "conditions.json", "conditions.csv"  # of two conditions over samples


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
