"""The part of a recipe's script that carries out its steps, as core.preprocessing.steps does, repairs included."""

from pathlib import Path
from typing import NamedTuple

CORE = Path(__file__).resolve().parents[2]
# Files that need numpy, pandas and scipy alone, and so go into the script as they are.
FILES = {
    **{
        name: CORE / "data" / "standalone" / f"{name}.py"
        for name in ("gene_families", "gene_naming", "antibodies", "unlog", "bimodal", "log_counts")
    },
    "dsb": CORE / "preprocessing" / "dsb.py",
}
NEEDS = {"gene_naming": ("gene_families",), "dsb": ("log_counts",)}  # file -> files that go before it


class Part(NamedTuple):
    """How a step is written: `code` once, before the first of its kind, and `call` for each; `files` go before that."""

    code: str
    call: str
    files: tuple[str, ...] = ()


COUNTS_OR_X = "found[0] if (found := counts_of(adata)) else adata.X"

PARTS = {
    "transpose": Part(
        '''
def turned(matrix):
    return sparse.csr_matrix(matrix.T) if sparse.issparse(matrix) else np.ascontiguousarray(matrix.T)


def transpose(adata):
    """Rows become columns; .raw, obsm and the like belonged to the wrong axis."""
    made = AnnData(turned(adata.X), obs=adata.var.copy(), var=adata.obs.copy())
    for name, layer in adata.layers.items():
        made.layers[name] = turned(layer)
    return made
''',
        "adata = transpose(adata)",
    ),
    "use_raw": Part(
        '''
def use_raw(adata):
    """X is what .raw holds; what is known of cells stays, and of genes what is known of all of .raw's."""
    var = adata.raw.var.copy()
    more = adata.var.drop(columns=[name for name in adata.var if name in var]).reindex(var.index)
    made = AnnData(adata.raw.X.copy(), adata.obs.copy(), pd.concat([var, more.loc[:, more.notna().all()]], axis=1))
    for name, value in adata.obsm.items():
        made.obsm[name] = value.copy()
    return made
''',
        "adata = use_raw(adata)",
    ),
    "drop_not_finite": Part(
        '''
def drop_not_finite(adata):
    """Without the genes, or the cells, with missing or infinite values: what is the smaller share."""
    X = sparse.coo_matrix(adata.X)
    odd = ~np.isfinite(X.data)
    cells, genes = np.bincount(X.row[odd], minlength=adata.n_obs) > 0, np.bincount(X.col[odd], minlength=adata.n_vars) > 0
    return (adata[:, ~genes] if genes.mean() <= cells.mean() else adata[~cells]).copy()
''',
        "adata = drop_not_finite(adata)",
    ),
    "zero_not_finite": Part(
        '''
def zero_not_finite(adata):
    """Missing and infinite values of X taken as 0."""
    values = adata.X.data if sparse.issparse(adata.X) else adata.X
    values[~np.isfinite(values)] = 0
    return adata
''',
        "adata = zero_not_finite(adata)",
    ),
    "undo_log": Part(
        """
def undo_log(adata, way):
    adata.X = counts_or_values(back(adata.X, way))
    return adata
""",
        "adata = undo_log(adata, {way!r})",
        ("unlog",),
    ),
    "unique_names": Part(
        """
def unique_names(adata):
    rename_genes(adata, told_apart(adata.var_names, adata.var)[0])
    adata.obs_names = make_index_unique(adata.obs_names.astype(str))
    return adata
""",
        "adata = unique_names(adata)",
        ("gene_naming",),
    ),
    "use_symbols": Part(
        "", "rename_genes(adata, by_symbol(adata.var_names, symbols_of(adata.var))[0])", ("gene_naming",)
    ),
    "drop_versions": Part("", "rename_genes(adata, without_versions(adata.var_names))", ("gene_naming",)),
    "drop_empty_cells": Part(
        f"""
def drop_empty_cells(adata):
    matrix = {COUNTS_OR_X}
    return adata[np.asarray((sparse.csr_matrix(matrix) != 0).sum(axis=1)).ravel() > 0].copy()
""",
        "adata = drop_empty_cells(adata)",
    ),
    "split_proteins": Part(
        '''
def split_proteins(adata):
    """Antibodies among the genes become obsm["protein"], beside those that are there already."""
    hidden = adata.var_names.isin(hidden_proteins(adata))
    table = pd.DataFrame(antibody_columns(adata, hidden), adata.obs_names, adata.var_names[hidden].astype(str))
    made = without_genes(adata, hidden)
    if "protein" in adata.obsm:
        there = adata.obsm["protein"]
        table = pd.concat([there, table[[name for name in table if name not in there]]], axis=1)
    made.obsm["protein"] = table
    return made
''',
        "adata = split_proteins(adata)",
        ("antibodies",),
    ),
    "filter_cells": Part(
        '''
def measured(adata, columns):
    """What limits on cells go by, of each cell; `columns` of obs tell of all genes where not all are in the file."""
    found = counts_of(adata)
    if found is None:
        values = {"genes": np.asarray((sparse.csr_matrix(adata.X) != 0).sum(axis=1)).ravel()}
    else:
        matrix, names, _ = found
        matrix = sparse.csr_matrix(matrix, dtype=np.float64)
        total = np.asarray(matrix.sum(axis=1)).ravel()
        values = {"counts": total, "genes": np.asarray((matrix > 0).sum(axis=1)).ravel()}
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
def score_doublets(adata, expected_rate, batch_key, seed):
    """Scrublet, each batch for itself; a doublet scores above the minimum between the simulated ones' two modes."""
    counts = sparse.csr_matrix(counts_of(adata)[0])
    labels = adata.obs[batch_key].astype(str).to_numpy() if batch_key else np.zeros(adata.n_obs)
    score, predicted = np.zeros(adata.n_obs), np.zeros(adata.n_obs, dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        part = AnnData(counts[rows].astype(np.float32))
        sc.pp.scrublet(part, expected_doublet_rate=expected_rate, random_state=seed, threshold=1.0, verbose=False)
        score[rows] = np.nan_to_num(part.obs["doublet_score"].to_numpy(dtype=float))
        threshold = between_modes(np.asarray(part.uns["scrublet"]["doublet_scores_sim"], dtype=float))
        predicted[rows] = threshold is not None and score[rows] > threshold
    adata.obs["doublet_score"], adata.obs["predicted_doublet"] = score, predicted
    return adata
''',
        "adata = score_doublets(adata, {expected_rate}, {batch_key!r}, {seed})",
        ("bimodal",),
    ),
    "score_cell_cycle": Part(
        '''
def score_cell_cycle(adata, seed):
    """S and G2/M scores and a phase, of log1p of counts per 10,000, or of X where there are no counts."""
    found = counts_of(adata)
    names = adata.var_names if found is None else found[1]
    values = adata.X if found is None else sparse.csr_matrix(found[0], dtype=np.float32, copy=True)
    if found:
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


def in_order(names) -> list[str]:
    """Names in FILES, each once, behind those it needs."""
    return list(dict.fromkeys(one for name in names for one in (*NEEDS.get(name, ()), name)))


def text_of(name: str) -> str:
    """A file for the script: without its imports from core, whose files stand before it."""
    lines = FILES[name].read_text().strip().splitlines()
    return "\n".join(line for line in lines if not line.startswith("from core")) + "\n"


def _names(steps):
    return list(dict.fromkeys(step.name for step in steps))


def _set(limits):
    """Limits without those that are open at both ends."""
    return {name: ends for name, ends in limits.items() if ends != [None, None]}
