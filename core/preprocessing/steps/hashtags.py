"""Samples by hashtags: each cell's sample, doublets between samples, and cells without a hashtag."""

import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.utils import make_index_unique

from core.data.backed import copied, part_of
from core.data.standalone.hashtags import hashtag_tables
from core.errors import UserError
from core.preprocessing.hashtag_mixture import CLASSES, DOUBLET, NEGATIVE, SINGLET, assigned
from core.preprocessing.recipe.step_parameters import AssignHashtags

SAMPLE, CLASS, PROBABILITY = "hashtag_sample", "hashtag_class", "hashtag_probability"  # ours in obs
SHOWN = 6  # samples that the sentence names


def settle_hashtags(adata: AnnData, params: AssignHashtags) -> AssignHashtags:
    """The same with the place of the hashtags and their names, where these are left to the data."""
    tables = hashtag_tables(adata)
    key = params.key or next(iter(tables), None)
    if key not in tables:
        where = f"obsm['{params.key}'] holds no counts of hashtags" if params.key else "there are none"
        raise UserError(f"Assign samples by hashtags: this needs counts of hashtags, and {where}.")
    names = make_index_unique(pd.Index(tables[key].columns))
    return params.model_copy(update={"key": key, "hashtags": params.hashtags or tuple(names)})


def assign_hashtags(adata: AnnData, key: str, hashtags: tuple[str, ...]) -> tuple[AnnData, str]:
    """obs["hashtag_sample"] and obs["hashtag_class"] of each cell, by core.preprocessing.hashtag_mixture.

    The sample is the name of a hashtag, "doublet" or "negative"; the class is "singlet", "doublet" or "negative", with its
    probability in obs["hashtag_probability"]. Raises UserError with fewer than two hashtags, and where none stands out.
    """
    table = hashtag_tables(adata)[key]
    table = table.set_axis(make_index_unique(pd.Index(table.columns)), axis=1)
    if missing := [name for name in hashtags if name not in table]:
        raise UserError(f"Assign samples by hashtags: obsm['{key}'] has no '{missing[0]}'.")
    if len(hashtags) < 2:
        raise UserError("Assign samples by hashtags: one hashtag alone cannot tell samples apart.")
    result = assigned(table[list(hashtags)].to_numpy())
    if not result.used.any():
        raise UserError(
            "Assign samples by hashtags: no hashtag has cells above its background, so the samples cannot be told apart."
        )
    classes = np.array(CLASSES)[result.classes]
    samples = np.where(classes == SINGLET, np.array(hashtags)[result.hashtag], classes)
    present = [name for name in (*hashtags, DOUBLET, NEGATIVE) if (samples == name).any()]
    new = copied(adata)
    new.obs[SAMPLE] = pd.Categorical(samples, present)
    new.obs[CLASS] = pd.Categorical(classes, [name for name in CLASSES if (classes == name).any()])
    new.obs[PROBABILITY] = result.probability.astype(np.float32)
    return new, _sentence(classes, samples, hashtags, result.used)


def _sentence(classes, samples, hashtags, used):
    """How many cells each sample has, and how many are doublets or negative."""
    n = {name: int((classes == name).sum()) for name in CLASSES}
    sizes = [f"{name}: {int((samples == name).sum()):,}" for name in hashtags]
    shown = ", ".join(sizes[:SHOWN]) + (" ..." if len(sizes) > SHOWN else "")
    one = "1 cell has" if n[SINGLET] == 1 else f"{n[SINGLET]:,} cells have"
    sentence = f"{one} one hashtag ({shown}), {n[DOUBLET]:,} two (doublets between samples), {n[NEGATIVE]:,} none (negative)."
    unused = [name for name, one in zip(hashtags, used, strict=True) if not one]
    return f"{sentence} Without cells above its background: {', '.join(unused)}." if unused else sentence


def drop_hashtag_doublets(adata: AnnData) -> tuple[AnnData, str]:
    """Remove the cells that hold the hashtags of two samples."""
    return _without(adata, DOUBLET, "doublet between samples", "doublets between samples")


def drop_hashtag_negatives(adata: AnnData) -> tuple[AnnData, str]:
    """Remove the cells without a hashtag."""
    return _without(adata, NEGATIVE, "cell without a hashtag", "cells without a hashtag")


def _without(adata, name, one, several):
    if CLASS not in adata.obs:
        raise UserError(f"There is no obs column '{CLASS}': assign samples by hashtags first.")
    named = (adata.obs[CLASS].astype(str) == name).to_numpy()
    n = int(named.sum())
    if not n:
        raise UserError(f"obs['{CLASS}'] has no {several}.")
    if named.all():
        raise UserError(f"All cells are {several}: no cell would stay.")
    kept = part_of(adata, ~named)
    for column in (SAMPLE, CLASS):  # or the categories of cells that are gone stay
        kept.obs[column] = kept.obs[column].astype("category").cat.remove_unused_categories()
    subject = f"1 {one} was" if n == 1 else f"{n:,} {several} were"
    return kept, f"{subject} removed; {kept.n_obs:,} cells remain."
