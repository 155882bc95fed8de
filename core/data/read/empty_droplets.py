"""Find the empty droplets of an unfiltered matrix, and keep what they hold of each protein of a dataset."""

import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.utils import make_index_unique
from scipy import sparse

from core.data import droplet_limits
from core.data.protein_background import keep, of_droplets
from core.data.protein_panel import protein_report
from core.data.read.second_file import matched
from core.data.standalone.feature_types import feature_kinds, protein_keys
from core.errors import UserError

ENOUGH = 100  # droplets; a mean and a deviation of fewer are too rough to scale by


def join_background(adata: AnnData, other: AnnData, words: str, droplets=None) -> str:
    """Keep in uns what the empty droplets of `other` say of the proteins of `adata`; returns what was found.

    `adata` is in normal form; `words` name the file of `other`, the unfiltered matrix. Empty is a droplet that is no
    cell of `adata`, has as many protein counts as `droplets` (core.data.DROPLETS) say and fewer than half of the cells
    have, and fewer RNA counts than they say.
    Raises UserError where `adata` has no proteins, half of its cells are not there, a protein is not, or too few
    droplets are empty.
    """
    report, limits = protein_report(adata), droplet_limits(droplets)
    if not report.used.any():
        raise UserError(
            f"This dataset has no proteins to train on, so {words} is of no use to it: leave it out."
        )
    found = matched(adata, other.obs_names, words, "a droplet")
    rna, proteins, names = _parts(other)
    wanted = [*np.asarray(report.names)[report.used].tolist(), *report.isotypes]
    at = _places(wanted, names, words)
    cells = found.rows[found.rows >= 0]
    total = np.asarray(proteins.sum(axis=1)).ravel()
    empty = (total >= limits["fewest_protein"]) & (total < np.median(total[cells]))
    if rna is not None:
        empty &= np.asarray(rna.sum(axis=1)).ravel() < limits["most_rna"]
    empty[cells] = False
    n = int(empty.sum())
    if n < ENOUGH:
        raise UserError(
            f"Only {n:,} droplets of {words} are empty, and {ENOUGH} are needed: bring the unfiltered matrix, such as "
            f"raw_feature_bc_matrix, which has all droplets, or set the limits otherwise ({_said(limits, rna)})."
        )
    counts = proteins[empty][:, at].toarray()
    keep(adata, of_droplets(wanted, counts))
    constant = (counts == counts[0]).all(axis=0)
    silent = [name for name, one in zip(wanted, constant, strict=True) if one]
    said = f"{n:,} empty droplets ({_said(limits, rna)}) in {words} tell the background of {len(wanted):,} proteins{found.how}."
    if rna is None:
        said += " That file has no RNA, so they were known by their proteins alone."
    if silent:
        said += (
            f" All have the same count of {', '.join(silent[:5])}, whose background is then not scaled by."
        )
    return said


def _said(limits, rna):
    said = f"{limits['fewest_protein']:,} protein counts or more"
    return said if rna is None else f"{said}, fewer than {limits['most_rna']:,} of RNA"


def _parts(other: AnnData) -> tuple[sparse.csr_matrix | None, sparse.csr_matrix, pd.DataFrame]:
    """(RNA or None, proteins, the names of the proteins) of all droplets.

    The names are a table: "plain" as the file has them, "unique" among the proteins as normal form has them, and "among
    all" features, as the normal form of earlier versions had them.
    """
    if "feature_types" in other.var:
        kind = feature_kinds(other.var["feature_types"])
        if (kind == "proteins").any():
            values = sparse.csr_matrix(other.X)
            rna = values[:, np.flatnonzero(kind == "genes")] if (kind == "genes").any() else None
            names = _names(other.var_names[kind == "proteins"])
            names["among all"] = make_index_unique(other.var_names.astype(str))[kind == "proteins"]
            return rna, values[:, np.flatnonzero(kind == "proteins")], names
    if keys := protein_keys(other.obsm):
        table = pd.DataFrame(other.obsm[keys[0]])
        values = sparse.csr_matrix(table.to_numpy(dtype=np.float32))
        return sparse.csr_matrix(other.X), values, _names(table.columns)
    return None, sparse.csr_matrix(other.X), _names(other.var_names)


def _names(names) -> pd.DataFrame:
    plain = pd.Index(names.astype(str))
    return pd.DataFrame({"plain": plain, "unique": plain if plain.is_unique else make_index_unique(plain)})


def _places(wanted: list[str], names: pd.DataFrame, words: str) -> list[int]:
    """The column of each protein, by its name in normal form, else by the one that the file has once."""
    once = names["plain"].where(~names["plain"].duplicated(keep=False))
    place: dict[str, int] = {}
    for column in (names.get("among all", once), once, names["unique"]):  # the last one counts
        place |= {name: i for i, name in enumerate(column) if isinstance(name, str)}
    if lost := [name for name in wanted if name not in place]:
        raise UserError(
            f"{len(lost)} of {len(wanted)} proteins are not in {words}, such as '{lost[0]}': bring the unfiltered matrix "
            "of the same experiment, with its antibodies."
        )
    return [place[name] for name in wanted]
