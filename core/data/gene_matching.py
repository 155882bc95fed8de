"""Genes of two datasets matched by what they are called: by name, by Ensembl id without its version, by symbol."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from core.data.standalone.gene_families import ENSEMBL, bare
from core.data.standalone.gene_naming import ids_of, symbols_of


class GeneNames(NamedTuple):
    """What genes are called: three (genes,) arrays of text, "" where an id or a symbol is not known."""

    names: np.ndarray  # as the dataset has them
    ids: np.ndarray  # Ensembl, without version
    symbols: np.ndarray


def gene_names(var: pd.DataFrame) -> GeneNames:
    """The GeneNames of the genes that are the rows of `var`, from their names and its columns."""
    plain = bare(var.index).to_numpy(dtype=str)
    named_by_id = np.array([bool(ENSEMBL.match(name)) for name in plain], dtype=bool)
    ids, symbols = ids_of(var), symbols_of(var)
    ids = np.full(len(plain), "") if ids is None else ids.astype(str)
    symbols = np.full(len(plain), "") if symbols is None else symbols.astype(str)
    return GeneNames(
        np.asarray(var.index, dtype=str),
        np.where(named_by_id, plain, ids),
        np.where(named_by_id, symbols, plain),
    )


def places_of(wanted: GeneNames, there: GeneNames) -> np.ndarray:
    """(wanted genes,) int64: where each stands among the genes that are `there`, -1 where it does not.

    A name goes before an id, and an id before a symbol; no gene that is there stands for two, the first has it. Upper
    and lower case differ: they tell a gene of human from that of mouse.
    """
    places = np.full(len(wanted.names), -1, dtype=np.int64)
    for ours, theirs in zip(wanted, there, strict=True):
        at = pd.Series(np.arange(len(theirs)), theirs)
        at = at[(at.index != "") & ~at.index.duplicated() & ~at.isin(places)]
        left = np.flatnonzero(places < 0)
        names = pd.Series(ours[left])
        names = names[(names != "") & ~names.duplicated()]
        places[left[names.index]] = at.reindex(names).fillna(-1).to_numpy(dtype=np.int64)
    return places
