"""People see and change their own."""

import numpy as np
import pytest
from store_rows import furnish

from core import files
from core.errors import UserError
from core.store import Missing


def test_another_user_cannot_read(store):
    ids = furnish(store)
    stranger = store.of("stranger")
    assert stranger.datasets.all() == [] and stranger.runs.all() == []
    assert stranger.preparations.all(ids["dataset"]) == []
    asks = [
        lambda: stranger.datasets.one(ids["dataset"]),
        lambda: stranger.datasets.folder(ids["dataset"]),
        lambda: stranger.preparations.one(ids["preparation"]),
        lambda: stranger.runs.one(ids["run"]),
        lambda: stranger.runs.epochs(ids["run"]),
        lambda: stranger.results.array(ids["run"], "latent"),
        lambda: stranger.results.file(ids["run"], "latent.npy"),
        lambda: stranger.jobs.submit("explore", ids["run"]),
        lambda: stranger.runs.create(ids["preparation"], {}),
        lambda: stranger.preparations.create(ids["dataset"], {}, "token"),
        lambda: stranger.jobs.one(store.of("local").jobs.last(ids["run"], "train")["id"]),
    ]
    for ask in asks:
        with pytest.raises(Missing, match="no longer exists"):
            ask()
    assert all(stranger.readable(kind, id) is None for kind, id in ids.items())


@pytest.mark.parametrize("visibility", ["private", "shared"])
def test_another_user_cannot_change(store, visibility):
    ids = furnish(store, visibility=visibility)
    before = {kind: store.row(kind, id) for kind, id in ids.items()}
    stranger = store.of("stranger")
    tries = [
        lambda: stranger.runs.explore_again(ids["run"]),
        lambda: stranger.removals.remove([ids["run"]]),
        lambda: stranger.datasets.forget(ids["dataset"]),
        lambda: stranger.runs.train(ids["run"]),
        lambda: stranger.runs.cancel(ids["run"]),
    ]
    for attempt in tries:
        with pytest.raises(UserError):
            attempt()
    assert before == {kind: store.row(kind, id) for kind, id in ids.items()}


def test_a_shared_row_is_visible_to_everybody(store):
    ids = furnish(store, visibility="shared")
    other = store.of("other")
    assert [row["id"] for row in other.runs.all()] == [ids["run"]]
    assert other.runs.one(ids["run"])["name"] == "first" and len(other.runs.epochs(ids["run"])) == 1
    np.testing.assert_array_equal(other.results.array(ids["run"], "latent"), np.eye(3))


def test_a_name_cannot_leave_the_folder_of_a_run(store):
    mine, theirs = furnish(store)["run"], furnish(store, owner="other")["run"]
    view = store.of("local")
    for name in (
        f"../{theirs}/latent",
        f"embeddings/../../{theirs}/latent",
        str(store.run_folder(theirs) / "latent"),
    ):
        with pytest.raises(Missing):
            view.results.array(mine, name)
    files.write_json(store.run_folder(theirs) / "config.json", {})
    with pytest.raises(Missing):
        view.results.file(mine, f"../{theirs}/config.json")
    assert view.results.array(mine, "embeddings/not_there") is None
