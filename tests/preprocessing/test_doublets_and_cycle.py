"""Doublet and cell cycle scores are those of scanpy."""

import numpy as np
import pytest
import scanpy as sc
from simulated import CYCLE, people

from core.data.standalone import bimodal
from core.errors import UserError
from core.preprocessing import steps
from core.preprocessing.recipe import Recipe, from_json, upgraded
from core.preprocessing.steps import doublets_and_cycle


@pytest.fixture(scope="module")
def cells():
    """Those of `people`. Read only: copy it."""
    return people()


def test_doublets_are_scrublets(cells):
    scored = steps.apply(cells, [{"name": "score_doublets", "params": {"seed": 3}}])
    theirs = cells.copy()
    rate = 0.008 * 220 / 1000  # 0.8 % for each thousand cells
    sc.pp.scrublet(theirs, expected_doublet_rate=rate, random_state=3, threshold=0.2, verbose=False)
    np.testing.assert_allclose(scored.obs["doublet_score"], theirs.obs["doublet_score"])
    threshold = bimodal.between_modes(theirs.uns["scrublet"]["doublet_scores_sim"])
    if threshold is None:
        assert not scored.obs["predicted_doublet"].any()
    else:
        np.testing.assert_array_equal(
            scored.obs["predicted_doublet"], theirs.obs["doublet_score"] > threshold
        )
    apart = steps.apply(cells, [{"name": "score_doublets", "params": {"batch_key": "donor"}}])
    rows = (cells.obs["donor"] == "bob").to_numpy()
    alone = steps.apply(cells[rows].copy(), [{"name": "score_doublets"}])
    np.testing.assert_allclose(apart.obs["doublet_score"][rows], alone.obs["doublet_score"])


def test_the_expected_rate_follows_the_cells_of_each_batch_and_is_said(cells, monkeypatch):
    rates = []
    real = doublets_and_cycle._scrublet
    monkeypatch.setattr(
        doublets_and_cycle, "_scrublet", lambda *a: rates.append((len(a[1]), a[2])) or real(*a)
    )
    step = {"name": "score_doublets", "params": {"batch_key": "donor", "per_thousand": 2.0}}
    record = steps.made_before(steps.apply(cells, [step]))[0]
    assert [rate for _, rate in rates] == pytest.approx([0.02 * n / 1000 for n, _ in rates])
    assert sum(n for n, _ in rates) == 220 and len(rates) == 2
    assert "2 % for each thousand cells of a batch" in record["said"]
    assert record["params"] == {"batch_key": "donor", "per_thousand": 2.0}
    step = {"name": "score_doublets", "params": {"expected_rate": 0.1}}
    assert "Expected were 10 % doublets." in steps.made_before(steps.apply(cells, [step]))[0]["said"]
    assert rates[-1] == (220, 0.1)
    assert doublets_and_cycle.rate_of(10_000, 0.8) == pytest.approx(0.08)
    assert doublets_and_cycle.rate_of(1_000_000, 0.8) == 0.3  # no channel holds that many


def test_a_step_recorded_by_an_earlier_version_gives_the_same_scores(cells):
    earlier = {"name": "score_doublets", "params": {"seed": 3}, "said": "...", "before": {}, "after": {}}
    assert upgraded(earlier) == {"name": "score_doublets", "params": {"seed": 3, "expected_rate": 0.05}}
    recipe = from_json('{"nuwa_recipe": 1, "steps": [{"name": "score_doublets", "params": {"seed": 3}}]}')
    assert [step.record() for step in recipe.steps] == [upgraded(earlier)]
    now = [step.record() for step in Recipe("now", [{"name": "score_doublets"}]).steps]
    assert now == [{"name": "score_doublets", "params": {"per_thousand": 0.8}}] == list(map(upgraded, now))
    theirs = cells.copy()
    sc.pp.scrublet(theirs, expected_doublet_rate=0.05, random_state=3, threshold=0.2, verbose=False)
    scored = steps.apply(cells, [upgraded(earlier)])
    np.testing.assert_allclose(scored.obs["doublet_score"], theirs.obs["doublet_score"])


def test_a_cell_above_the_threshold_of_its_batch_is_a_doublet(cells, monkeypatch):
    random, thresholds = np.random.default_rng(0), []

    def scrublet(matrix, rows, rate, seed):
        low = 0.1 + 0.2 * len(thresholds)
        modes = random.normal(low, 0.03, 4000), random.normal(low + 0.5, 0.05, 1000)
        thresholds.append(bimodal.between_modes(np.concatenate(modes)))
        return np.linspace(0, 1, len(rows)), np.concatenate(modes)

    monkeypatch.setattr(doublets_and_cycle, "_scrublet", scrublet)
    scored = steps.apply(cells, [{"name": "score_doublets", "params": {"batch_key": "donor"}}])
    donor, score = scored.obs["donor"].astype(str), scored.obs["doublet_score"]
    expected = score > donor.map(dict(zip(sorted(set(donor)), thresholds, strict=True)))
    np.testing.assert_array_equal(scored.obs["predicted_doublet"], expected)
    sentence = steps.made_before(scored)[0]["said"]
    assert f"{expected.sum()} cells" in sentence and " and ".join(f"{t:.3f}" for t in thresholds) in sentence


