"""The card that maps new cells, datasets of selections, and the proteins as a space, without a browser."""

import csv
import json

import anndata
import numpy as np
import pytest
from app_under_test import bring, sent

from core import files
from core.cli import main
from core.errors import UserError
from core.store import Missing
from core.store.mappings import ARRAYS
from core.worker.execute import drain
from dashboard.components.location import resolve
from dashboard.pages.clusters import mapping
from dashboard.pages.clusters import page as clusters
from dashboard.pages.clusters.groups import groups_of
from dashboard.pages.clusters.viewer import draw, embeddings, selection
from dashboard.pages.clusters.viewer.legend import layer_legend
from dashboard.pages.clusters.viewer.link_state import ViewerState


@pytest.fixture(scope="module")
def nuwa(finished, tiny, tmp_path_factory):
    """The finished nuwa with a second dataset: 40 cells of the first, of which two genes are missing."""
    path = tmp_path_factory.mktemp("new") / "new.h5ad"
    tiny[10:50, 2:].copy().write_h5ad(path)
    finished.new = bring(finished.view, "new.h5ad", path.read_bytes())
    drain(finished.store)
    return finished


@pytest.fixture(scope="module")
def mapped(nuwa):
    """The key of the mapping that a press of the button makes."""
    values = {
        "map-go.n_clicks": 1,
        "map-dataset.value": nuwa.new,
        "map-labels.value": "obs:cell_type",
        "map-batch.value": " ",
        "resolution.value": 1.0,
        "run.data": nuwa.run,
    }
    answer = nuwa.work("mapping", values, "map-go.n_clicks")
    job = nuwa.view.jobs.one(answer["mapping-done"]["data"])
    return job["result"]["key"]


def shown(nuwa, key, **values):
    controls = {
        "map-chosen.value": key,
        "map-colour.value": "label",
        "map-threshold.value": 0.5,
        "run.data": nuwa.run,
    }
    return nuwa.press("map-figure.figure", controls | values, "map-chosen.value")


def test_cells_are_mapped_by_a_button_and_drawn_over_the_run(nuwa, mapped, tiny):
    about, arrays = nuwa.view.mappings.one(nuwa.run, mapped)
    latent = np.asarray(nuwa.view.results.array(nuwa.run, "latent"))
    assert about["cells"] == 40 and len(about["missing_genes"]) == 2
    assert np.abs(arrays["latent"] - latent[10:50]).max() < 1  # two of 120 genes are missing
    drawn = shown(nuwa, mapped, **{"map-own.value": "cell_type"})
    traces = drawn["map-figure"]["figure"]["data"]
    assert traces[0]["name"] == "cells of the run"
    assert sum(len(t.get("customdata", ())) for t in traces[1:]) == 40
    text = sent(drawn["map-notes"]["children"]) + sent(drawn["map-table"]["children"])
    assert "2 of the" in text and "lie farther from the reference" in text and "own cell_type" in text
    for by in ("confidence", "farness", "own"):
        assert shown(nuwa, mapped, **{"map-colour.value": by, "map-own.value": "cell_type"})["map-figure"][
            "figure"
        ]["data"]


def test_what_is_unsure_is_unknown_from_a_threshold_on(nuwa, mapped):
    text = nuwa.client.get(f"/download/{nuwa.run}/mapped.csv?key={mapped}&threshold=1.01").text
    assert {line.split(",")[1] for line in text.splitlines()[1:]} == {"unknown"}
    lines = nuwa.client.get(f"/download/{nuwa.run}/mapped.csv?key={mapped}&threshold=0").text.splitlines()
    assert len(lines) == 41 and lines[0].startswith("cell,label,confidence,farness,nuwa_umap_1")
    assert "unknown" not in {line.split(",")[1] for line in lines[1:]}


def test_a_missing_threshold_gives_an_error_message(nuwa, mapped):
    answer = shown(nuwa, mapped, **{"map-threshold.value": None})
    assert (
        "confidence of is empty. Enter a number from 0 to 1." in sent(answer["map-notes"]["children"])
        and answer["map-csv"]["href"] == ""
    )


