"""The table of runs is sorted, filtered, grouped and cut by the database."""

import pytest
from store_rows import EPOCH, furnish

from core.config.run_facts import Baselines, Parts, RunFacts
from core.store.run_table import Query
from dashboard.pages.runs import columns


def facts(loss, pca, n_test=20):
    mean = Parts(1.0, 1.0)
    baselines = Baselines(mean, Parts(pca, pca))
    return RunFacts(
        valid_baselines=baselines,
        test_baselines=baselines,
        loss=Parts(loss, loss),
        n_test=n_test,
        device_name="CPU",
    ).record()


@pytest.fixture
def runs(store):
    """{name: id} of three runs of one dataset and one of another, which the store creates in this order."""
    ids, view = furnish(store), store.of("local")
    store.forget("run", ids["run"])
    other = furnish(store)
    store.forget("run", other["run"])
    store.set("dataset", other["dataset"], name="another")
    out = {}
    for name, n_latent, loss in (("one", 5, 0.4), ("two", 10, 0.6), ("Three", 20, None)):
        out[name] = view.runs.create(ids["preparation"], {"n_latent": n_latent, "epochs": 3}, name)
        if loss is not None:
            store.set("run", out[name], facts=facts(loss, 0.5), scores={"neighbours_kept_15": loss / 2})
    out["far"] = view.runs.create(other["preparation"], {"n_latent": 8, "epochs": 3}, "far")
    return out


def names(view, query, **cut):
    page = view.run_table.page(query, **cut)
    return [row["name"] if row else f"[{line.name}]" for line, row in zip(page.lines, page.rows, strict=True)]


def text(kind, value):
    return {"filterType": "text", "type": kind, "filter": value}


def number(kind, value, to=None):
    return {"filterType": "number", "type": kind, "filter": value, "filterTo": to}


@pytest.mark.parametrize(
    "sort, expected",
    [
        ((), ["far", "Three", "two", "one"]),
        ((("name", False),), ["far", "one", "Three", "two"]),  # without case
        ((("loss", False),), ["one", "two", "far", "Three"]),
        ((("loss", True),), ["two", "one", "far", "Three"]),  # missing losses are last both ways
        ((("difference", False),), ["one", "two", "far", "Three"]),
        ((("neighbours_kept", True),), ["two", "one", "far", "Three"]),
        ((("config.n_latent", False),), ["one", "far", "two", "Three"]),  # as numbers: 5, 8, 10, 20
        ((("dataset", False), ("config.n_latent", True)), ["far", "Three", "two", "one"]),
        ((("no such column", False),), ["far", "Three", "two", "one"]),
    ],
)
def test_runs_are_sorted_by_any_column(store, runs, sort, expected):
    assert names(store.of("local"), Query(sort=sort)) == expected


@pytest.mark.parametrize(
    "filters, expected",
    [
        ({"name": text("contains", "T")}, ["Three", "two"]),
        ({"name": text("contains", "%")}, []),  # no pattern of SQL
        ({"name": text("notContains", "t")}, ["far", "one"]),
        ({"dataset": text("equals", "ANOTHER")}, ["far"]),
        ({"batch_column": {"filterType": "text", "type": "blank"}}, ["far", "Three", "two", "one"]),
        ({"loss": number("lessThan", 0.5)}, ["one"]),
        ({"loss": {"filterType": "number", "type": "blank"}}, ["far", "Three"]),
        ({"difference": number("inRange", 0, 1)}, ["two"]),
        ({"config.n_latent": number("greaterThanOrEqual", 10)}, ["Three", "two"]),
        (
            {
                "config.n_latent": {
                    "operator": "OR",
                    "conditions": [number("equals", 5), number("equals", 20)],
                }
            },
            ["Three", "one"],
        ),
        (
            {"loss": number("lessThan", None), "nonsense": text("contains", "x")},
            ["far", "Three", "two", "one"],
        ),
        ({"loss": "nonsense", "name": {"type": "no such"}}, ["far", "Three", "two", "one"]),
    ],
)
def test_runs_are_filtered_by_any_column(store, runs, filters, expected):
    assert names(store.of("local"), Query(filters=filters)) == expected


def test_a_switch_is_sorted_and_filtered_as_it_is_shown(store, runs):
    view, config = store.of("local"), store.row("run", runs["two"])["config"]
    store.set("run", runs["two"], config=config | {"scale": False})
    assert names(view, Query(filters={"config.scale": text("equals", "no")})) == ["two"]
    assert names(view, Query(filters={"config.scale": text("contains", "Y")})) == ["far", "Three", "one"]
    assert names(view, Query(sort=(("config.scale", False),)))[0] == "two"
    (row,) = view.run_table.rows(Query(filters={"name": text("equals", "two")}))
    assert columns.run_record(row, ["scale"])["config.scale"] == "no"


def test_a_day_of_a_filter_is_by_the_clock_of_the_person(store, runs):
    store.set("run", runs["one"], created=0.0)  # 1 January 1970, 00:00 UTC
    view = store.of("local")
    on = {"created": {"filterType": "date", "type": "equals", "dateFrom": "1970-01-01 00:00:00"}}
    assert names(view, Query(filters=on)) == ["one"]
    assert names(view, Query(filters=on, utc_offset=3600)) == ["one"]
    assert names(view, Query(filters=on, utc_offset=-3600)) == []  # still 31 December there
    before = {"created": {"filterType": "date", "type": "lessThan", "dateFrom": "1970-01-02"}}
    assert names(view, Query(filters=before)) == ["one"]


