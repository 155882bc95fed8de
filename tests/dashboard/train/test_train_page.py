"""The Train page without a browser: a run of every model, its status, its loss and its polling."""

import dash
import numpy as np
import pytest
import torch
from app_under_test import clusters_page, fields, sent
from itsdangerous import BadSignature

from core.config.run_facts import RunFacts
from core.worker.execute import drain
from dashboard.components import location
from dashboard.pages import run_status
from dashboard.pages.clusters.viewer import embeddings
from dashboard.pages.model import page as model
from dashboard.pages.train import page as train
from dashboard.server import session


def test_a_model_is_created_and_trained_inside_the_callback(finished, run_quick):
    values = fields(model.NETWORK) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING)["setting"] | run_quick.model_dump(
        include={"epochs", "n_hidden", "n_hidden_protein", "n_latent", "batch_size"}
    )
    values["setting"]["seed"] = (
        "7"  # with the settings of the run that is there, the page would offer that run
    )
    pressed = values | {"model-create.n_clicks": 1, "model-name.value": " second "}
    answer = finished.press("url.href", pressed, "model-create.n_clicks")
    link = answer["url"]["href"]
    run = link.removeprefix("/train?run=")
    assert (
        finished.view.runs.one(run)["status"] == "created" and finished.view.runs.one(run)["name"] == "second"
    )
    ready = train_page(finished, run)
    assert "Ready to train" in ready and '"display": "none"' not in sent(ready_button(finished, run))

    asker = session.signed(finished.store.root, "local")
    state, updates = finished.background("finished.data", 1, asker, run, "page-c")
    assert state[:1] == ["done"] and state[2:] == ["ready", 3] and updates
    page = train_page(finished, run)
    assert "Training complete" in page and "See the clusters" in page and "PCA" in page
    assert "Training loss" in page and "Validation loss" in page and "3 / 3" in page
    finished.view.removals.remove([run])


@pytest.mark.parametrize("name", ["variational", "linear", "counts"])
def test_a_run_of_every_model_is_trained_and_explored(finished, run_quick, name):
    """Created from the page's fields, trained, explored, shown, its profile drawn."""
    preparation, _ = finished.view.preparations.create(finished.dataset, {"batch_key": "sample"}, "batches")
    drain(finished.store)
    chosen = run_quick.model_dump() | {"model": name}
    fields_ = fields(model.NETWORK, **{k: chosen[k] for k in ("model", "n_latent", "n_hidden")})
    fields_["setting"] |= fields(model.TRAINING, epochs=3, beta=0.5)["setting"]
    drawn = finished.press("model-numbers.children", fields_ | {"model-preparation.data": preparation})
    answer = finished.press(
        "url.href",
        fields_ | {"model-preparation.data": preparation, "model-create.n_clicks": 1},
        "model-create.n_clicks",
    )
    run = answer["url"]["href"].partition("run=")[2]
    saved = finished.view.runs.one(run)["config"]
    assert (saved["model"], saved["beta"], saved["batch_key"]) == (name, 0.5, "sample")
    finished.view.runs.train(run)
    drain(finished.store)
    row = finished.view.runs.one(run)
    assert (row["status"], row["explored"]) == ("done", "ready"), row["message"]
    weights = torch.load(finished.view.results.file(run, "model.pt"), weights_only=True)["weights"]
    counted = sum(
        w.numel() for key, w in weights.items() if "running" not in key and "num_batches" not in key
    )
    assert f"{counted:,}" in sent(drawn["model-numbers"])
    page = clusters_page(finished.view, run)
    explained = "Likelihood explained" if name == "counts" else "Variance explained"
    assert f"{explained}, RNA" in page
    assert 1 <= row["scores"]["ilisi"] <= 2 and "Batches mixed (iLISI, 1 to 2)" in page
    keys = embeddings.default(finished.view, row)
    panels = [embeddings.panel(finished.view, row, key).title for key in keys]
    assert 1 <= row["scores"]["ilisi_harmony"] <= 2 and panels[2:] == ["Input, PCA", "Input, PCA, Harmony"]
    assert "(Harmony)" in page
    assert "Held-out bound over the latent" in page and ("of the raw counts" in page) == (name == "counts")
    controls = {"profile-of.value": "cell", "profile-cell.value": 3, "resolution.value": 1.0, "run.data": run}
    answer = finished.work("profile", controls | {"profile-go.n_clicks": 1}, "profile-go.n_clicks")
    reconstruction = finished.view.jobs.one(answer["profile-done"]["data"])["result"]["made"]
    assert len(reconstruction) == 126 and all(np.isfinite(reconstruction))
    if name == "linear":
        loadings = sent(finished.press("loadings.children", {"loadings-dimension.value": 1, "run.data": run}))
        assert "positive" in loadings and loadings.count("(gene)") + loadings.count("(protein)") == 24
        lines = finished.client.get(f"/download/{run}/loadings.csv").text.splitlines()
        assert len(lines) == 127 and lines[0].startswith("feature,kind,latent_1,latent_2")
    else:
        assert finished.client.get(f"/download/{run}/loadings.csv").status_code == 404
    figure = run_status.loss(finished.view, run, False, "total", "light")
    assert ("likelihood" in figure.layout.yaxis.title.text) == (name == "counts")


