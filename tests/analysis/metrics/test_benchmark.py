"""The scores of a run are those of other libraries: its spaces side by side, its features, its clusters by seed."""

import csv
import json

import numpy as np
import pytest
import torch
from app_under_test import sent
from sklearn import metrics
from sklearn.manifold import trustworthiness

from core import config, models
from core.analysis import explore, leiden
from core.analysis.metrics import benchmark, lisi, per_cell, per_feature, run_scores, scores
from core.analysis.metrics.descriptions import CELL_SCORES, SCORES, SPACES
from core.analysis.neighbors import find_neighbors, in_metric
from core.cli import main
from core.config.run_facts import RunFacts
from core.config.run_files import clusters_of, company_of, survival_of
from core.data.protein_panel import MASKED
from core.errors import UserError
from core.export import run_folder
from core.training import count_splitting, learn
from core.training.dataloader import Feed
from core.worker.execute import drain
from core.worker.jobs.trained_runs import load_run
from dashboard.pages.clusters import colours
from dashboard.pages.clusters import count_split as count_split_card
from dashboard.pages.clusters import per_feature as per_feature_card
from dashboard.pages.clusters.colour_search import colour_groups


@pytest.fixture(scope="module")
def scored_run(finished):
    """(run, TrainedRun, spaces) of the finished run."""
    run, trained = load_run(finished.store, finished.run)
    return run, trained, run_folder.spaces(finished.store.run_folder(finished.run), trained)


def of(records, score, space):
    return next(r["value"] for r in records if (r["score"], r["space"]) == (score, space))


def test_every_space_of_a_run_is_scored_as_scikit_learn_would(scored_run, tiny):
    run, trained, spaces = scored_run
    settings = config.parse(run["config"])
    labels = tiny.obs["cell_type"].astype(str).to_numpy()
    batches = np.arange(240) % 2
    *steps, records = benchmark.compare_spaces(trained, settings, spaces, 1.0, labels, batches)
    assert {"latent", "latent_umap", "pca", "input_umap", "protein"} <= set(spaces) <= set(SPACES)
    assert len(records) == len(SCORES) * len(spaces) and steps[-1].share < 1
    json.dumps(records, allow_nan=False)
    assert settings.metric == "cosine"
    rows, points = trained.split.scored, in_metric(trained.latent, "cosine")
    near = find_neighbors(trained.latent, metric="cosine")
    clusters = leiden.leiden(leiden.graph(near), 1.0, settings.seed)
    expected = {
        "ari": metrics.adjusted_rand_score(labels, clusters),  # labels are judged on all cells
        "nmi": metrics.normalized_mutual_info_score(labels, clusters),
        "ami": metrics.adjusted_mutual_info_score(labels, clusters),
        "label_silhouette": metrics.silhouette_score(points, labels),
        "silhouette": metrics.silhouette_score(points[rows], clusters[rows]),
        "knn_accuracy": scores.knn_accuracy(points, labels),
        "neighbours_kept_15": run["scores"]["neighbours_kept_15"],
        "protein_agreement_15": run["scores"]["protein_agreement_15"],
        "ilisi": lisi.ilisi(points, batches),
    }
    for score, value in expected.items():
        assert of(records, score, "latent") == pytest.approx(value, abs=1e-6), score
    n_cells = {r["score"]: r["cells"] for r in records}
    assert n_cells["ami"] == n_cells["knn_accuracy"] == 240 and n_cells["neighbours_kept_15"] == len(rows)
    known = [r for r in records if r["value"] is not None]
    assert all(0 <= r["error"] < 0.5 for r in known) and {r["ahead"] for r in records} == {True, False}
    assert of(records, "protein_agreement_15", "protein") is None
    notes = {r["space"]: r["note"] for r in records if r["score"] == "protein_agreement_15"}
    assert notes.pop("protein") == "" and set(notes.values()) == {"seen in training"}


def test_a_sample_is_scored_where_cells_are_many_and_a_broken_space_is_named(scored_run, monkeypatch):
    run, trained, spaces = scored_run
    settings = config.parse(run["config"])
    monkeypatch.setattr(benchmark, "MOST_CELLS", 150)
    monkeypatch.setattr(benchmark, "FEWEST_CELLS", 150)  # all of the sample are scored
    cells = benchmark.some_cells(240, settings.seed)
    broken = np.where(np.arange(240)[:, None] == cells[0], np.nan, trained.latent)
    *_, records = benchmark.compare_spaces(trained, settings, {"latent": trained.latent, "pca": broken})
    assert {r["cells"] for r in records} == {150}
    assert {(r["value"], r["note"]) for r in records if r["space"] == "pca"} == {
        (None, "it has values that are not numbers")
    }
    whole = trained.matrix.dense(cells).astype(np.float64) * trained.matrix.weights(settings)
    expected = trustworthiness(whole, in_metric(trained.latent[cells], "cosine"), n_neighbors=15)
    assert of(records, "trustworthiness_15", "latent") == pytest.approx(expected, abs=1e-6)