def test_lines_are_cut_and_counted(store, runs):
    view = store.of("local")
    assert names(view, Query(), start=1, end=3) == ["Three", "two"]
    page = view.run_table.page(Query(filters={"name": text("contains", "t")}), 0, 1)
    assert (len(page.lines), page.n_lines, page.n_runs, view.run_table.n_runs()) == (1, 2, 2, 4)


def test_runs_are_grouped_by_dataset_and_a_group_is_closed(store, runs):
    view, by = store.of("local"), {"by_dataset": True, "sort": (("loss", False),)}
    assert names(view, Query(**by)) == ["[another]", "far", "[cells]", "one", "two", "Three"]
    dataset = view.runs.one(runs["one"])["dataset"]
    page = view.run_table.page(Query(**by, closed=frozenset([dataset])))
    assert [(line.kind, line.count) for line in page.lines] == [("group", 1), ("run", 0), ("group", 3)]


def test_children_are_below_their_parent_once_it_is_open(store, runs):
    view = store.of("local")
    for name in ("one", "two"):
        store.set("run", runs[name], parent=runs["Three"])
    assert names(view, Query()) == ["far", "Three"]
    opened = Query(opened=frozenset([runs["Three"]]))
    assert names(view, opened) == ["far", "Three", "two", "one"]
    assert [line.level for line in view.run_table.page(opened).lines] == [0, 0, 1, 1]
    # A child whose parent the filter leaves out is not lost.
    assert names(view, Query(filters={"name": text("equals", "one")})) == ["one"]
    grouped = Query(by_dataset=True, opened=frozenset([runs["Three"]]))
    assert names(view, grouped) == ["[another]", "far", "[cells]", "Three", "two", "one"]


def test_the_trials_of_a_search_are_below_it(store, runs):
    view = store.of("local")
    row = view.runs.one(runs["one"])
    common = {"dataset": row["dataset"], "preparation": row["preparation"], "record": {}, "status": "done"}
    search = store.add("search", "local", name="my search", **common)
    for name in ("one", "Three"):
        store.set("run", runs[name], parent=search)
    assert names(view, Query()) == ["far", "[my search]", "two"]
    opened = Query(opened=frozenset([search]), sort=(("loss", False),))
    assert names(view, opened) == ["[my search]", "one", "Three", "two", "far"]
    page = view.run_table.page(opened)
    assert [(line.kind, line.level, line.count) for line in page.lines[:2]] == [
        ("search", 0, 2),
        ("run", 1, 0),
    ]
    assert (page.n_lines, page.n_runs, page.n_trials) == (5, 4, 2)
    switched = view.run_table.page(Query(trials=True, sort=(("loss", False),)))
    assert switched.lines == page.lines
    folded = view.run_table.page(Query(trials=True, opened=frozenset([search])))
    assert [line.is_open for line in folded.lines if line.kind == "search"] == [False]
    grouped = view.run_table.page(Query(by_dataset=True))
    assert [line.kind for line in grouped.lines] == ["group", "run", "group", "search", "run"]
    store.set("search", search, owner="ann")  # whoever may not see the search still sees their own runs
    assert names(view, Query()) == ["far", "Three", "two", "one"]


def test_the_summary_of_a_run_follows_its_facts_and_scores(store, runs):
    (row,) = (row for row in store.of("local").run_table.rows(Query()) if row["name"] == "one")
    assert (row["loss"], row["pca_loss"], row["judged_on"], row["device"]) == (0.4, 0.5, "test", "CPU")
    assert (row["model"], row["neighbours_kept"]) == ("citeseq", 0.2)
    store.set("run", runs["one"], facts=facts(0.3, 0.5, n_test=0))
    row = store.row("run", runs["one"])
    assert (row["loss"], row["judged_on"], row["neighbours_kept"]) == (0.3, "valid", 0.2)


def test_only_settings_that_differ_are_named(store, runs):
    view = store.of("local")
    assert view.run_table.differing() == ["n_latent"]
    assert view.run_table.differing([runs["one"]]) == []
    store.set("run", runs["two"], config=store.row("run", runs["two"])["config"] | {"dropout": 0.4})
    assert view.run_table.differing([runs["one"], runs["two"]]) == ["n_latent", "dropout"]


def test_the_epochs_of_a_run_that_trains_are_counted_and_change_the_stamp(store, runs):
    view = store.of("local")
    store.move("run", runs["one"], "created", "running")
    before = view.run_table.stamp()
    store.add_epoch(runs["one"], EPOCH)
    assert view.run_table.stamp() != before
    (row,) = view.run_table.page(Query(filters={"status": text("equals", "running")})).rows
    assert row["n_done"] == 1


def test_the_table_has_only_what_a_person_may_see(store, runs):
    assert store.of("mallory").run_table.page(Query()).n_lines == 0
    store.set("run", runs["one"], visibility="shared")
    page = store.of("mallory").run_table.page(Query(by_dataset=True))
    assert [line.name for line in page.lines] == ["cells", "cells"]  # who sees a run sees its dataset
    assert [row["name"] for row in page.rows if row] == ["one"]
