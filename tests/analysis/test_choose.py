"""Candidates are trained on the same cells under a budget, and the one that the rule names is kept."""

import json

import numpy as np
import pytest

from core.analysis import choose
from core.analysis.metrics.benchmark import Step
from core.config import RunConfig, candidates
from core.config.candidates import Candidate
from core.errors import UserError

CONFIG = RunConfig(n_top_genes=60, n_hidden=16, epochs=4, batch_size=64, train_share=0.7, modalities="rna")
TRIED = (
    Candidate("default", {}),
    Candidate("scaling exponent 0.5", {"scale_exponent": 0.5}),
    Candidate("4", {"n_latent": 4}),
)

pytestmark = pytest.mark.slow  # trains


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(choose, "candidates", lambda config, n: candidates.candidates(config, n, TRIED))


class Clock:
    """A minute passes at each look."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 60
        return self.now


def test_each_candidate_is_scored_on_the_same_cells_and_one_is_kept(tiny, few):
    labels = tiny.obs["cell_type"].astype(str).to_numpy()
    *steps, choice = choose.choose(tiny.copy(), CONFIG, 10, labels)
    assert all(isinstance(step, Step) for step in steps)
    shares = [step.share for step in steps]
    assert shares == sorted(shares) and shares[-1] < 1
    record = json.loads(json.dumps(choice.record(), allow_nan=False))
    assert [one["name"] for one in record["records"]] == [one.name for one in TRIED] and not record[
        "left_out"
    ]
    assert record["records"][0]["settings"] == {} and record["cells"] >= 20
    for i, one in enumerate(record["records"]):
        same = [record["records"][1]] if i == 1 else [record["records"][0], record["records"][2]]  # the scale
        first = max(same, key=lambda one: one["explained"])
        assert one["below"] == pytest.approx(first["explained"] - one["explained"], abs=1e-9)
        assert 0 <= one["consistency"] <= 1 and one["ilisi"] is None and 0 < one["knn"] <= 1
    kept = record["records"][record["best"]]
    assert kept["below"] <= kept["below_error"]
    assert choice.config.model_dump(exclude_unset=True) == record["settings"]


def test_no_candidate_is_begun_that_the_budget_has_no_time_for(tiny, few):
    *_, choice = choose.choose(tiny.copy(), CONFIG, 0.5, clock=Clock())
    assert [one["name"] for one in choice.records] == ["default"] and choice.best == 0
    assert choice.left_out == ["scaling exponent 0.5", "4"]


def test_values_that_are_not_counts_are_refused(tiny, few):
    adata = tiny.copy()
    adata.X = np.log1p(adata.X.toarray())
    del adata.uns
    with pytest.raises(UserError, match="needs raw counts of RNA"):
        list(choose.choose(adata, CONFIG, 1))


def test_the_page_creates_a_run_with_the_kept_settings(finished, few):
    view = finished.view
    run = view.runs.one(finished.run)
    values = {
        "model-preparation.data": run["preparation"],
        "choose-minutes.value": 5,
        "choose-labels.value": "cell_type",
        "choose-go.n_clicks": 1,
    }
    answer = finished.work("choose", values, "choose-go.n_clicks")
    assert answer["choose-done"]["data"], answer
    job = view.choices.last(run["preparation"])
    kept = job["result"]["records"][job["result"]["best"]]
    made = view.runs.one(job["result"]["run"])
    try:
        assert made["name"] == f"best candidate: {kept['name']}" and made["status"] == "done"
        assert all(made["config"][name] == value for name, value in kept["settings"].items())
        shown = str(
            finished.press("choose-result.children", {"choose-done.data": job["id"], "theme.data": "dark"})
        )
        assert "Kept: " in shown and "kNN accuracy of labels" in shown
    finally:
        view.removals.remove([made["id"]])
