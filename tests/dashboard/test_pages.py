"""The pages without a browser: what each shows, and what its callbacks answer."""

import json
from pathlib import Path

import dash
import formats
import numpy as np
import pytest
import torch
from app_under_test import AppUnderTest, bring, clusters_page, outs, sent
from itsdangerous import BadSignature

from core.config import PREPARE, RunConfig, specs
from core.config.dataset_record import KnownFinding
from core.errors import Question
from core.store import Missing
from core.worker.execute import drain
from dashboard.components import location
from dashboard.components.forms import NONE
from dashboard.pages import glossary, home
from dashboard.pages.clusters import page as clusters
from dashboard.pages.clusters import summary
from dashboard.pages.clusters.viewer import embeddings
from dashboard.pages.data import add_data, findings, join_samples
from dashboard.pages.data import page as data
from dashboard.pages.model import page as model
from dashboard.pages.preprocess import page as preprocess
from dashboard.pages.runs import page as runs
from dashboard.pages.train import page as train
from dashboard.server import session
from dashboard.shell import PAGES, frame, steps_done

# --- what each page shows

EXPECTED = {
    "bare": {
        home: "Start with the data",
        data: "The demo datasets are being loaded",
        preprocess: "No dataset is ready. Choose one first.",
        model: "No dataset is preprocessed.",
        train: "There is no run. Create a model first.",
        clusters: "There is no run. Create a model first.",
        runs: "There is no run. Create a model first.",
        glossary: "latent-space",
    },
    "with_demo": {
        home: "Start with the data",
        data: "Simulated CITE-seq",
        preprocess: "Scaling and normalising the data is recommended",
        model: "No dataset is preprocessed.",
        train: "There is no run. Create a model first.",
        clusters: "There is no run. Create a model first.",
        runs: "There is no run. Create a model first.",
        glossary: "latent-space",
    },
    "finished": {
        home: "Start with the data",
        data: "Data checks",
        preprocess: "Values before and after",
        model: "Create model",
        train: "How to read this",
        clusters: "Latent space and input",
        runs: "Training complete",
        glossary: "latent-space",
    },
}


@pytest.mark.parametrize("module", PAGES, ids=lambda module: module.TITLE)
@pytest.mark.parametrize("nuwa", EXPECTED)
def test_every_page_has_something_to_say_in_every_state(nuwa, module, request):
    lived_in = request.getfixturevalue(nuwa)
    shown = module.layout(lived_in.view, location.resolve(lived_in.view, ""))
    assert EXPECTED[nuwa][module] in sent(shown)


@pytest.mark.parametrize("path", [page.PATH for page in PAGES])
def test_a_link_to_every_page_is_answered(finished, path):
    answer = finished.press("content.children", {"url.pathname": path, "url.search": ""})
    assert "There is no such page" not in sent(answer["content"])
    top = sent(answer["header"])
    assert "tiny.h5ad" in top and finished.run in top  # which dataset, which run


def test_an_unknown_page_is_said_to_be_unknown(finished):
    answer = finished.press("content.children", {"url.pathname": "/nonsense", "url.search": ""})
    assert "There is no such page." in sent(answer["content"])


def test_a_link_to_a_run_that_is_gone_says_so_and_shows_the_latest(finished):
    answer = finished.press("content.children", {"url.pathname": "/train", "url.search": "?run=gone"})
    assert "The run of this link no longer exists" in sent(answer["content"])
    assert finished.run in sent(answer["content"])


def test_the_clusters_page_shows_nothing_of_a_link_whose_run_is_gone_on_another_run(finished):
    link = {"url.pathname": "/clusters", "url.search": "?run=gone&by=obs:cell_type&select=nonsense"}
    content = sent(finished.press("content.children", link)["content"])
    assert "This page shows another run, 'first', of the dataset 'tiny.h5ad'" in content
    assert location.resolve(finished.view, link["url.search"]).asked == {}


def test_the_sidebar_ticks_what_is_done(finished, with_demo):
    done = finished.press("sidebar.children", {"url.pathname": "/data", "url.search": ""})
    assert sent(done["sidebar"]).count("(done)") == 5
    begun = with_demo.press("sidebar.children", {"url.pathname": "/data", "url.search": ""})
    assert sent(begun["sidebar"]).count("(done)") == 1


