"""Files come from the inbox, from folders of the server and from a browser, and from nowhere else."""

import shutil
from pathlib import Path

import formats
import pytest
from app_under_test import bring

from core.data import read
from core.errors import Question, UserError
from core.settings import from_environment
from core.store import Missing, Store
from core.worker import execute

# --- files that people bring


@pytest.mark.parametrize("name", ["../../evil.h5ad", "C:\\lab\\evil.h5ad", "/etc/evil.H5", "..\\evil.h5"])
def test_an_upload_stays_in_its_folder(store, name):
    id = bring(store.of("local"), name, b"bytes")
    row = store.row("dataset", id)
    assert row["name"].startswith("evil.") and row["status"] == "queued"
    (job,) = store.jobs()
    path = Path(job["arguments"]["path"])
    assert path.parent == store.root / "uploads" and path.read_bytes() == b"bytes"
    assert not list(store.root.parent.rglob("evil*"))


@pytest.mark.parametrize("name", ["evil.exe", "h5ad", "", ".h5ad"])
def test_an_upload_of_another_kind_is_refused(store, name):
    with pytest.raises(UserError, match="is not a file (Nuwa reads|name)"):
        store.of("local").uploads.begin(name, 5)
    assert not any((store.root / "uploads").iterdir()) and store.jobs() == []


@pytest.mark.parametrize(
    "name", ["../secret.h5ad", "../uploads/a.h5ad", "/etc/passwd", "..", "", "gone.h5ad"]
)
def test_a_name_cannot_leave_the_inbox(store, name):
    for path in (store.root / "secret.h5ad", store.root / "uploads" / "a.h5ad"):
        path.write_bytes(b"x")
    with pytest.raises(UserError, match="(inbox has no file|is not a file of the inbox)"):
        store.of("local").datasets.add_from_inbox(name, "token")
    assert store.of("local").datasets.all() == []


def test_the_inbox_lists_readable_files(store):
    for name in ("b.h5ad", "a.h5", "notes.pdf"):
        (store.root / "inbox" / name).write_bytes(b"123")
    view = store.of("local")
    assert [tuple(listed) for listed in view.datasets.inbox()] == [("a.h5", 3), ("b.h5ad", 3)]
    id = view.datasets.add_from_inbox("b.h5ad", "click")
    assert store.row("dataset", id)["origin"] == "inbox:b.h5ad"
    assert (store.root / "inbox" / "b.h5ad").exists()


def test_folders_of_the_inbox_are_listed_too(store):
    (store.root / "inbox" / "filtered_feature_bc_matrix").mkdir()
    (store.root / "inbox" / ".hidden").mkdir()
    assert store.of("local").datasets.inbox() == [["filtered_feature_bc_matrix", None]]
    id = store.of("local").datasets.add_from_inbox("filtered_feature_bc_matrix", "click")
    assert store.jobs()[0]["arguments"]["path"].endswith("inbox/filtered_feature_bc_matrix")
    assert store.row("dataset", id)["name"] == "filtered_feature_bc_matrix"


def asking(store):
    """A dataset that asks which genome is meant; its id."""
    id = bring(store.of("local"), "a.h5", b"bytes")
    store.move("dataset", id, "queued", "running")
    question = Question("Which?", "genome", [("human", "human"), ("mouse", "mouse")])
    store.move("dataset", id, "running", "asking", record={"question": question.record()})
    return id


def test_an_answer_is_used_for_reading_and_accepted_once(store):
    id, view = asking(store), store.of("local")
    with pytest.raises(UserError, match="not one of the answers"):
        view.datasets.answer(id, "rat", "click")
    view.datasets.answer(id, "mouse", "click")
    first, second = store.jobs()
    assert second["arguments"] == first["arguments"] | {"answers": {"genome": "mouse"}}
    assert (store.row("dataset", id)["status"], store.row("dataset", id)["record"]) == ("queued", None)
    with pytest.raises(UserError, match="has no open question"):
        view.datasets.answer(id, "human", "click again")
    with pytest.raises(Missing):
        store.of("somebody").datasets.answer(id, "human", "click")


