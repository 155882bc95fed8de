"""Candidates are trained on the same cells under a budget, and the one that the rule names is kept."""

import json
from types import SimpleNamespace

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

trains = pytest.mark.slow


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(choose, "candidates", lambda config, n: candidates.candidates(config, n, TRIED))


class Clock:
    """Seconds that pass only while a candidate is trained."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def slow_seeds(monkeypatch, few):
    """A function: a Clock by which each seed of a candidate takes so many seconds, by place; nothing is trained."""

    def training(*seconds):
        clock, by_name = Clock(), dict(zip((one.name for one in TRIED), seconds, strict=True))

        def one_seed(one, adata, config, labels, batches, base, scratch):
            for share in (0.25, 0.5, 0.75):
                clock.now += by_name[one.candidate.name] / 4
                yield share
            clock.now += by_name[one.candidate.name] / 4
            one.clusters.append(np.array([0, 0, 1, 1]))
            one.deviance.append(np.array([1.0, 2.0, 1.0, 2.0]))
            one.pca.append(np.array([2.0, 2.0, 1.0, 2.0]))
            one.kept.append(0.5)
            one.n_latent = 8
            yield SimpleNamespace(by_cell=np.full(4, 4.0))

        monkeypatch.setattr(choose, "_one", one_seed)
        return clock

    return training


@trains
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


def test_no_candidate_is_begun_that_the_minutes_have_no_room_for(tiny, slow_seeds):
    clock = slow_seeds(30, 30, 30)
    *_, choice = choose.choose(tiny, CONFIG, 2.3, clock=clock)  # two take 120 s, a third would take 60 more
    assert [one["name"] for one in choice.records] == ["default", "scaling exponent 0.5"]
    assert choice.left_out == ["4"] and choice.unfinished == [] and clock.now == 120
    assert [one["seconds"] for one in choice.records] == [60, 60]


def test_a_candidate_is_stopped_when_the_minutes_are_over_and_the_finished_ones_are_compared(
    tiny, slow_seeds
):
    clock = slow_seeds(30, 400, 30)
    *steps, choice = choose.choose(tiny, CONFIG, 3, clock=clock)
    assert [one["name"] for one in choice.records] == ["default"] and choice.best == 0
    assert choice.unfinished == ["scaling exponent 0.5"] and choice.left_out == ["4"]
    assert 180 < clock.now <= 180 + 100  # stopped at the first look after the end, a quarter of a seed later
    assert max(step.share for step in steps) < 1
    words = candidates.not_compared(choice.record())
    assert "Not finished when the minutes were over, so not compared: scaling exponent 0.5." in words
    assert "Not begun, since no time was left: 4." in words


def test_a_candidate_whose_last_step_ends_after_the_minutes_is_kept(tiny, slow_seeds):
    *_, choice = choose.choose(tiny, CONFIG, 0.9, clock=slow_seeds(30, 30, 30))
    assert [one["name"] for one in choice.records] == ["default"] and choice.unfinished == []


def test_minutes_that_do_not_suffice_for_one_candidate_are_refused_with_the_minutes_it_needs(
    tiny, slow_seeds
):
    clock = slow_seeds(400, 30, 30)
    with pytest.raises(UserError) as refused:
        list(choose.choose(tiny, CONFIG, 2, clock=clock))
    assert clock.now <= 120 + 100
    assert "The 2 minutes were over before the first candidate was trained" in str(refused.value)
    assert "it needs about 14 minutes" in str(refused.value)


def test_all_compared_candidates_need_no_sentence():
    assert candidates.not_compared({"left_out": [], "unfinished": []}) == ""
    assert (
        candidates.not_compared({"left_out": ["4"]}) == "Not begun, since no time was left: 4."
    )  # of a record before


@trains
def test_values_that_are_not_counts_are_refused(tiny, few):
    adata = tiny.copy()
    adata.X = np.log1p(adata.X.toarray())
    del adata.uns
    with pytest.raises(UserError, match="needs raw counts of RNA"):
        list(choose.choose(adata, CONFIG, 1))


@trains
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
