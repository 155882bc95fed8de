"""The Clusters page without a browser: colours, pictures, scores, profiles, and what can be taken away."""

import csv
import io

import numpy as np
import pytest
import torch
from app_under_test import sent
from dash.exceptions import BackgroundCallbackError

from core.config import DEFAULT_RESOLUTION
from core.config.run_files import clusters_of
from core.errors import UserError
from core.export import tables
from core.store import Missing
from dashboard.app import gone
from dashboard.pages.clusters import colours, downloads, links
from dashboard.pages.clusters.colour_search import colour_groups

# --- colours


def test_every_offered_colour_can_be_drawn(finished):
    run = finished.view.runs.one(finished.run)
    offered = [one for of_group in colour_groups(finished.view, run) for one in of_group["options"]]
    assert {"clusters", "split", "obs:cell_type", "protein:ADT-01", "gene:SIM-0001"} <= {
        option["value"] for option in offered
    }
    for option in offered:
        assert len(colours.colour_of(finished.view, run, option["value"], 1.0).values) == 240


def test_a_gene_colours_by_its_own_values(finished, tiny):
    run = finished.view.runs.one(finished.run)
    colour = colours.colour_of(finished.view, run, "gene:SIM-0007", 1.0)
    counts = tiny.X.toarray()
    shown = np.log1p(counts[:, 6] / counts.sum(axis=1) * 10_000)
    np.testing.assert_allclose(colour.values, shown, rtol=1e-5)
    assert "log1p of counts per 10,000" in colour.unit


def test_a_misspelt_gene_is_answered_with_the_nearest_names(finished):
    run = finished.view.runs.one(finished.run)
    with pytest.raises(
        UserError, match=r"There is no gene 'SIM-00077' in this dataset. Similar names: .*SIM-0007"
    ):
        colours.colour_of(finished.view, run, "gene:SIM-00077", 1.0)
    with pytest.raises(UserError, match="There is no gene 'qqq' in this dataset."):
        colours.colour_of(finished.view, run, "gene:qqq", 1.0)
    for chosen, words in (("obs:nope", "no obs column 'nope'"), ("protein:x", "protein"), ("", "colour")):
        with pytest.raises(UserError, match=words):
            colours.colour_of(finished.view, run, chosen, 1.0)


@pytest.mark.parametrize("k", [2, 3])
def test_the_panels_are_drawn_in_two_and_three_dimensions(finished, k):
    values = {
        "colour.value": "clusters",
        "resolution.value": 0.6,
        "dimensions.value": k,
        "theme.data": "dark",
        "run.data": finished.run,
    }
    answer = finished.press("panels.figure", values)
    traces = answer["panels"]["figure"]["data"]
    labels = np.asarray(finished.view.results.array(finished.run, clusters_of(0.6)))
    n_clusters = int(labels.max()) + 1
    drawn = [t for t in traces if not t["showlegend"]]
    assert len(traces) - len(drawn) == n_clusters  # the legend
    if k == 2:
        assert [(len(t["customdata"]), t["type"]) for t in drawn] == [(240, "scattergl")] * 4
    else:  # PCA needs no picture, and stands alone until the others are made
        assert drawn and {t["type"] for t in traces} == {"scatter3d"}
    assert f"by=clusters&resolution=0.6&dimensions={k}" in answer["link-table"]["href"]


def test_a_page_whose_run_was_deleted_says_so_and_stops_asking(finished):
    for output, triggered in (("panels-missing.data", "panels-tick.n_intervals"), ("panels.figure", None)):
        answer = finished.post(output, {"run.data": "gone", "dimensions.value": 2}, triggered)
        said = answer["sideUpdate"]["gone"]["data"]
        assert (said["kind"], said["id"]) == ("run", "gone")
        assert "no longer exists" in sent(said["content"])
        assert "response" not in answer or not answer["response"]


def test_what_a_long_callback_says_of_a_deleted_run_is_understood():
    """It comes as the traceback of another process."""
    import traceback

    try:
        raise Missing("This run no longer exists.")
    except Missing:
        words = traceback.format_exc()
    assert gone(BackgroundCallbackError(f"An error occurred: {words}")) == "This run no longer exists."
    assert (
        gone(BackgroundCallbackError("An error occurred: ValueError: 3")) is None
        and gone(ValueError()) is None
    )


def test_embeddings_in_three_dimensions_are_computed_when_chosen(finished):
    watched = {"dimensions.value": 3, "run.data": finished.run}
    answer = finished.press("panels-missing.data", watched)
    assert answer["panels-tick"]["disabled"] and answer["panels-message"]["children"] == ""
    jobs = finished.view.results.embeddings(finished.run)
    assert {jobs[f"{name}_3d"]["status"] for name in ("latent_umap", "input_umap", "input_tsne")} == {"done"}
    values = {"colour.value": "clusters", "resolution.value": 1.0, "dimensions.value": 3}
    figure = finished.press("panels.figure", values | {"run.data": finished.run})["panels"]["figure"]
    assert {t["scene"] for t in figure["data"]} == {"scene", "scene2", "scene3", "scene4"}