def of_run(scores):
    """{"gene": (model, PCA), "protein": ...} of the scores of a run."""
    return {
        kind: pytest.approx([scores[f"variance_explained_{part}{end}"] for end in ("", "_pca")], abs=1e-5)
        for kind, part in (("gene", "rna"), ("protein", "protein"))
    }


def test_variance_explained_by_feature_adds_up_to_the_scores_of_the_run(scored_run, finished):
    run, trained, _ = scored_run
    settings, matrix = config.parse(run["config"]), trained.matrix
    model = run_folder.load_model(finished.store.run_folder(run["id"]) / "model.pt")
    assert model.predicts_other_part
    found = per_feature.by_feature(model, trained, settings)
    # The error of the mean is that of the molecules not seen; proteins are not split.
    splitter = count_splitting.splitter(matrix, trained.split.train, settings)
    train, scored = (
        Feed(matrix, splitter=splitter).cells(rows).x.numpy()
        for rows in (trained.split.train, trained.split.scored)
    )
    np.testing.assert_allclose(
        found.variance, ((scored - train.mean(axis=0)) ** 2).mean(axis=0), rtol=1e-4, atol=1e-7
    )
    assert per_feature.in_all(found, matrix.n_genes) == of_run(run["scores"])
    every = np.ones(matrix.n_features, dtype=bool)
    table = per_feature.rows_of(found, matrix, every)
    assert len(table) == 126 and table[0][2] == min(row[2] for row in table if row[2] != "")
    every[0] = False
    assert per_feature.rows_of(found, matrix, every)[-1][0] == matrix.genes[0]


@pytest.mark.parametrize(
    "values, splits",
    [({"target": "whole"}, False), ({"model": "variational"}, True), ({"split_share": 0.8}, True)],
)
def test_it_adds_up_where_some_proteins_were_not_measured(tiny, run_quick, values, splits):
    joined = tiny.copy()
    joined.obsm["protein"] = joined.obsm["protein"].astype(float)
    joined.obsm["protein"].iloc[::3, 0] = np.nan
    joined.uns[MASKED] = True
    *_, learnt = learn.learn(joined, run_quick.model_copy(update={"epochs": 2} | values))
    settings, matrix = learnt.start.config, learnt.start.matrix
    assert not matrix.measured.all()
    model = models.build(settings, matrix.n_genes, matrix.n_proteins, 0)
    model.load_state_dict(learnt.weights)
    assert model.predicts_other_part == splits
    trained = explore.trained_run(learnt)
    found = per_feature.by_feature(model, trained, settings)
    expected = run_scores.score(trained, settings, np.arange(matrix.n_cells) % 3)
    assert per_feature.in_all(found, matrix.n_genes) == of_run(expected)


def test_each_cell_has_the_scores_that_can_be_worked_out_by_hand(scored_run, finished):
    run, trained, _ = scored_run
    settings, matrix = config.parse(run["config"]), trained.matrix
    model = run_folder.load_model(finished.store.run_folder(run["id"]) / "model.pt")
    *_, found = per_cell.score_cells(model, trained, settings)
    assert {*found, "ilisi"} == {*CELL_SCORES} and {x.shape for x in found.values()} == {(240,)}
    x, latent = matrix.dense(np.arange(240)) * matrix.weights(settings), in_metric(trained.latent, "cosine")
    near = [
        set(np.argsort(((y - y[7]) ** 2).sum(axis=1))[1:16]) for y in (x.astype(float), latent.astype(float))
    ]
    assert found["neighbours_kept_15"][7] == pytest.approx(len(near[0] & near[1]) / 15)
    rows, kept = trained.split.scored, run["scores"]["neighbours_kept_15"]
    assert found["neighbours_kept_15"][rows].mean() == pytest.approx(kept, abs=1e-6)
    batches = np.arange(240) % 2
    assert np.median(per_cell.batches_mixed(latent, batches)) == pytest.approx(lisi.ilisi(latent, batches))
    cells = Feed(matrix).cells(rows)
    with torch.no_grad():  # of whole counts, also where counts are split
        whole = model.decode(model.encode(cells)) * model.whole_slope + model.whole_offset
    off = (whole - cells.x).numpy()[:, : matrix.n_genes]
    np.testing.assert_allclose(found["reconstruction_error_rna"][rows], (off**2).mean(axis=1), rtol=1e-4)


