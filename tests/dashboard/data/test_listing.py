"""The list of datasets: newest first, children below their parents, searched; names and twins."""

import pytest
from app_under_test import AppUnderTest, bring, sent

from core.worker.execute import drain
from dashboard.components import location
from dashboard.pages.data import listing
from dashboard.pages.data import page as data


@pytest.fixture(scope="module")
def lab(tmp_path_factory, tiny_file):
    """Three uploads, two of one content; a dataset made from the first by a step, with a preparation."""
    app = AppUnderTest(tmp_path_factory.mktemp("lab"))
    app.ids = {name: bring(app.view, name, tiny_file.read_bytes()) for name in ("one.h5ad", "two.h5ad")}
    drain(app.store)
    app.ids["genes"] = app.view.steps.add(app.ids["one.h5ad"], "filter_genes", {"min_cells": 60})
    drain(app.store)
    app.view.preparations.create(app.ids["genes"], {}, "prepare")
    drain(app.store)
    app.ids["three.h5ad"] = bring(app.view, "three.h5ad", tiny_file.read_bytes()[:999])
    drain(app.store)
    return app


def tree(items):
    """[(name of a dataset, [the same of its children])] of a listing; preparations by their link's text."""
    out = []
    for item in items:
        link = next(part for part in item._traverse() if type(part).__name__ == "Link")
        below = [part for part in item.children if type(part).__name__ == "Ul"]
        out.append((link.children, tree(below[0].children) if below else []))
    return out


def test_the_newest_is_first_and_children_are_below_their_parents(lab):
    names = tree(listing.listing(lab.view, None).children)
    (three, _), (one, (child,)), (two, _) = names
    assert (three, one, two) == ("three.h5ad", "one.h5ad", "two.h5ad")  # a new child brings its parent up
    assert child[0].startswith("one.h5ad (") and child[1][0][0].startswith("Preprocessed: ")
    assert "could not be loaded" in sent(listing.listing(lab.view, None))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("TWO", ["two.h5ad"]),
        ("filter one", ["one.h5ad"]),
        ("h5ad", ["three.h5ad", "one.h5ad", "two.h5ad"]),
        (None, ["three.h5ad", "one.h5ad", "two.h5ad"]),
    ],
)
def test_a_search_keeps_what_has_all_its_words_and_what_it_was_made_from(lab, query, names):
    answer = lab.press("data-list.children", {"data-search.value": query}, "data-search.value")
    listed = answer["data-list"]["children"]["props"]["children"]
    assert [item["props"]["children"][0]["props"]["children"] for item in listed] == names


def test_a_search_without_a_result_says_so(lab):
    answer = lab.press("data-list.children", {"data-search.value": "pancreas"}, "data-search.value")
    assert "No dataset has such a name" in sent(answer)


def test_the_list_that_is_drawn_again_keeps_the_search(lab):
    values = {
        "data-tick.n_intervals": 1,
        "dataset-id.data": lab.ids["two.h5ad"],
        "data-drawn.data": [[], None, []],
    }
    answer = lab.press("data-list.children", values | {"data-search.value": "two"}, "data-tick.n_intervals")
    assert "two.h5ad" in sent(answer["data-list"]) and "three.h5ad" not in sent(answer["data-list"])


def test_the_same_file_again_is_said_and_the_first_one_is_offered(lab):
    page = sent(data.detail(lab.view, lab.view.datasets.one(lab.ids["two.h5ad"])))
    assert "The same data are already here since" in page and f"/data?dataset={lab.ids['one.h5ad']}" in page
    assert "already here since" not in sent(data.detail(lab.view, lab.view.datasets.one(lab.ids["one.h5ad"])))


def test_a_dataset_is_renamed_on_its_page(lab):
    values = {"data-rename-go.n_clicks": 1, "dataset-id.data": lab.ids["two.h5ad"]}
    pressed = "data-rename-go.n_clicks"
    answer = lab.press("data-message.children", values | {"data-rename.value": "one.h5ad"}, pressed)
    assert "There is a dataset 'one.h5ad' already" in sent(answer)
    answer = lab.press("data-message.children", values | {"data-rename.value": "Donor 2"}, pressed)
    assert answer["url"]["href"].startswith(f"/data?dataset={lab.ids['two.h5ad']}&")
    assert "Donor 2" in sent(data.layout(lab.view, location.resolve(lab.view, "")))
    lab.view.datasets.rename(lab.ids["two.h5ad"], "two.h5ad")


def test_only_an_owner_sees_the_field_for_a_name(lab):
    row = lab.view.datasets.one(lab.ids["one.h5ad"])
    assert "data-rename" in sent(data.detail(lab.view, row))
    assert "data-rename" not in sent(data.detail(lab.view, row | {"owner": "somebody"}))


def test_what_adds_data_is_above_the_list(lab):
    page = sent(data.layout(lab.view, location.resolve(lab.view, "")))
    assert page.index('"id": "upload"') < page.index('"id": "data-search"') < page.index('"id": "data-list"')