def test_every_id_that_a_callback_names_is_on_some_page(finished, bare):
    """Dash is told not to look for ids (pages come and go), so a slip of the pen would go unseen."""
    elsewhere = {
        "data-delete",
        "data-confirm",
        "repair",
        "wait-tick",
        "step-undo",
        "step-message",
        "loadings",
        "loadings-dimension",
        "category",  # an entry of a legend: a callback draws it
    }  # only for some datasets and models
    laid_out = sent(frame()) + "".join(
        sent(page.layout(nuwa.view, location.resolve(nuwa.view, "")))
        for page in PAGES
        for nuwa in (finished, bare)
    )
    laid_out += clusters_page(finished.view, finished.run)
    for explored in ("working", "failed"):
        laid_out += sent(
            clusters.not_yet(finished.view, finished.view.runs.one(finished.run) | {"explored": explored})
        )
    asked = Question("Which?", "genome", [("a", "a")]).record()
    laid_out += sent(add_data.question({"record": {"question": asked}}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            finished.store,
            "settings",
            finished.store.settings.model_copy(update={"data_roots": (Path.cwd(),)}),
        )
        laid_out += sent(add_data.bring(finished.view))
    laid_out += sent(join_samples.name_fields(finished.view, [finished.dataset], {}))
    seen = {"cells": 1, "genes": 1, "proteins": 0, "batch": "sample", "lost": [], "too_large": ""}
    laid_out += sent(join_samples.told(seen, {"samples": [], "batch": "sample"}))
    for spec in finished.dependencies():
        parts = [p["id"] for p in (*spec["inputs"], *spec["state"])]
        parts += [o.rsplit(".", 1)[0] for o in outs(spec) if "." in o]
        for id in parts:
            if id.startswith("{"):
                kind = json.loads(id)["type"]
                assert kind in elsewhere or f'"type": "{kind}"' in laid_out, id
            else:
                assert f'"id": "{id}"' in laid_out or id in elsewhere, id


def test_a_page_of_a_run_that_could_not_be_explored_says_why(empty_nuwa):
    store = empty_nuwa.store
    dataset = store.add("dataset", "local", name="cells", origin="upload:x", status="ready", record={})
    row = {"dataset": dataset, "preparation": "none", "name": "r", "config": {}, "phase": ""}
    for explored, status, words in (
        ("failed", "done", "Memory ran out there, too."),
        ("working", "done", "shown as soon as"),
        ("", "failed", "Memory ran out."),
    ):
        message = words if status == "failed" else ""
        run = store.add("run", "local", **row, status=status, explored=explored, message=message)
        store.set_job(store.submit("local", "short", "explore", run), message="Memory ran out there, too.")
        shown = clusters.layout(empty_nuwa.view, location.resolve(empty_nuwa.view, f"?run={run}"))
        assert words in sent(shown)
        assert ("Compute again" in sent(shown)) == (explored == "failed")


def test_the_foot_tells_the_device_and_what_is_at_work(empty_nuwa):
    foot = empty_nuwa.press("sidebar-foot.children", {"sidebar-tick.n_intervals": 1})
    assert "The worker is starting" in sent(foot) and "No jobs running" in sent(foot)
    empty_nuwa.store.remember("device", {"name": "CPU, 2 cores", "why": "There is no GPU.", "kind": "cpu"})
    empty_nuwa.store.submit("local", "train", "train", "a run")
    foot = sent(empty_nuwa.press("sidebar-foot.children", {"sidebar-tick.n_intervals": 2}))
    assert "CPU, 2 cores" in foot and "Running: 1 training job" in foot


def test_the_header_gets_its_badge_when_the_data_set_has_been_read(empty_nuwa, tiny_file):
    id = bring(empty_nuwa.view, "tiny.h5ad", tiny_file.read_bytes())
    before = steps_done(location.resolve(empty_nuwa.view, f"?dataset={id}"))
    place = {"dataset": id, "preparation": None, "run": None, "done": before}
    tick = {"sidebar-tick.n_intervals": 1, "place.data": place, "url.pathname": "/data"}
    assert "header" not in empty_nuwa.press("sidebar-foot.children", tick)
    drain(empty_nuwa.store)
    drawn = empty_nuwa.press("sidebar-foot.children", tick)
    assert "X: counts" in sent(drawn["header"]) and "tiny.h5ad" in sent(drawn["header"])


def test_the_loss_of_a_run_says_what_its_data_hold(finished):
    standing = location.resolve(finished.view, "")
    assert "X: counts" in sent(train.layout(finished.view, standing))
    assert "X: counts" in sent(summary.layout(finished.view, standing.run).children[2])


@pytest.mark.parametrize("words", ["logged twice", "CLR", "counts"])
def test_the_tile_of_what_x_holds_has_the_words_of_the_badge(finished, words):
    row = finished.view.datasets.one(finished.dataset)
    record = row["record"] | {"badge": {"words": f"X: {words}", "tone": "warn", "why": "Because."}}
    tiles = data.detail(finished.view, row | {"record": record}).children[0].children[1]
    assert tiles.children[-1].children[1].children == words


def test_how_grave_a_finding_is_stands_in_words_and_a_forbidden_data_set_is_not_urged_on(finished):
    row = finished.view.datasets.one(finished.dataset)
    stop = {
        "code": "x",
        "severity": "stop",
        "sentence": "It lies on its side.",
        "evidence": "",
        "repair": None,
    }
    forbidden = row | {"record": row["record"] | {"findings": [stop]}}
    assert findings.said(KnownFinding(**stop)).children[0].children == "Blocks training"
    for shown, style in ((row, "btn btn-primary"), (forbidden, "btn btn-outline-secondary")):
        actions = data.detail(finished.view, shown).children[0].children[3]
        assert actions.children[0].className == style


# --- where a person stands


def test_without_a_link_one_stands_at_the_latest_run(finished):
    found = location.resolve(finished.view, "")
    assert (found.run["id"], found.lost) == (finished.run, "")
    assert found.preparation["id"] == finished.preparation and found.dataset["id"] == finished.dataset


@pytest.mark.parametrize("search", [None, "", "?", "?run=", "?nonsense=1", "?run=../../etc", "&&==?"])
def test_an_odd_link_is_no_accident(finished, search):
    assert location.resolve(finished.view, search).run["id"] == finished.run


def test_a_link_to_a_preparation_or_a_data_set_brings_what_belongs_to_it(finished):
    for search in (f"?preparation={finished.preparation}", f"?dataset={finished.dataset}"):
        found = location.resolve(finished.view, search)
        assert found.dataset["id"] == finished.dataset
        assert found.preparation["id"] == finished.preparation
        assert found.run["id"] == finished.run and not found.lost


def test_the_simulated_set_is_where_a_newcomer_starts(with_demo):
    found = location.resolve(with_demo.view, "")
    assert found.dataset["origin"] == "demo:simulated" and found.run is None


def test_another_persons_run_is_not_there(empty_nuwa):
    row = {"dataset": "d", "preparation": "p", "name": "r", "config": {}, "phase": "", "explored": ""}
    theirs = empty_nuwa.store.add("run", "somebody", **row, status="done")
    found = location.resolve(empty_nuwa.view, f"?run={theirs}")
    assert found.run is None and "no longer exists" in found.lost
    assert empty_nuwa.client.get(f"/download/{theirs}/config.json").status_code == 404


# --- bring and delete a dataset


@pytest.mark.parametrize(
    "content, words",
    [
        (b"hello", "'cells.h5ad' is not the HDF5 file its name promises"),
        (None, "'cells.h5ad' is damaged or was not copied to its end"),
    ],
)
def test_a_broken_file_gives_one_sentence_and_touches_nothing(finished, tiny_file, content, words):
    id = bring(finished.view, "cells.h5ad", tiny_file.read_bytes()[:20_000] if content is None else content)
    drain(finished.store)
    assert words in finished.view.datasets.one(id)["message"]
    assert not list((finished.store.root / "uploads").iterdir())
    shown = sent(data.layout(finished.view, location.resolve(finished.view, f"?dataset={id}")))
    assert words in shown and "tiny.h5ad" in shown and "Traceback" not in shown
    finished.view.datasets.forget(id)
    assert finished.view.datasets.one(finished.dataset)["status"] == "ready"


def test_a_file_of_the_inbox_is_listed_and_read(empty_nuwa, tiny_file):
    (empty_nuwa.store.root / "inbox" / "big.h5ad").write_bytes(tiny_file.read_bytes())
    (empty_nuwa.store.root / "inbox" / "notes.pdf").write_text("not a matrix")
    listed = sent(add_data.inbox(empty_nuwa.view))
    assert "big.h5ad" in listed and "notes.pdf" not in listed
    pressed = {"bring-from-inbox.n_clicks": 1, "inbox.value": "big.h5ad"}
    empty_nuwa.press("data-message.children", pressed, "bring-from-inbox.n_clicks")
    drain(empty_nuwa.store)
    assert empty_nuwa.view.datasets.all()[0]["status"] == "ready"
    assert (empty_nuwa.store.root / "inbox" / "big.h5ad").exists()  # theirs to remove


def test_a_table_asks_which_way_it_lies_and_is_read_as_answered(empty_nuwa, tmp_path):
    store, view = empty_nuwa.store, empty_nuwa.view
    path = formats.table(formats.counts(), tmp_path)
    bring(view, "mine.csv", path.read_bytes())
    drain(store)
    (row,) = view.datasets.all()
    assert row["status"] == "asking" and "has a question" in sent(data.listing(view, row["id"]))
    asking = preprocess.layout(view, location.resolve(view, f"?dataset={row['id']}"))
    assert "No dataset is ready" in sent(asking)
    shown = sent(data.detail(view, row))
    assert "which are the cells?" in shown and "rows are genes, columns are cells" in shown
    assert "mine.csv" in shown and not any(end in shown for end in (".csv.gz", "uploads"))
    pressed = {"data-answer-go.n_clicks": 1, "data-answer.value": None, "data-shown.data": row["id"]}
    answer = empty_nuwa.press("data-message.children", pressed, "data-answer-go.n_clicks")
    assert "Choose one of the answers first." in sent(answer)
    pressed["data-answer.value"] = 0
    empty_nuwa.press("data-message.children", pressed, "data-answer-go.n_clicks")
    drain(store)
    (row,) = view.datasets.all()
    assert (row["status"], row["record"]["cells"], row["record"]["genes"]) == ("ready", 30, 20)
    assert "'mine.csv'" in sent(data.detail(view, row)) and not any((store.root / "uploads").iterdir())
    assert not list((store.root / "cache").glob("nuwa-read-*"))


def test_a_second_file_gives_a_new_data_set_with_its_proteins(empty_nuwa, tmp_path):
    store, view, both = empty_nuwa.store, empty_nuwa.view, formats.counts()
    alone = both.copy()
    del alone.obsm["protein"]
    first = bring(view, "rna.h5ad", formats.h5ad(alone, tmp_path).read_bytes())
    drain(store)
    assert "Add proteins, labels or a background from a second file" in sent(
        data.detail(view, view.datasets.one(first))
    )
    both.obsm["protein"].astype(int).to_csv(store.root / "inbox" / "adt.csv")
    pressed = {"join-go.n_clicks": 1, "join-inbox.value": "adt.csv", "join-what.value": "proteins"}
    pressed["data-shown.data"] = first
    empty_nuwa.press("data-message.children", pressed, "join-go.n_clicks")
    labels = both.obs.to_csv().encode()
    bring(view, "labels.csv", labels, joins=(first, "annotations"))
    drain(store)
    labelled, joined, old = view.datasets.all()
    assert joined["name"] == "rna.h5ad + adt.csv" and len(joined["record"]["proteins"]) == 4
    assert "30 of 30 cells have their 4 proteins from 'adt.csv'" in sent(data.detail(view, joined))
    assert "group_2" in [column["name"] for column in labelled["record"]["columns"]]
    assert old["record"]["proteins"] == [] and not any((store.root / "uploads").iterdir())


def test_a_folder_of_the_server_is_opened_and_read(settings, tmp_path):
    path = formats.tenx_folder(formats.counts(), tmp_path)
    nuwa = AppUnderTest(settings.data_dir, data_roots=(tmp_path,))
    assert str(tmp_path) in sent(add_data.bring(nuwa.view))
    pressed = {"roots-open.n_clicks": 1, "roots-up.n_clicks": None, "roots.value": str(tmp_path)}
    answer = nuwa.press("roots-part.children", pressed, "roots-open.n_clicks")
    assert str(path) in sent(answer["roots-part"])
    pressed = {"roots-read.n_clicks": 1, "roots.value": str(path)}
    nuwa.press("data-message.children", pressed, "roots-read.n_clicks")
    drain(nuwa.store)
    assert nuwa.view.datasets.all()[0]["record"]["cells"] == 30
    pressed = {"roots-read.n_clicks": 1, "roots.value": "/etc"}
    answer = nuwa.press("data-message.children", pressed, "roots-read.n_clicks")
    assert "in the folders of this server" in sent(answer)


@pytest.mark.parametrize("chosen", [None, "../secret", "/etc/passwd", "gone.h5ad"])
def test_only_files_of_the_inbox_come_from_the_inbox(empty_nuwa, chosen):
    pressed = {"bring-from-inbox.n_clicks": 1, "inbox.value": chosen}
    answer = empty_nuwa.press("data-message.children", pressed, "bring-from-inbox.n_clicks")
    assert "inbox" in sent(answer["data-message"]) and not empty_nuwa.view.datasets.all()


def test_the_list_is_drawn_again_only_when_something_changed(finished):
    seen = data.signature(finished.view, finished.dataset)
    values = {"data-tick.n_intervals": 1, "data-shown.data": finished.dataset, "data-seen.data": seen}
    assert finished.press("data-list.children", values) is None
    values["data-seen.data"] = [[], None, seen[2]]
    answer = finished.press("data-list.children", values)
    assert "tiny.h5ad" in sent(answer["data-list"]) and "inbox-part" not in answer


def test_somebody_who_came_before_the_first_data_set_is_led_to_it(with_demo):
    values = {"data-tick.n_intervals": 1, "data-shown.data": None, "data-seen.data": [[], None, []]}
    answer = with_demo.press("data-list.children", values)
    simulated = location.resolve(with_demo.view, "").dataset["id"]
    assert answer["url"]["href"] == f"/data?dataset={simulated}"


def test_a_data_set_that_is_read_while_its_page_is_drawn_is_drawn_again(finished):
    """The page is drawn from a row that says "queued"; by the time its marks are taken it is ready."""
    standing = location.resolve(finished.view, f"?dataset={finished.dataset}")
    standing = standing._replace(dataset=standing.dataset | {"status": "queued"})
    shown = json.loads(sent(data.layout(finished.view, standing)))
    parts = {part["props"].get("id"): part["props"] for part in shown["props"]["children"]}
    values = {"data-tick.n_intervals": 1, "data-shown.data": finished.dataset}
    answer = finished.press("data-list.children", values | {"data-seen.data": parts["data-seen"]["data"]})
    assert "Data checks" in sent(answer["data-detail"])


def test_a_data_set_with_runs_is_not_deleted(finished):
    pressed = {"data-confirm.submit_n_clicks": 1, "data-shown.data": finished.dataset}
    answer = finished.press("data-message.children", pressed, "data-confirm.submit_n_clicks")
    assert "trained on this dataset: delete them first" in sent(answer)
    assert finished.view.datasets.one(finished.dataset)


def test_counts_and_genes_a_cell_are_drawn(finished):
    values = {"theme.data": "light", "data-shown.data": finished.dataset}
    assert finished.press("data-picture.figure", values)["data-picture"]["figure"]["data"]


# --- preprocess and model


def fields(part, **changed):
    from core.config import specs

    return {"setting": {spec.name: spec.default for spec in specs(part)} | changed}


def prepare(nuwa, page, dataset=None, **settings):
    """Press Preprocess and poll once: what the page is answered."""
    values = {"setting": settings, "prepare-dataset.data": dataset or nuwa.dataset, "page-token.data": page}
    return nuwa.work("preparing", values | {"prepare.n_clicks": 1}, "prepare.n_clicks")


def test_preprocess_is_work_of_the_worker_and_the_page_goes_to_its_result(finished):
    answer = prepare(finished, "page-a", n_top_genes=50, clip=5.0)
    job = answer["preparing-done"]["data"]
    assert answer["preparing-message"]["children"] == "" and answer["preparing-tick"]["disabled"]
    link = finished.press("url.href", {"preparing-done.data": job}, "preparing-done.data")["url"]["href"]
    id = link.removeprefix("/preprocess?preparation=")
    assert finished.view.preparations.one(id)["record"]["n_genes"] == 50
    shown = preprocess.layout(finished.view, location.resolve(finished.view, f"?preparation={id}"))
    assert f"/model?preparation={id}" in sent(shown)


def test_a_step_that_cannot_be_meant_is_refused_by_name(finished):
    values = {"setting": {"clip": -1}, "prepare-dataset.data": finished.dataset, "prepare.n_clicks": 1}
    answer = finished.press("preparing-job.data", values, "prepare.n_clicks")
    assert set(answer) == {"preparing-message"} and "Clip (clip)" in sent(answer)


def test_a_reloaded_page_goes_on_with_the_preprocessing(finished):
    _, job = finished.view.preparations.create(finished.dataset, {"n_top_genes": 60}, "reloaded")
    here = location.resolve(finished.view, f"?dataset={finished.dataset}")
    assert job in sent(preprocess.layout(finished.view, here))
    drain(finished.store)
    assert job not in sent(preprocess.layout(finished.view, here))


def test_steps_that_do_not_apply_are_shown_as_such(with_demo):
    pbmc = next(d for d in with_demo.view.datasets.all() if d["origin"] == "demo:pbmc68k_reduced")
    shown = sent(
        preprocess.layout(with_demo.view, location.resolve(with_demo.view, f"?dataset={pbmc['id']}"))
    )
    assert shown.count("Does not apply: X already holds scaled values.") >= 4
    assert "Does not apply: the dataset has no proteins." in shown
    # What is switched off keeps its value: the page and the command line train alike on such data.
    switches = {}

    def look(part):
        for child in part if isinstance(part, list) else [part]:
            if hasattr(child, "id") and isinstance(child.id, dict) and child.id["type"] == "setting":
                switches[child.id["name"]] = child.value
            look(getattr(child, "children", None) or [])

    look(preprocess.layout(with_demo.view, location.resolve(with_demo.view, f"?dataset={pbmc['id']}")))
    default = RunConfig().model_dump()
    assert {*switches} == {spec.name for spec in specs(PREPARE)}
    assert all((default[name] or NONE) == (value or NONE) for name, value in switches.items())


def test_the_pictures_of_a_preparation_are_drawn(finished):
    record = finished.view.preparations.one(finished.preparation)["record"]
    assert len(record["histograms"]) == 2
    for part in range(2):
        assert preprocess.picture(record, part, "dark").data


def test_the_drawing_follows_the_fields(finished):
    values = fields(model.NETWORK, n_latent=7) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING, epochs=12)["setting"]
    answer = finished.press("model-words.children", values)
    shown = sent(answer["model-words"])
    config = model.config.parse({"n_latent": 7}).for_data(240, 126)
    weights = sum(layer.weights for layer in config.layers(120, 6))
    assert f"{weights:,}" in shown and '"12"' in shown and "of 216 cells, 128 per step" in shown
    assert answer["model-create"]["disabled"] is False and answer["model-drawing"]["figure"]["layout"]


