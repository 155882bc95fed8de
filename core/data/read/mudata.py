"""MuData (.h5mu): several AnnData in one file, told apart by what they hold; read without the mudata package."""

import re

import h5py
import pandas as pd
from anndata.io import read_elem

from core.data import backed
from core.data.protein_panel import GENES, PROTEINS
from core.data.read.axis_names import like_genes, like_proteins
from core.data.read.second_file import join_proteins
from core.data.standalone.antibodies import ISOTYPE
from core.errors import UserError

# Of the values in memory while they are read and brought into normal form: as a rule, and at most.
HELD, COPIES = 2, 4
PEAK = re.compile(r"^(chr)?[\w.]+[:_-]\d+[_-]\d+$")
WORDS = {"genes": r"rna|gex|gene|expression", "proteins": r"prot|adt|antibod|cite|ab$"}


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
    chosen = {
        role: max((k for k in roles if roles[k] == role), key=lambda k: modalities[k].n_vars, default=None)
        for role in ("genes", "proteins")
    }
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
    if left := [key for key in roles if key not in chosen.values()]:
        reading.say(f"Other modalities were left out: {', '.join(left)}.")
    return adata


def role_of(key, adata):
    """ "genes", "proteins" or "other": by the types of its features, then by their names, then by its own name."""
    if "feature_types" in adata.var and adata.n_vars:
        kind = adata.var["feature_types"].astype(str).str.casefold().mode()[0]
        if kind in (GENES, PROTEINS):
            return "genes" if kind == GENES else "proteins"
        return "other"
    names = adata.var_names.astype(str)
    if sum(bool(PEAK.match(n)) for n in names[:500]) > 0.5 * len(names[:500]):
        return "other"
    isotypes = sum(bool(ISOTYPE.search(n)) for n in names)
    if adata.n_vars <= 1000 and (isotypes >= 2 or like_proteins(names) > 0.3):
        return "proteins"
    if like_genes(names) > 0.3 and adata.n_vars > 300:
        return "genes"
    return next((role for role, words in WORDS.items() if re.search(words, key.lower())), "other")
