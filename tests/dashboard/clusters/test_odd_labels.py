"""Columns that say little, and selections of one cell or none, get a clear word from every card of the Clusters page."""

import numpy as np
import pandas as pd
import pytest
from app_under_test import AppUnderTest, sent

from core.analysis.clustering import leiden_of
from core.analysis.metrics import lisi, scores
from core.analysis.neighbors import find_neighbors
from core.errors import UserError
from core.store import Groups
from core.worker.execute import drain
from dashboard.pages.clusters.groups import groups_of


@pytest.fixture(scope="module")
def odd(tmp_path_factory, tiny, run_quick):
    """An app whose dataset has columns that say little: all the same, none at all, numbers, a cell or two a label."""
    adata, folder = tiny.copy(), tmp_path_factory.mktemp("odd")
    adata.obs["constant"] = "one"
    adata.obs["gaps"] = pd.Categorical([None] * 240, categories=["x"])
    adata.obs["pairs"] = pd.Categorical([f"pair {i // 2}" for i in range(240)])
    adata.obs["alone"] = pd.Categorical(["a", "b", *["rest"] * 238])
    adata.obs["nothing"] = np.nan
    adata.write_h5ad(folder / "odd.h5ad")
    return AppUnderTest(folder / "nuwa").with_run(folder / "odd.h5ad", run_quick.model_dump())


def compared(nuwa, labels=None, batches=None):
    values = {"spaces-labels.value": labels, "spaces-batches.value": batches, "resolution.value": 1.0}
    values |= {"run.data": nuwa.run, "spaces-go.n_clicks": 1}
    return nuwa.work("spaces", values, "spaces-go.n_clicks")


@pytest.mark.parametrize(
    "column, words",
    [
        ("constant", "the same in every cell (one)"),
        ("gaps", "No cell has a value"),
        ("nothing", "with names"),
    ],
)
def test_a_column_without_information_gives_no_score_but_a_reason(odd, column, words):
    for asked in ({"labels": column}, {"batches": column}):
        assert words in sent(compared(odd, **asked))


def test_labels_of_two_cells_get_the_scores_that_are_possible(odd):
    assert compared(odd, labels="pairs", batches="pairs")["spaces-done"]["data"]
    result = sent(odd.press("spaces-result.children", {"run.data": odd.run}))
    assert "kNN accuracy needs two labels with 5 cells" in result and "NaN" not in result


def test_very_many_batches_are_mixed_as_few_are():
    random = np.random.default_rng(0)
    points, groups = random.standard_normal((400, 3)).astype(np.float32), np.arange(400)
    around = scores.without_self(find_neighbors(points, lisi.K + 1), groups)
    expected = [1 / (weights**2).sum() for weights in lisi.gaussian(around.distances.astype(float), 30)]
    np.testing.assert_allclose(lisi.per_cell(around, groups), expected)  # each weight is a batch of its own
    assert lisi.ilisi(points, np.zeros(400)) == pytest.approx(1)


@pytest.mark.parametrize(
    "column, words",
    [
        ("constant", "the same in every cell"),
        ("gaps", "No cell has a value"),
        ("pairs", "120 categories"),
        ("nothing", "is numeric"),
        ("gone", "There is no obs column 'gone'"),
    ],
)
def test_a_composition_says_what_is_wrong_with_a_column(odd, column, words):
    values = {"composition-of.value": column, "annotate-start.value": "clusters", "run.data": odd.run}
    answer = odd.press("composition-figure.figure", values | {"resolution.value": 1.0})
    assert words in sent(answer["composition-table"])


@pytest.mark.parametrize(
    "column, words",
    [
        ("constant", "group"),
        ("gaps", "group"),
        ("pairs", "group"),
        ("nothing", "is numeric"),
        ("gone", "no obs column"),
    ],
)
def test_markers_say_what_is_wrong_with_groups(odd, column, words):
    values = {"markers-how.value": "each", "markers-by.value": f"obs:{column}", "resolution.value": 1.0}
    values |= {"markers-go.n_clicks": 1, "run.data": odd.run}
    answer = odd.press("markers-job.data", values, "markers-go.n_clicks")
    assert words in sent(answer) and "markers-job" not in answer


def test_a_group_of_one_cell_has_no_markers_and_the_others_have(odd):
    entry, codes = odd.view.datasets.folder(odd.dataset).column("alone")
    job = odd.view.groups.find_markers(odd.run, Groups(entry["categories"], codes, "alone"))
    drain(odd.store)
    job = odd.view.jobs.one(job["id"])
    assert job["status"] in ("done", "failed") and (job["status"] == "done" or job["message"].endswith("."))


@pytest.mark.parametrize("groups", ["obs:constant", "obs:gaps", "obs:nothing", "obs:gone", "made:gone"])
def test_labels_to_map_are_offered_or_a_reason_is_given(odd, groups):
    run = odd.view.runs.one(odd.run)
    try:
        title, kept_groups = groups_of(odd.view, run, groups, 1.0)
        odd.view.mappings.create(odd.run, odd.dataset, kept_groups, title)
    except UserError as error:
        assert str(error).endswith(".")
    else:
        assert groups == "obs:constant"  # one label is a label: each cell gets it


def test_a_cluster_of_one_cell_is_not_clustered_again(odd):
    with pytest.raises(UserError, match="Select 3 cells or more to cluster them: 1 are selected"):
        leiden_of(np.ones((1, 4), np.float32), 1.0)
