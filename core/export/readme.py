"""README.txt: the files of a bundle."""

from core.export.versions import versions

FILES = {
    "result.h5ad": "the data with latent space, embeddings, clusters and names; opens in scanpy, cellxgene and R",
    "cells.csv": "one row per cell: cluster, set, names given by hand, scores",
    "latent.csv": "one row per cell: the latent space",
    "latent.npy": "the latent space, bit for bit",
    "clusters.npy": "the Leiden clusters at resolution {resolution:g}",
    "embeddings.csv": "one row per cell: the embeddings",
    "model.pt": "the weights; torch.load(..., weights_only=True) opens it",
    "config.json": "every setting as it was used",
    "versions.json": "versions, machine, and the fingerprint of the data",
    "recipe.json": "the steps applied to the data, and its preprocessing",
    "history.csv": "one row per epoch: losses",
    "markers.csv": "one row per group and feature: the markers",
    "scores.csv": "all scores, with their meaning",
    "report.html": "the results on one page, with a methods paragraph",
    "reproduce.py": "trains the run again and compares: python reproduce.py [DATA] --out DIR",
}


def readme(run, made_at, resolution, grouping, names, remarks):
    """The text; `run` is its row, `made_at` when, `grouping` says in words how the groups were made, `names` are those of the files."""
    known = [f"{name:<16}{FILES[name].format(resolution=resolution)}" for name in FILES if name in names]
    rest = [name for name in names if name not in FILES and name != "README.txt"]
    head = f"{run['name']}, run {run['id']}, made by Nuwa {versions()['nuwa']} on {made_at}."
    groups = f"Groups in figures, markers and report: {grouping}."
    return "\n".join([head, groups, "", *known, *rest, "", *remarks]) + "\n"