def test_of_many_cells_those_that_were_not_looked_at_have_no_neighbours_kept(
    scored_run, finished, monkeypatch
):
    run, trained, _ = scored_run
    monkeypatch.setattr(benchmark, "MOST_CELLS", 100)
    monkeypatch.setattr(scores, "QUERIES", 30)
    model = run_folder.load_model(finished.store.run_folder(run["id"]) / "model.pt")
    *_, found = per_cell.score_cells(model, trained, config.parse(run["config"]))
    assert np.isfinite(found["neighbours_kept_15"]).sum() == 100
    assert np.isfinite(found["reconstruction_error_protein"]).all() and "ilisi" not in found


# --- on the page


def test_scores_of_cells_are_kept_and_colour_the_panels(finished):
    values = {"run.data": finished.run, "cell-scores-go.n_clicks": 1}
    assert finished.work("cell-scores", values, "cell-scores-go.n_clicks")["cell-scores-done"]["data"]
    shown = sent(finished.press("cell-scores-result.children", {"run.data": finished.run}))
    assert "Neighbours kept (15)" in shown and "Lee and Verleysen 2009" in shown and "240" in shown
    view, run = finished.view, finished.view.runs.one(finished.run)
    (found,) = colour_groups(view, run, "score per cell")
    offered = {o["value"]: o["label"] for o in found["options"]}
    assert offered["score:reconstruction_error_rna"] == "reconstruction error, RNA (score per cell)"
    colour = colours.colour_of(view, run, "score:neighbours_kept_15", 1.0)
    assert colour.name == "neighbours kept (15)" and colour.unit == "share of 15, 0 to 1"
    assert colour.categories is None and 0 < colour.values.mean() < 1


def test_the_page_compares_the_spaces_and_keeps_what_it_found(finished):
    values = {"spaces-labels.value": "cell_type", "spaces-batches.value": None, "resolution.value": 1.0}
    values |= {"run.data": finished.run, "spaces-go.n_clicks": 1}
    answer = finished.work("spaces", values, "spaces-go.n_clicks")
    assert answer["spaces-tick"]["disabled"] and answer["spaces-done"]["data"]
    shown = sent(finished.press("spaces-result.children", {"run.data": finished.run}))
    for words in ("Trustworthiness (15)", "UMAP of the input", "seen in training", "labels: cell_type"):
        assert words in shown
    assert finished.client.get(f"/download/{finished.run}/spaces.json").json["labels"] == "cell_type"


def test_an_unknown_column_is_refused_in_a_sentence(finished):
    values = {"spaces-labels.value": "nope", "resolution.value": 1.0}
    values |= {"run.data": finished.run, "spaces-go.n_clicks": 2}
    answer = finished.work("spaces", values, "spaces-go.n_clicks")
    assert answer["spaces-done"]["data"] is None and "There is no obs column 'nope'" in sent(answer)


def test_the_page_lists_what_comes_back_of_each_feature(finished):
    values = {"run.data": finished.run, "explained-go.n_clicks": 1}
    assert finished.work("explained", values, "explained-go.n_clicks")["explained-done"]["data"]
    shown = finished.press("explained-result.children", {"run.data": finished.run, "theme.data": "dark"})
    assert "SIM-0001" in sent(shown) and "variance explained by PCA" in sent(shown)
    rows = list(
        csv.DictReader(finished.client.get(f"/download/{finished.run}/explained.csv").text.splitlines())
    )
    assert len(rows) == 126 and {row["kind"] for row in rows} == {"gene", "protein"}


@pytest.mark.parametrize("splits", [True, False])
def test_the_page_says_which_variance_is_explained(finished, splits):
    run = finished.view.runs.one(finished.run)
    facts = RunFacts.upgraded(run["facts"])
    size = facts.test_baselines.pca_size
    if not splits:
        on_test = facts.test_baselines._replace(regression=None, pca_size=None)
        run = run | {"facts": facts.model_copy(update={"test_baselines": on_test}).record()}
    of_features = sent(per_feature_card.layout(finished.view, run))
    of_noise = sent(count_split_card.parts(finished.view, run))
    assert ("molecules that the encoder has not seen" in of_features) == splits
    assert (f"PCA of {size} dimensions" if splits else "PCA of the same number") in of_features
    assert ("variance explained and the loss reward copied noise" in of_noise) != splits
    assert ("Neighbours kept rewards copied noise" in of_noise) == splits


