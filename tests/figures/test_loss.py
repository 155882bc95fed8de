"""The loss page shows every curve and baseline at its value."""

import math

import numpy as np
import pytest
from figure_data import BASELINES, THEMES, annotation_texts, epochs_of, named, sent

from core import figures
from core.figures.axis_range import y_range
from core.figures.loss import WAITING


def test_the_baselines_are_dashed_lines_at_their_values_over_the_whole_width():
    figure = figures.loss_curve(epochs_of(10), BASELINES, part="rna", n_epochs=40, n_latent=20)
    dashed = {trace.name: trace for trace in figure.data if trace.line.dash == "dash"}
    assert {name: set(trace.y) for name, trace in dashed.items()} == {
        "training mean": {0.95},
        "PCA, 20 dimensions": {0.53},
        "PCA of RNA alone": {0.51},
    }
    low, high = figure.layout.xaxis.range
    assert low < 1 and high > 40
    assert all((trace.x[0], trace.x[-1]) == (low, high) for trace in dashed.values())
    assert all(name in annotation_texts(figure) for name in dashed)


def test_the_line_of_rna_alone_is_drawn_for_rna_only():
    for part in ("total", "protein"):
        assert not named(figures.loss_curve(epochs_of(3), BASELINES, part=part), "PCA of RNA alone")


def test_labels_of_close_baselines_do_not_cover_each_other():
    figure = figures.loss_curve(epochs_of(10), BASELINES, part="rna", n_latent=20)
    heights = sorted(annotation.y for annotation in figure.layout.annotations if annotation.x == 1)
    assert len(heights) == 3 and min(np.diff(heights)) > 0.05


def test_the_best_epoch_is_marked_on_the_validation_curve():
    epochs = epochs_of(10)
    figure = figures.loss_curve(epochs, best_epoch=7)
    (best,) = named(figure, "best epoch (7)")
    assert (best.x, best.y) == ((7,), (epochs[6]["valid_loss"],))


def test_the_curves_hold_the_losses_of_their_part():
    epochs = epochs_of(5)
    for part, key in (("total", "loss"), ("rna", "rna"), ("protein", "protein")):
        figure = figures.loss_curve(epochs, part=part)
        assert list(named(figure, "training")[0].y) == [epoch[f"train_{key}"] for epoch in epochs]
        assert list(named(figure, "validation")[0].y) == [epoch[f"valid_{key}"] for epoch in epochs]


def test_the_frame_and_a_zoom_stay_while_epochs_arrive():
    few = figures.loss_curve(epochs_of(3), BASELINES, n_epochs=50)
    many = figures.loss_curve(epochs_of(30), BASELINES, n_epochs=50)
    assert few.layout.xaxis.range == many.layout.xaxis.range
    assert few.layout.uirevision == many.layout.uirevision
    assert len(few.data) == len(many.data)
    assert few.layout.uirevision != figures.loss_curve(epochs_of(3), log=True).layout.uirevision


def test_a_towering_first_epoch_leaves_the_frame_and_says_so():
    epochs = epochs_of(40)
    epochs[0]["train_loss"] = 900.0
    figure = figures.loss_curve(epochs, BASELINES)
    assert figure.layout.yaxis.range[1] < 2
    assert "up to 900" in annotation_texts(figure)
    log = figures.loss_curve(epochs, BASELINES, log=True)
    assert log.layout.yaxis.type == "log"
    assert log.layout.yaxis.range[1] > math.log10(900)
    assert "up to" not in annotation_texts(log)


def test_a_calm_curve_and_every_baseline_lie_within_the_frame():
    low, high, hidden = y_range([[0.9, 0.8, 0.75]], [("training mean", 1.5), ("PCA", 0.5)])
    assert hidden is None and low < 0.5 and high > 1.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("log", [False, True])
def test_no_epoch_and_one_epoch_can_be_drawn(theme, log):
    figure = figures.loss_curve([], None, log=log, n_epochs=30, theme=theme)
    assert WAITING in annotation_texts(figure)
    assert WAITING not in annotation_texts(figures.loss_curve(epochs_of(1), BASELINES, log=log, theme=theme))
    sent(figure)


def test_a_loss_that_is_not_a_number_is_a_gap():
    epochs = epochs_of(5)
    epochs[2]["train_loss"], epochs[3]["valid_loss"] = math.nan, math.inf
    figure = figures.loss_curve(epochs, BASELINES)
    sent(figure)
    assert named(figure, "training")[0].y[2] is None
    assert all(math.isfinite(end) for end in figure.layout.yaxis.range)
    diverged = [epoch | {"train_loss": math.nan, "valid_loss": math.nan} for epoch in epochs]
    assert "not a number" in annotation_texts(figures.loss_curve(diverged))


def test_the_loss_page_has_a_row_for_each_part():
    with_protein = figures.loss_page(epochs_of(20), BASELINES, n_latent=10)
    assert len(named(with_protein, "validation")) == 3
    assert sum(trace.showlegend is not False for trace in named(with_protein, "validation")) == 1
    without = figures.loss_page(epochs_of(20, protein=False), BASELINES, n_latent=10)
    assert len(named(without, "validation")) == 2
    assert "Protein" not in annotation_texts(without)


def test_each_extension_begins_at_a_vertical_line():
    epochs = [
        {"epoch": n, "train_loss": 1 / n, "valid_loss": 1 / n, "segment": segment}
        for n, segment in zip(range(1, 8), [1, 1, 1, 2, 2, 3, 3], strict=True)
    ]
    figure = figures.loss_curve(epochs, None)
    lines = [shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1]
    assert lines == [3.5, 5.5]
    older = [{name: value for name, value in epoch.items() if name != "segment"} for epoch in epochs]
    assert not [shape for shape in figures.loss_curve(older, None).layout.shapes if shape.x0 == shape.x1]
