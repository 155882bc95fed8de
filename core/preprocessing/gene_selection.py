"""Gene selection: genes to always use, genes to never use, and the most variable of the others."""

from typing import NamedTuple

import numpy as np

from core.config import FEW_CELLS, KIND_WORDS, gene_names
from core.data.checks.species import in_cycle
from core.data.standalone.gene_families import members
from core.errors import UserError
from core.preprocessing import variable_genes
from core.preprocessing.batches import batches_of
from core.preprocessing.variable_genes import Unfit, Variable
from core.sparse.moments import CellBatches, mean_and_variance, one_batch
from core.sparse.rows import normalisation
from core.text import genes_are, listed, near

FAMILIES = {  # the switch that leaves a family of genes out, and what its genes are called
    "drop_mito": "mitochondrial",
    "drop_ribo": "ribosomal",
    "drop_cell_cycle": "cell-cycle",
}
ROLES = OTHER, CHOSEN, KEPT, NEVER = range(4)  # of a gene, in the picture of their means and spreads
MOST_NAMED = 3  # in one sentence


class Choice(NamedTuple):
    """The genes that are used. `stats` is the picture of how they were chosen, {} where there is none.

    It holds {"names", "means", "spread", "role": (n,) arrays over all genes that were seen, "flavor": what they mean};
    a role is one of ROLES.
    """

    genes: np.ndarray  # where they stand in the source, in its order
    stats: dict
    notes: list


class Lists(NamedTuple):
    """The genes that lists and switches name, (genes,) bool each over the source."""

    kept: np.ndarray
    never: np.ndarray
    notes: list


def choose(adata, source, seen, config, train, applies):
    """The Choice from the training cells `train`, of genes that are not zero in all of these.

    `seen` is the Survey of the source; `applies`: whether variable genes can be told from its values. Raises UserError
    where no gene is left, where no name of a list is known, and where a column cannot name batches.
    """
    names = np.asarray(source.genes).astype(str)
    there = seen.seen > 0
    if not there.any():
        raise UserError(
            "No gene is left: every gene is zero in the training cells. Check the values in the file."
        )
    notes = []
    if left_out := int((~there).sum()):
        were = "was" if left_out == 1 else "were"
        notes.append(f"{genes_are(left_out)} zero in every training cell and {were} removed.")
    batches, column = None, config.hvg_batch_key
    if column:  # also where all genes are used: a wrong name is a mistake all the same
        batches = batches_of(adata, column, "choosing genes within batches")
    lists = listed_genes(names, there, config)
    notes += lists.notes
    usable = there & ~lists.never
    if not usable.any():
        raise UserError("No gene is left: all genes are in the list Never use. Remove some from the list.")
    genes, n_top = np.flatnonzero(there), config.n_top_genes if applies else 0
    if 0 < n_top < usable.sum():
        variable, flavor, more = _most_variable(source, seen, there, usable, batches, config, train)
    else:
        variable, flavor, more = _all(seen, genes, usable, len(train)), "seurat_v3", []
        if n_top:
            more.append(f"All {usable.sum():,} genes are used, because there are not more than {n_top:,}.")
    chosen = np.zeros(len(names), bool)
    chosen[genes[variable.chosen]] = True
    kept = lists.kept & there
    notes += more
    if added := int((kept & ~chosen).sum()):
        notes.append(
            f"The list Always use added {added:,} of its {int(kept.sum()):,} genes to the {int(chosen.sum()):,} "
            "variable genes."
        )
    role = np.select([lists.never[genes], kept[genes], variable.chosen], [NEVER, KEPT, CHOSEN], OTHER)
    stats = {
        "names": names[genes],
        "means": variable.mean,
        "spread": np.nan_to_num(variable.spread, posinf=0, neginf=0),
        "role": role.astype(np.int8),
        "flavor": flavor,
    }
    has_picture = (
        flavor != "seurat_v3" or source.kind == "counts"
    )  # whose variance would not be that of counts
    return Choice(np.flatnonzero(chosen | kept), stats if has_picture else {}, notes)


def listed_genes(names, there, config):
    """The Lists of the settings over genes called `names`; `there` (genes,) bool: not zero in all training cells.

    Raises UserError where a list holds names and none of them is known.
    """
    kept, notes = _named(names, config.keep_genes, "Always use (keep_genes)")
    never, more = _named(names, config.drop_genes, "Never use (drop_genes)")
    notes += more
    if silent := names[kept & ~there].tolist():
        notes.append(f"{_few(silent)}: in the list Always use, but zero in every training cell, so not used.")
    gone = [f"{int(never.sum()):,} listed"] if never.any() else []
    switches = [switch for switch in FAMILIES if getattr(config, switch)]
    known = families(names) if switches else {}
    for switch in switches:
        members_of = known[switch]
        if not members_of.any():
            notes.append(f"There are no {FAMILIES[switch]} genes to remove: no gene has such a name.")
        else:
            gone.append(f"{int((members_of & ~kept).sum()):,} {FAMILIES[switch]}")
            never |= members_of & ~kept
    if gone:
        notes.append(f"Genes never used: {listed(gone)}.")
    return Lists(kept, never, notes)


