"""What every page shows in every state, and what surrounds the pages."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from app_under_test import bring, clusters_page, outs, sent
from people import people, quick_passwords

from core.config.job_arguments import JoinArguments
from core.errors import Question
from core.store import Store
from core.store.run_removal import Pending
from core.worker.execute import drain
from dashboard.components import location
from dashboard.components.header import header
from dashboard.pages import glossary, home
from dashboard.pages.account import page as account
from dashboard.pages.admin import page as admin
from dashboard.pages.clusters import page as clusters
from dashboard.pages.clusters import summary
from dashboard.pages.compare import page as compare
from dashboard.pages.data import add_data, join_samples
from dashboard.pages.data import page as data
from dashboard.pages.model import page as model
from dashboard.pages.model import search as search_card
from dashboard.pages.preprocess import page as preprocess
from dashboard.pages.runs import page as runs
from dashboard.pages.runs import removal
from dashboard.pages.search import page as search
from dashboard.pages.train import page as train
from dashboard.shell import PAGES, frame, steps_done

EXPECTED = {
    "bare": {
        home: "Try the example",
        data: "The demo datasets are being loaded",
        preprocess: "No dataset is ready. Choose one first.",
        model: "No dataset is preprocessed.",
        train: "There is no run. Create a model first.",
        clusters: "There is no run. Create a model first.",
        runs: "There is no run. Create a model first.",
        compare: "Tick two runs or more",
        search: "There is no such search.",
        glossary: "latent-space",
        account: "This server has no accounts",
        admin: "Audit log",
    },
    "with_demo": {
        home: "Try the example",
        data: "Blood cells, CITE-seq",
        preprocess: "Scaling and normalising the data is recommended",
        model: "No dataset is preprocessed.",
        train: "There is no run. Create a model first.",
        clusters: "There is no run. Create a model first.",
        runs: "There is no run. Create a model first.",
        compare: "Tick two runs or more",
        search: "There is no such search.",
        glossary: "latent-space",
        account: "This server has no accounts",
        admin: "Audit log",
    },
    "finished": {
        home: "Try the example",
        data: "Data checks",
        preprocess: "Values before and after",
        model: "Create model",
        train: "How to read this",
        clusters: "Tools of the maps",
        runs: "arrow keys move, the space bar ticks a run",
        compare: "Tick two runs or more",
        search: "There is no such search.",
        glossary: "latent-space",
        account: "This server has no accounts",
        admin: "Audit log",
    },
}


@pytest.mark.parametrize("module", PAGES, ids=lambda module: module.TITLE)
@pytest.mark.parametrize("nuwa", EXPECTED)
def test_every_page_has_something_to_say_in_every_state(nuwa, module, request):
    lived_in = request.getfixturevalue(nuwa)
    page = module.layout(lived_in.view, location.resolve(lived_in.view, ""))
    assert EXPECTED[nuwa][module] in sent(page)


@pytest.mark.parametrize("path", [page.PATH for page in PAGES])
def test_a_link_to_every_page_is_answered(finished, path):
    answer = finished.press("content.children", {"url.pathname": path, "url.search": ""})
    assert "There is no such page" not in sent(answer["content"])
    top = sent(answer["header"])
    assert "tiny.h5ad" in top and finished.run in top  # which dataset, which run


def test_an_unknown_page_gives_a_message(finished):
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
    assert location.resolve(finished.view, link["url.search"]).query == {}


def test_the_sidebar_ticks_what_is_done(finished, with_demo):
    done = finished.press("sidebar.children", {"url.pathname": "/data", "url.search": ""})
    assert sent(done["sidebar"]).count("(done)") == 5
    begun = with_demo.press("sidebar.children", {"url.pathname": "/data", "url.search": ""})
    assert sent(begun["sidebar"]).count("(done)") == 1


def test_every_id_that_a_callback_names_is_on_some_page(finished, bare, settings):
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
        "revoke-token",
        "admin-stop",
        "admin-front",
        "open-trial",  # of a search
        "extend-constant",  # of a diagnosis
    }  # only for some datasets and models
    layouts = (
        sent(frame())
        + sent(header("Data", location.resolve(finished.view, "")))
        + "".join(
            sent(page.layout(nuwa.view, location.resolve(nuwa.view, "")))
            for page in PAGES
            for nuwa in (finished, bare)
        )
    )
    with quick_passwords():
        people(other := Store(settings))
    layouts += sent(account.cards(other.of("local")))
    layouts += clusters_page(finished.view, finished.run)
    filtered = {"filter.data": [{"by": "obs:cell_type", "is": ["type A"]}], "run.data": finished.run}
    layouts += sent(finished.press("shown.children", filtered))  # with the parts of the filter
    for explored in ("working", "failed"):
        layouts += sent(
            clusters.not_yet(finished.view, finished.view.runs.one(finished.run) | {"explored": explored})
        )
    question = Question("Which?", "genome", [("a", "a")]).record()
    layouts += sent(add_data.question({"record": {"question": question}}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            finished.store,
            "settings",
            finished.store.settings.model_copy(update={"data_roots": (Path.cwd(),)}),
        )
        layouts += sent(add_data.card_to_add(finished.view))
    layouts += sent(join_samples.name_fields(finished.view, [finished.dataset], {}))
    layouts += sent(search_card.fields(["n_latent"], {}))
    preview = {"cells": 1, "genes": 1, "proteins": 0, "batch": "sample", "lost": [], "too_large": ""}
    layouts += sent(join_samples.preview(preview, JoinArguments(samples=(), batch="sample")))
    row = {"id": finished.run, "name": "a run", "remove_at": 0}
    deleted = SimpleNamespace(pending=lambda: Pending([row], []))
    layouts += sent(removal.undo_notice(SimpleNamespace(removals=deleted)))
    for spec in finished.dependencies():
        parts = [p["id"] for p in (*spec["inputs"], *spec["state"])]
        parts += [o.rsplit(".", 1)[0] for o in outs(spec) if "." in o]
        for id in parts:
            if id.startswith("{"):
                kind = json.loads(id)["type"]
                assert kind in elsewhere or f'"type": "{kind}"' in layouts, id
            else:
                # A comparison and a search are drawn where there are runs for them: their own tests press them.
                drawn_later = id.startswith(("compare-", "search-"))
                assert f'"id": "{id}"' in layouts or id in elsewhere or drawn_later, id


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
        page = clusters.layout(empty_nuwa.view, location.resolve(empty_nuwa.view, f"?run={run}"))
        assert words in sent(page)
        assert ("Compute again" in sent(page)) == (explored == "failed")


def test_the_sidebar_has_the_device_and_the_running_jobs(empty_nuwa):
    activity = empty_nuwa.press("sidebar-activity.children", {"sidebar-tick.n_intervals": 1})
    assert "The worker is starting" in sent(activity) and "No jobs running" in sent(activity)
    empty_nuwa.store.remember("device", {"name": "CPU, 2 cores", "why": "There is no GPU.", "kind": "cpu"})
    empty_nuwa.store.submit("local", "train", "train", "a run")
    activity = sent(empty_nuwa.press("sidebar-activity.children", {"sidebar-tick.n_intervals": 2}))
    assert "CPU, 2 cores" in activity and "Running: 1 training job" in activity


def test_the_header_gets_its_badge_when_the_dataset_is_loaded(empty_nuwa, tiny_file):
    id = bring(empty_nuwa.view, "tiny.h5ad", tiny_file.read_bytes())
    before = steps_done(location.resolve(empty_nuwa.view, f"?dataset={id}"))
    drawn_rows = {"dataset": id, "preparation": None, "run": None, "done": before}
    tick = {"sidebar-tick.n_intervals": 1, "context.data": drawn_rows, "url.pathname": "/data"}
    assert "header" not in empty_nuwa.press("sidebar-activity.children", tick)
    drain(empty_nuwa.store)
    drawn = empty_nuwa.press("sidebar-activity.children", tick)
    assert "X: counts" in sent(drawn["header"]) and "tiny.h5ad" in sent(drawn["header"])


def test_the_loss_of_a_run_says_what_its_data_hold(finished):
    context = location.resolve(finished.view, "")
    assert "X: counts" in sent(train.layout(finished.view, context))
    assert "X: counts" in sent(summary.layout(finished.view, context.run).children[2])
