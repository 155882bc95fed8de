"""No two runs of a server get one name from it, whoever asks at the same time."""

import re

import pytest
from sqlalchemy.exc import IntegrityError
from store_rows import at_once, furnish, new_run

from core.errors import UserError
from core.store import Status, run_names, runs
from core.store.run_names import numbered, random_names

NAME = re.compile(r"[a-z]+-[a-z]+-\d{1,2}")


@pytest.fixture
def preparation(store):
    return furnish(store)["preparation"]


def names(store):
    return [row["name"] for row in store.rows("run")]


def test_a_run_without_a_name_gets_one_that_can_be_said(store):
    given = [store.of("local").runs.one(new_run(store))["name"] for _ in range(5)]
    assert all(NAME.fullmatch(name) for name in given) and len(set(given)) == 5


def test_runs_that_are_created_at_once_get_different_names(store, preparation, monkeypatch):
    """Every process draws the same names in the same order."""
    monkeypatch.setattr(runs, "random_names", lambda: (f"brave-finch-{n}" for n in range(1, 99)))
    view = store.of("local")
    created = at_once(8, lambda _: view.runs.create(preparation, {"epochs": 2}))
    assert None not in created
    assert sorted(view.runs.one(id)["name"] for id in created) == [f"brave-finch-{n}" for n in range(1, 9)]


def test_an_index_of_the_database_keeps_names_apart(store, preparation):
    common = {"dataset": "d", "preparation": preparation, "config": {}, "status": Status.CREATED}
    store.add("run", "local", name="one", unique_name="one", **common)
    with pytest.raises(IntegrityError):
        store.add("run", "ann", name="one", unique_name="one", **common)
    assert names(store).count("one") == 1


def test_a_name_that_another_run_has_gets_a_number(store, preparation):
    view = store.of("local")
    for _ in range(3):
        view.runs.create(preparation, {"epochs": 2}, "control")
    assert sorted(names(store)) == ["control", "control (2)", "control (3)", "first"]
    first, second = list(zip(numbered("x" * 300), range(2), strict=False))
    assert len(first[0]) == run_names.LONGEST and second[0].endswith("x (2)")


def test_a_name_that_a_run_of_an_older_version_has_is_taken(store, preparation):
    view = store.of("local")
    assert store.rows("run")[0]["unique_name"] is None
    assert view.runs.one(view.runs.create(preparation, {"epochs": 2}, "first"))["name"] == "first (2)"


def test_nobody_renames_a_run_to_a_name_that_the_server_gave(store, preparation):
    given = store.of("local").runs.one(new_run(store))["name"]
    other = new_run(store, owner="ann")
    with pytest.raises(UserError, match=f"Another run is called '{given}'"):
        store.of("ann").run_edits.rename(other, given)
    store.of("local").run_edits.rename(store.rows("run", runs.schema.runs.c.name == given)[0]["id"], "mine")
    store.of("ann").run_edits.rename(other, given)  # it is free now
    assert store.row("run", other)["name"] == given


def test_two_runs_that_are_renamed_at_once_get_no_common_name(store):
    view, ids = store.of("local"), [new_run(store), new_run(store)]

    def rename(i):
        try:
            view.run_edits.rename(ids[i], "figure 2")
        except UserError as error:
            return str(error)

    answers = at_once(2, rename)
    assert answers.count(None) == 1 and names(store).count("figure 2") == 1


def test_random_names_have_no_end():
    drawn = random_names()
    assert len({next(drawn) for _ in range(200)}) > 150
