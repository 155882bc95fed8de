"""The batch column of the Preprocess page: what is asked about it, and what follows it."""

import anndata
import numpy as np
import pytest
from app_under_test import AppUnderTest, bring, sent

from core.worker.execute import drain
from dashboard.components import batch_questions, location
from dashboard.ids import setting
from dashboard.pages.preprocess import page as preprocess
from dashboard.pages.preprocess.limits import ALL_CELLS


@pytest.fixture(scope="module")
def lab(tmp_path_factory, tiny):
    """An app with the tiny dataset and columns that its samples are, nest in, contain and nearly tell."""
    app = AppUnderTest(tmp_path_factory.mktemp("lab"))
    adata = anndata.AnnData(tiny.X.copy(), obs=tiny.obs[["sample", "cell_type"]].copy(), var=tiny.var.copy())
    codes = adata.obs["sample"].cat.codes.to_numpy()
    cells = np.arange(len(codes))
    groups = {
        "condition": codes,
        "donor_no": codes * 2 + cells % 2,
        "treatment": np.where(cells < 3, 1 - codes, codes),
        "mixed": cells // 2 % 2,
        "tag": np.where(cells % 9 == 0, "doublet", np.where(cells % 2, "HTO-1", "HTO-2")),
    }
    for name, values in groups.items():
        adata.obs[name] = values if name == "tag" else [f"{name} {value}" for value in values]
    path = tmp_path_factory.mktemp("file") / "columns.h5ad"
    adata.write_h5ad(path)
    app.dataset = bring(app.view, "columns.h5ad", path.read_bytes())
    drain(app.store)
    return app


@pytest.mark.parametrize(
    "column, sentences",
    [
        (
            "sample",
            [
                "'sample' and 'condition' are the same groups: correcting one removes the other.",
                "'sample' and 'treatment' are nearly the same groups: correcting one removes most of the other.",
            ],
        ),
        (
            "donor_no",
            [
                "Each batch of 'donor_no' lies within one group of 'condition': correcting the batches can remove the "
                "differences between these groups.",
                "'donor_no' and 'treatment' are nearly the same groups: correcting one removes most of the other.",
            ],
        ),
        (
            "cell_type",
            [
                "'cell_type' looks like labels of the cells, not like batches: correcting it removes the differences "
                "between them."
            ],
        ),
        ("mixed", []),
        (
            "tag",
            [
                "'tag' has doublet among its values, which are no batches: remove these cells on the Data page first."
            ],
        ),
        (None, []),
    ],
)
def test_a_batch_column_that_removes_more_than_batches_is_asked_about(lab, column, sentences):
    assert batch_questions.questions(lab.view, lab.dataset, column) == sentences


def test_groups_that_each_lie_in_one_batch_are_asked_about(lab):
    sentence = batch_questions.questions(lab.view, lab.dataset, "condition")
    assert "'condition' and 'treatment' are nearly the same groups" in " ".join(sentence)
    assert not any("donor_no" in text for text in sentence)  # batches within batches are as they should be


def test_another_column_is_asked_about_again_and_the_limits_follow_it(lab):
    field = '{"name":"batch_key","type":"setting"}.value'
    values = {field: "sample", "prepare-dataset.data": lab.dataset}
    answer = lab.press("batch-question.children", values)
    assert "the same groups" in sent(answer["batch-question"])
    assert answer["batch-sure"]["value"] is False and answer["batch-sure-part"]["hidden"] is False
    answer = lab.press("quality-batches.value", values)
    assert answer["quality-batches"]["value"] == "sample"
    assert [option["value"] for option in answer["quality-batches"]["options"]] == [ALL_CELLS, "sample"]
    answer = lab.press("quality-batches.value", values | {field: " "})
    assert answer["quality-batches"]["value"] == ALL_CELLS


def test_the_sure_candidate_is_chosen_at_first(finished):
    here = location.resolve(finished.view, f"?dataset={finished.dataset}")
    page = preprocess.layout(finished.view, here._replace(preparation=None))
    field = next(part for part in page._traverse() if getattr(part, "id", None) == setting("batch_key"))
    assert field.value == "sample"
