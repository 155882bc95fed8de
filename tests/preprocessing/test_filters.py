"""Quality measures, limits and filters agree with scanpy and with cases worked by hand."""

import json

import numpy as np
import pytest
import scanpy as sc
from anndata import AnnData
from app_under_test import bring, sent
from hypothesis import given
from hypothesis import settings as fuzz
from hypothesis import strategies as st
from scipy import sparse
from simulated import people

from core.data.fingerprint import data_hash
from core.errors import UserError
from core.preprocessing import steps
from core.preprocessing.recipe import (
    Limits,
    suggested,
    within_limits,
)
from core.preprocessing.steps import filters
from core.worker.execute import drain
from dashboard.pages.preprocess.limits import ALL_CELLS, cells_within, suggest


@pytest.fixture(scope="module")
def cells():
    """Those of `people`. Read only: copy it."""
    return people()


def metrics(adata):
    """What scanpy computes of each cell, MT and ribosomal genes marked by their usual beginnings."""
    adata = adata.copy()
    adata.var["mt"] = adata.var_names.str.startswith("MT-")
    adata.var["ribo"] = adata.var_names.str.match("RPS|RPL")
    return sc.pp.calculate_qc_metrics(adata, qc_vars=["mt", "ribo"], percent_top=[20], log1p=True)[0]


def is_outlier(values, n):
    """As sc-best-practices has it, word for word but for scipy's function."""
    middle = np.median(values)
    spread = np.median(np.abs(values - middle))
    return (values < middle - n * spread) | (middle + n * spread < values)


def test_what_is_measured_is_what_scanpy_measures(cells):
    measures, expected = filters.measured(cells), metrics(cells)
    for name, column in (
        ("counts", "total_counts"),
        ("genes", "n_genes_by_counts"),
        ("mito", "pct_counts_mt"),
        ("top20", "pct_counts_in_top_20_genes"),
    ):
        np.testing.assert_allclose(measures[name], expected[column], rtol=1e-5)
    np.testing.assert_allclose(measures["ribo"], expected["pct_counts_ribo"], rtol=1e-5)


def test_limits_by_hand():
    values = {"counts": np.expm1([4, 5, 5.5, 6, 7]), "mito": np.array([1.0, 2, 2.5, 3, 30])}
    limits = suggested(values)
    assert limits.counts == (np.ceil(np.expm1(5.5 - 5 * 0.5)), np.floor(np.expm1(5.5 + 5 * 0.5)))
    assert limits.mito == (None, 5.0)  # 2.5 + 3 * 0.5 is below the range of any tissue
    shares = np.array([30.0, 35, 40, 45, 50, 99])  # of the 20 highest genes: median 42.5, deviation 7.5
    assert suggested({"top20": shares}).top20 == (5.0, 80.0)
    assert suggested({"top20": 2 * shares[:4]}).top20 == (25.0, None)  # 75 + 5 * 10 is more than all
    assert suggested({"counts": np.full(5, 7.0)}).set() == {}
    assert suggested({"doublet": np.array([0.1, 0.2, 0.5]), "predicted": np.array([0, 0, 1])}).doublet == (
        None,
        0.2,
    )


@pytest.mark.parametrize(
    ("shares", "tissue", "highest"),
    [
        ([2, 4, 6, 8, 20], "any", 12.0),  # 6 + 3 * 2, within the range
        ([2, 4, 6, 8, 20], "nuclei", 12.0),  # the median is above the range: the deviations alone
        ([0.5, 1, 1.5, 2, 9], "nuclei", 3.0),
        ([0, 0, 0, 0, 0], "nuclei", 1.0),  # no deviation: the lower end
        ([0, 0, 0, 0, 0], "any", 5.0),
        ([6, 10, 14, 18, 60], "blood", 15.0),  # 14 + 3 * 4 is above the range
        ([6, 10, 14, 18, 60], "muscle", 26.0),
        ([20, 21, 22], "any", 24.0),
        ([30, 30, 30], "any", None),  # a limit without a deviation would remove half of the cells
    ],
)
def test_the_mt_limit_is_three_deviations_within_the_range_of_the_tissue(shares, tissue, highest):
    assert suggested({"mito": np.array(shares, float)}, tissue).mito == (None, highest)


def test_a_normal_blood_set_keeps_the_cells_that_8_percent_would_remove(real_data):
    from core.data import read

    shares = filters.measured(read.read(real_data("pbmc10k_citeseq.h5ad")))["mito"]
    assert (shares > 8).mean() > 0.1
    for tissue in ("any", "blood"):
        limits = suggested({"mito": shares}, tissue)
        assert (~within_limits({"mito": shares}, limits)).mean() < 0.05


def test_a_large_share_outside_the_mt_limit_is_said(cells):
    shares = filters.measured(cells)["mito"]
    few, many = np.sort(shares)[[-3, -30]]
    for limit, expected in ((many, 29), (few, 2)):
        step = {"name": "filter_cells", "params": {"limits": {"mito": [None, float(limit)]}}}
        sentence = steps.made_before(steps.apply(cells, [step]))[0]["said"]
        assert f"{expected} removed ({expected / 220:.1%})" in sentence
        assert ("mitochondrial share alone removes 29 of 220 cells (13.2%)" in sentence) == (limit == many)


