"""The steps as a recipe's script carries them out, as core.preprocessing.steps does."""

from core.preprocessing.recipe.script_files import Part, in_order
from core.preprocessing.recipe.script_repairs import REPAIRS
from core.preprocessing.recipe.script_value_repairs import VALUE_REPAIRS
from core.preprocessing.recipe.step_parameters import MOST_RATE

PARTS = (
    REPAIRS
    | VALUE_REPAIRS
    | {
        "filter_cells": Part(
            '''
def measured(adata, columns):
    """The quality measures of each cell; `columns` of obs count all genes where the file has only some."""
    counts = counts_of(adata)
    if counts is None:
        values = {"genes": np.asarray((sparse.csr_matrix(adata.X) != 0).sum(axis=1)).ravel()}
    else:
        matrix, names, _ = counts
        matrix = sparse.csr_matrix(matrix, dtype=np.float64)
        total = np.asarray(matrix.sum(axis=1)).ravel()
        values = {"counts": total, "genes": np.asarray((matrix > 0).sum(axis=1)).ravel()}
        parts = zip(matrix.indptr[:-1], matrix.indptr[1:])
        highest = np.array([np.sort(matrix.data[begin:end])[-20:].sum() for begin, end in parts])
        values["top20"] = 100 * highest / np.where(total > 0, total, 1)
        for name, genes in members(names).items():
            values[name] = 100 * np.asarray(matrix[:, np.flatnonzero(genes)].sum(axis=1)).ravel() / np.where(total > 0, total, 1)
    for name, column in columns.items():
        values[name] = pd.to_numeric(adata.obs[column]).to_numpy(dtype=float)
    if "mito" in columns and values["mito"].max() <= 1:  # a share, and not a percentage
        values["mito"] = 100 * values["mito"]
    if "doublet_score" in adata.obs:
        values["doublet"] = adata.obs["doublet_score"].to_numpy()
    return {name: np.asarray(array, dtype=np.float32) for name, array in values.items()}


def within(values, limits, n):
    kept = np.ones(n, dtype=bool)
    for name, (low, high) in limits.items():
        kept &= ~(values[name] < np.float32(-np.inf if low is None else low))
        kept &= ~(values[name] > np.float32(np.inf if high is None else high))
    return kept


def filter_cells(adata, limits, batch_key, batches, columns):
    values = measured(adata, columns or {})
    kept = within(values, limits or {}, adata.n_obs)
    for name in batches:
        rows = (adata.obs[batch_key].astype(str) == name).to_numpy()
        kept[rows] = within({m: v[rows] for m, v in values.items()}, batches[name], rows.sum())
    return adata[kept].copy()
''',
            "adata = filter_cells(adata, {limits}, {batch_key!r}, {batches}, {columns})",
            ("gene_families",),
        ),
        "filter_genes": Part(
            """
def filter_genes(adata, min_cells):
    matrix, names, where = counts_of(adata) or (adata.X, adata.var_names, "X")
    rare = names[np.asarray((sparse.csr_matrix(matrix) > 0).sum(axis=0)).ravel() < min_cells]
    if where != "raw.X":
        return adata[:, ~adata.var_names.isin(rare)].copy()
    return without_genes(adata, adata.var_names.isin(rare), adata.raw.var_names.isin(rare))
""",
            "adata = filter_genes(adata, {min_cells})",
        ),
        "score_doublets": Part(
            '''
def score_doublets(adata, expected_rate, per_thousand, batch_key, seed):
    """Scrublet, each batch for itself; a doublet scores above the minimum between the simulated ones' two modes."""
    counts = sparse.csr_matrix(counts_of(adata)[0])
    labels = adata.obs[batch_key].astype(str).to_numpy() if batch_key else np.zeros(adata.n_obs)
    score, predicted = np.zeros(adata.n_obs), np.zeros(adata.n_obs, dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        part = AnnData(counts[rows].astype(np.float32))
        rate = expected_rate or min(per_thousand / 100 * len(rows) / 1000, MOST_RATE)
        sc.pp.scrublet(part, expected_doublet_rate=rate, random_state=seed, threshold=1.0, verbose=False)
        score[rows] = np.nan_to_num(part.obs["doublet_score"].to_numpy(dtype=float))
        threshold = between_modes(np.asarray(part.uns["scrublet"]["doublet_scores_sim"], dtype=float))
        predicted[rows] = threshold is not None and score[rows] > threshold
    adata.obs["doublet_score"], adata.obs["predicted_doublet"] = score, predicted
    return adata
'''.replace("MOST_RATE", str(MOST_RATE)),
            "adata = score_doublets(adata, {expected_rate}, {per_thousand}, {batch_key!r}, {seed})",
            ("bimodal",),
        ),
        "score_cell_cycle": Part(
            '''
def score_cell_cycle(adata, seed):
    """S and G2/M scores and a phase, of log1p of counts per 10,000, or of X where there are no counts."""
    counts = counts_of(adata)
    names = adata.var_names if counts is None else counts[1]
    values = adata.X if counts is None else sparse.csr_matrix(counts[0], dtype=np.float32, copy=True)
    if counts:
        totals = np.asarray(values.sum(axis=1, dtype=np.float64)).ravel()
        values.data *= np.repeat((10_000 / np.where(totals > 0, totals, 1)).astype(np.float32), np.diff(values.indptr))
        np.log1p(values.data, out=values.data)
    part, upper = AnnData(values), bare(names).str.upper()
    lists = {f"{phase}_genes": list(part.var_names[upper.isin(CYCLE[phase])]) for phase in ("s", "g2m")}
    sc.tl.score_genes_cell_cycle(part, random_state=seed, **lists)
    for name in ("S_score", "G2M_score"):
        adata.obs[name] = part.obs[name].to_numpy()
    adata.obs["phase"] = part.obs["phase"].astype(str).to_numpy()
    return adata
''',
            "adata = score_cell_cycle(adata, {seed})",
            ("gene_families",),
        ),
    }
)


def calls(steps) -> list[str]:
    """A line for each step of a recipe."""
    lines = []
    for step in steps:
        params = step.params.model_dump(mode="json")
        for name in ("limits", "batches"):
            if params.get(name):
                params[name] = (
                    _set(params[name]) if name == "limits" else {k: _set(v) for k, v in params[name].items()}
                )
        lines.append(PARTS[step.name].call.format(**params))
    return lines


def code(steps) -> str:
    """The functions of the steps, each once."""
    return "".join(f"\n{PARTS[name].code}" for name in _names(steps) if PARTS[name].code)


def files(steps) -> list[str]:
    """The names in FILES that the steps need, in the order in which they build on one another."""
    return in_order(name for step in _names(steps) for name in PARTS[step].files)


def _names(steps):
    return list(dict.fromkeys(step.name for step in steps))


def _set(limits):
    """Limits without those that are open at both ends."""
    return {name: ends for name, ends in limits.items() if ends != [None, None]}
