"""Label transfer: labels of mapped cells from their nearest reference cells, their places in an embedding, distances."""

from typing import NamedTuple

import numpy as np

from core.analysis.neighbors import find_among

N_NEAR = 15  # reference cells that vote on the label of a cell
OWN_CELLS = 20_000  # reference cells at most whose own distances are measured
BLOCK = 1 << 14  # cells whose votes are counted at once


class Votes(NamedTuple):
    """`codes` (cells,) int32 of the label that won, -1 where no neighbour has one; `confidence` (cells,) float32, 0 to 1."""

    codes: np.ndarray
    confidence: np.ndarray


def vote(near, codes):
    """The Votes of each new cell's neighbours: the label that most of them have, and the share of them that have it.

    `near`: the Neighbors of the new cells among the reference; `codes` (reference cells,) int, -1 without a label, which
    takes votes from the others and never wins. Of labels with as many votes that of the nearer cell wins. The kernel of
    scArches (Lotfollahi 2022), exp(-d / (2 / s)^2), is left out: in a latent space of unit scale its weights are equal
    to within a few per cent, so it would only look like a weight by distance.
    """
    won, confidence = np.empty((2, len(near.indices)))
    for first in range(0, len(won), BLOCK):
        rows = slice(first, first + BLOCK)
        label_codes = np.asarray(codes)[near.indices[rows]]
        votes = (label_codes[:, :, None] == label_codes[:, None, :]).sum(axis=2)
        votes[label_codes < 0] = 0
        best = votes.argmax(axis=1)[:, None]
        confidence[rows] = np.take_along_axis(votes, best, 1)[:, 0] / label_codes.shape[1]
        won[rows] = np.take_along_axis(label_codes, best, 1)[:, 0]
    won[confidence == 0] = -1
    return Votes(won.astype(np.int32), confidence.astype(np.float32))


def placed(near, embedding):
    """(new cells, axes) float32 places in an `embedding` (reference cells, axes): the median of each cell's neighbours there.

    A cell whose neighbours lie in two clusters is placed in one of them, where a mean would place it between.
    docs/mapping.md compares this with UMAP's own transform, which keeps no more neighbours.
    """
    return np.median(np.asarray(embedding)[near.indices], axis=1).astype(np.float32)


def own_distances(latent, seed=0, device="auto"):
    """(cells,) float32, sorted: how far reference cells lie from the last of their own nearest; at most 20,000 of them."""
    some = np.random.default_rng(seed).permutation(len(latent))[:OWN_CELLS]
    k = min(N_NEAR + 1, len(latent))  # a cell is the first of its own neighbours
    return np.sort(find_among(latent[np.sort(some)], latent, k, seed, device).distances[:, -1])


def farness(near, own):
    """(new cells,) float32, 0 to 1: the share of reference cells that lie nearer to their neighbours than a new cell to its.

    `own`: what `own_distances` gives.
    """
    return (np.searchsorted(own, near.distances[:, -1], side="left") / len(own)).astype(np.float32)


class Carried(NamedTuple):
    """What the reference says of new cells."""

    picture: np.ndarray  # (cells, axes) float32 places in the reference's embedding
    votes: Votes
    farness: np.ndarray  # (cells,) float32


def carry(latent, reference, picture, codes, seed=0, device="auto"):
    """The Carried of new cells by their `latent`, from the latent, embedding (`picture`) and label codes of the reference's cells.

    Without a `picture` the latent space is drawn itself, and its first two dimensions are the places.
    """
    near = find_among(latent, reference, N_NEAR, seed, device)
    places = latent[:, :2] if picture is None else placed(near, picture)
    return Carried(places, vote(near, codes), farness(near, own_distances(reference, seed, device)))
