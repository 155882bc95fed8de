"""Hashtags: where their counts lie, whether samples are assigned, and the doublets between samples."""

import numpy as np

from core.data.checks.context import Case
from core.data.checks.finding import Finding
from core.data.standalone.hashtags import hashtag_tables, is_hashtag_key
from core.text import few, listed

CLASS = "hashtag_class"  # of core.preprocessing.steps.hashtags


def findings(case: Case) -> list[Finding]:
    """Hashtags in obsm and among the proteins, each with the repair that assigns samples, and its doublets."""
    adata, out = case.adata, []
    tables = hashtag_tables(adata)
    among = tables.pop("protein", None)
    is_assigned = CLASS in adata.obs
    if places := _places(adata, tables):
        n = sum(np.shape(adata.obsm[key])[1] for key in places)
        subject = "1 hashtag is" if n == 1 else f"{n:,} hashtags are"
        places_text = listed([f"obsm['{key}']" for key in places])
        verb = "tells samples apart and is" if n == 1 else "tell samples apart and are"
        sentence = f"{subject} in {places_text}; {'it' if n == 1 else 'they'} {verb} not trained on."
        table = next(iter(tables.values()), None)
        names = [name for one in tables.values() for name in one]
        out.append(_tags("hashtags-found", sentence, names, table, is_assigned))
    if among is not None:
        n = among.shape[1]
        sentence = (
            "1 hashtag is among the proteins; it tells samples apart and is not trained on."
            if n == 1
            else f"{n} hashtags are among the proteins; they tell samples apart and are not trained on."
        )
        out.append(_tags("hashtags", sentence, list(among), among, is_assigned or bool(tables)))
    return out + (_doublets(adata.obs[CLASS].astype(str)) if is_assigned else [])


def _places(adata, tables):
    """The keys of obsm with hashtags, those of normalised values as well."""
    known = [
        key
        for key in adata.obsm
        if key not in tables
        and len(np.shape(adata.obsm[key])) == 2
        and not hasattr(adata.obsm[key], "toarray")
        and is_hashtag_key(key, adata.obsm[key])
    ]
    return [*tables, *sorted(known)]


def _tags(code, sentence, names, table, is_assigned):
    """The finding on hashtags, with its repair where two or more of them vary and no samples are assigned yet."""
    if table is None or is_assigned:
        return Finding(code, "note", sentence, few(names) if names else "")
    values = table.to_numpy()
    varying = int((np.fmax.reduce(values, axis=0) > np.fmin.reduce(values, axis=0)).sum())
    return Finding(code, "note", sentence, few(names), "assign_hashtags" if varying > 1 else None)


def _doublets(classes):
    """Doublets between samples and cells without a hashtag, each with the repair that removes them."""
    n_doublets, n_negative = int((classes == "doublet").sum()), int((classes == "negative").sum())
    if not n_doublets + n_negative or n_doublets + n_negative == len(classes):
        return []
    doublets = "1 cell holds" if n_doublets == 1 else f"{n_doublets:,} cells hold"
    negatives = "1 cell has no hashtag" if n_negative == 1 else f"{n_negative:,} cells have no hashtag"
    parts = [f"{doublets} the hashtags of two samples"] * bool(n_doublets) + [negatives] * bool(n_negative)
    repairs = ["drop_hashtag_doublets"] * bool(n_doublets) + ["drop_hashtag_negatives"] * bool(n_negative)
    sentence = (
        f"{' and '.join(parts)}, so their sample is not known: remove them before the sample is a batch."
    )
    evidence = f"obs['{CLASS}'] of {len(classes):,} cells."
    return [Finding("hashtag-doublets", "warning", sentence, evidence, repairs[0], tuple(repairs[1:]))]
