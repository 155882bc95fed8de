"""Samples by hashtags, on simulated mixtures whose samples, doublets and negatives are known."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from simulated import finding_of, hashtag_counts
from sklearn.metrics import accuracy_score, recall_score

from core.data import checks, read
from core.data.standalone.antibodies import HASHTAG
from core.data.standalone.hashtags import hashtag_tables
from core.errors import UserError
from core.preprocessing import steps
from core.preprocessing.hashtag_mixture import CLASSES, assigned
from core.preprocessing.recipe import STEPS

REPAIR = [{"name": "assign_hashtags"}]


def calls(counts):
    result = assigned(counts)
    names = np.array([str(i) for i in range(counts.shape[1])])
    classes = np.array(CLASSES)[result.classes]
    return np.where(classes == "singlet", names[result.hashtag], classes), result


@pytest.mark.parametrize(
    "hashtags, mixture",
    [
        (2, {}),
        (3, {}),
        (4, {"negatives": 0.2, "doublets": 0.2}),
        (8, {"negatives": 0.4}),
        (12, {"unequal": True}),
        (4, {"negatives": 0.0, "doublets": 0.0}),
        (3, {"background": 0.3, "cells": 200}),
        (5, {"unused": 3}),
    ],
)
def test_samples_doublets_and_negatives_of_a_known_mixture_are_told(hashtags, mixture):
    counts, truth = hashtag_counts(hashtags, **mixture)
    called, _ = calls(counts)
    assert accuracy_score(truth, called) > 0.97
    for name in {"doublet", "negative"} & set(truth):
        assert recall_score(truth == name, called == name) > 0.9


def test_a_weak_stain_is_told_as_well_as_by_hashsolo():
    counts, truth = hashtag_counts(4, signal=60)
    called, _ = calls(counts)
    assert accuracy_score(truth, called) > 0.93 > hashsolo(counts, truth)


def test_hashsolo_of_scanpy_calls_negatives_singlets_and_this_does_not():
    """The reason why its distributions are not taken from ranks."""
    counts, truth = hashtag_counts(4, negatives=0.2, doublets=0.1)
    called, _ = calls(counts)
    assert hashsolo(counts, truth) < 0.85 < 0.98 < accuracy_score(truth, called)


@pytest.mark.filterwarnings("ignore")
def hashsolo(counts, truth):
    """The accuracy of scanpy's HashSolo."""
    import scanpy.external as sce

    names = [str(i) for i in range(counts.shape[1])]
    obs = pd.DataFrame(counts, columns=names).set_index(np.arange(len(counts)).astype(str))
    adata = AnnData(np.zeros((len(counts), 1), np.float32), obs=obs)
    sce.pp.hashsolo(adata, names)
    return accuracy_score(truth, adata.obs["Classification"].astype(str).str.lower())


def test_a_hashtag_that_was_not_used_gets_no_cell():
    counts, _ = hashtag_counts(4, unused=3)
    called, result = calls(counts)
    assert result.used.tolist() == [True] * 4 + [False] * 3
    assert not {"4", "5", "6"} & set(called)


def test_cells_without_counts_are_negative_and_missing_values_are_no_counts():
    counts, truth = hashtag_counts(3)
    counts = counts.astype(float)
    counts[0], counts[1] = 0, np.nan
    called, _ = calls(counts)
    assert called[0] == called[1] == "negative" and accuracy_score(truth[2:], called[2:]) > 0.97


def test_counts_of_one_kind_give_no_sample():
    noise = np.random.default_rng(0).poisson(9, (300, 3))
    assert not assigned(noise).used.any() and set(calls(noise)[0]) == {"negative"}


# --- the step


def tagged(key="HTO", names=("HTO-A", "HTO-B", "HTO-C"), **mixture):
    counts, truth = hashtag_counts(len(names), cells=400, **mixture)
    adata = AnnData(np.random.default_rng(0).poisson(3, (400, 30)).astype(np.float32))
    adata.obs_names, adata.var_names = [f"c{i}" for i in range(400)], [f"ZNF{i}" for i in range(30)]
    adata.obsm[key] = pd.DataFrame(counts.astype(np.float32), adata.obs_names, list(names))
    samples = {str(i): name for i, name in enumerate(names)}
    return read.tidy(adata, "tagged"), np.array([samples.get(one, one) for one in truth])


@pytest.mark.parametrize("key", ["HTO", "hashtags", "X_HTO", "counts_HTO", "Multiplexing Capture", "hto_raw"])
def test_the_finding_offers_the_repair_and_its_columns_name_samples(key):
    adata, truth = tagged(key)
    finding = finding_of(adata, "hashtags-found")
    assert finding.repair == "assign_hashtags" and f"3 hashtags are in obsm['{key}']" in finding.sentence
    after = steps.apply(adata, REPAIR)
    assert accuracy_score(truth, after.obs["hashtag_sample"].astype(str)) > 0.97
    assert set(after.obs["hashtag_class"]) == {"singlet", "doublet", "negative"}
    (done,) = steps.made_before(after)
    assert done["params"] == {"key": key, "hashtags": ["HTO-A", "HTO-B", "HTO-C"]}
    assert "two (doublets between samples)" in done["said"]


