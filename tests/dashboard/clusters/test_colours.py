"""What colours the cells: the values behind a choice."""

import numpy as np
import pytest

from core.store.dataset_folder import DatasetFolder
from dashboard.pages.clusters import colours


def test_recolouring_a_large_picture_reads_the_gene_once(finished, monkeypatch):
    """The legend asks for the values, and then the page for one byte a cell."""
    names, read = finished.view.datasets.folder(finished.dataset).genes()["names"], []
    colours._gene_values.cache_clear()
    gene = DatasetFolder.gene
    monkeypatch.setattr(
        DatasetFolder, "gene", lambda dataset_folder, i: read.append(names[i]) or gene(dataset_folder, i)
    )
    run, choice = finished.view.runs.one(finished.run), f"gene:{names[7]}"
    colours.colour_of(finished.view, run, choice, 1.0)
    answer = finished.client.get(f"/cells/{finished.run}/colour?by={choice}&resolution=1")
    assert answer.status_code == 200 and read == [names[7]]


def test_the_mean_of_genes_is_that_of_their_values(finished):
    dataset_folder = finished.view.datasets.folder(finished.dataset)
    names = dataset_folder.genes()["names"][3:5]
    run = finished.view.runs.one(finished.run)
    colour = colours.colour_of(finished.view, run, f"mean:{','.join(names)}", 1.0)
    np.testing.assert_array_equal(colour.values, (dataset_folder.gene(3) + dataset_folder.gene(4)) / 2)
    with pytest.raises(ValueError, match="read-only"):
        colour.values[0] = 1
