"""Figures of several runs: curves over one another, parallel coordinates, and the flow between clusters."""

import numpy as np
import pytest

from core import figures
from core.config.run_facts import Baselines, Parts
from core.figures.compared_runs import MOST_POINTS, thinned

BASELINES = Baselines(Parts(1.0, 1.0, 1.0), Parts(0.6, 0.5, 0.7))


def epochs(n, valid=0.5):
    return [
        {"epoch": i, "train_loss": 1 / i, "valid_loss": valid, "train_rna": 0.2, "valid_rna": None}
        for i in range(1, n + 1)
    ]


def compared(*lengths, baselines=BASELINES):
    return [figures.ComparedRun(f"run <{i}>", "#0072b2", epochs(n), baselines) for i, n in enumerate(lengths)]


def test_each_run_has_three_traces_and_one_entry_in_the_legend():
    figure = figures.compared_losses(compared(3, 2, 0))
    assert [trace.name for trace in figure.data if trace.showlegend is not False] == [
        f"run &lt;{i}&gt;" for i in range(3)
    ]
    assert len(figure.data) == 3 * figures.TRACES
    assert list(figure.data[1].x) == [1, 2, 3] and list(figure.data[4].x) == [1, 2]
    assert list(figure.data[2].y) == [0.6, 0.6] and figure.data[2].line.dash == "dash"


def test_a_part_has_its_own_baseline_and_a_loss_that_is_no_number_is_a_gap():
    figure = figures.compared_losses(compared(2), "rna", log=True)
    assert list(figure.data[1].y) == [None, None] and list(figure.data[2].y) == [0.5, 0.5]
    assert figure.layout.yaxis.type == "log"
    assert not figures.compared_losses(compared(2, baselines=None)).data[2].x
    assert figures.points([{"epoch": 1, "train_loss": float("nan")}], "total") == ([1], [None], [None])


def test_long_curves_are_thinned_to_the_screen_with_both_ends():
    kept = thinned(epochs(10_000))
    assert MOST_POINTS / 2 < len(kept) <= MOST_POINTS + 2
    assert (kept[0]["epoch"], kept[-1]["epoch"]) == (1, 10_000)
    assert thinned([]) == [] and len(thinned(epochs(MOST_POINTS))) == MOST_POINTS


def test_settings_stand_beside_a_score_and_runs_without_it_are_left_out():
    settings = [("Latent", [5, 10, 20]), ("Batch", ["a", None, "b"])]
    figure = figures.parallel_settings(["a", "b", "c"], settings, "Loss", [0.1, None, 0.3])
    latent, batch, score = figure.data[0].dimensions
    assert list(latent["values"]) == [5, 20] and list(score["values"]) == [0.1, 0.3]
    assert list(batch.ticktext) == ["a", "b"] and list(batch["values"]) == [0, 1]
    few = figures.parallel_settings(["a"], [], "Loss", [0.1])
    assert "fewer than two" in few.layout.annotations[0].text


def test_bands_are_as_wide_as_their_cells_and_thin_ones_are_not_drawn():
    table = np.array([[90, 1], [0, 60]])
    (sankey,) = figures.cluster_flow(table, ("first", "second")).data
    assert (
        list(sankey.link.value) == [90, 60]
        and list(sankey.link.source) == [0, 1]
        and list(sankey.link.target) == [2, 3]
    )
    assert list(sankey.node.label) == ["first: 0", "first: 1", "second: 0", "second: 1"]
    assert "no cell" in figures.cluster_flow(np.zeros((2, 2)), ("a", "b")).layout.annotations[0].text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_they_are_drawn_in_both_themes(theme):
    text = figures.theme_colours(theme).text
    assert figures.cluster_flow(np.eye(2), ("a", "b"), theme).data[0].textfont.color == text
    drawn = figures.parallel_settings(["a", "b"], [("x", [1, 2])], "Loss", [1, 2], theme)
    assert drawn.data[0].labelfont.color == text