def test_deleting_a_dataset_that_was_never_read_deletes_its_upload(store):
    id = asking(store)
    assert any((store.root / "uploads").iterdir())
    store.of("local").datasets.forget(id)
    assert not any((store.root / "uploads").iterdir())


# --- folders of the server


@pytest.fixture
def opened(settings, tmp_path):
    """A store whose owner has opened one folder, with a link that leads out of it."""
    root, secret = tmp_path / "mount", tmp_path / "secret"
    (root / "lab" / "deep").mkdir(parents=True)
    secret.mkdir()
    for path in (root / "lab" / "a.h5ad", root / "lab" / "deep" / "b.h5ad", secret / "c.h5ad"):
        path.write_bytes(b"123")
    (root / "lab" / "out").symlink_to(secret)
    (root / "lab" / "out.h5ad").symlink_to(secret / "c.h5ad")
    (root / "lab" / "again.h5ad").symlink_to(root / "lab" / "a.h5ad")
    with_roots = Store(settings.model_copy(update={"data_roots": (root,)}))
    yield with_roots, root, secret
    with_roots.engine.dispose()


def test_a_folder_of_the_server_is_browsed_without_leaving_it(opened):
    store, root, secret = opened
    view = store.of("local")
    assert view.datasets.browse() == [[str(root), None, str(root)]]
    assert [name for name, *_ in view.datasets.browse(str(root / "lab"))] == ["a.h5ad", "again.h5ad", "deep"]
    id = view.datasets.add_from_roots(str(root / "lab" / "a.h5ad"), "click")
    assert store.row("dataset", id)["origin"] == f"server:{root}/lab/a.h5ad"
    for path in (
        secret,
        secret / "c.h5ad",
        root / "lab" / "out",
        root / "lab" / "out.h5ad",
        root / "..",
        "lab",
        "/",
    ):
        with pytest.raises(UserError, match="no '.*' in the folders"):
            view.datasets.add_from_roots(str(path), "other click")
    for path in (secret, root / "lab" / "out", root / ".." / "secret"):
        with pytest.raises(UserError, match="no '.*' in the folders"):
            view.datasets.browse(str(path))


def test_a_folder_with_links_that_lead_out_is_not_read(opened):
    store, root, _ = opened
    with pytest.raises(UserError, match="links that lead out"):
        store.of("local").datasets.add_from_roots(str(root / "lab"), "click")
    assert store.of("local").datasets.add_from_roots(str(root / "lab" / "deep"), "click")


def test_every_reading_below_a_root_stays_below_it(store, tmp_path):
    root, outside = tmp_path / "lab", tmp_path / "elsewhere"
    root.mkdir()
    outside.mkdir()
    inside, secret = formats.h5ad(formats.counts(), root), formats.h5ad(formats.counts(), outside)
    assert read.read(inside, roots=[root]).n_obs == 30
    store.settings = store.settings.model_copy(update={"data_roots": (root,)})
    view = store.of("local")
    chosen = [
        view.datasets.add_from_roots(str(inside), word)
        for word in ("as chosen", "a link by then", "gone by then")
    ]
    execute.execute(store, execute.take(store, "read"))
    inside.unlink()
    inside.symlink_to(secret)
    execute.execute(store, execute.take(store, "read"))
    shutil.rmtree(root)
    execute.execute(store, execute.take(store, "read"))
    outcomes = [(view.datasets.one(id)["status"], view.datasets.one(id)["message"]) for id in chosen]
    no = "There is no 'set.h5ad' in the folders of this server that may be read."
    assert outcomes == [("ready", ""), ("failed", no), ("failed", no)]


def test_the_environment_names_the_roots(tmp_path):
    listed = from_environment({"NUWA_DATA_ROOTS": f"{tmp_path}:/mnt/b:"})
    assert listed.data_roots == (tmp_path.resolve(), Path("/mnt/b")) and from_environment({}).data_roots == ()


def test_without_roots_no_folder_of_the_server_is_visible(store, tmp_path):
    assert store.of("local").datasets.browse() == []
    with pytest.raises(UserError):
        store.of("local").datasets.add_from_roots(str(tmp_path), "click")