@pytest.mark.parametrize("name, dropout, weight", [("citeseq", 0.1, 0.3), ("counts", 0, 6 / 120)])
def test_what_an_empty_dropout_or_weight_means_follows_the_model(finished, name, dropout, weight):
    values = fields(model.NETWORK, model=name) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING)["setting"]
    answer = finished.press("model-words.children", values)
    assert answer['{"name":"dropout","type":"setting"}']["placeholder"] == f"automatic: {dropout}"
    assert answer['{"name":"weight_protein","type":"setting"}']["placeholder"] == f"automatic: {weight}"
    run = finished.view.runs.one(finished.view.runs.create(finished.preparation, {"model": name}, name))
    assert (run["config"]["dropout"], run["config"]["weight_protein"]) == (dropout, weight)
    finished.view.runs.forget(run["id"])


@pytest.mark.parametrize("asked", [{}, {"dropout": 0.25, "weight_protein": 0.5}])
def test_what_the_model_of_a_run_chose_is_left_empty_so_that_another_model_chooses_its_own(finished, asked):
    run = finished.view.runs.one(
        finished.view.runs.create(finished.preparation, {"model": "counts"} | asked, "counts")
    )
    shown = model.of_run(run, finished.view.preparations.one(finished.preparation)["record"])
    assert {name: shown[name] for name in model.BY_MODEL} == dict.fromkeys(model.BY_MODEL) | asked
    assert shown["n_latent"] == run["config"]["n_latent"] == 20
    finished.view.runs.forget(run["id"])


