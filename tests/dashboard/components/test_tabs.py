"""The tabs of the Clusters page: cards come when their tab is opened, so no callback may need a card that is not there."""

import json

import pytest
from app_under_test import outs

from dashboard.components import location
from dashboard.pages.clusters import bundle, ids, markers, spaces
from dashboard.pages.clusters import page as clusters


def ids_in(part):
    """The ids of a component and of all within it, as dash writes them."""
    if isinstance(part, list | tuple):
        return [id for one in part for id in ids_in(one)]
    own = getattr(part, "id", None)
    inner = ids_in(part.children) if getattr(part, "children", None) is not None else []
    return inner + ([own if isinstance(own, str) else json.dumps(own, sort_keys=True)] if own else [])


@pytest.fixture(scope="module")
def where(finished):
    """{id: the tab whose cards hold it}, "" of what is on the page at once."""
    view, run = finished.view, finished.view.runs.one(finished.run)
    tab_of = {id: tab.name for tab in clusters.TABS for id in ids_in(tab.cards(view, run))}
    return tab_of | dict.fromkeys(
        ids_in(clusters.layout(view, location.resolve(view, f"?run={run['id']}"))), ""
    )


def test_no_two_components_of_the_page_have_the_same_id(finished):
    view, run = finished.view, finished.view.runs.one(finished.run)
    page = clusters.layout(view, location.resolve(view, f"?run={run['id']}"))
    ids = ids_in([page, *(tab.cards(view, run) for tab in clusters.TABS)])
    assert len(ids) > 200 and sorted(ids) == sorted(set(ids))


def test_the_page_begins_with_the_maps_and_leaves_room_for_every_tab(where):
    for id in (ids.COLOUR, ids.PANELS, ids.LEGEND, ids.RESOLUTION, ids.CLUSTERING, ids.SELECTION_BAR):
        assert where[id] == ""
    assert {
        markers.ids.MARKERS_GO: "markers",
        spaces.GO: "judge",
        bundle.ids.BUNDLE_GO: "take",
    }.items() <= where.items()
    names = [tab.name for tab in clusters.TABS]
    assert names == [
        "see",
        "clusters",
        "markers",
        "judge",
        "meaning",
        "map",
        "take",
    ]  # people keep links to them


def test_a_callback_asks_for_no_card_of_another_tab(finished, where):
    for spec in finished.dependencies():
        outputs = {where.get(out.partition("@")[0].rpartition(".")[0]) for out in outs(spec)} - {None}
        read = {where.get(part["id"]) for kind in ("inputs", "state") for part in spec[kind]} - {None}
        assert len((outputs | read) - {""}) <= 1, spec["output"]
        # What the page has at once is drawn before the tab is there that such a callback would listen to.
        assert spec["prevent_initial_call"] or not ("" in outputs and read - {""}), spec["output"]