def test_a_link_and_a_reload_show_it_again(nuwa, mapped):
    def open_link(query):
        page = clusters.layout(nuwa.view, resolve(nuwa.view, f"?run={nuwa.run}&{query}"))
        of_card = next(part.data for part in page.children if getattr(part, "id", "") == "map-query")
        return nuwa.press(
            "map-chosen.value", {"map-query.data": of_card, "run.data": nuwa.run}, "map-query.data"
        )

    answer = open_link(f"mapped={mapped}&mapped_by=confidence&mapped_sure=0.7")
    assert answer["map-chosen"]["value"] == mapped
    assert (answer["map-colour"]["value"], answer["map-threshold"]["value"]) == ("confidence", "0.7")
    answer = open_link(f"mapped={'0' * 24}&mapped_sure=x&mapped_by=colour")
    assert "no longer exist" in sent(answer["map-missing"]) and answer["map-chosen"]["value"] is None
    assert (answer["map-colour"]["value"], answer["map-threshold"]["value"]) == ("label", "x")
    assert mapped in sent(mapping.layout(nuwa.view, nuwa.view.runs.one(nuwa.run)))


def test_the_mapped_cells_leave_as_a_file(nuwa, mapped):
    values = {
        "map-export-go.n_clicks": 1,
        "map-chosen.value": mapped,
        "map-threshold.value": 0.5,
        "page-token.data": "page",
        "run.data": nuwa.run,
    }
    job = nuwa.work("map-export", values, "map-export-go.n_clicks")["map-export-done"]["data"]
    answer = nuwa.press(
        "map-exported.children", {"map-export-done.data": job, "run.data": nuwa.run}, "map-export-done.data"
    )
    assert "mapped.h5ad?key=" in sent(answer)
    answer = nuwa.client.get(f"/download/{nuwa.run}/mapped.h5ad?key={mapped}&threshold=0.5")
    assert answer.status_code == 200
    path = nuwa.view.mappings.file(nuwa.run, mapped)
    assert anndata.read_h5ad(path).obs["nuwa_label"].notna().all()


def test_mistakes_give_error_messages(nuwa, mapped):
    values = {
        "map-go.n_clicks": 1,
        "map-labels.value": "clusters",
        "resolution.value": 1.0,
        "run.data": nuwa.run,
    }
    assert "Choose the dataset" in sent(nuwa.press("mapping-job.data", values, "map-go.n_clicks"))
    with pytest.raises(Missing):
        nuwa.view.mappings.one(nuwa.run, "../../secret")
    stranger = nuwa.store.of("stranger")
    with pytest.raises(Missing):
        stranger.mappings.one(nuwa.run, mapped)
    assert "no longer exist" in sent(shown(nuwa, "0" * 24))
    with pytest.raises(Missing):
        nuwa.view.mappings.create(
            nuwa.run,
            "nothing",
            nuwa.view.groups.one(nuwa.run, nuwa.view.mappings.one(nuwa.run, mapped)[0]["groups"]),
            "t",
        )


def test_a_mapping_is_for_those_who_may_see_both_datasets(nuwa, mapped):
    nuwa.store.set("run", nuwa.run, visibility="shared")
    stranger = nuwa.store.of("stranger")
    try:
        assert stranger.mappings.all(nuwa.run) == []
        nuwa.store.set("dataset", nuwa.new, visibility="shared")
        assert [one["key"] for one in stranger.mappings.all(nuwa.run)] == [mapped]
    finally:
        nuwa.store.set("run", nuwa.run, visibility="private")
        nuwa.store.set("dataset", nuwa.new, visibility="private")


