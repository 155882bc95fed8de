"""The cards of clusters with markers on other molecules, and of the number of latent dimensions."""

import json

import pytest
from app_under_test import sent

from core.figures import latent_sizes as figure
from dashboard.pages.clusters import latent_sizes, supported

SIZES = {
    "sizes": [
        {"n_latent": 2, "error": 0.9, "deviance": 0.1, "deviance_error": 0.01, "pca_deviance": 0.08},
        {"n_latent": 10, "error": 0.8, "deviance": 0.3, "deviance_error": 0.01, "pca_deviance": 0.31},
        {"n_latent": 50, "error": 0.79, "deviance": 0.2, "deviance_error": 0.01, "pca_deviance": 0.21},
    ],
    "pca": [0.95, 0.85, 0.83, 0.84],
    "mean": 1.0,
    "cells": 77,
}
CLUSTERS = {
    "resolution": 1.0,
    "cells": 240,
    "genes": 110,
    "clusters": [
        {
            "cluster": 0,
            "cells": 200,
            "jaccard": 0.9,
            "markers": 4,
            "markers_same": 9,
            "names": ["CD3D"],
            "result": "supported",
        },
        {
            "cluster": 1,
            "cells": 40,
            "jaccard": 0.7,
            "markers": 0,
            "markers_same": 3,
            "names": [],
            "result": "no marker",
        },
    ],
}


def test_the_card_names_the_best_number_of_dimensions_of_each_score(finished):
    run = finished.view.runs.one(finished.run)
    shown = sent(latent_sizes.result(finished.view, run, SIZES, "light"))
    assert "50 latent dimensions predict unseen molecules best by the decoder and 10 by neighbours" in shown
    assert "for PCA it is 3" in shown and "77 test cells" in shown
    drawn = figure(SIZES)
    assert [list(trace.y) for trace in drawn.data][1:3] == [[0.9, 0.8, 0.79], [0.08, 0.31, 0.21]]


def test_a_cluster_without_a_marker_on_other_molecules_is_called_unsupported(finished):
    run = finished.view.runs.one(finished.run)
    shown = sent(supported.result(finished.view, run, CLUSTERS))
    assert "1 of 2 clusters at resolution 1 are supported" in shown
    assert "unsupported: no marker" in shown and "CD3D" in shown and "240 training and test cells" in shown


def test_clusters_of_a_run_are_tested_on_the_other_half_of_its_molecules(finished):
    values = {"run.data": finished.run, "resolution.value": 1.0, "support-go.n_clicks": 1}
    assert finished.work("support", values, "support-go.n_clicks")["support-done"]["data"]
    record = finished.client.get(f"/download/{finished.run}/support.json").json
    assert sum(one["cells"] for one in record["clusters"]) == 240 == record["cells"]
    assert {one["result"] for one in record["clusters"]} <= set(supported.RESULTS)
    shown = sent(finished.press("support-result.children", {"run.data": finished.run, "theme.data": "light"}))
    assert "clusters at resolution 1 are supported" in shown


@pytest.mark.slow
def test_a_run_is_trained_again_with_other_numbers_of_latent_dimensions(finished, monkeypatch):
    from core.analysis import latent_sizes as curves

    monkeypatch.setattr(curves, "allowed", lambda n: (2, 5))
    values = {"run.data": finished.run, "latent-sizes-go.n_clicks": 1}
    assert finished.work("latent-sizes", values, "latent-sizes-go.n_clicks")["latent-sizes-done"]["data"]
    record = json.loads(finished.client.get(f"/download/{finished.run}/latent_sizes.json").text)
    assert [one["n_latent"] for one in record["sizes"]] == [2, 5] and len(record["pca"]) > 20
    assert all(0 < one["error"] < 2 * record["mean"] for one in record["sizes"])
