"""The groups to compare, and their markers as records of a table and as figures."""

import numpy as np

from core import figures
from core.analysis import marker_measures
from core.analysis.composition import two_groups
from core.analysis.marker_measures import FEWEST, MEASURES, SAMPLE_MEASURES, best, shrunk_fold
from core.config.dataset_record import DatasetRecord
from core.errors import UserError
from core.store import Groups
from dashboard.pages.clusters.colours import colour_of
from dashboard.pages.clusters.viewer import selection as selections

# Share of a group's cells: a marker of fewer cells is not drawn (Seurat's min.pct was .1 until version 5).
EXPRESSED = 0.1


def chosen_groups(view, run, comparison, by, resolution, a, b):
    """The Groups to compare; raises UserError where a selection is empty or a column is numeric."""
    if comparison != "two":
        colour = colour_of(view, run, by, resolution)
        if colour.categories is None:
            raise UserError(f"{colour.name} is numeric. Choose a categorical column.")
        return Groups(list(colour.categories), np.asarray(colour.values), f"{colour.name}, {colour.unit}")
    in_a, in_b = (selections.cells(view, run, selection) for selection in (a, b))
    if in_a is None or not in_a.any():
        raise UserError("Group A is empty. Select cells on the maps, then press 'Use selection as group A'.")
    if in_b is not None and not in_b.any():
        raise UserError("Group B is empty. Select cells on the maps, then press 'Use selection as group B'.")
    codes, n_both = two_groups(in_a, in_b)
    names = ["A", "B" if b else "all others"]
    if not all((codes == i).sum() >= FEWEST for i in (0, 1)):
        raise UserError(
            f"Each group needs at least {FEWEST} cells that are not in the other group. Select more cells."
        )
    a_is = selections.description(view, run, a)
    b_is = selections.description(view, run, b) if b else "all other cells"
    both = f"; {n_both:,} cells in both groups are left out" if n_both else ""
    return Groups(names, codes, f"A: {a_is}; B: {b_is}{both}")


def group_options(result):
    """The options of the dropdown of groups."""
    groups = zip(result["names"], result["sizes"], strict=True)
    return [{"label": f"{name} ({n:,} cells)", "value": i} for i, (name, n) in enumerate(groups)]


def first_tested(result):
    """The index of the first group with enough cells for a test."""
    return next((i for i, name in enumerate(result["names"]) if name not in result["too_small"]), 0)


def features(view, run):
    """(names, n_genes): genes and then proteins, in the order of the markers."""
    genes = view.datasets.folder(run["dataset"]).genes()["names"]
    return [*genes, *DatasetRecord.of(view.datasets.one(run["dataset"])).proteins], len(genes)


def rows(view, run, result, group):
    """The records of the table for one group, the best marker first, without features that no cell expresses."""
    names, n_genes = features(view, run)
    values = np.asarray(view.results.array(run["id"], f"markers/{result['groups']}"))[:, [group]]
    auc, _, share, rest, _, _, _, p = values[:, 0]
    fold = shrunk_fold(values, n_genes, result["logged"])[0]
    if np.isnan(auc).all():
        return []
    expressed = np.flatnonzero((share > 0) | (rest > 0) | (auc != 0.5))
    order = expressed[np.lexsort((-fold[expressed], -auc[expressed]))]
    over_samples = _over_samples(view, run, result, group)
    return [
        {
            "feature": names[i],
            "kind": "gene" if i < n_genes else "protein",
            "auc": round(float(auc[i]), 4),
            "log_fold": round(float(fold[i]), 3),
            "share": round(100 * float(share[i]), 2),
            "share_rest": round(100 * float(rest[i]), 2),
            "p_adjusted": float(f"{p[i]:.3g}"),
            **{name: _number(values[i]) for name, values in over_samples.items()},
        }
        for i in order
    ]


def _over_samples(view, run, result, group):
    """{name of SAMPLE_MEASURES: (features,)} of one group; empty where no samples were compared."""
    if "sample_values" not in result:
        return {}
    values = view.results.array(run["id"], f"markers/{result['sample_values']}")[:, group]
    return dict(zip(SAMPLE_MEASURES, values, strict=True))


def _number(value):
    return None if np.isnan(value) else float(f"{value:.4g}")


def picture(view, run, result, kind, n_top, feature, theme):
    """A dot plot or heat map of the `n_top` markers of each group, or violins of one feature."""
    values = view.results.array(run["id"], f"markers/{result['groups']}")
    names, n_genes = features(view, run)
    if kind == "violins":
        choice = f"{feature['kind']}:{feature['feature']}"
        colour = colour_of(view, run, choice, 1.0)
        codes = view.groups.one(run["id"], result["groups"]).codes
        return figures.expression_violins(
            f"{colour.name} ({feature['kind']})", result["names"], colour.values, codes, colour.unit, theme
        )
    drawn = marker_measures.rows(best(values, n_top, EXPRESSED), names, n_genes)
    means, shares = (values[MEASURES.index(name)][:, drawn.features] for name in ("mean", "share"))
    arguments = {"theme": theme, "n_genes": drawn.n_genes}
    if kind == "heat":
        return figures.heat_map(drawn.labels, result["names"], means, result["values"], **arguments)
    return figures.dot_plot(drawn.labels, result["names"], means, shares, result["values"], **arguments)