def test_a_selection_becomes_a_dataset(nuwa):
    kind = nuwa.view.datasets.folder(nuwa.dataset).column("cell_type")[0]["categories"][0]
    values = {
        "subset-go.n_clicks": 1,
        "selection-within.data": {"by": "obs:cell_type", "is": [kind]},
        "page-token.data": "page",
        "run.data": nuwa.run,
    }
    job = nuwa.work("subset", values, "subset-go.n_clicks")["subset-done"]["data"]
    dataset = nuwa.view.datasets.one(nuwa.view.jobs.one(job)["target"])
    codes = nuwa.view.datasets.folder(nuwa.dataset).column("cell_type")[1]
    assert dataset["status"] == "ready" and dataset["record"]["cells"] == (codes == 0).sum()
    assert dataset["record"]["selected"]["words"] == f"cell_type (obs) is {kind}"
    cells = nuwa.view.datasets.folder(dataset["id"]).cells()
    assert cells.tolist() == nuwa.view.datasets.folder(nuwa.dataset).cells()[codes == 0].tolist()
    assert "nuwa_steps" not in anndata.read_h5ad(nuwa.view.datasets.folder(dataset["id"]).file).uns
    link = sent(nuwa.press("subset-result.children", {"subset-done.data": job}, "subset-done.data"))
    assert f"/data?dataset={dataset['id']}" in link
    nuwa.view.datasets.forget(dataset["id"])
    assert nuwa.view.readable("dataset", dataset["id"]) is None


def test_a_dataset_on_disk_is_mapped_and_selected_in_blocks(nuwa, mapped, monkeypatch):
    monkeypatch.setattr("core.data.backed.LARGE", 0)
    monkeypatch.setattr("core.sparse.blocks.BLOCK_VALUES", 2000)
    about, before = nuwa.view.mappings.one(nuwa.run, mapped)
    groups = nuwa.view.groups.one(nuwa.run, about["groups"])
    job = nuwa.view.mappings.create(nuwa.run, nuwa.new, groups, "from disk")
    subset = nuwa.view.selections.create(nuwa.run, np.arange(240) % 3 == 0, "every third", "third")
    drain(nuwa.store)
    _, after = nuwa.view.mappings.one(nuwa.run, nuwa.view.jobs.one(job["id"])["result"]["key"])
    np.testing.assert_allclose(after["latent"], before["latent"], atol=1e-5)
    dataset = anndata.read_h5ad(nuwa.view.datasets.folder(subset["target"]).file)
    whole = anndata.read_h5ad(nuwa.view.datasets.folder(nuwa.dataset).file)[::3]
    assert (dataset.X != whole.X).nnz == 0 and dataset.obsm["protein"].equals(whole.obsm["protein"])
    assert list(dataset.obs_names) == list(whole.obs_names)
    nuwa.view.datasets.forget(subset["target"])


def test_a_mapping_of_a_deleted_dataset_stays_with_a_message(nuwa, mapped, tiny, tmp_path):
    tiny[:30].copy().write_h5ad(tmp_path / "gone.h5ad")
    gone = bring(nuwa.view, "gone.h5ad", (tmp_path / "gone.h5ad").read_bytes())
    drain(nuwa.store)
    groups = nuwa.view.groups.one(nuwa.run, nuwa.view.mappings.one(nuwa.run, mapped)[0]["groups"])
    key = nuwa.view.mappings.create(nuwa.run, gone, groups, "cell_type")["arguments"]["key"]
    drain(nuwa.store)
    late = nuwa.view.mappings.create(nuwa.run, gone, groups, "too late")["id"]
    nuwa.view.datasets.forget(gone)
    drain(nuwa.store)
    assert "was deleted: choose another one" in nuwa.view.jobs.one(late)["message"]
    assert shown(nuwa, key, **{"map-own.value": "cell_type"})["map-figure"]["figure"]["data"]
    with pytest.raises(UserError, match="was deleted, so its file cannot be made again"):
        nuwa.view.mappings.export(nuwa.run, key, 0.5, "gone")


