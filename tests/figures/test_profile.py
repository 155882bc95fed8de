"""A profile shows input against reconstruction and names the largest differences."""

import numpy as np
from figure_data import annotation_texts

from core import figures


def test_the_largest_differences_come_first_with_their_kind():
    measured, reconstructed = np.array([1.0, 5, 0, 2]), np.array([1.5, 1, 0, np.nan])
    rows = figures.largest_differences(measured, reconstructed, ["A", "B", "CD3", "CD4"], n_genes=2, k=15)
    assert [(row["name"], row["kind"], row["difference"]) for row in rows] == [
        ("B", "gene", -4.0),
        ("A", "gene", 0.5),
        ("CD3", "protein", 0.0),
    ]


def test_features_of_almost_no_variance_come_last():
    measured, reconstructed = np.array([0.0, 1, 9]), np.array([0.5, 3, 0])
    rows = figures.largest_differences(measured, reconstructed, list("abc"), 3, varies=[True, True, False])
    assert [row["name"] for row in rows] == ["b", "a", "c"]
    figure = figures.profile(measured, reconstructed, list("abc"), 3, k=1, varies=[True, True, False])
    assert [annotation.text for annotation in figure.layout.annotations] == ["b"]


def test_a_profile_puts_input_on_x_and_names_what_differs_most():
    measured, reconstructed = np.array([1.0, 5, 0, 2]), np.array([1.5, 1, 0, 2])
    figure = figures.profile(measured, reconstructed, ["A", "B", "CD3", "CD4"], n_genes=2, k=1)
    diagonal, genes, proteins = figure.data
    assert diagonal.x == diagonal.y
    assert (list(genes.x), list(genes.y), list(genes.text)) == ([1, 5], [1.5, 1], ["A", "B"])
    assert list(proteins.text) == ["CD3", "CD4"]
    assert [annotation.text for annotation in figure.layout.annotations] == ["B"]
    assert len(figures.profile(measured, reconstructed, list("abcd"), n_genes=4).data) == 2
    assert "no features" in annotation_texts(figures.profile([], [], [], 0))
