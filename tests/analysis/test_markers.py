"""Markers: against scipy and scanpy, feature by feature; small and odd groups; what a job leaves in the run."""

import numpy as np
import pytest
from app_under_test import AppUnderTest
from scipy import sparse
from scipy.stats import false_discovery_control, mannwhitneyu

from core.analysis import markers
from core.analysis.marker_measures import best, shrunk_fold
from core.errors import UserError
from core.store import Groups


def blocks_of(dense, width=7):
    """A dense matrix in CSC blocks of a few features."""
    for first in range(0, dense.shape[1], width):
        yield sparse.csc_matrix(dense[:, first : first + width].astype(np.float32))


@pytest.fixture(scope="module")
def values():
    """(200 cells, 30 features) with many zeros, ties, values below 0 in some, one constant and one silent feature."""
    random = np.random.default_rng(3)
    made = np.log1p(random.poisson(random.uniform(0.1, 3, 30), (200, 30))).astype(np.float32)
    made[:, 5:10] -= np.float32(0.7) * (random.random((200, 5)) < 0.4)
    made[:60, 11] += 1.5
    made[:, 20], made[:, 21] = 2.0, 0.0
    return made


@pytest.fixture(scope="module")
def codes():
    return np.repeat([0, 1, 2, -1], [60, 50, 70, 20])


def test_the_auc_within_samples_is_that_of_scipy_over_pairs_of_one_sample(values, codes):
    samples = np.random.default_rng(0).integers(-1, 3, 200)
    found = markers.auc_within(blocks_of(values), codes, samples, 3, 3)
    for group in range(3):
        above, pairs = 0.0, 0
        for sample in range(3):
            here = (samples == sample) & (codes >= 0)
            a, b = (values[here & mask].astype(float) for mask in (codes == group, codes != group))
            above, pairs = above + mannwhitneyu(a, b).statistic, pairs + len(a) * len(b)
        np.testing.assert_allclose(found[group], above / pairs, atol=1e-9)


def test_a_batch_effect_has_no_part_in_the_auc_within_batches():
    random = np.random.default_rng(1)
    batch, group = (
        np.repeat([0, 1], 100),
        np.r_[random.random(100) < 0.8, random.random(100) < 0.2].astype(int),
    )
    level = (3 * batch + random.standard_normal(200)).astype(np.float32)[:, None]
    table = markers.markers(markers.dense_blocks(level), group, 2)
    within = markers.auc_within(markers.dense_blocks(level), group, batch, 2, 2)
    assert table.of("auc")[0, 0] > 0.7 and abs(within[0, 0] - 0.5) < 0.1


def test_every_number_agrees_with_scipy(values, codes):
    table = markers.markers(blocks_of(values), codes, 3)
    for group in range(3):
        wide = values.astype(float)  # scipy would otherwise reckon in float32
        a, b = wide[codes == group], wide[(codes != group) & (codes >= 0)]
        expected = mannwhitneyu(a, b, method="asymptotic", use_continuity=False)
        np.testing.assert_allclose(table.of("auc")[group], expected.statistic / (len(a) * len(b)), atol=1e-9)
        known = np.isfinite(expected.pvalue)
        np.testing.assert_allclose(table.of("p")[group, known], expected.pvalue[known], rtol=1e-6)
        assert (table.of("p")[group, ~known] == 1).all()  # a constant feature tells nothing
        adjusted = false_discovery_control(table.of("p")[group])
        np.testing.assert_allclose(table.of("p_adjusted")[group], adjusted, rtol=1e-9)
        np.testing.assert_allclose(table.of("share")[group], (a > 0).mean(axis=0))
        np.testing.assert_allclose(table.of("share_rest")[group], (b > 0).mean(axis=0))
        np.testing.assert_allclose(table.of("mean_rest")[group], b.mean(axis=0), rtol=1e-5)
    assert table.n_rest.tolist() == [120, 130, 110]


@pytest.mark.slow  # scanpy takes long to import
def test_scores_and_fold_changes_agree_with_scanpy(values, codes):
    import pandas as pd
    import scanpy as sc
    from anndata import AnnData

    here = np.abs(values[codes >= 0])
    adata = AnnData(sparse.csr_matrix(here))
    adata.obs["group"] = pd.Categorical(codes[codes >= 0].astype(str))
    sc.tl.rank_genes_groups(adata, "group", method="wilcoxon", tie_correct=True)
    table = markers.markers(blocks_of(here), codes[codes >= 0], 3)
    for group in range(3):
        theirs = sc.get.rank_genes_groups_df(adata, str(group)).set_index("names")
        theirs = theirs.loc[[str(i) for i in range(30)]]
        known = [i for i in range(30) if i not in (20, 21)]  # there scanpy divides by 0
        np.testing.assert_allclose(table.of("p")[group, known], theirs.pvals.to_numpy()[known], rtol=1e-6)
        np.testing.assert_allclose(
            table.of("log_fold")[group, known], theirs.logfoldchanges.to_numpy()[known], rtol=1e-4, atol=1e-5
        )


