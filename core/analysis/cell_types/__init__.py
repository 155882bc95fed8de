"""What groups of cells may be: their markers scored against sets of known ones; light enough for the page."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data.standalone.gene_lookup import find_genes
from core.errors import UserError

SETS = {"pbmc": "Blood (PBMC)", "pancreas": "Pancreas", "general": "Many tissues"}
LEAST_GENES = 2  # of a cell type that the data must have: one gene is no set
LEAST = (
    0.25  # score below which nothing is suggested: Cliff's delta calls less than .147 negligible, .33 medium
)
MARGIN = 0.05  # how far the best has to be ahead of the next; tried on the labelled sets of bench/README.md
UNKNOWN = "unknown"


class Suggestion(NamedTuple):
    """The likeliest cell type of a group, or UNKNOWN; the best type and the next with their scores, -1 to 1."""

    name: str
    best: str
    score: float
    second: str
    second_score: float
    genes: tuple  # of the best type, that the data have, the strongest first

    @property
    def margin(self):
        return self.score - self.second_score


def shipped(name):
    """{cell type: genes} of one of SETS. Sources stand beside each type in the JSON."""
    types = json.loads((Path(__file__).parent / f"{name}.json").read_text())["types"]
    return {cell_type: entry["genes"] for cell_type, entry in types.items()}


def sources(name):
    """The papers that a shipped set was taken from."""
    types = json.loads((Path(__file__).parent / f"{name}.json").read_text())["types"]
    return sorted({source for entry in types.values() for source in entry["sources"]})


def from_gmt(text):
    """{name: genes} of a GMT file: a line a set, with tabs: name, description, genes. Raises UserError."""
    found = {}
    for line in text.splitlines():
        name, *rest = (part.strip() for part in line.split("\t"))
        genes = [gene for gene in rest[1:] if gene]
        if name and genes:
            found[name] = genes
    if not found:
        raise UserError(
            "No set of genes was found: a GMT has a line a set, its name, a description and genes, with tabs."
        )
    return found


def suggest(auc, genes, sets):
    """A Suggestion for each group from (groups, features) AUCs of core.analysis.markers against the `sets` of shipped or a GMT.

    The score of a cell type is the mean over its genes of 2 AUC - 1 (Cliff's delta: how much more often a cell of the
    group has more of the gene than another cell, than less). Genes are found in any case, with a genome in front and by
    older names (core.data.standalone.gene_lookup). A type of which the data have less than LEAST_GENES genes, or less than half, is left out; so is a
    group that was not tested. Raises UserError where no type is left.
    """
    place = {gene: i for i, gene in enumerate(genes)}
    places = {
        name: list(dict.fromkeys(place[gene] for gene in find_genes(wanted, genes) if gene is not None))
        for name, wanted in sets.items()
    }
    places = {
        name: at
        for name, at in places.items()
        if len(at) >= LEAST_GENES and 2 * len(at) >= len(set(sets[name]))
    }
    if not places:
        raise UserError(
            "The data have too few of the genes of these sets: are the names symbols, such as CD3E, and not identifiers?"
        )
    return [_of_group(2 * np.asarray(row) - 1, genes, places) for row in auc]


def _of_group(delta, genes, places):
    names = list(places)
    scores = np.array([delta[at].mean() for at in places.values()])
    if np.isnan(scores).all():
        return Suggestion(UNKNOWN, "", float("nan"), "", float("nan"), ())
    order = np.argsort(-scores, kind="stable")
    best, second = order[0], order[1] if len(order) > 1 else None
    next_score = float(scores[second]) if second is not None else 0.0
    at = sorted(places[names[best]], key=lambda i: -delta[i])
    sure = scores[best] >= LEAST and scores[best] - next_score >= MARGIN
    return Suggestion(
        names[best] if sure else UNKNOWN,
        names[best],
        float(scores[best]),
        names[second] if second is not None else "",
        next_score,
        tuple(genes[i] for i in at),
    )
