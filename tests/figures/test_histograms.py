"""Histograms and the figure of variable genes show what was counted."""

import math

import numpy as np
import pytest
from figure_data import THEMES, annotation_texts, sent

from core import figures
from core.figures.theme import THEME_COLOURS


def test_the_medians_of_counts_and_genes_are_written_out():
    counts = np.array([0, 100, 1000, 1000, 10_000])
    figure = figures.counts_and_genes(counts, np.array([5, 50, 300, 400, 2000]))
    assert "median 1,000" in annotation_texts(figure) and "median 300" in annotation_texts(figure)
    assert figure.layout.xaxis.type == "log"
    assert "1 cells without any" in figure.layout.xaxis.title.text
    # The outline starts and ends on the axis; between lie the bins: each of the 4 cells with counts once.
    assert sum(figure.data[0].y[1:-1]) == 4 and sum(figure.data[1].y[1:-1]) == 5


def test_values_without_counts_show_genes_alone():
    figure = figures.counts_and_genes(None, np.arange(1, 100))
    assert len(figure.data) == 1
    assert "genes per cell" in figure.layout.xaxis.title.text


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("theme", THEMES)
def test_counts_of_no_cell_and_one_cell_can_be_drawn(n, theme):
    sent(figures.counts_and_genes(np.zeros(n), np.zeros(n), theme))
    sent(figures.counts_and_genes(np.ones(n), np.ones(n), theme))


def test_a_pair_of_histograms_has_the_bins_of_its_input():
    before = figures.Binned(np.array([90, 9, 0, 1]), np.arange(5))
    after = np.array([1, 8, 2]), np.array([-1.0, 0.0, 1.0, 2.0])
    figure = figures.histogram_pair(before, after, ("counts", "scaled"))
    assert list(figure.data[0].y[1:-1]) == [90, 9, 0.5, 1]  # an empty bin ends at the foot of the log axis
    assert figure.layout.yaxis.range[0] == pytest.approx(math.log10(0.5))
    assert "0 values" in figure.data[0].customdata[3]
    assert figure.layout.xaxis2.title.text == "scaled"


def test_genes_stand_apart_by_what_became_of_them_and_silent_ones_are_counted():
    means, spread = np.array([1, 2, 0, 3.0, np.nan, 4, 5]), np.array([1, 4, 0, 9.0, 1, 2, 2])
    roles = np.array([0, 1, 0, 1, 0, 2, 3])
    figure = figures.mean_variance(means, spread, roles, names=list("abcdefg"), of=10)
    labels = ["other genes (1)", "used (2)", "always used (1)", "never used (1)"]
    assert [trace.name for trace in figure.data] == labels
    assert [list(trace.text) for trace in figure.data] == [["a"], ["b", "d"], ["f"], ["g"]]
    assert "2 genes do not vary" in annotation_texts(
        figure
    ) and "3 more of the other genes" in annotation_texts(figure)
    assert figure.data[1].marker.color == THEME_COLOURS["light"].accent
    assert figure.layout.xaxis.title.text == "mean counts per cell" and figure.layout.yaxis.type == "log"
    assert len({trace.marker.symbol for trace in figure.data}) == 3
    assert "no gene varies" in annotation_texts(figures.mean_variance(np.zeros(3), np.zeros(3), np.zeros(3)))


def test_values_that_are_logs_already_stand_on_plain_axes():
    figure = figures.mean_variance([0.1, 0.2], [-1.5, 0.5], [0, 1], "seurat")
    assert list(figure.data[0].y) == [-1.5] and figure.layout.yaxis.type is None
    assert "log of the dispersion" in figure.layout.yaxis.title.text
