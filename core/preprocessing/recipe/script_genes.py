"""The part of a recipe's script that chooses genes, by scanpy's own functions."""

import json
from pathlib import Path

from core.config import FEW_CELLS, gene_names

CYCLE = Path(__file__).resolve().parents[2] / "data" / "checks" / "cell_cycle.json"
SWITCHES = {  # which of `names` each leaves out
    "drop_mito": 'members(names)["mito"]',
    "drop_ribo": 'members(names)["ribo"]',
    "drop_cell_cycle": 'bare(names).str.upper().isin(CYCLE["s"] + CYCLE["g2m"])',
}

CODE = '''
# Which genes are used. A cell's total is over all of them.
totals = np.asarray(counts.sum(axis=1, dtype=np.float64)).ravel()
part = part[:, ~never(part.var_names)].copy()
n_top, flavor, key = SETTINGS["n_top_genes"], SETTINGS["hvg_flavor"], SETTINGS["hvg_batch_key"]


def variable(cells, flavor, key=None):
    """(genes,) bool: the variable ones among some cells; IndexError or ValueError where there are too few."""
    if flavor == "seurat_v3":
        some = part[cells]
    else:
        some = AnnData(normalised(part.X, totals, True, True)[cells], obs=part.obs.iloc[cells], var=part.var)
    table = sc.pp.highly_variable_genes(some.copy(), flavor=flavor, n_top_genes=n_top, batch_key=key, inplace=False)
    return table["highly_variable"].to_numpy()


def works(cells, flavor, key=None):
    values = part.X[cells]
    if flavor == "seurat_v3" and (values.max(axis=0) != values.min(axis=0)).sum() < 10:
        return False  # loess needs more genes that vary
    try:
        variable(cells, flavor, key)
    except (ValueError, IndexError):
        return False
    return True


def chosen_genes(flavor):
    if key:  # batches of too few cells have no say
        part.obs[key] = part.obs[key].astype(str)
        labels = part.obs[key].to_numpy()[train]
        voting = [name for name in np.unique(labels) if (labels == name).sum() >= FEW_CELLS]
        voting = [name for name in voting if len(voting) > 1 and works(train[labels == name], flavor, key)]
        if len(voting) > 1:
            return variable(train[np.isin(labels, voting)], flavor, key)
    return variable(train, flavor if works(train, flavor) else "seurat")


if n_top and n_top < part.n_vars:
    part = part[:, chosen_genes(flavor) | in_list(part.var_names, KEEP)].copy()
'''


def constants(settings, steps):
    """Assignments that the steps and the CODE need."""
    lines = [
        f"KEEP = {list(gene_names(settings['keep_genes']))!r}  # genes that are always used",
        f"NEVER = {list(gene_names(settings['drop_genes']))!r}  # genes that are never used",
        f"FEW_CELLS = {FEW_CELLS}  # a batch with fewer training cells has no say in the choice of genes",
    ]
    if settings["drop_cell_cycle"] or any(step.name == "score_cell_cycle" for step in steps):
        known = json.loads(CYCLE.read_text())
        lists = {phase: known[phase] + _renamed(known, known[phase]) for phase in ("s", "g2m")}
        lines += [f"# The genes of {known['source']}, under their old and new symbols.", f"CYCLE = {lists!r}"]
    return "\n".join(lines)


def _renamed(known, symbols):
    return [known["renamed"][one] for one in symbols if one in known["renamed"]]


def files(settings):
    """The names in script_files.FILES that the CODE needs."""
    return ["gene_lookup"]


def code(settings):
    """The choice of genes."""
    families = [expression for switch, expression in SWITCHES.items() if settings[switch]]
    lines = [f"    removed |= {expression} & ~in_list(names, KEEP)\n" for expression in families]
    return f"""

def never(names):
    removed = in_list(names, NEVER)
{"".join(lines)}    return removed

{CODE}"""