def test_an_embedding_whose_worker_was_stopped_is_computed_again_by_a_button(finished):
    view, store, name = finished.view, finished.view.store, "latent_tsne"
    job = store.submit("local", "slow", "embed", finished.run, {"name": name}, f"embed:{finished.run}:{name}")
    store.move_job(
        job, "queued", "failed", message="The worker stopped in the middle of this work; start it again."
    )
    values = {"dimensions.value": 2, "run.data": finished.run, "panel-count.value": 1, "panel-1.value": name}
    answer = finished.press("panels-missing.data", values, "panels-tick.n_intervals")
    assert answer["panels-retry"]["hidden"] is False and "start it again" in sent(answer["panels-message"])
    answer = finished.press("panels-missing.data", values, "panels-retry.n_clicks")
    assert answer["panels-retry"]["hidden"] is True and name in view.results.names(finished.run, "embeddings")
    (store.run_folder(finished.run) / "embeddings" / f"{name}.npy").unlink()  # other tests wait for it


def test_somebody_who_waits_for_clusters_is_led_to_them(finished):
    waited = {"clusters-wait.n_intervals": 3, "run.data": finished.run}
    answer = finished.press("url.href", waited, "clusters-wait.n_intervals")
    assert answer["url"]["href"].startswith(f"/clusters?run={finished.run}")


# --- what can be taken away


def table(answer):
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_latent_space_leaves_as_csv(finished):
    rows = table(finished.client.get(f"/download/{finished.run}/latent.csv?resolution=0.4"))
    latent = np.array([[float(row[f"latent_{i}"]) for i in range(1, 5)] for row in rows])
    np.testing.assert_allclose(latent, finished.view.results.array(finished.run, "latent"), rtol=1e-6)
    assert [r["cell"] for r in rows][:2] == ["cell-00001", "cell-00002"]
    labels = finished.view.results.array(finished.run, clusters_of(0.4))
    assert [int(r["nuwa_cluster"]) for r in rows] == labels.tolist()
    assert {r["nuwa_split"] for r in rows} == {"train", "valid"}  # too few cells for a test set


@pytest.mark.parametrize("by", ["clusters", "obs:cell_type", "gene:SIM-0007", "protein:ADT-01", "split"])
def test_the_table_behind_the_panels_leaves_as_csv(finished, by):
    rows = table(finished.client.get(links.table_link(finished.run, by, DEFAULT_RESOLUTION, 2)))
    assert len(rows) == 240
    for panel in ("latent_umap", "input_umap", "input_tsne", "input_pc"):
        assert all(np.isfinite(float(r[f"{panel}_{i}"])) for r in rows[:5] for i in (1, 2))
    if by == "obs:cell_type":
        assert rows[0]["cell_type"].startswith("type ")
    if by == "gene:SIM-0007":
        assert float(rows[0]["SIM-0007"]) >= 0


def test_the_table_in_three_dimensions_has_three_coordinates(finished):
    rows = table(finished.client.get(links.table_link(finished.run, "clusters", DEFAULT_RESOLUTION, 3)))
    axes = np.asarray(finished.view.results.array(finished.run, "input_axes"))[:, :3]
    found = np.array([[float(r[f"input_pc_{i}"]) for i in (1, 2, 3)] for r in rows])
    np.testing.assert_allclose(found, axes, rtol=1e-5)


def test_a_large_table_leaves_whole(finished, monkeypatch):
    monkeypatch.setattr(tables, "ROWS", 7)
    assert len(table(finished.client.get(f"/download/{finished.run}/latent.csv"))) == 240


def test_the_files_of_a_run_leave_as_they_are(finished):
    weights = finished.client.get(f"/download/{finished.run}/model.pt")
    assert set(torch.load(io.BytesIO(weights.data), weights_only=True)) >= {"weights", "config", "genes"}
    config = finished.client.get(f"/download/{finished.run}/config.json")
    assert config.json["run"] == finished.run and config.json["n_latent"] == 4
    assert f"nuwa_{finished.run}_config.json" in config.headers["Content-Disposition"]
    history = finished.client.get(f"/download/{finished.run}/history.csv").text.splitlines()
    assert len(history) == 4 and history[0].startswith("epoch,train_loss,valid_loss")
    assert "loss_total" in finished.client.get(f"/download/{finished.run}/scores.json").json


