"""Which dataset was made from which, which are the same, and their names."""

import numpy as np
import pytest
from app_under_test import bring

from core.errors import UserError
from core.worker.execute import drain


@pytest.fixture(scope="module")
def view(tmp_path_factory, tiny_file):
    """Two uploads of one file, and a dataset made from the first by a step."""
    from core.settings import Settings
    from core.store import Store

    store = Store(Settings(data_dir=tmp_path_factory.mktemp("relatives"), inline=True))
    view = store.of("local")
    for name in ("first.h5ad", "again.h5ad"):
        bring(view, name, tiny_file.read_bytes())
    drain(store)
    first = by_name(view, "first.h5ad")
    view.steps.add(first["id"], "filter_genes", {"min_cells": 60})
    drain(store)
    yield view
    store.engine.dispose()


def by_name(view, name):
    return next(row for row in view.datasets.all() if row["name"] == name)


def test_the_same_content_is_found_in_the_older_dataset_alone(view):
    first, again = by_name(view, "first.h5ad"), by_name(view, "again.h5ad")
    assert view.relatives.twin(again)["id"] == first["id"] and view.relatives.twin(first) is None
    derived = next(row for row in view.datasets.all() if row["record"].get("derived"))
    assert view.relatives.twin(derived) is None


def test_the_same_content_in_another_file_is_found_and_another_content_is_not(view, tiny, tmp_path):
    dense = tiny.copy()
    dense.X = dense.X.toarray()
    labelled = tiny.copy()
    labelled.obs["donor"] = np.where(np.arange(tiny.n_obs) % 2, "d1", "d2")
    changed = tiny.copy()
    changed.X[0, 0] += 1
    twins = []
    for name, adata in (("dense", dense), ("labelled", labelled), ("changed", changed)):
        adata.write_h5ad(tmp_path / f"{name}.h5ad", compression="gzip")
        id = bring(view, f"{name}.h5ad", (tmp_path / f"{name}.h5ad").read_bytes())
        drain(view.store)
        twins.append(view.relatives.twin(view.datasets.one(id)))
        view.datasets.forget(id)
    assert [twin and twin["name"] for twin in twins] == ["first.h5ad", None, None]


def test_another_persons_dataset_is_no_twin(view, tiny_file):
    other = view.store.of("somebody")
    id = bring(other, "mine.h5ad", tiny_file.read_bytes())
    drain(view.store)
    assert other.relatives.twin(other.datasets.one(id)) is None
    other.datasets.forget(id)


def test_a_parent_is_known_of_every_way_to_make_a_dataset(view, tiny):
    first, again = by_name(view, "first.h5ad"), by_name(view, "again.h5ad")
    derived = next(row for row in view.datasets.all() if (row["record"] or {}).get("derived"))
    (view.store.root / "inbox" / "labels.csv").write_text(tiny.obs.to_csv())
    labelled = view.datasets.join(again["id"], "annotations", "second file", "labels.csv")
    samples = [{"dataset": first["id"], "name": "a"}, {"dataset": again["id"], "name": "b"}]
    joined = view.joins.create(samples, "sample_", token="join")
    parents = view.relatives.parents()
    assert parents[first["id"]] is None and parents[derived["id"]] == first["id"]
    assert parents[labelled] == again["id"] and parents[joined] == first["id"]  # also while they are made
    for id in (labelled, joined):
        view.datasets.forget(id)


def test_a_dataset_gets_another_name_and_keeps_its_file(view):
    again = by_name(view, "again.h5ad")
    view.datasets.rename(again["id"], "  Blood of   donor 3 ")
    assert view.datasets.one(again["id"])["name"] == "Blood of donor 3"
    start = view.steps.script_start(again["id"])
    assert start.name == "again.h5ad" and start.own  # what the script of its steps reads
    view.datasets.rename(again["id"], "again.h5ad")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "has no name"),
        (" ", "has no name"),
        ("a/b", "no slash"),
        ("x" * 101, "at most"),
        ("first.h5ad", "already"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(view, name, sentence):
    with pytest.raises(UserError, match=sentence):
        view.datasets.rename(by_name(view, "again.h5ad")["id"], name)


def test_only_the_owner_renames(view):
    again = by_name(view, "again.h5ad")
    with pytest.raises(UserError):
        view.store.of("somebody").datasets.rename(again["id"], "mine")
    assert view.datasets.one(again["id"])["name"] == "again.h5ad"
