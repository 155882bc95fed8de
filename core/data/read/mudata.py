"""MuData (.h5mu): several AnnData in one file, told apart by what they hold; read without the mudata package."""

import re

import h5py
import numpy as np
import pandas as pd
from anndata.io import read_elem
from scipy import sparse

from core.data import backed
from core.data.cell_matching import match
from core.data.count_sources import counts_of
from core.data.other_features import place
from core.data.protein_panel import HASHTAGS
from core.data.read.axis_names import like_genes, like_proteins
from core.data.read.second_file import join_hashtags, join_proteins
from core.data.standalone.antibodies import HASHTAG, ISOTYPE
from core.data.standalone.feature_types import feature_kind, feature_kinds
from core.errors import UserError
from core.sparse.access import in_memory

# Of the values in memory while they are read and brought into normal form: as a rule, and at most.
HELD, COPIES = 2, 4
PEAK = re.compile(r"^(chr)?[\w.]+[:_-]\d+[_-]\d+$")
WORDS = {
    "hashtags": r"hto|hash|multiplex|cmo",
    "genes": r"rna|gex|gene|expression",
    "proteins": r"prot|adt|antibod|cite|ab$",
}


def read_h5mu(path, file, reading):
    """The AnnData of the .h5mu at `path`, open as `file`: its genes, and its proteins in obsm["protein"].

    The matrices of a large modality stay in the file.
    """
    modalities = {key: modality(group, path, reading) for key, group in file["mod"].items()}
    obs = read_elem(file["obs"]) if "obs" in file else None
    return combine(modalities, obs, reading.name(path), reading)


def modality(group, path, reading):
    """One modality of a .h5mu, its matrices left there where they are large."""
    if backed.is_large(group, reading.large):
        return backed.opened(h5py.File(path, "r")[group.name], backed.EVERYTHING)
    need = backed.bytes_in(group)
    reading.take(HELD * need, reading.name(path), COPIES * need)
    return backed.widened(group) if backed.has_halves(group) else read_elem(group)


def combine(modalities, obs, name, reading):
    """The modality that holds genes, joined with the one that holds proteins, if any; the others are named in a note.

    `obs` (or None) is the table of all cells, whose columns are added where they belong to no one modality.
    """
    roles = {key: role_of(key, adata) for key, adata in modalities.items()}
    chosen = {role: _best(modalities, [key for key in roles if roles[key] == role]) for role in WORDS}
    if chosen["genes"] is None:
        raise UserError(
            f"'{name}' holds no modality of genes (it has {', '.join(roles) or 'none'}): add the RNA."
        )
    adata = modalities[chosen["genes"]]
    if isinstance(obs, pd.DataFrame):
        own = [c for c in obs.columns if c not in adata.obs and str(c).partition(":")[0] not in modalities]
        adata.obs = adata.obs.join(obs[own])
    reading.say(f"Genes were found in the modality '{chosen['genes']}'.")
    if chosen["proteins"] is not None:
        adata = join_proteins(
            adata, modalities[chosen["proteins"]], f"the modality '{chosen['proteins']}'", reading
        )
    if chosen["hashtags"] is not None:
        join_hashtags(adata, modalities[chosen["hashtags"]], f"the modality '{chosen['hashtags']}'", reading)
    for key in [key for key in roles if key not in chosen.values()]:
        _keep(adata, key, modalities[key], roles[key], reading)
    return adata


def _keep(adata, key, other, role, reading):
    """A further modality in obsm, where it holds no second RNA and is in memory; else a note that it was left out."""
    rows = match(adata.obs_names, other.obs_names).rows
    if role != "other" or not in_memory(other.X) or other.X is None or not (rows >= 0).any():
        reading.say(f"The modality '{key}' was left out.")
        return
    # A cell that the modality lacks has nothing there.
    picks = sparse.csr_matrix(
        (np.ones((rows >= 0).sum()), (np.flatnonzero(rows >= 0), rows[rows >= 0])), (len(rows), other.n_obs)
    )
    values, names = picks @ sparse.csr_matrix(other.X), other.var_names.astype(str)
    place(adata, key, values, names, reading.notes, f"{len(names):,} of the modality '{key}'")


def _best(modalities, keys):
    """Of modalities with one role the one that holds counts, of several such the one with the most features."""
    if len(keys) < 2:
        return next(iter(keys), None)
    return max(keys, key=lambda key: (counts_of(modalities[key]) is not None, modalities[key].n_vars))


def role_of(key, adata):
    """ "genes", "proteins", "hashtags" or "other": by the types of its features, their names, then its own name."""
    names = adata.var_names.astype(str)
    if len(names) and sum(bool(HASHTAG.search(n)) for n in names) > 0.5 * len(names):
        return HASHTAGS
    if "feature_types" in adata.var and adata.n_vars:
        kinds = feature_kinds(adata.var["feature_types"])
        return max(("genes", "proteins", HASHTAGS, "other"), key=lambda kind: (kinds == kind).sum())
    if feature_kind(key) == HASHTAGS:
        return HASHTAGS
    if sum(bool(PEAK.match(n)) for n in names[:500]) > 0.5 * len(names[:500]):
        return "other"
    isotypes = sum(bool(ISOTYPE.search(n)) for n in names)
    if adata.n_vars <= 1000 and (isotypes >= 2 or like_proteins(names) > 0.3):
        return "proteins"
    if like_genes(names) > 0.3 and adata.n_vars > 300:
        return "genes"
    return next((role for role, words in WORDS.items() if re.search(words, key.lower())), "other")
