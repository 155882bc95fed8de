"""Names of genes: made unique by Ensembl ids, taken from the symbols in var, without the versions of ids."""

import re
from collections import Counter

import numpy as np
import pandas as pd
from anndata.utils import make_index_unique

from core.data.standalone.gene_families import ENSEMBL, GENOME

NO_NAME = {"", "nan", "none", "na", "null", "<na>"}
_EMPTY = re.compile(r"^(?:-\d+)?$")
_PERHAPS = re.compile(r"^(nan|none|na|null|<na>)(?:-\d+)?$", re.IGNORECASE)
ID_COLUMNS = ("gene_ids", "gene_id", "ensembl_id", "ensembl_ids", "ensembl", "feature_id", "ids")
SYMBOL_COLUMNS = (
    "gene_symbols",
    "gene_symbol",
    "symbol",
    "symbols",
    "feature_name",
    "gene_name",
    "gene_names",
    "name",
)


def without_name(names) -> np.ndarray:
    """(genes,) bool: which genes have no name, perhaps numbered: "", and "nan" where it stands more than once.

    A gene may be called nan, as nanchung of Drosophila is; several missing names are written so as well.
    """
    names = [str(name) for name in names]
    perhaps = [match[1].lower() if (match := _PERHAPS.match(name)) else "" for name in names]
    several = {name for name, n in Counter(perhaps).items() if name and n > 1}
    missing = [bool(_EMPTY.match(name)) or one in several for name, one in zip(names, perhaps, strict=True)]
    return np.array(missing, dtype=bool)


def ids_of(var: pd.DataFrame) -> np.ndarray | None:
    """(genes,) Ensembl ids without version from a column of var, '' where one is missing; None without a column."""
    for column in ID_COLUMNS:
        if column in var:
            matches = [ENSEMBL.match(str(value)) for value in var[column]]
            if any(matches):
                return np.array([match[1] if match else "" for match in matches], dtype=object)
    return None


def symbols_of(var: pd.DataFrame) -> np.ndarray | None:
    """(genes,) symbols from a column of var, None where there is no such column or it holds ids as well."""
    for column in SYMBOL_COLUMNS:
        if column in var:
            values = var[column].astype(str).to_numpy(dtype=object)
            if sum(bool(ENSEMBL.match(value)) for value in values) < 0.5 * len(values):
                return values
    return None


def numbered(names: pd.Index) -> dict[str, list[int]]:
    """Groups of genes that share a name: {name: places}; 'X', 'X-1', 'X-2' are one, as anndata numbers them."""
    at: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        at.setdefault(str(name), []).append(place)
    groups = {name: list(places) for name, places in at.items() if len(places) > 1}
    for name in list(at):
        k = 1
        while f"{name}-{k}" in at:  # in unbroken order from 1: NKX2-1 has no NKX2 beside it
            groups.setdefault(name, list(at[name]))
            groups[name] += at[f"{name}-{k}"]
            k += 1
    return groups


def told_apart(names: pd.Index, var: pd.DataFrame) -> tuple[np.ndarray, int]:
    """(names as symbol-ENSG where several share one and var has ids, how many were renamed); they may still repeat."""
    ids, unique, renamed = ids_of(var), names.astype(str).to_numpy(dtype=object).copy(), 0
    if ids is None:
        return unique, 0
    nameless = without_name(names)
    for symbol, places in numbered(names).items():
        for place in places:
            if ids[place] and not nameless[place]:
                unique[place] = f"{symbol}-{ids[place]}"
                renamed += 1
    for place in np.flatnonzero(nameless):
        if ids[place]:
            unique[place] = ids[place]
            renamed += 1
    return unique, renamed


def by_symbol(names: pd.Index, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(names from the symbols, which of them carry their id behind it); a gene without a symbol keeps its name."""
    before = names.astype(str).to_numpy(dtype=object)
    named = np.array([str(s).strip().casefold() not in NO_NAME for s in symbols])
    chosen = np.where(named, symbols, before)
    twice = pd.Index(chosen).duplicated(keep=False) & named & (chosen != before)
    return np.where(twice, [f"{a}-{b}" for a, b in zip(chosen, before, strict=True)], chosen), twice


def without_versions(names: pd.Index) -> pd.Index:
    """Ensembl ids without what stands behind the dot."""
    return pd.Index([ENSEMBL.sub(r"\1", name) for name in names.astype(str)])


def without_genomes(names: pd.Index) -> pd.Index:
    """Names without the genome in front: CD3E for GRCh38_CD3E."""
    return pd.Index([GENOME.sub("", name) for name in names.astype(str)])


def rename_genes(adata, naming) -> None:
    """Give the genes of X and of .raw the names that `naming` (names, var) makes, those that repeat with a number.

    The column name_before of var, and of that of .raw, keeps the old ones. A gene of .raw that X has as well gets the same.
    """
    before = adata.var_names.astype(str)
    adata.var["name_before"] = before.to_numpy(dtype=object)
    adata.var_names = make_index_unique(pd.Index(naming(before, adata.var)))
    if adata.raw is None:
        return
    in_x, var = dict(zip(before, adata.var_names, strict=True)), adata.raw.var
    old = var.index.astype(str)
    names = [in_x.get(name, new) for name, new in zip(old, naming(old, var), strict=True)]
    var["name_before"] = old.to_numpy(dtype=object)
    var.index = make_index_unique(pd.Index(names))


def by_symbols_of(names: pd.Index, var: pd.DataFrame):
    """The names from a column of symbols in var; as they are where it has none."""
    symbols = symbols_of(var)
    return names if symbols is None else by_symbol(names, symbols)[0]