def families(names):
    """{switch: (genes,) bool}: which genes each switch of FAMILIES means."""
    known = members(names)
    return {"drop_mito": known["mito"], "drop_ribo": known["ribo"], "drop_cell_cycle": in_cycle(names)}


def _named(names, text, label):
    """((genes,) bool: the genes that a list names, notes on unknown names)."""
    asked = gene_names(text)
    found, known = np.isin(names, asked), set(names)
    unknown = [name for name in asked if name not in known]
    if not unknown:
        return found, []
    hints = []
    for name in unknown[:MOST_NAMED]:
        close = near(name, names.tolist())
        hints.append(f"'{name}'" + (f" (near: {', '.join(close)})" if close else ""))
    if len(unknown) > MOST_NAMED:
        hints.append(f"{len(unknown) - MOST_NAMED:,} more")
    sentence = f"{label}: the dataset has no gene {listed(hints)}"
    if len(unknown) == len(asked):
        raise UserError(
            f"{sentence}; correct the {'names' if len(asked) > 1 else 'name'}, or leave the list empty."
        )
    return found, [f"{sentence}; {len(asked) - len(unknown):,} of the {len(asked):,} names are found."]


def _all(seen, genes, usable, n_train):
    """The Variable of `genes` where all usable genes are used."""
    return Variable(usable[genes], *mean_and_variance(seen.sums[genes], seen.squares[genes], n_train))


def _most_variable(source, seen, there, usable, batches, config, train):
    """(the Variable over the genes that are `there`, the flavor that selected them, notes)."""
    genes, notes = np.flatnonzero(there), []
    groups, labels = one_batch(train, len(seen.totals)), ()
    if batches:
        groups, labels, notes = _batches(*batches, config.hvg_batch_key, train)
    change = _logged(source.kind, seen.totals, config.target_sum)

    def found_by(flavor):
        if flavor == "seurat_v3":
            return variable_genes.seurat_v3(
                source.values, groups, genes, usable[genes], seen, config.n_top_genes
            )
        names = np.asarray(source.genes).astype(str)[genes]
        return variable_genes.by_dispersion(
            flavor, source.values, groups, genes, usable[genes], change, config.n_top_genes, names
        )

    flavor = config.hvg_flavor
    if flavor == "seurat_v3" and source.kind != "counts":
        flavor = "seurat"
        notes.append(
            f"seurat_v3 needs raw counts, but this dataset holds {KIND_WORDS[source.kind]}: the variable genes were selected by "
            "'seurat' instead."
        )
    while True:
        try:
            return found_by(flavor), flavor, notes
        except Unfit as error:
            if groups.n > 1:
                why = f"too few or too sparse cells for {flavor}"
                left = [code for code in range(groups.n) if code not in error.groups]
                groups, labels, more = _voting(groups.codes, left, labels, config.hvg_batch_key, train, why)
                notes += more
            elif flavor != "seurat":
                n = int(groups.sizes.sum())
                what = "fit its curve on" if flavor == "seurat_v3" else "bin the genes by their means in"
                notes.append(
                    f"{flavor} could not {what} {n:,} cells ({error}); the variable genes were selected by the "
                    "'seurat' method instead."
                )
                flavor = "seurat"
            else:
                raise UserError(
                    "No gene varies between the training cells, so none can be selected: set the number of variable "
                    "genes (n_top_genes) to 0 to use all."
                ) from None


def _batches(codes, labels, column, train):
    """(CellBatches of the training cells by batch, the names of the batches, notes)."""
    asked = np.full(len(codes), -1, np.int32)
    asked[train] = codes[train]
    sizes = np.bincount(asked[train], minlength=len(labels))
    left = np.flatnonzero(sizes >= FEW_CELLS).tolist()
    why = f"fewer than {FEW_CELLS} training cells"
    return _voting(asked, left, labels, column, train, why)


def _voting(codes, left, labels, column, train, why):
    """(CellBatches, their names, notes) of the batches `left`: all training cells together where there are not two."""
    out = [label for code, label in enumerate(labels) if code not in left]
    notes = []
    if out:
        are = "batch is" if len(out) == 1 else "batches are"
        notes.append(f"{len(out)} {are} not used in gene selection, {_few(out)} of '{column}': {why}.")
    if len(left) < 2:
        notes.append("Fewer than two batches are left, so genes were selected over all cells together.")
        return one_batch(train, len(codes)), (), notes
    renumbered = np.full(len(labels) + 1, -1, np.int32)  # the last place is that of -1
    renumbered[left] = np.arange(len(left))
    return CellBatches(renumbered[codes], len(left)), tuple(labels[code] for code in left), notes


def _logged(kind, totals, target_sum):
    """The Normalisation to log-normalised values, which dispersions are taken of whatever the switches say."""
    return normalisation(totals, target_sum if kind == "counts" else None, kind in ("counts", "normalized"))


def _few(names):
    """Some names in a sentence, and how many more there are."""
    shown = [f"'{name}'" for name in names[:MOST_NAMED]]
    return listed([*shown, f"{len(names) - MOST_NAMED:,} more"] if len(names) > MOST_NAMED else shown)