def test_a_field_left_empty_says_what_would_be_chosen(finished):
    page = sent(
        model.layout(finished.view, location.resolve(finished.view, f"?preparation={finished.preparation}"))
    )
    assert page.count('"placeholder": "automatic: 128"') == 2  # hidden units and batch size
    assert '"placeholder": "automatic: 20"' in page and '"placeholder": "automatic: 100"' in page
    run = finished.view.runs.one(finished.view.runs.create(finished.preparation, {"epochs": None}, "chosen"))
    kept = {name: run["config"][name] for name in ("n_latent", "n_hidden", "batch_size", "epochs")}
    assert kept == {"n_latent": 20, "n_hidden": 128, "batch_size": 128, "epochs": 100}
    finished.view.runs.forget(run["id"])


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"n_latent": 1000}, "1000 latent dimensions for 126 features"),
        ({"lr": 0}, "Learning rate (lr)"),
        ({"lr": None}, "Learning rate (lr)"),
        ({"epochs": 0}, "Epochs (epochs)"),
        ({"n_hidden": 1.5}, "Hidden units, RNA (n_hidden)"),
        ({"weight_rna": 0, "weight_protein": 0}, "nothing to learn"),
        ({"train_share": 0.95}, "must not exceed 1"),
    ],
)
def test_a_setting_that_cannot_work_gets_one_sentence(finished, changed, words):
    values = fields(model.NETWORK) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING)["setting"] | changed
    answer = finished.press("model-words.children", values)
    assert words in sent(answer["model-message"]) and answer["model-create"]["disabled"] is True
    before = len(finished.view.runs.all())
    pressed = values | {"model-create.n_clicks": 1}
    answer = finished.press("model-message.children", pressed, "model-create.n_clicks")
    assert words in sent(answer["model-message"]) and len(finished.view.runs.all()) == before


