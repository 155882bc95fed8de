"""README.txt: what lies in a bundle."""

from core.export.versions import versions

SAID = {
    "result.h5ad": "the data with latent space, maps, clusters and names; opens in scanpy, cellxgene and R",
    "cells.csv": "a row a cell: cluster, set, names by hand, scores",
    "latent.csv": "a row a cell: the latent space",
    "latent.npy": "the same to the last bit",
    "clusters.npy": "the Leiden clusters at resolution {resolution:g}",
    "embeddings.csv": "a row a cell: the maps",
    "model.pt": "the weights; torch.load(..., weights_only=True) opens it",
    "config.json": "every setting as it was used",
    "versions.json": "versions, machine, and the fingerprint of the data",
    "recipe.json": "the steps that the data went through before, and how it was prepared",
    "history.csv": "a row an epoch: losses",
    "markers.csv": "a line a group and feature: what marks the groups",
    "scores.csv": "all that was judged, with its meaning",
    "report.html": "all of it on one page, with a methods paragraph",
    "reproduce.py": "trains the run again and compares: python reproduce.py [DATA] --out DIR",
}


def readme(run, made, resolution, words, names, remarks):
    """The text; `run` is its row, `made` when, `words` say how the groups were made, `names` are those of the files."""
    known = [f"{name:<16}{SAID[name].format(resolution=resolution)}" for name in SAID if name in names]
    rest = [name for name in names if name not in SAID and name != "README.txt"]
    head = f"{run['name']}, run {run['id']}, made by Nuwa {versions()['nuwa']} on {made}."
    groups = f"Groups in figures, markers and report: {words}."
    return "\n".join([head, groups, "", *known, *rest, "", *remarks]) + "\n"