def test_scrublets_thirty_components_need_fifty_cells_in_each_batch(cells):
    step = [{"name": "score_doublets"}]
    assert "doublet_score" in steps.apply(cells[:50].copy(), step).obs
    with pytest.raises(UserError, match="the dataset has 49 cells, but Scrublet needs at least 50"):
        steps.apply(cells[:49].copy(), step)
    apart = cells[:99].copy()
    apart.obs["batch"] = np.repeat(["a", "b"], [50, 49])
    with pytest.raises(UserError, match="a batch of 'batch' has 49 cells"):
        steps.apply(apart, [{"name": "score_doublets", "params": {"batch_key": "batch"}}])


def smoothed_by_hand(values):
    """The threshold by the equations of Prewitt and Mendelsohn 1966: means of three bins until two modes are left."""
    counts, edges = np.histogram(values, 256)
    heights, places = counts.astype(float), (edges[:-1] + edges[1:]) / 2
    while True:
        heights = (np.r_[heights[0], heights[:-1]] + heights + np.r_[heights[1:], heights[-1]]) / 3
        steps_up = np.diff(heights)
        turns = np.flatnonzero(np.abs(steps_up) > 1e-12)  # a plateau turns at its last place
        signs = np.sign(steps_up[turns])
        modes = [turns[0]] if signs[0] < 0 else []
        modes += [turns[k + 1] for k in np.flatnonzero((signs[:-1] > 0) & (signs[1:] < 0))]
        if len(modes) < 3:
            return places[modes[0] + np.argmin(heights[modes[0] : modes[1] + 1])] if len(modes) == 2 else None


@pytest.mark.parametrize(
    "seed", [0, 5, 16, 19, 20, 31]
)  # where means of two, four or five bins end elsewhere
def test_scores_are_smoothed_by_means_of_three_bins(seed):
    random = np.random.default_rng(seed)
    scores = np.concatenate([random.gamma(4, 0.02, 3000), random.normal(0.5, 0.08, 400)])
    assert bimodal.between_modes(scores) == smoothed_by_hand(scores)


def test_a_threshold_lies_between_two_modes():
    random = np.random.default_rng(0)
    two = np.concatenate([random.normal(0.1, 0.03, 4000), random.normal(0.6, 0.05, 1000)])
    assert 0.2 < bimodal.between_modes(two) < 0.5
    falling = np.repeat(np.arange(256.0), np.arange(256, 0, -1))
    assert bimodal.between_modes(falling) is None
    assert bimodal.between_modes(np.ones(9)) is None and bimodal.between_modes(np.zeros(0)) is None


def test_the_cell_cycle_is_scanpys(cells):
    scored = steps.apply(cells, [{"name": "score_cell_cycle"}])
    theirs = cells.copy()
    sc.pp.normalize_total(theirs, target_sum=1e4)
    sc.pp.log1p(theirs)
    s, g2m = CYCLE[:6], CYCLE[6:]
    sc.tl.score_genes_cell_cycle(theirs, s_genes=list(s), g2m_genes=list(g2m), random_state=0)
    np.testing.assert_allclose(scored.obs["S_score"], theirs.obs["S_score"], atol=1e-5)
    np.testing.assert_allclose(scored.obs["G2M_score"], theirs.obs["G2M_score"], atol=1e-5)
    assert (scored.obs["phase"] == theirs.obs["phase"]).mean() > 0.99
    mouse = cells.copy()
    mouse.var_names = [*cells.var_names[: -len(CYCLE)], *(name.capitalize() for name in CYCLE)]
    assert scored.obs["phase"].equals(steps.apply(mouse, [{"name": "score_cell_cycle"}]).obs["phase"])
    theirs.X = theirs.X.toarray()
    again = steps.apply(theirs, [{"name": "score_cell_cycle"}])  # logged values are scored as they are
    np.testing.assert_allclose(again.obs["S_score"], scored.obs["S_score"], atol=1e-5)
    with pytest.raises(UserError, match="but X holds scaled values"):
        steps.apply(sc.pp.scale(theirs, copy=True), [{"name": "score_cell_cycle"}])
    with pytest.raises(UserError, match="5 of each are needed"):
        steps.apply(cells[:, :50].copy(), [{"name": "score_cell_cycle"}])


def test_the_histogram_is_smoothed_over_three_bins_until_it_has_two_modes():
    """Step by step, as skimage.filters.threshold_minimum does it, with means of three written out."""
    random = np.random.default_rng(5)
    scores = np.concatenate([random.normal(0.2, 0.05, 900), random.normal(0.55, 0.09, 500)])
    counts, edges = np.histogram(scores, 256)
    smooth, centres = counts.astype(np.float32), (edges[:-1] + edges[1:]) / 2
    modes = []
    while len(modes) != 2:
        wide = np.pad(smooth, 1, mode="symmetric")
        smooth = (wide[:-2] + wide[1:-1] + wide[2:]) / np.float32(3)
        modes = [i for i in range(1, 255) if smooth[i - 1] < smooth[i] >= smooth[i + 1]]
        assert modes
    expected = centres[modes[0] + np.argmin(smooth[modes[0] : modes[1] + 1])]
    assert bimodal.between_modes(scores) == pytest.approx(expected, abs=1.5 * (centres[1] - centres[0]))