def train_page(nuwa, run):
    return sent(nuwa.press("status.children", {"run.data": run}))


def test_a_finished_run_shows_where_its_time_went_and_no_likelihood_it_has_not(finished):
    page = train_page(finished, finished.run)
    assert "Time of each phase" in page and all(name in page for name in ("training", "leiden", "in all"))
    assert "Held-out" not in clusters_page(finished.view, finished.run)


def ready_button(nuwa, run):
    return nuwa.press("status.children", {"run.data": run})["train"]["style"]


def test_pressing_nothing_trains_nothing(finished):
    before = len(finished.view.jobs.queue()["train"])
    for clicks in (None, 0):
        with pytest.raises(dash.exceptions.PreventUpdate):
            finished.background("finished.data", clicks, "", finished.run, "p")
    with pytest.raises(BadSignature):
        finished.background("finished.data", 1, "local", finished.run, "p")  # nobody signed this
    assert len(finished.view.jobs.queue()["train"]) == before


@pytest.mark.parametrize("part", ["total", "rna", "protein"])
@pytest.mark.parametrize("log", [False, True])
def test_the_loss_is_drawn_beside_its_baselines(finished, part, log):
    values = {"loss-part.value": part, "loss-log.value": log, "run.data": finished.run}
    figure = finished.press("loss.figure", values)["loss"]["figure"]
    drawn = {trace["name"]: trace for trace in figure["data"]}
    assert {"training", "validation", "training mean", "linear regression"} <= set(drawn)
    size = RunFacts.upgraded(finished.view.runs.one(finished.run)["facts"]).valid_baselines.pca_size
    assert f"PCA, {size} dimensions" in drawn
    assert figure["layout"]["yaxis"]["type"] == ("log" if log else "linear")


def test_all_baselines_of_split_counts_are_in_the_tiles_and_the_summary(finished):
    page = train_page(finished, finished.run)
    facts = RunFacts.upgraded(finished.view.runs.one(finished.run)["facts"])
    assert "a linear regression and" in page and f"PCA of {facts.valid_baselines.pca_size} dimensions" in page
    tiles = sent(finished.press("tiles.children", {"run.data": finished.run}))
    assert all(name in tiles for name in ("Against PCA", "Against regression", "Against the mean"))
    assert "rewards copied noise" not in page


def polls(nuwa, run):
    """Does the page of a run poll the store when it is drawn?"""
    page = train.layout(nuwa.view, location.resolve(nuwa.view, f"?run={run}"))
    return not next(part for part in page.children if getattr(part, "id", None) == "poll").disabled


def test_a_page_polls_a_run_at_work_and_no_other(finished):
    assert not polls(finished, finished.run)
    run = finished.view.runs.create(finished.preparation, {"n_latent": 4}, "waiting")
    assert not polls(finished, run)
    finished.view.runs.train(run)
    assert polls(finished, run)
    answer = finished.press("poll.disabled", {"run.data": run}, "poll.n_intervals")
    assert answer == {"tick": {"data": ["queued", "", "", 0, 0, 0]}, "poll": {"disabled": False}}
    again = {"run.data": run, "tick.data": answer["tick"]["data"]}
    assert finished.press("poll.disabled", again, "poll.n_intervals") == {"poll": {"disabled": False}}
    assert "Starting ..." in train_page(finished, run)
    behind = finished.view.runs.create(finished.preparation, {"n_latent": 4}, "behind")
    finished.view.runs.train(behind)
    assert "Waiting for training of" in train_page(finished, behind)
    for id in (run, behind):
        answer = finished.press("poll.disabled", {"cancel.n_clicks": 1, "run.data": id}, "cancel.n_clicks")
        assert answer == {"poll": {"disabled": False}}
        assert finished.press("poll.disabled", {"run.data": id}, "poll.n_intervals")["poll"]["disabled"]
        assert finished.view.runs.one(id)["status"] == "cancelled"
        assert "Cancelled before it began" in train_page(finished, id)
        finished.view.removals.remove([id])
