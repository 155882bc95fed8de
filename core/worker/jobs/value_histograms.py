"""The histograms of a dataset and a preparation, binned and sampled so that they fit into a row of the database."""

import numpy as np

from core.sparse.rows import values_of

GENES_SHOWN = 4000  # in the mean-variance picture; all chosen ones up to here, the rest drawn at random
CELLS_SHOWN = 2000  # whose values are binned


def of_preparation(adata, matrix, split):
    """{"histograms": [...]} as JSON can hold them: of RNA, of protein, of what the matrix has."""
    rows = split.train[:: max(1, len(split.train) // CELLS_SHOWN)]
    histograms = []
    if matrix.n_genes:
        held = matrix.rna.held(rows)
        values = held.rows.dense(held.at)
        histograms.append(_pair("RNA", values, preprocessed_genes(matrix, values, rows)))
    if matrix.n_proteins:
        columns = [list(adata.obsm["protein"].columns).index(name) for name in matrix.proteins]
        counts = adata.obsm["protein"].to_numpy()[rows][:, columns]
        measured = slice(None) if matrix.measured is None else matrix.measured[rows]
        histograms.append(_pair("protein", counts[measured], matrix.seen_proteins(rows)[measured]))
    return {"histograms": histograms}


def preprocessed_genes(matrix, values, rows):
    """(len(rows), genes) float32: the `values` of genes as `matrix.dense` has them, without loading torch."""
    n = matrix.n_genes
    if matrix.pearson is not None:
        return matrix.pearson.residuals(values)
    scaled = (values_of(values, matrix.rna.size[rows][:, None], matrix.logged) - matrix.mean[:n]) / matrix.sd[
        :n
    ]
    return np.clip(scaled, -matrix.clip, matrix.clip)


def _pair(name, before, after):
    """Counts of values in 40 bins before and after; the bins of `before` grow as counts do."""
    top = float(before.max())
    if before.min() >= 0 and top > 50:
        edges = np.concatenate([[0], np.geomspace(1, top + 1, 40)])
    else:
        edges = np.linspace(float(before.min()), top + 1e-6, 41)
    low, high = float(after.min()), float(after.max())
    after_edges = np.linspace(low, high if high > low else low + 1, 41)
    return {
        "name": name,
        "before": {"edges": _rounded(edges), "counts": np.histogram(before, edges)[0].tolist()},
        "after": {"edges": _rounded(after_edges), "counts": np.histogram(after, after_edges)[0].tolist()},
    }


def mean_variance(stats):
    """The stats of a Choice of genes as JSON can hold them, or None; of the genes that were not chosen, not all."""
    if not stats:
        return None
    role = stats["role"]
    marked, others = np.flatnonzero(role), np.flatnonzero(role == 0)
    room = max(0, GENES_SHOWN - len(marked))
    shown = np.sort(np.concatenate([marked, np.random.default_rng(0).permutation(others)[:room]]))
    return {
        "means": _rounded(stats["means"][shown]),
        "spread": _rounded(stats["spread"][shown]),
        "role": role[shown].tolist(),
        "names": stats["names"][shown].tolist(),
        "flavor": stats["flavor"],
        "of": len(role),
    }


def _rounded(values):
    return [float(f"{v:.4g}") for v in values]
