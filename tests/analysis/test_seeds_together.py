"""The latent spaces of several seeds side by side are one space, on the page, in exports and in words."""

import json

import numpy as np
import pytest
from app_under_test import sent
from scipy.spatial.distance import cdist

from core import config
from core.analysis import seeds_together
from core.analysis.metrics.benchmark import MAPS
from core.analysis.metrics.descriptions import SPACES
from core.analysis.neighbors import find_neighbors
from core.config.run_files import SEEDS_TOGETHER, SEEDS_TOGETHER_RECORD
from core.errors import UserError
from core.export import methods, run_folder
from core.export.h5ad import KEYS
from core.store.seeds import Seeds
from dashboard.pages.clusters.viewer import embeddings


@pytest.fixture
def latents():
    """Latent spaces of 60 cells by three seeds, of different sizes and lengths."""
    random = np.random.default_rng(4)
    return [random.normal(size=(60, k)) * length + 1 for k, length in ((5, 1), (5, 30), (8, 0.1))]


def test_the_cosine_distance_of_seeds_together_is_the_mean_over_the_seeds(latents):
    points = seeds_together.side_by_side(latents, "cosine")
    expected = np.mean([cdist(latent, latent, "cosine") for latent in latents], axis=0)
    assert points.shape == (60, 18) and points.dtype == np.float32
    assert np.allclose(cdist(points, points, "cosine"), expected, atol=1e-5)
    found = find_neighbors(points, 5, metric="cosine")
    assert np.allclose(found.distances, np.sort(expected, axis=1)[:, :5], atol=1e-5)


def test_the_squared_euclidean_distance_of_seeds_together_is_the_mean_in_units_of_their_variance(latents):
    points = seeds_together.side_by_side(latents, "euclidean")
    expected = np.mean([cdist(x, x, "sqeuclidean") / x.var(axis=0).sum() for x in latents], axis=0)
    assert np.allclose(cdist(points, points, "sqeuclidean"), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_one_seed_three_times_has_the_neighbours_of_that_seed(latents, metric):
    once = find_neighbors(latents[0], 8, metric=metric)
    thrice = find_neighbors(seeds_together.side_by_side(latents[:1] * 3, metric), 8, metric=metric)
    assert (once.indices == thrice.indices).mean() > 0.98  # ties by rounding


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_seed_whose_space_has_collapsed_says_nothing(latents, metric):
    points = seeds_together.side_by_side([latents[0], np.zeros((60, 4))], metric)
    alone = seeds_together.side_by_side(latents[:1], metric)
    assert np.isfinite(points).all() and np.allclose(points[:, :5] * np.sqrt(2), alone, atol=1e-6)


def test_runs_of_other_cells_are_refused(latents):
    with pytest.raises(UserError, match="have other cells than this run"):
        seeds_together.side_by_side([latents[0], latents[1][:50]], "cosine")


def test_the_space_of_several_seeds_is_scored_and_exported_like_others():
    assert {"seeds", "seeds_umap"} <= SPACES.keys() and "seeds_umap" in MAPS and "seeds" not in MAPS
    assert KEYS["seeds"] == "X_nuwa_seeds" and KEYS["seeds_umap"] == "X_nuwa_seeds_umap"


def test_without_another_seed_the_card_says_what_to_do(finished):
    values = {"run.data": finished.run, "resolution.value": 1.0, "seeds-together-go.n_clicks": 1}
    answer = finished.press("seeds-together-job.data", values, "seeds-together-go.n_clicks")
    assert "No run with another seed is finished: train some first." in sent(answer)


def test_seeds_are_used_together_on_the_page_and_in_the_exports(finished, monkeypatch):
    view, run = finished.view, finished.view.runs.one(finished.run)
    other = run | {"name": "first, seed 1", "config": run["config"] | {"seed": 1}}
    monkeypatch.setattr(Seeds, "all", lambda self, run_id: [other])
    values = {"run.data": finished.run, "resolution.value": 0.6, "seeds-together-go.n_clicks": 1}
    folder = finished.store.run_folder(finished.run)
    try:
        answer = finished.work("seeds-together", values, "seeds-together-go.n_clicks")
        assert answer["seeds-together-done"]["data"], answer
        record = json.loads((folder / SEEDS_TOGETHER_RECORD).read_text())
        n_latent = run["config"]["n_latent"]
        assert [one["seed"] for one in record["runs"]] == [0, 1] and record["dimensions"] == 2 * n_latent
        spaces = run_folder.pictures(folder)
        assert spaces["seeds"].shape == (240, 2 * n_latent) and spaces["seeds_umap"].shape == (240, 2)
        (made,) = [row for row in view.clusterings.all(finished.run) if row["title"].startswith("Seeds")]
        assert made["title"] == "Seeds together, resolution 0.6"
        assert len(view.groups.one(finished.run, made["groups"]).names) == record["clusters"]
        offered = [option["label"] for option in embeddings.options(view, run, "seeds")]
        assert offered == ["Seeds together, UMAP"]
        panel = embeddings.panel(view, run, "seeds_umap", 3)
        assert panel.points.shape == (240, 3) and embeddings.columns(panel)[0] == "seeds_umap_1"
        shown = sent(finished.press("seeds-together-result.children", values | {"theme.data": "light"}))
        assert "The seeds 0 and 1 together" in shown and "resolution 0.6" in shown
        data = view.datasets.one(run["dataset"])["record"]
        paragraph = methods.paragraph(config.parse(run["config"]), run["facts"], data, seeds=record)
        assert "with the seeds 0 and 1 were joined side by side" in paragraph
        assert f"one space of {2 * n_latent} dimensions" in paragraph
    finally:
        for path in [*folder.glob(f"{SEEDS_TOGETHER}*"), *folder.glob("embeddings/seeds_umap*")]:
            path.unlink()
        for row in view.clusterings.all(finished.run):
            if row["title"].startswith("Seeds together"):
                view.clusterings.undo(finished.run, row["line"])
