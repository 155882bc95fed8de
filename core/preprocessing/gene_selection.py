"""Gene selection: genes to always use, genes to never use, and the most variable of the others."""

from typing import NamedTuple

import numpy as np

from core.config import FEW_CELLS, KIND_WORDS, gene_names
from core.data.checks.species import in_cycle
from core.data.gene_suggestions import similar_genes
from core.data.standalone.gene_families import members
from core.data.standalone.gene_lookup import find_genes
from core.errors import UserError
from core.preprocessing import variable_genes
from core.preprocessing.batches import batches_of
from core.preprocessing.variable_genes import Unfit, Variable
from core.sparse.moments import CellBatches, mean_and_variance, one_batch
from core.sparse.rows import normalisation
from core.text import genes_are, listed

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

    `seen` is the Survey of the source; `applies`: whether variable genes can be selected from its values. Raises UserError
    where no gene is left, where no name of a list is known, and where a column cannot name batches.
    """
    names = np.asarray(source.genes).astype(str)
    expressed = seen.seen > 0
    if not expressed.any():
        raise UserError(
            "No gene is left: every gene is zero in the training cells. Check the values in the file."
        )
    notes = []
    if left_out := int((~expressed).sum()):
        verb = "was" if left_out == 1 else "were"
        notes.append(f"{genes_are(left_out)} zero in every training cell and {verb} removed.")
    batches, column = None, config.hvg_batch_key
    if column:  # also where all genes are used: a wrong name is a mistake all the same
        batches = batches_of(adata, column, "choosing genes within batches")
    lists = listed_genes(names, expressed, config)
    notes += lists.notes
    usable = expressed & ~lists.never
    if not usable.any():
        raise UserError("No gene is left: all genes are in the list Never use. Remove some from the list.")
    genes, n_top = np.flatnonzero(expressed), config.n_top_genes if applies else 0
    if 0 < n_top < usable.sum():
        variable, flavor, more = _most_variable(source, seen, expressed, usable, batches, config, train)
    else:
        variable, flavor, more = _all(seen, genes, usable, len(train)), "seurat_v3", []
        if n_top:
            more.append(f"All {usable.sum():,} genes are used, because there are not more than {n_top:,}.")
    chosen = np.zeros(len(names), bool)
    chosen[genes[variable.chosen]] = True
    kept = lists.kept & expressed
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


def listed_genes(names, expressed, config):
    """The Lists of the settings over genes called `names`; `expressed` (genes,) bool: not zero in every training cell.

    Raises UserError where a list holds names and none of them is known.
    """
    kept, notes = _genes_of_list(names, config.keep_genes, "Always use (keep_genes)")
    never, more = _genes_of_list(names, config.drop_genes, "Never use (drop_genes)")
    notes += more
    if (kept & never).any():
        both = names[kept & never].tolist()
        are = "is" if len(both) == 1 else "are"
        raise UserError(f"{_some(both)} {are} in both lists, Always use and Never use: remove it from one.")
    if silent := names[kept & ~expressed].tolist():
        notes.append(
            f"{_first_names(silent)}: in the list Always use, but zero in every training cell, so not used."
        )
    removed = [f"{int(never.sum()):,} listed"] if never.any() else []
    switches = [switch for switch in FAMILIES if getattr(config, switch)]
    in_family = families(names) if switches else {}
    for switch in switches:
        members_of = in_family[switch]
        if not members_of.any():
            notes.append(f"There are no {FAMILIES[switch]} genes to remove: no gene has such a name.")
        else:
            removed.append(f"{int((members_of & ~kept).sum()):,} {FAMILIES[switch]}")
            never |= members_of & ~kept
    if removed:
        notes.append(f"Genes never used: {listed(removed)}.")
    return Lists(kept, never, notes)


def families(names):
    """{switch: (genes,) bool}: which genes each switch of FAMILIES means."""
    known = members(names)
    return {"drop_mito": known["mito"], "drop_ribo": known["ribo"], "drop_cell_cycle": in_cycle(names)}


def _genes_of_list(names, text, label):
    """((genes,) bool: the genes that a list names, notes on unknown names)."""
    typed = gene_names(text)
    genes = find_genes(typed, names.tolist())
    here = np.isin(names, [gene for gene in genes if gene is not None])
    unknown = [name for name, gene in zip(typed, genes, strict=True) if gene is None]
    read_as = [
        f"'{name}' as {gene}" for name, gene in zip(typed, genes, strict=True) if gene not in (None, name)
    ]
    notes = [f"{label}: read {_some(read_as)}."] if read_as else []
    if not unknown:
        return here, notes
    hints = []
    for name in unknown[:MOST_NAMED]:
        close = similar_genes(name, names.tolist())
        hints.append(f"'{name}'" + (f" (near: {', '.join(close)})" if close else ""))
    if len(unknown) > MOST_NAMED:
        hints.append(f"{len(unknown) - MOST_NAMED:,} more")
    sentence = f"{label}: the dataset has no gene {listed(hints)}"
    if len(unknown) == len(typed):
        raise UserError(
            f"{sentence}; correct the {'names' if len(typed) > 1 else 'name'}, or leave the list empty."
        )
    known = f"{len(typed) - len(unknown):,} of the {len(typed):,} names are found"
    return here, [*notes, f"{sentence}; {known}."]


def _all(seen, genes, usable, n_train):
    """The Variable of `genes` where all usable genes are used."""
    return Variable(usable[genes], *mean_and_variance(seen.sums[genes], seen.squares[genes], n_train))


def _most_variable(source, seen, expressed, usable, batches, config, train):
    """(the Variable over the `expressed` genes, the flavor that selected them, notes)."""
    genes, notes = np.flatnonzero(expressed), []
    groups, labels = one_batch(train, len(seen.totals)), ()
    if batches:
        groups, labels, notes = _batches(*batches, config.hvg_batch_key, train)
    log = _logged(source.kind, seen.totals, config.target_sum)

    def select(flavor):
        if flavor == "seurat_v3":
            return variable_genes.seurat_v3(
                source.values, groups, genes, usable[genes], seen, config.n_top_genes
            )
        names = np.asarray(source.genes).astype(str)[genes]
        return variable_genes.by_dispersion(
            flavor, source.values, groups, genes, usable[genes], log, config.n_top_genes, names
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
            return select(flavor), flavor, notes
        except Unfit as error:
            if groups.n > 1:
                why = f"too few or too sparse cells for {flavor}"
                remaining = [code for code in range(groups.n) if code not in error.groups]
                groups, labels, more = _voting(
                    groups.codes, remaining, labels, config.hvg_batch_key, train, why
                )
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
    training_codes = np.full(len(codes), -1, np.int32)
    training_codes[train] = codes[train]
    sizes = np.bincount(training_codes[train], minlength=len(labels))
    large = np.flatnonzero(sizes >= FEW_CELLS).tolist()
    why = f"fewer than {FEW_CELLS} training cells"
    return _voting(training_codes, large, labels, column, train, why)


def _voting(codes, voting, labels, column, train, why):
    """(CellBatches, their names, notes) of the batches `voting`: all training cells together where there are not two."""
    excluded = [label for code, label in enumerate(labels) if code not in voting]
    notes = []
    if excluded:
        are = "batch is" if len(excluded) == 1 else "batches are"
        notes.append(
            f"{len(excluded)} {are} not used in gene selection, {_first_names(excluded)} of '{column}': {why}."
        )
    if len(voting) < 2:
        notes.append("Fewer than two batches are left, so genes were selected over all cells together.")
        return one_batch(train, len(codes)), (), notes
    renumbered = np.full(len(labels) + 1, -1, np.int32)  # the last place is that of -1
    renumbered[voting] = np.arange(len(voting))
    return CellBatches(renumbered[codes], len(voting)), tuple(labels[code] for code in voting), notes


def _logged(kind, totals, target_sum):
    """The Normalisation to log-normalised values, which dispersions are taken of whatever the switches say."""
    return normalisation(totals, target_sum if kind == "counts" else None, kind in ("counts", "normalized"))


def _first_names(names):
    """Some names in a sentence, and how many more there are."""
    return _some([f"'{name}'" for name in names])


def _some(texts):
    """The first texts in a sentence, and how many more there are."""
    more = [f"{len(texts) - MOST_NAMED:,} more"] if len(texts) > MOST_NAMED else []
    return listed([*texts[:MOST_NAMED], *more])