@pytest.mark.slow  # four UMAPs
def test_every_space_is_scored_by_the_molecules_it_has_not_seen(finished):
    values = {"run.data": finished.run, "count-split-go.n_clicks": 1}
    assert finished.work("count-split", values, "count-split-go.n_clicks")["count-split-done"]["data"]
    shown = sent(
        finished.press("count-split-result.children", {"run.data": finished.run, "theme.data": "light"})
    )
    for words in ("PCA of as many dimensions", "UMAP of the input", "Clusters found again", "FOSCTTM"):
        assert words in shown
    record = finished.client.get(f"/download/{finished.run}/count_split.json").json
    by_name = {row["space"]: row for row in record["spaces"]}
    assert set(by_name) == {"latent", "pca", "latent_umap", "input_umap"}
    assert by_name["input_umap"]["places"] is None and 0.5 < by_name["pca"]["places"] <= 1
    assert all(-0.5 < row["explained"] < 1 and row["error"] > 0 for row in by_name.values())
    genes = list(
        csv.DictReader(
            finished.client.get(f"/download/{finished.run}/count_split_genes.csv").text.splitlines()
        )
    )
    assert list(genes[0]) == ["gene", "latent", "pca", "latent_umap", "input_umap"] and 50 < len(genes) <= 126
    del record["spaces"]  # of an earlier version
    assert count_split_card.spaces_table({"id": finished.run}, record) == []


# --- other seeds


def test_other_seeds_are_trained_compared_and_shown(finished):
    view, store, run = finished.view, finished.store, finished.run
    values = {"seeds-k.value": 3, "run.data": run, "resolution.value": 1.0}
    answer = finished.press("seeds-state.children", values | {"seeds-go.n_clicks": 1}, "seeds-go.n_clicks")
    seeds = view.seeds.all(run)
    try:
        assert [row["config"]["seed"] for row in seeds] == [1, 2] and answer["seeds-tick"]["disabled"]
        assert {row["explored"] for row in seeds} == {"ready"} and view.seeds.first_run(seeds[0]["id"])[
            "id"
        ] == run
        assert seeds[0]["config"] | {"seed": 0} == view.runs.one(run)["config"]
        assert (
            len([j for j in store.jobs() if j["kind"] == "stability"]) == 1
        )  # once, when the last was there
        found = [
            np.asarray(view.results.array(id, clusters_of(1.0)))
            for id in (run, *(row["id"] for row in seeds))
        ]
        consistency = np.asarray(view.results.array(run, company_of(1.0)))
        a, b, c = (found[i] == found[i][7] for i in range(3))  # the cluster of cell 7 in each run
        pairs = [(x & y).sum() / max(x.sum(), y.sum()) for x, y in ((a, b), (a, c), (b, c))]
        assert consistency[7] == pytest.approx(np.mean(pairs), abs=1e-6)
        assert np.asarray(view.results.array(run, survival_of(1.0))).shape == (found[0].max() + 1, 2)
        shown = sent(finished.press("seeds-result.children", values | {"theme.data": "light"}))
        assert "stable over 3 seeds" in shown and "Hennig 2007" in shown
        (found,) = colour_groups(view, view.runs.one(run), "consistency")
        offered = [o["value"] for o in found["options"]]
        colour = colours.colour_of(view, view.runs.one(run), "company", 1.0)
        assert "company" in offered and colour.categories is None and (colour.values == consistency).all()
        assert view.seeds.train(run, 3) == []  # they are there
    finally:
        for row in seeds:
            view.removals.remove([row["id"]])


def test_seeds_that_wait_are_cancelled_and_numbers_that_make_no_sense_refused(finished):
    view = finished.view
    made = view.seeds.train(finished.run, 2)
    assert view.seeds.unfinished(finished.run)
    view.seeds.cancel(finished.run)
    assert [view.runs.one(id)["status"] for id in made] == ["cancelled"] and not view.seeds.unfinished(
        finished.run
    )
    drain(finished.store)
    view.removals.remove([made[0]])
    for k in (1, 99, None):
        with pytest.raises(UserError, match="whole number from 2 to 10"):
            view.seeds.train(finished.run, k)


# --- on the command line


def test_a_run_of_the_page_is_scored_on_the_command_line(finished, capsys):
    folder = str(finished.store.run_folder(finished.run))
    assert main(["score", folder, "--labels", "cell_type", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    latent = {r["score"]: r["value"] for r in records if r["space"] == "latent"}
    kept = finished.view.runs.one(finished.run)["scores"]["neighbours_kept_15"]
    assert latent["neighbours_kept_15"] == pytest.approx(kept, abs=1e-6) and latent["ari"] is not None


@pytest.mark.parametrize(
    "words, said",
    [
        (["nowhere"], "There is no folder 'nowhere'"),
        (["{root}"], "is not the folder of a trained run: config.json"),
        (["{run}", "--labels", "cell_typ"], "did you mean cell_type?"),
        (["{run}", "--resolution", "0"], "a number above 0"),
    ],
)
def test_mistakes_of_scoring_are_told_in_one_sentence(finished, capsys, words, said):
    places = {"root": finished.store.root, "run": finished.store.run_folder(finished.run)}
    assert main(["score", *(word.format(**places) for word in words)]) == 2
    errors = capsys.readouterr().err
    assert said in errors and len(errors.splitlines()) == 1
