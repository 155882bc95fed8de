"""Searches on pages: the card on Create model, and the page of a search from its first trial to its end."""

import pytest
from app_under_test import AppUnderTest, fields, sent
from store_rows import furnish, searched

from core.store import Status
from dashboard.components import location
from dashboard.pages.model import page as model
from dashboard.pages.model import search as card
from dashboard.pages.search import page as search


@pytest.fixture
def nuwa(tmp_path):
    made = AppUnderTest(tmp_path / "data")
    made.app.work_here = lambda: None  # the worker is not asked
    made.preparation = furnish(made.store)["preparation"]
    return made


def shown(nuwa, id):
    return nuwa.press("search-status.children", {"search-id.data": id, "search-message.children": None})


def test_the_page_of_a_search_shows_trials_the_best_and_its_loss_on_unseen_cells(nuwa):
    id, trials = searched(nuwa.view, nuwa.preparation)
    page = sent(search.layout(nuwa.view, location.resolve(nuwa.view, f"?search={id}")))
    assert (
        "Latent dimensions: 2, 4, 8. Objective: validation loss." in page and "Which settings matter" in page
    )
    answer = shown(nuwa, id)
    text = sent(answer)
    assert "Searching" in text and "3 / 6" in text and "1 failed" in text
    assert "Loss on unseen cells" in text and "0.500" in text and "24 test cells" in text
    assert "2 (best)" in text and "No gene." in text and not answer["search-open-best"]["disabled"]
    drawn = nuwa.press("search-history.figure", {"search-drawn.data": [], "search-id.data": id})
    assert "trial %{x}" in sent(drawn["search-history"]) and "parcoords" in sent(drawn["search-parallel"])


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("10, 20", ""),
        ("5 to 50", ""),
        ("10", "enter 2 to 50 different values"),
        ("50 to 5", "the range has to end above its beginning"),
        ("10, abc", "'abc' is not a number"),
        ("10; 5000", "'5000' is too large"),
        ("1_000, 2", "'1_000' is not a number"),
        ("", "enter 2 to 50 different values"),
    ],
)
def test_the_values_of_a_search_say_what_is_wrong_when_they_are_left(nuwa, text, sentence):
    shown = card.values_error("n_latent", text)
    assert (sentence in shown) and bool(shown) == bool(sentence)
    part = card.fields(["n_latent"], {"n_latent": text})[0]
    assert "nuwa-number" in part.className and (not text or part.children[2].children == shown)


def test_every_suggestion_of_a_search_can_be_used():
    assert not [name for name in card.LABELS if card.values_error(name, card.suggested_text(name))]


def test_a_search_is_paused_continued_extended_and_stopped_by_its_buttons(nuwa):
    id, _ = searched(nuwa.view, nuwa.preparation)
    values = {"search-id.data": id, "search-more.value": "5"}

    def press(button):
        return sent(
            nuwa.press("search-message.children", values | {f"{button}.n_clicks": 1}, f"{button}.n_clicks")
        )

    assert "paused" in press("search-pause") and nuwa.store.row("search", id)["paused"]
    assert "Paused" in sent(shown(nuwa, id))
    assert "goes on" in press("search-go-on") and not nuwa.store.row("search", id)["paused"]
    assert "more trials" in press("search-extend")
    assert nuwa.store.row("search", id)["record"]["n_trials"] == 11
    values["search-more.value"] = "none"
    assert "is not a number" in press("search-extend")
    assert "stopped" in press("search-stop")
    assert nuwa.store.row("search", id)["status"] == Status.CANCELLED and "Stopped" in sent(shown(nuwa, id))


def test_the_best_run_is_opened_by_one_press_and_its_clusters_are_queued(nuwa):
    id, trials = searched(nuwa.view, nuwa.preparation)
    nuwa.store.move("run", trials[1]["run"], "created", Status.DONE)
    answer = nuwa.press(
        "url.href", {"search-id.data": id, "search-open-best.n_clicks": 1}, "search-open-best.n_clicks"
    )
    assert answer["url"]["href"] == f"/train?run={trials[1]['run']}"
    assert nuwa.view.jobs.last(trials[1]["run"], "explore") is not None


def test_a_small_sweep_is_two_clicks(nuwa):
    """The first fills the card in the browser; what it then draws and submits is pressed here."""
    row = nuwa.view.preparations.one(nuwa.preparation)
    page = sent(card.layout(nuwa.view, row))
    assert "Sweep latent dimensions 10, 20, 50" in page and "Start search" in page
    assert '"value": "10, 20, 50"' in sent(card.fields(["n_latent"], {}))
    assert '"value": "3 to 9"' in sent(card.fields(["n_latent"], {"n_latent": "3 to 9"}))
    values = fields(model.NETWORK) | {"search-values": {"n_latent": "10, 20, 50"}}
    values["setting"] |= fields(model.TRAINING)["setting"]
    values |= {"model-preparation.data": nuwa.preparation, "search-start.n_clicks": 1}
    values |= {
        "search-objective.value": "loss",
        "search-pruner.value": "median",
        "search-n-trials.value": "3",
    }
    answer = nuwa.press("url.href", values, "search-start.n_clicks")
    id = answer["url"]["href"].removeprefix("/search?search=")
    record = nuwa.store.row("search", id)["record"]
    assert record["space"] == {"n_latent": [10, 20, 50]} and record["n_trials"] == 3
    assert "Earlier searches (1)" in sent(card.layout(nuwa.view, row))


def test_a_search_without_a_setting_or_with_a_wrong_range_says_so(nuwa):
    values = fields(model.NETWORK) | {"search-values": {"n_latent": "50 to 5"}}
    values["setting"] |= fields(model.TRAINING)["setting"]
    values |= {"model-preparation.data": nuwa.preparation, "search-start.n_clicks": 1}
    values |= {
        "search-objective.value": "loss",
        "search-pruner.value": "median",
        "search-n-trials.value": "3",
    }
    answer = nuwa.press("url.href", values, "search-start.n_clicks")
    assert "has to end above its beginning" in sent(answer)
    answer = nuwa.press("url.href", values | {"search-values": {}}, "search-start.n_clicks")
    assert "No setting is searched" in sent(answer)


def test_an_objective_that_only_the_end_has_is_searched_without_pruning():
    record = card.record_of({"n_latent": 5}, {"n_latent": "2, 4"}, "neighbours", "median", "4", "")
    assert record.pruner == "none" and "n_latent" not in record.base and record.minutes is None


def test_a_search_is_deleted_from_its_page_once_it_is_stopped(nuwa):
    id, trials = searched(nuwa.view, nuwa.preparation)
    values = {"search-id.data": id}

    def press(output, button, part="n_clicks"):
        return nuwa.press(output, values | {f"{button}.{part}": 1}, f"{button}.{part}")

    assert shown(nuwa, id)["search-delete"]["hidden"]
    refused = press("url.href", "search-confirm", "submit_n_clicks")
    assert "is still active: stop it first" in sent(refused) and nuwa.view.searches.one(id)
    nuwa.view.searches.stop(id)
    assert not shown(nuwa, id)["search-delete"]["hidden"]
    asked = press("search-confirm.displayed", "search-delete")["search-confirm"]
    assert asked["displayed"] and "with 3 trials" in asked["message"] and "This frees" in asked["message"]
    assert press("url.href", "search-confirm", "submit_n_clicks")["url"]["href"] == "/runs"
    assert nuwa.view.readable("search", id) is None and nuwa.view.readable("run", trials[0]["run"]) is None
    assert "There is no such search" in sent(
        search.layout(nuwa.view, location.resolve(nuwa.view, f"?search={id}"))
    )