def test_the_command_line_maps_onto_a_run_of_the_page(nuwa, mapped, tiny, tmp_path, capsys):
    tiny[10:50, 2:].copy().write_h5ad(tmp_path / "new.h5ad")
    command = [
        "map",
        str(nuwa.store.run_folder(nuwa.run)),
        str(tmp_path / "new.h5ad"),
        "--labels",
        "cell_type",
    ]
    assert main([*command, "--out", str(tmp_path / "new.csv")]) == 0
    answer = capsys.readouterr()
    assert "Of 40 cells whose own cell_type is a label of the run" in answer.out and "2 of the" in answer.err
    ours = nuwa.client.get(f"/download/{nuwa.run}/mapped.csv?key={mapped}&threshold=0.5").text
    here, there = (list(csv.DictReader(text)) for text in ((tmp_path / "new.csv").open(), ours.splitlines()))
    assert [row["cell"] for row in here] == [row["cell"] for row in there]
    assert [row["label"] for row in here] == [row["label"] for row in there]
    assert main([*command, "--out", "there.txt"]) == 2 and main([*command, "--threshold", "2"]) == 2
    assert main([*command[:3], "--labels", "cell_typ"]) == 2
    assert "did you mean cell_type?" in capsys.readouterr().err


def test_too_few_cells_make_no_dataset(nuwa):
    rows = np.zeros(240, bool)
    for n, start in ((0, "No cell is"), (1, "1 cell is"), (9, "9 cells are")):
        rows[:n] = True
        with pytest.raises(UserError, match=f"{start} selected, and a dataset needs at least 10"):
            nuwa.view.selections.create(nuwa.run, rows, "by hand", f"few {n}")
    values = {"subset-go.n_clicks": 1, "run.data": nuwa.run}
    assert "No cells are selected" in sent(nuwa.press("subset-job.data", values, "subset-go.n_clicks"))