def test_hashtags_among_the_proteins_are_assigned_and_the_proteins_stay():
    adata, truth = tagged("protein", ("C0251_a", "C0252_b", "Hashtag3"))
    adata.obsm["protein"]["CD3"] = 5.0 + np.arange(400) % 7
    assert finding_of(adata, "hashtags").repair == "assign_hashtags"
    after = steps.apply(adata, REPAIR)
    assert accuracy_score(truth, after.obs["hashtag_sample"].astype(str)) > 0.97
    assert list(after.obsm["protein"]) == ["C0251_a", "C0252_b", "Hashtag3", "CD3"]


def test_features_of_type_multiplexing_capture_are_assigned():
    adata, truth = tagged()
    counts = np.hstack([adata.X.toarray() if hasattr(adata.X, "toarray") else adata.X, adata.obsm["HTO"]])
    file = AnnData(counts.astype(np.float32))
    file.obs_names, file.var_names = adata.obs_names, [*adata.var_names, "CMO301", "CMO302", "CMO303"]
    file.var["feature_types"] = ["Gene Expression"] * 30 + ["Multiplexing Capture"] * 3
    after = steps.apply(read.tidy(file, "x"), REPAIR)
    assert after.n_vars == 30
    called = (
        after.obs["hashtag_sample"]
        .astype(str)
        .replace({f"CMO30{i + 1}": f"HTO-{'ABC'[i]}" for i in range(3)})
    )
    assert accuracy_score(truth, called) > 0.97


def test_doublets_and_negatives_are_left_out_and_the_sample_is_the_batch_then():
    adata, _ = tagged(negatives=0.1)
    after = steps.apply(adata, REPAIR)
    report = checks.examine(after)
    assert report.batch is None
    columns = {column.name: column.role for column in report.columns}
    assert columns["hashtag_sample"] == "batch" and columns["hashtag_class"] == ""
    finding = finding_of(after, "hashtag-doublets")
    assert finding.repairs == ("drop_hashtag_doublets", "drop_hashtag_negatives")
    assert finding_of(after, "hashtags-found").repair is None
    clean = steps.apply(after, [{"name": name} for name in finding.repairs])
    assert set(clean.obs["hashtag_class"]) == {"singlet"}
    assert checks.examine(clean).batch == "hashtag_sample"
    assert list(clean.obs["hashtag_sample"].cat.categories) == ["HTO-A", "HTO-B", "HTO-C"]
    with pytest.raises(UserError, match="has no doublets between samples"):
        steps.apply(clean, [{"name": "drop_hashtag_doublets"}])


def test_what_cannot_be_assigned_is_refused_in_words():
    adata, _ = tagged()
    for change, message in (
        (lambda a: a.obsm.__delitem__("HTO"), "there are none"),
        (lambda a: a.obsm.__setitem__("HTO", a.obsm["HTO"].iloc[:, :1]), "one hashtag alone"),
        (lambda a: a.obsm.__setitem__("HTO", a.obsm["HTO"] * 0 + 4), "above its background"),
    ):
        other = adata.copy()
        change(other)
        with pytest.raises(UserError, match=message):
            steps.apply(other, REPAIR)
    with pytest.raises(UserError, match="ADT'. holds no counts"):
        steps.apply(adata, [{"name": "assign_hashtags", "params": {"key": "ADT"}}])
    with pytest.raises(UserError, match="assign samples by hashtags first"):
        steps.apply(adata, [{"name": "drop_hashtag_doublets"}])
    assert {"assign_hashtags", "drop_hashtag_doublets", "drop_hashtag_negatives"} <= set(STEPS)


def test_embeddings_and_normalised_values_are_no_counts_of_hashtags():
    adata, _ = tagged()
    random = np.random.default_rng(0)
    adata.obsm["X_umap_HTO"] = random.standard_normal((400, 2))
    adata.obsm["HTO_clr"] = random.standard_normal((400, 3))
    adata.obsm["spatial"] = random.integers(0, 900, (400, 2))
    adata.obsm["tags"] = pd.DataFrame(random.poisson(3, (400, 2)), adata.obs_names, ["CMO301", "CMO302"])
    assert list(hashtag_tables(adata)) == ["HTO", "tags"]


@pytest.mark.parametrize(
    "name, expected",
    [
        *(
            (n, True)
            for n in ("HTO-1", "hto_2", "HTOA", "HTO-1-TotalSeqC", "sample-2_HTO", "Hashtag3_TotalSeqC")
        ),
        *(
            (n, True)
            for n in ("C0251", "C0251_anti-human_Hashtag_1", "A0265", "TotalSeqB0301", "B0305", "Hash_4")
        ),
        *((n, True) for n in ("CMO301", "SampleTag01_hs", "Sample_Tag_12", "anti-human Hashtag 9")),
        *((n, False) for n in ("CD3", "C0034_CD3", "A0250", "A0266", "CMC1", "PHTO", "C02511", "HTOLL1-AS")),
        *((n, False) for n in ("SHASH", "CMTM6", "SCMOC", "RHOH")),
    ],
)
def test_names_of_hashtags_are_known(name, expected):
    assert bool(HASHTAG.search(name)) == expected