def test_two_groups_mirror_each_other_and_leave_the_others_out(values, codes):
    two = np.where(codes == 2, -1, codes)
    table = markers.markers(blocks_of(values), two, 2)
    np.testing.assert_allclose(table.of("auc")[0], 1 - table.of("auc")[1])
    np.testing.assert_allclose(table.of("p")[0], table.of("p")[1])
    assert best(table.values, 1)[0] == [11]


def test_a_fold_change_with_a_pseudocount_is_small_for_silent_genes():
    silent, loud = np.zeros((40, 1)), np.zeros((40, 1))
    silent[0], loud[:20] = np.log1p(0.5), np.log1p(31)
    table = markers.markers(markers.dense_blocks(np.hstack([silent, loud])), np.repeat([0, 1], 20), 2)
    assert table.of("log_fold")[0, 0] > 20  # scanpy's
    found = shrunk_fold(table.values, 2, True)
    assert 0 < found[0, 0] < 0.1 and found[0, 1] == pytest.approx(5, abs=1e-5)
    np.testing.assert_allclose(
        shrunk_fold(table.values, 1, False)[:, 0], (table.of("mean") - table.of("mean_rest"))[:, 0]
    )


def test_values_that_are_not_logged_give_a_difference_of_means(values, codes):
    table = markers.markers(blocks_of(values), codes, 3, logged=False)
    np.testing.assert_allclose(table.of("log_fold"), table.of("mean") - table.of("mean_rest"))


def test_a_group_of_one_cell_is_not_tested_and_spoils_no_other(values, codes):
    lone = codes.copy()
    lone[0] = 3
    table = markers.markers(blocks_of(values), lone, 4)
    assert np.isnan(table.of("p")[3]).all() and np.isfinite(table.of("p_adjusted")[:3]).all()
    assert best(table.values, 2)[3] == []


def test_blocks_of_a_dataset_folder_hold_the_display_values_of_every_gene(finished):
    dataset_folder = finished.view.datasets.folder(finished.dataset)
    whole = sparse.hstack(list(dataset_folder.gene_blocks(3000)))
    assert whole.shape == (240, 120)
    np.testing.assert_array_equal(whole[:, [7]].toarray().ravel(), dataset_folder.gene(7))
    np.testing.assert_array_equal(whole[:, [119]].toarray().ravel(), dataset_folder.gene(119))


def groups_of(nuwa, column="cell_type"):
    entry, codes = nuwa.view.datasets.folder(nuwa.dataset).column(column)
    return Groups(entry["categories"], codes, f"{column} (obs)")


def test_a_job_keeps_the_markers_with_the_run_and_is_done_once(finished: AppUnderTest):
    from core.worker.execute import drain

    groups = groups_of(finished)
    job = finished.view.groups.find_markers(finished.run, groups)
    drain(finished.store)
    found = finished.view.jobs.one(job["id"])["result"]
    assert found["names"] == groups.names and sum(found["sizes"]) == 240 and found["logged"]
    assert "log1p of counts per 10,000" in found["values"] and "protein" in found["values"]
    kept = finished.view.results.array(finished.run, f"markers/{found['groups']}")
    assert kept.shape == (len(markers.MEASURES), 8, 128)
    assert finished.view.groups.find_markers(finished.run, groups)["status"] == "done"


def test_groups_that_cannot_be_compared_are_refused_in_words(finished):
    for names, codes, words in (
        (["all"], np.zeros(240, int), "in one group"),
        (["a", "b"], np.zeros(240, int), "in one group"),
        (["a", "b"], np.full(240, -1), "No cell has a value"),
        (
            [str(i) for i in range(240)],
            np.arange(240),
            "240 groups, and markers are computed for at most 100",
        ),
    ):
        with pytest.raises(UserError, match=words):
            finished.view.groups.find_markers(finished.run, Groups(names, codes, ""))
    with pytest.raises(UserError, match="no longer exist"):
        finished.view.groups.one(finished.run, "../../etc/passwd")
