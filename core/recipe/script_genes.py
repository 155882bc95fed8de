"""The part of a recipe's script that chooses genes, by scanpy's own functions."""

from core.config import FEW_CELLS, gene_names
from core.errors import UserError

SWITCHES = {"drop_mito": "mito", "drop_ribo": "ribo", "drop_cell_cycle": "cycle"}

CODE = '''
# Which genes are used. A cell's total is over all of them.
totals = np.asarray(counts.sum(axis=1, dtype=np.float64)).ravel()
part = part[:, ~part.var_names.isin(NEVER)].copy()
n_top, flavor, key = SETTINGS["n_top_genes"], SETTINGS["hvg_flavor"], SETTINGS["hvg_batch_key"]


def variable(cells, flavor, key=None):
    """(genes,) bool: the variable ones among some cells; IndexError or ValueError where there are too few."""
    if flavor == "seurat_v3":
        some = part[cells]
    else:
        some = AnnData(normalised(part.X, totals, True, True)[cells], obs=part.obs.iloc[cells], var=part.var)
    found = sc.pp.highly_variable_genes(some.copy(), flavor=flavor, n_top_genes=n_top, batch_key=key, inplace=False)
    return found["highly_variable"].to_numpy()


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
        asked = [name for name in np.unique(labels) if (labels == name).sum() >= FEW_CELLS]
        asked = [name for name in asked if len(asked) > 1 and works(train[labels == name], flavor, key)]
        if len(asked) > 1:
            return variable(train[np.isin(labels, asked)], flavor, key)
    return variable(train, flavor if works(train, flavor) else "seurat")


if n_top and n_top < part.n_vars:
    part = part[:, chosen_genes(flavor) | part.var_names.isin(KEEP)].copy()
'''


def constants(settings, members):
    """Assignments that the CODE needs; `members` are the names of the genes of each family, by the doctor.

    Raises UserError where a family is not known of a data set.
    """
    keep, never = gene_names(settings["keep_genes"]), list(gene_names(settings["drop_genes"]))
    for switch, family in SWITCHES.items():
        if settings[switch]:
            if family not in members:
                raise UserError(
                    "Which genes are of the cell cycle is not written down for this data set: read it again, or take the JSON."
                )
            never += [name for name in members[family] if name not in keep]
    return (
        f"KEEP = {list(keep)!r}  # genes that are always used\n"
        f"NEVER = {never!r}  # genes that are never used\n"
        f"FEW_CELLS = {FEW_CELLS}  # a batch with fewer training cells has no say in the choice of genes\n"
    )
