"""Plots of markers: colours from 0 to 1 by row, proteins in a block of their own."""

import numpy as np
import pytest

from core import figures
from core.analysis.marker_measures import rows
from core.figures.markers import places, scaled

FEATURES, GROUPS = ["CD3E", "MS4A1", "CD3 (protein)"], ["T", "B"]
MEANS = np.array([[2.0, 0.5, 4.0], [1.0, 0.5, 1.0]])
SHARES = np.array([[1.0, 0.25, 0.64], [0.0, np.nan, 0.16]])


def test_means_are_scaled_by_row_by_hand():
    assert scaled(MEANS).tolist() == [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    assert scaled([[0.0], [1.0], [4.0]]).ravel().tolist() == [0.0, 0.25, 1.0]
    assert np.isnan(scaled([[np.nan], [1.0], [3.0]])[0, 0]) and scaled([[np.nan], [1.0], [3.0]])[2, 0] == 1


@pytest.mark.parametrize(
    ("n_genes", "where"), [(2, [0, 1, 3]), (3, [0, 1, 2]), (0, [0, 1, 2]), (None, [0, 1, 2])]
)
def test_a_free_row_parts_genes_from_proteins(n_genes, where):
    assert places(3, n_genes).tolist() == where


def test_a_dot_plot_by_hand():
    figure = figures.dot_plot(FEATURES, GROUPS, MEANS, SHARES, "log1p", n_genes=2)
    dots = figure.data[0]
    assert list(dots.y) == [0, 1, 3] * 2 and list(dots.x) == [0, 0, 0, 1, 1, 1]
    assert list(dots.marker.color) == [1.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    np.testing.assert_allclose(dots.marker.size, 15 * np.sqrt([1, 0.25, 0.64, 0, 0, 0.16]))
    np.testing.assert_allclose(
        np.array(dots.customdata)[:, 1], [2, 0.5, 4, 1, 0.5, 1]
    )  # the mean itself is read
    assert "0 to 1" in figure.layout.coloraxis.colorbar.title.text
    assert [note.text for note in figure.layout.annotations] == ["<b>Proteins</b>"]
    assert figure.layout.annotations[0].y == 2 and list(figure.layout.yaxis.tickvals) == [0, 1, 3]


def test_a_heat_map_has_the_same_rows():
    figure = figures.heat_map(FEATURES, GROUPS, MEANS, "log1p", n_genes=2)
    lines = np.array(figure.data[0].z)
    assert lines.shape == (4, 2) and np.isnan(lines[2]).all() and lines[3].tolist() == [1.0, 0.0]
    assert not figures.heat_map(FEATURES, GROUPS, MEANS, "log1p").layout.annotations


def test_a_feature_that_is_gene_and_protein_says_which():
    names = ["CD4", "MS4A1", "cd4", "CD19"]
    found = rows([[3, 0], [2, 0, 1]], names, 2)
    assert found.features == [0, 1, 3, 2] and found.n_genes == 2
    assert found.labels == ["CD4 (gene)", "MS4A1", "CD19", "cd4 (protein)"]
    assert rows([[3]], names, 2).labels == ["CD19 (protein)"]  # without genes there is no heading