def test_the_proteins_are_a_space_of_the_viewer(nuwa):
    run = nuwa.view.runs.one(nuwa.run)
    offered = [o["value"] for o in embeddings.options(nuwa.view, run, "protein")]
    assert offered == ["protein_umap", "protein_pca"]
    assert embeddings.missing(nuwa.view, run, ["protein_pca"], 3) == ["protein_pca_3d"]
    for name in ("protein_umap", "protein_pca"):
        nuwa.view.results.embed(nuwa.run, name)
    drain(nuwa.store)
    assert embeddings.points(nuwa.view, run, "protein_umap").shape == (240, 2)
    points = np.asarray(embeddings.points(nuwa.view, run, "protein_pca"))
    from core.worker.jobs.trained_runs import load_run

    proteins = load_run(nuwa.store, nuwa.run)[1].matrix.seen_proteins(np.arange(240))
    _, sizes, axes = np.linalg.svd(proteins - proteins.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(
        np.abs((proteins - proteins.mean(axis=0)) @ axes[:2].T), np.abs(points), atol=1e-3
    )
    without = run | {"facts": run["facts"] | {"n_proteins": 0}}
    assert not embeddings.missing(nuwa.view, without, ["protein_umap"])
    with pytest.raises(UserError, match="needs 2 proteins; this run has 0"):
        embeddings.points(nuwa.view, without, "protein_umap")


def test_a_mapping_is_deleted_by_its_owner_with_its_files_and_can_be_repeated(nuwa, mapped):
    view, store, run = nuwa.view, nuwa.store, nuwa.run
    folder = store.run_folder(run) / "mapped" / mapped
    values = {"map-confirm.submit_n_clicks": 1, "map-chosen.value": mapped, "run.data": run}
    about = json.loads((folder / "about.json").read_text())
    files.write_json(folder / "about.json", about | {"owner": "somebody"})
    answer = nuwa.press("map-chosen.options", values, "map-confirm.submit_n_clicks")
    assert "only who mapped them" in sent(answer) and folder.exists()
    files.write_json(folder / "about.json", about)
    answer = nuwa.press("map-chosen.options", values, "map-confirm.submit_n_clicks")
    left = [one["key"] for one in view.mappings.all(run)]
    assert not folder.exists() and mapped not in left
    assert [o["value"] for o in answer["map-chosen"]["options"]] == left
    assert answer["map-box"]["hidden"] == (not left) and "deleted" in sent(answer)
    answer = nuwa.press("map-chosen.options", values, "map-confirm.submit_n_clicks")
    assert "no longer exist" in sent(answer)
    groups = view.groups.keep(run, groups_of(view, view.runs.one(run), "obs:cell_type", 1.0)[1])
    job = view.mappings.create(run, nuwa.new, view.groups.one(run, groups), "cell_type")
    assert job["status"] == "queued" and job["arguments"]["key"] == mapped
    with pytest.raises(UserError, match="still uses these mapped cells"):
        (folder).mkdir(parents=True)
        for name in ARRAYS:
            files.write_array(folder / f"{name}.npy", np.zeros(1))
        files.write_json(folder / "about.json", about)
        view.mappings.forget(run, mapped)
    drain(store)
    assert view.mappings.one(run, mapped)[0]["cells"] == 40


# --- as a panel of the viewer


def read_message(answer):
    length = int.from_bytes(answer.data[:4], "little")
    return json.loads(answer.data[4 : 4 + length]), answer.data[4 + length :]


def test_mapped_cells_lie_over_the_grey_ones_of_the_run_in_a_panel_of_the_viewer(nuwa, mapped):
    run = nuwa.view.runs.one(nuwa.run)
    offered = {o["value"]: o["label"] for o in embeddings.options(nuwa.view, run, "new.h5ad")}
    assert offered[f"mapped:{mapped}"] == "Transferred labels of new.h5ad, mapped"
    key = f"mapped:{mapped}:confidence"
    drawn = draw.draw(
        nuwa.view, run, ViewerState(("latent_umap", f"mapped:{mapped}", key), "gene:SIM-0007", 1.0)
    )
    beneath, *above = [t for t in drawn.figure.data if t.xaxis == "x2"]
    assert list(beneath.customdata) == list(range(240))  # linked to the other panels
    assert sum(len(t.x) for t in above if not t.showlegend) == 40
    assert all(t.customdata is None for t in above)
    confident = [t for t in drawn.figure.data if t.xaxis == "x3"][-1]
    assert confident.marker.coloraxis is None and confident.marker.cmax <= 1  # a scale of its own
    legends = sent([layer_legend(over, "dark") for over in drawn.layers])
    assert "new.h5ad, mapped" in legends and "transferred cell_type" in legends and "n_clicks" not in legends


def test_many_cells_with_mapped_ones_over_them_travel_in_one_panel(nuwa, mapped, monkeypatch):
    monkeypatch.setattr(draw, "SCATTERGL_POINTS", 0)
    run, key = nuwa.view.runs.one(nuwa.run), f"mapped:{mapped}"
    answer = draw.draw(nuwa.view, run, ViewerState((key,), "clusters", 1.0)).cells
    head, _ = read_message(nuwa.client.get(answer["panels"][0]["points"]))
    assert answer["n"] == 240 and head["n"] == 280
    head, codes = read_message(nuwa.client.get(answer["panels"][0]["colour"]))
    assert head["n"] == 280 and set(codes[:240]) == {255} and max(codes[240:]) < len(head["palette"])
    text = nuwa.client.get(answer["panels"][0]["name"].replace("CELL", "0")).json
    assert text["name"] == "cell-00011 (new.h5ad)" and text["value"].startswith("transferred cell_type: ")
    assert nuwa.client.get(answer["panels"][0]["name"].replace("CELL", "40")).status_code == 404
    assert nuwa.client.get(f"/cells/{nuwa.run}/layer?space=pca").status_code == 404


def test_a_selection_in_a_panel_of_mapped_cells_means_cells_of_the_run(nuwa, mapped):
    run, lasso = nuwa.view.runs.one(nuwa.run), [-1e3, -1e3, 1e3, -1e3, 1e3, 1e3, -1e3, 1e3]
    chosen = {"in": f"mapped:{mapped}", "polygon": lasso}
    assert selection.cells(nuwa.view, run, chosen).sum() == 240
    assert "in Transferred labels of new.h5ad, mapped" in selection.description(nuwa.view, run, chosen)


def test_a_panel_of_cells_whose_mapping_is_gone_says_so(nuwa):
    panel = embeddings.panel(nuwa.view, nuwa.view.runs.one(nuwa.run), f"mapped:{'0' * 24}")
    assert panel.points is None and "no longer exist" in panel.note
    assert panel.title == "Mapped cells that were deleted"
