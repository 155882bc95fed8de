"""Groups to compare, and the markers that were found, as records and figures."""

import numpy as np

from core import figures
from core.analysis.composition import two_groups
from core.analysis.marker_measures import FEWEST, MEASURES, best
from core.errors import UserError
from core.store import Groups
from dashboard.pages.clusters.colours import colour_of
from dashboard.pages.clusters.viewer import selection

EXPRESSED = (
    0.1  # share of a group's cells: a marker of fewer is not drawn (Seurat's min.pct was .1 until version 5)
)


def chosen_groups(view, run, how, by, resolution, a, b):
    """The Groups that a person asks to compare; raises UserError where a selection is empty."""
    if how != "two":
        colour = colour_of(view, run, by, resolution)
        if colour.categories is None:
            raise UserError(f"{colour.name} has numbers, no groups: choose a column of categories.")
        return Groups(list(colour.categories), np.asarray(colour.values), f"{colour.name}, {colour.words}")
    found = [selection.cells(view, run, chosen) for chosen in (a, b)]
    if found[0] is None or not found[0].any():
        raise UserError("Group A is empty: select some cells above, then press 'Selection is A'.")
    if found[1] is not None and not found[1].any():
        raise UserError("Group B is empty: select some cells above, then press 'Selection is B'.")
    codes, n_both = two_groups(*found)
    names = ["A", "B" if b else "all others"]
    if not all((codes == i).sum() >= FEWEST for i in (0, 1)):
        raise UserError(
            f"A group needs at least {FEWEST} cells that are not in the other one too: select more cells."
        )
    words = f"A: {selection.description(view, run, a)}; B: {selection.description(view, run, b) if b else 'all other cells'}"
    return Groups(names, codes, words + (f"; {n_both:,} cells of both left out" if n_both else ""))


def features(view, run):
    """(names, n_genes): genes and then proteins, in the order of the markers."""
    genes = view.datasets.folder(run["dataset"]).genes()["names"]
    return [*genes, *view.datasets.one(run["dataset"])["record"]["proteins"]], len(genes)


def rows(view, run, found, group):
    """The records of the table for one group, the best marker first; features that no cell has are left out."""
    names, n_genes = features(view, run)
    auc, fold, share, rest, _, _, _, p = view.results.array(run["id"], f"markers/{found['groups']}")[:, group]
    if np.isnan(auc).all():
        return []
    known = np.flatnonzero((share > 0) | (rest > 0) | (auc != 0.5))
    order = known[np.lexsort((-fold[known], -auc[known]))]
    return [
        {
            "feature": names[i],
            "kind": "gene" if i < n_genes else "protein",
            "auc": round(float(auc[i]), 4),
            "log_fold": round(float(fold[i]), 3),
            "share": round(100 * float(share[i]), 2),
            "share_rest": round(100 * float(rest[i]), 2),
            "p_adjusted": float(f"{p[i]:.3g}"),
        }
        for i in order
    ]


def picture(view, run, found, kind, k, feature, theme):
    """The figure of the markers found."""
    values = view.results.array(run["id"], f"markers/{found['groups']}")
    names, n_genes = features(view, run)
    if kind == "violins":
        choice = f"{feature['kind']}:{feature['feature']}"
        colour = colour_of(view, run, choice, 1.0)
        codes = view.groups.one(run["id"], found["groups"]).codes
        return figures.expression_violins(
            colour.name, found["names"], colour.values, codes, colour.words, theme
        )
    drawn = list(dict.fromkeys(i for of_group in best(values, k, EXPRESSED) for i in of_group))
    labels = [names[i] + (" (protein)" if i >= n_genes else "") for i in drawn]
    means, shares = (values[MEASURES.index(name)][:, drawn] for name in ("mean", "share"))
    if kind == "heat":
        return figures.heat_map(labels, found["names"], means, found["values"], theme)
    return figures.dot_plot(labels, found["names"], means, shares, found["values"], theme)