@pytest.mark.parametrize(
    "path",
    [
        "nowhere/config.json",
        "{run}/nonsense.csv",
        "{run}/latent.npy",
        "%2e%2e/config.json",
        "{run}/..",
        "{run}/config.json%00.csv",
        "{run}/panels.csv?by=gene:nope",
        "{run}/latent.csv?resolution=0.3",
        "{run}/latent.csv?resolution=nan",
        "{run}/latent.csv?resolution=1/../../../secret",
    ],
)
def test_an_unknown_download_is_not_found(finished, path):
    assert finished.client.get("/download/" + path.format(run=finished.run)).status_code == 404


def test_an_untrained_run_has_nothing_to_download(finished):
    run = finished.view.runs.create(finished.preparation, {"n_latent": 4}, "untrained")
    for name in (*downloads.FILES, *downloads.TABLES):
        assert finished.client.get(f"/download/{run}/{name}").status_code == 404
    finished.view.removals.remove([run])


@pytest.mark.parametrize(
    "path",
    [
        "/download/{run}/../../secret",
        "/download/{run}/%2e%2e%2f%2e%2e%2fsecret",
        "/download/..%2f..%2fsecret/config.json",
        "/download/{run}/..%5c..%5csecret",
        "/assets/../secret",
        "/assets/..%2f..%2f{root}%2fsecret",
        "/assets/%2e%2e/README.md",
        "/_dash-component-suites/dash/../../secret",
    ],
)
def test_no_path_leads_out_of_the_folders(finished, path):
    """Behind /download and /assets the server answers with its own page or with 404, never with another file."""
    answer = finished.client.get(path.format(run=finished.run, root=str(finished.store.root).strip("/")))
    secret = (finished.store.root / "secret").read_text()
    assert answer.status_code in (404, 500) or answer.mimetype == "text/html"
    assert secret not in answer.text and "make run" not in answer.text


# --- clusters


def test_clusters_are_compared_with_a_label_column(finished):
    values = {"labels.value": "cell_type", "resolution.value": 1.0, "run.data": finished.run}
    done = finished.work("comparing", values, "labels.value")["comparing-done"]["data"]
    values = {"comparing-done.data": done, "labels.value": "cell_type"}
    shown = finished.press("labels-result.children", values)["labels-result"]["children"]
    assert finished.press("labels-result.children", values | {"labels.value": None})["labels-result"] == {
        "children": ""
    }
    assert "ARI (adjusted Rand index)" in sent(shown) and "against cell_type" in sent(shown)
    assert "AMI (adjusted mutual information)" in sent(shown) and "all 240 cells with a label" in sent(shown)
    job = next(j for j in finished.store.jobs() if j["kind"] == "labels")
    assert -0.5 <= job["result"]["ari"] <= 1


@pytest.mark.parametrize("of, cells", [("cluster", None), ("cell", 1)])
def test_a_profile_shows_input_beside_reconstruction(finished, of, cells):
    values = {"profile-of.value": of, "profile-cluster.value": 0, "profile-cell.value": 17}
    values |= {"resolution.value": 1.0, "run.data": finished.run, "profile-go.n_clicks": 1}
    answer = finished.work("profile", values | {"page-token.data": of}, "profile-go.n_clicks")
    job, words = answer["profile-done"]["data"], answer["profile-message"]["children"]
    result = finished.view.jobs.one(job)["result"]
    labels = np.asarray(finished.view.results.array(finished.run, clusters_of(1.0)))
    assert words == "" and result["cells"] == (cells or int((labels == 0).sum()))
    assert len(result["given"]) == len(result["made"]) == len(result["names"]) == 126
    answer = finished.press("profile-figure.figure", {"profile-done.data": job, "run.data": finished.run})
    assert answer["profile-figure"]["figure"]["data"] and not answer["profile-box"]["hidden"]
    assert "Largest differences" in sent(answer["profile-table"])
    rows = table(finished.client.get(links.profile_link(finished.run, job)))
    assert [r["feature"] for r in rows] == result["names"]
    assert [r["kind"] for r in rows] == ["gene"] * 120 + ["protein"] * 6
    assert [float(r["reconstruction"]) for r in rows] == result["made"]


def test_a_profile_of_no_cell_asks_for_one(finished):
    values = {"profile-of.value": "cell", "run.data": finished.run, "profile-go.n_clicks": 1}
    answer = finished.press("profile-job.data", values, "profile-go.n_clicks")
    assert set(answer) == {"profile-message"} and "Choose a cell first" in sent(answer)


def test_cells_are_offered_by_name_and_a_clicked_one_is_named(finished):
    address = f"/cells/{finished.run}/options/cells"
    (offered,) = finished.client.get(f"{address}?text=CELL-0000").json["groups"]
    assert offered["options"][0] == {"label": "cell-00001", "value": 0} and len(offered["options"]) == 9
    (offered,) = finished.client.get(address).json["groups"]
    assert offered["note"] == "210 more cells: type to search"
    answer = finished.press("profile-cell.options", {"profile-cell.value": 17, "run.data": finished.run})
    assert answer["profile-cell"]["options"] == [{"label": "cell-00018", "value": 17}]