def test_cells_leave_as_sc_best_practices_has_them(cells):
    measures = metrics(cells)
    columns = ("log1p_total_counts", "log1p_n_genes_by_counts", "pct_counts_in_top_20_genes")
    removed = np.any([is_outlier(measures[column], 5) for column in columns], axis=0)
    values = filters.measured(cells)
    three = {name: values[name] for name in ("counts", "genes", "top20")}
    np.testing.assert_array_equal(~within_limits(three, suggested(three)), removed)
    assert 5 < removed.sum() < 100
    filtered = steps.apply(cells, [{"name": "filter_cells"}])
    high = measures["pct_counts_mt"] > suggested(values).mito[1]
    assert list(filtered.obs_names) == list(cells.obs_names[~(removed | high)])


def test_genes_and_cells_are_filtered_as_by_scanpy(cells):
    ours = steps.apply(cells, [{"name": "filter_genes", "params": {"min_cells": 5}}])
    theirs = cells.copy()
    sc.pp.filter_genes(theirs, min_cells=5)
    assert list(ours.var_names) == list(theirs.var_names) and ours.n_vars < cells.n_vars
    least = int(np.median(filters.measured(cells)["genes"]))
    ours = steps.apply(cells, [{"name": "filter_cells", "params": {"limits": {"genes": [least, None]}}}])
    theirs = cells.copy()
    sc.pp.filter_cells(theirs, min_genes=least)
    assert list(ours.obs_names) == list(theirs.obs_names) and 0 < ours.n_obs < cells.n_obs


def test_batches_have_limits_of_their_own(cells):
    params = {"batch_key": "donor", "batches": {"bob": {"counts": [1e6, None]}}, "limits": {}}
    filtered = steps.apply(cells, [{"name": "filter_cells", "params": params}])
    assert set(filtered.obs["donor"]) == {"ann"} and filtered.n_obs == (cells.obs["donor"] == "ann").sum()
    filtered = steps.apply(cells, [{"name": "filter_cells", "params": {"batch_key": "donor"}}])
    own = steps.made_before(filtered)[0]["params"]["batches"]
    rows = (cells.obs["donor"] == "bob").to_numpy()
    assert own["bob"]["counts"] == list(suggested({"counts": filters.measured(cells)["counts"][rows]}).counts)


@fuzz(max_examples=15, deadline=None)
@given(st.data())
def test_whatever_the_counts_are_cells_stay_or_it_is_said_why(data):
    n, genes = data.draw(st.integers(10, 30)), data.draw(st.integers(1, 12))
    random = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    values = random.poisson(data.draw(st.sampled_from([0.0, 0.1, 3.0])), (n, genes)) * data.draw(
        st.integers(1, 50)
    )
    values[: data.draw(st.integers(0, n))] = 0
    mito = data.draw(st.integers(0, genes))
    adata = AnnData(sparse.csr_matrix(values, dtype=np.float32))
    adata.var_names = [f"MT-{i}" if i < mito else f"G{i}" for i in range(genes)]
    adata.obs["batch"] = random.integers(0, data.draw(st.integers(1, n)), n).astype(str)
    batch = data.draw(st.sampled_from([None, "batch"]))
    try:
        filtered = steps.apply(
            adata, [{"name": "filter_cells", "params": {"batch_key": batch}}, {"name": "filter_genes"}]
        )
    except UserError as error:
        assert str(error).endswith(".")
    else:
        again = [
            {k: one[k] for k in ("name", "params")}
            for one in json.loads(json.dumps(steps.made_before(filtered)))
        ]
        assert 0 < filtered.n_obs <= n and data_hash(steps.apply(adata, again)) == data_hash(filtered)


def test_limits_are_both_ends_included_and_nan_stays():
    values = {"counts": np.array([1, 2, 3, np.nan], np.float32)}
    assert within_limits(values, Limits(counts=(2, 3))).tolist() == [False, True, True, True]


def test_what_the_page_says_stays_is_what_stays(empty_nuwa, tiny, tiny_file):
    view = empty_nuwa.view
    id = bring(view, "tiny.h5ad", tiny_file.read_bytes())
    drain(empty_nuwa.store)
    for column in (ALL_CELLS, "sample"):
        chosen = suggest(view, id, column)
        within = cells_within(view, id, chosen)[1].within
        filtered = steps.apply(tiny.copy(), [{"name": "filter_cells", "params": chosen}])
        assert list(filtered.obs_names) == list(tiny.obs_names[within])
        answer = empty_nuwa.press(
            "quality-stay.children", {"quality-limits.data": chosen, "prepare-dataset.data": id}
        )
        assert f"{within.sum()} of 240 cells are kept" in sent(answer["quality-stay"])
