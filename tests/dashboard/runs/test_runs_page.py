"""The Runs page without a browser."""

import pytest
from app_under_test import sent

from core.store import Missing


def test_a_finished_run_is_deleted_after_a_question(finished):
    run = finished.view.runs.create(finished.preparation, {"n_latent": 4}, "to go")
    answer = finished.press(
        "runs-table.children",
        {"runs-confirm.submit_n_clicks": 1, "runs-chosen.data": run},
        "runs-confirm.submit_n_clicks",
    )
    assert "The run was deleted" in sent(answer["runs-message"]) and run not in sent(answer["runs-table"])
    with pytest.raises(Missing):
        finished.view.runs.one(run)