def test_the_device_is_told_without_torch():
    gpu = {"kind": "cuda", "name": "H200", "why": "torch sees a GPU."}
    cpu = {"kind": "cpu", "name": "CPU", "why": "torch sees no GPU."}
    assert model.device_for(None, "auto")[0] == "..."
    assert model.device_for(gpu, "auto") == ("GPU", "torch sees a GPU.")
    assert model.device_for(gpu, "cpu")[0] == "CPU"
    assert model.device_for(cpu, "cuda")[0] == "none"


# --- train


def test_a_model_is_created_and_trained_inside_the_callback(finished, run_quick):
    values = fields(model.NETWORK) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING)["setting"] | run_quick.model_dump(
        include={"epochs", "n_hidden", "n_hidden_protein", "n_latent", "batch_size"}
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
    mark, told = finished.background("finished.data", 1, asker, run, "page-c")
    assert mark[:1] == ["done"] and mark[2:] == ["ready", 3] and told
    words = train_page(finished, run)
    assert "Training complete" in words and "See the clusters" in words and "PCA" in words
    assert "Training loss" in words and "Validation loss" in words and "3 / 3" in words
    finished.view.runs.forget(run)


@pytest.mark.parametrize("name", ["variational", "linear", "counts"])
def test_a_run_of_every_model_goes_all_the_way(finished, run_quick, name):
    """Created from the page's fields, trained, explored, shown, its profile drawn."""
    preparation, _ = finished.view.preparations.create(finished.dataset, {"batch_key": "sample"}, "batches")
    drain(finished.store)
    chosen = run_quick.model_dump() | {"model": name}
    fields_ = fields(model.NETWORK, **{k: chosen[k] for k in ("model", "n_latent", "n_hidden")})
    fields_["setting"] |= fields(model.TRAINING, epochs=3, beta=0.5)["setting"]
    drawn = finished.press("model-words.children", fields_ | {"model-preparation.data": preparation})
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
    assert f"{counted:,}" in sent(drawn["model-words"])
    page = clusters_page(finished.view, run)
    explained = "Likelihood explained" if name == "counts" else "Variance explained"
    assert f"{explained}, RNA" in page
    assert 1 <= row["scores"]["ilisi"] <= 2 and "Batches mixed (iLISI, 1 to 2)" in page
    keys = embeddings.default(finished.view, row)
    panels = [embeddings.panel(finished.view, row, key).title for key in keys]
    assert 1 <= row["scores"]["ilisi_harmony"] <= 2 and panels[1:3] == ["Input, PCA", "Input, PCA, Harmony"]
    assert "(Harmony)" in page
    assert "Held-out bound over the latent" in page and ("of the raw counts" in page) == (name == "counts")
    asked = {"profile-of.value": "cell", "profile-cell.value": 3, "resolution.value": 1.0, "run.data": run}
    answer = finished.work("profile", asked | {"profile-go.n_clicks": 1}, "profile-go.n_clicks")
    made = finished.view.jobs.one(answer["profile-done"]["data"])["result"]["made"]
    assert len(made) == 126 and all(np.isfinite(made))
    if name == "linear":
        shown = sent(finished.press("loadings.children", {"loadings-dimension.value": 1, "run.data": run}))
        assert "positive" in shown and shown.count("(gene)") + shown.count("(protein)") == 24
        lines = finished.client.get(f"/download/{run}/loadings.csv").text.splitlines()
        assert len(lines) == 127 and lines[0].startswith("feature,kind,latent_1,latent_2")
    else:
        assert finished.client.get(f"/download/{run}/loadings.csv").status_code == 404
    figure = train.loss(finished.view, run, False, "total", "light")
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
    assert {"training", "validation", "training mean", "PCA, 4 dimensions"} <= set(drawn)
    assert figure["layout"]["yaxis"]["type"] == ("log" if log else "linear")


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
    assert answer == {"tick": {"data": ["queued", "", "", 0, 0]}, "poll": {"disabled": False}}
    again = {"run.data": run, "tick.data": answer["tick"]["data"]}
    assert finished.press("poll.disabled", again, "poll.n_intervals") == {"poll": {"disabled": False}}
    assert "starting now" in train_page(finished, run)
    behind = finished.view.runs.create(finished.preparation, {"n_latent": 4}, "behind")
    finished.view.runs.train(behind)
    assert "1 run is ahead" in train_page(finished, behind)
    for id in (run, behind):
        answer = finished.press("poll.disabled", {"cancel.n_clicks": 1, "run.data": id}, "cancel.n_clicks")
        assert answer == {"poll": {"disabled": False}}
        assert finished.press("poll.disabled", {"run.data": id}, "poll.n_intervals")["poll"]["disabled"]
        assert finished.view.runs.one(id)["status"] == "cancelled"
        assert "Cancelled before it began" in train_page(finished, id)
        finished.view.runs.forget(id)


def test_a_finished_run_is_deleted_after_a_question(finished):
    run = finished.view.runs.create(finished.preparation, {"n_latent": 4}, "to go")
    answer = finished.press(
        "runs-table.children",
        {"runs-confirm.submit_n_clicks": 1, "runs-chosen.data": run},
        "runs-confirm.submit_n_clicks",
    )
    assert "The run was deleted" in sent(answer["runs-message"]) and run not in sent(answer["runs-table"])
    with pytest.raises(Missing):
        finished.view.runs.one(run)
