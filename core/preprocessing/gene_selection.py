"""Which genes a model sees: those that are listed, those that are left out, and the most variable of the others."""

from typing import NamedTuple

import numpy as np

from core.config import FEW_CELLS, KIND_WORDS, gene_names
from core.data.checks.finding import genes_are
from core.data.checks.species import in_cycle
from core.data.standalone.gene_families import members
from core.errors import UserError
from core.preprocessing import variable_genes
from core.preprocessing.batches import batches_of
from core.preprocessing.variable_genes import Found, Unfit
from core.sparse.moments import Groups, mean_and_variance, one_group
from core.sparse.rows import normalisation
from core.text import listed, near

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
    """What the lists and switches ask for, (genes,) bool each over the source."""

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
            "No gene is left: every gene is zero in the training cells. Check that the file holds values."
        )
    notes = []
    if left_out := int((~there).sum()):
        were = "was" if left_out == 1 else "were"
        notes.append(f"{genes_are(left_out)} zero in every training cell and {were} left out.")
    batches, column = None, config.hvg_batch_key
    if column:  # also where all genes are used: a wrong name is a mistake all the same
        batches = batches_of(adata, column, "choosing genes within batches")
    lists = listed_genes(names, there, config)
    notes += lists.notes
    usable = there & ~lists.never
    if not usable.any():
        raise UserError("No gene is left: all are among those never to use. Take some off the list.")
    genes, n_top = np.flatnonzero(there), config.n_top_genes if applies else 0
    if 0 < n_top < usable.sum():
        found, flavor, told = _most_variable(source, seen, there, usable, batches, config, train)
    else:
        found, flavor, told = _all(seen, genes, usable, len(train)), "seurat_v3", []
        if n_top:
            asked = f"there are no more than the {n_top:,} asked for"
            told.append(f"All {usable.sum():,} genes are used: {asked}.")
    chosen = np.zeros(len(names), bool)
    chosen[genes[found.chosen]] = True
    kept = lists.kept & there
    notes += told
    if added := int((kept & ~chosen).sum()):
        notes.append(
            f"Of the {int(kept.sum()):,} genes to be used always, {added:,} came on top of the "
            f"{int(chosen.sum()):,} variable ones."
        )
    role = np.select([lists.never[genes], kept[genes], found.chosen], [NEVER, KEPT, CHOSEN], OTHER)
    stats = {
        "names": names[genes],
        "means": found.mean,
        "spread": np.nan_to_num(found.spread, posinf=0, neginf=0),
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
        notes.append(f"{_few(silent)}: to be used always, but zero in every training cell, and so left out.")
    gone = [f"{int(never.sum()):,} listed"] if never.any() else []
    asked = [switch for switch in FAMILIES if getattr(config, switch)]
    known = families(names) if asked else {}
    for switch in asked:
        found = known[switch]
        if not found.any():
            notes.append(f"There are no {FAMILIES[switch]} genes to leave out: none is known by its name.")
        else:
            gone.append(f"{int((found & ~kept).sum()):,} {FAMILIES[switch]}")
            never |= found & ~kept
    if gone:
        notes.append(f"Genes never used: {listed(gone)}.")
    return Lists(kept, never, notes)


def families(names):
    """{switch: (genes,) bool}: which genes each switch of FAMILIES means."""
    known = members(names)
    return {"drop_mito": known["mito"], "drop_ribo": known["ribo"], "drop_cell_cycle": in_cycle(names)}


def _named(names, text, label):
    """((genes,) bool: which genes a list names, notes on names there are no genes of)."""
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
    words = f"{label}: the dataset has no gene {listed(hints)}"
    if len(unknown) == len(asked):
        raise UserError(
            f"{words}; correct the {'names' if len(asked) > 1 else 'name'}, or leave the list empty."
        )
    return found, [f"{words}; {len(asked) - len(unknown):,} of the {len(asked):,} names are found."]


def _all(seen, genes, usable, n_train):
    """Found of `genes` where all that are usable are used."""
    return Found(usable[genes], *mean_and_variance(seen.sums[genes], seen.squares[genes], n_train))


def _most_variable(source, seen, there, usable, batches, config, train):
    """(Found over the genes that are `there`, the flavor it was found by, notes)."""
    genes, notes = np.flatnonzero(there), []
    groups, labels = one_group(train, len(seen.totals)), ()
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
            f"seurat_v3 needs raw counts, and this dataset holds {KIND_WORDS[source.kind]}: the variable genes were chosen by "
            "'seurat' instead."
        )
    while True:
        try:
            return found_by(flavor), flavor, notes
        except Unfit as error:
            if groups.n > 1:
                why = f"too few or too sparse cells for {flavor}"
                left = [code for code in range(groups.n) if code not in error.groups]
                groups, labels, told = _voting(groups.codes, left, labels, config.hvg_batch_key, train, why)
                notes += told
            elif flavor != "seurat":
                n = int(groups.sizes.sum())
                what = "fit its curve on" if flavor == "seurat_v3" else "part the genes by their means in"
                notes.append(
                    f"{flavor} could not {what} {n:,} cells ({error}); the variable genes were chosen by the older "
                    "'seurat' method instead."
                )
                flavor = "seurat"
            else:
                raise UserError(
                    "No gene varies between the training cells, so none can be chosen: set the number of variable "
                    "genes (n_top_genes) to 0 to use all."
                ) from None


def _batches(codes, labels, column, train):
    """(Groups of the training cells by batch, the names of the batches, notes)."""
    asked = np.full(len(codes), -1, np.int32)
    asked[train] = codes[train]
    sizes = np.bincount(asked[train], minlength=len(labels))
    left = np.flatnonzero(sizes >= FEW_CELLS).tolist()
    why = f"fewer than {FEW_CELLS} training cells"
    return _voting(asked, left, labels, column, train, why)


def _voting(codes, left, labels, column, train, why):
    """(Groups, their names, notes) of the batches `left`: all training cells together where there are not two."""
    out = [label for code, label in enumerate(labels) if code not in left]
    notes = []
    if out:
        are = "batch has" if len(out) == 1 else "batches have"
        notes.append(f"{len(out)} {are} no say in the choice of genes, {_few(out)} of '{column}': {why}.")
    if len(left) < 2:
        notes.append(
            "Not two batches are left that could be asked, so genes were chosen over all cells together."
        )
        return one_group(train, len(codes)), (), notes
    renumbered = np.full(len(labels) + 1, -1, np.int32)  # the last place is that of -1
    renumbered[left] = np.arange(len(left))
    return Groups(renumbered[codes], len(left)), tuple(labels[code] for code in left), notes


def _logged(kind, totals, target_sum):
    """The Normalisation to log-normalised values, which dispersions are taken of whatever the switches say."""
    return normalisation(totals, target_sum if kind == "counts" else None, kind in ("counts", "normalized"))


def _few(names):
    """Some names in a sentence, and how many more there are."""
    shown = [f"'{name}'" for name in names[:MOST_NAMED]]
    return listed([*shown, f"{len(names) - MOST_NAMED:,} more"] if len(names) > MOST_NAMED else shown)
