"""Ask where the counts lie, where two matrices of a file may be them and differ."""

import numpy as np
from anndata import AnnData
from scipy import sparse

from core.data.count_sources import genes_of, why_not
from core.data.first_values import first_rows, first_values, looks_like_counts
from core.data.matrix_kind import what_is
from core.data.standalone.count_places import CHOSEN, chosen_place, is_velocity, layer_place, places
from core.errors import UserError
from core.text import listed


def settle_counts(adata: AnnData, name: str, reading) -> None:
    """Keep in uns where the counts lie, where the person named the place, or has to, as two places differ.

    Only places whose first values look like counts are compared, by these values; the others cost nothing. Raises
    Question where two of them differ, UserError where the person named what holds no counts.
    """
    if reading.answers.get("counts") is not None:
        adata.uns[CHOSEN] = _named(adata, str(reading.answers["counts"]), name)
        return
    if chosen_place(adata):
        return
    likely = [
        where
        for where, matrix in places(adata)
        if not is_velocity(where) and looks_like_counts(first_values(matrix))
    ]
    if len(likely) < 2:
        return
    first = likely[0]
    if not any(_differ(adata, first, other) for other in likely[1:]):
        return
    kinds = {where: what_is(matrix) for where, matrix in places(adata) if where in ("X", *likely)}
    holding = [where for where in likely if not why_not(adata, where, kinds)]
    others = [where for where in holding[1:] if _differ(adata, holding[0], where)]
    if not others:
        return
    choices = [(where, _words(adata, where, kinds)) for where in (holding[0], *others)]
    sentence = f"'{name}' holds whole numbers in {listed([words for _, words in choices])}: which are the raw counts?"
    adata.uns[CHOSEN] = reading.answer(sentence, "counts", choices, holding[0])
    reading.say(f"Of the matrices of whole numbers, {adata.uns[CHOSEN]} was chosen as the raw counts.")


def _named(adata, answer, name):
    """The place that a person means by "X", "raw", "raw.X", "umi" or 'layers["umi"]'; raises UserError."""
    every = dict(places(adata))
    for where in (answer, layer_place(answer), f"{answer}.X"):
        if where in every:
            kind = what_is(every[where])
            if kind.kind != "counts":
                raise UserError(
                    f"{where} of '{name}' holds {kind.words}, not raw counts: name another place."
                )
            return where
    raise UserError(f"'{name}' has no '{answer}' to take counts from; it has {listed(list(every))}.")


def _differ(adata, one, other) -> bool:
    """Whether the first cells of two places differ in the genes that both have."""
    every = dict(places(adata))
    ours, theirs = genes_of(adata, one), genes_of(adata, other)
    if not (ours.is_unique and theirs.is_unique):
        return False
    shared = ours[ours.isin(theirs)]
    parts = []
    for where, genes in ((one, ours), (other, theirs)):
        parts.append(first_rows(every[where])[:, genes.get_indexer(shared)])
    n = min(part.shape[0] for part in parts)
    difference = sparse.csr_matrix(parts[0][:n], dtype=np.float64) != sparse.csr_matrix(
        parts[1][:n], dtype=np.float64
    )
    return difference.nnz > 0


def _words(adata, where, kinds):
    return f"{where} ({kinds[where].total:,.0f} in all, {len(genes_of(adata, where)):,} genes)"
