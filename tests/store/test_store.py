"""The store loses nothing, lets nobody win twice, and shows people their own."""

import pickle
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import formats
import numpy as np
import pandas as pd
import pytest
from conftest import FIXTURES, ROOT
from house import bring
from sqlalchemy.exc import OperationalError

from core import files
from core.config import run_files
from core.data import checks, count_sources, read
from core.errors import Question, UserError
from core.settings import Settings, from_environment
from core.store import Missing, Store, schema
from core.worker import execute

EPOCH = dict.fromkeys(run_files.HISTORY, 0.5) | {"epoch": 1}


def furnish(store, owner="local", visibility="private"):
    """One finished run and what it stands on: {"dataset": id, "preparation": id, "run": id}."""
    see = {"visibility": visibility}
    dataset = store.add("dataset", owner, name="cells", origin="demo:simulated", status="ready", **see)
    record = {"n_cells": 240, "n_genes": 120, "n_proteins": 6, "kind": "counts"}
    preparation = store.add(
        "preparation", owner, dataset=dataset, settings={"clip": 5.0}, status="ready", record=record, **see
    )
    run = store.add(
        "run",
        owner,
        dataset=dataset,
        preparation=preparation,
        name="first",
        config={"seed": 0},
        status="done",
        phase="",
        explored="",
        **see,
    )
    store.add_epoch(run, EPOCH)
    job = store.submit(owner, "train", "train", run, token=f"train:{run}")
    store.move_job(job, "queued", "running")
    store.move_job(job, "running", "done")
    files.write_array(store.run_folder(run) / "latent.npy", np.eye(3))
    return {"dataset": dataset, "preparation": preparation, "run": run}


def make_fixture(path):
    """Write a furnished database as one file; how tests/fixtures/schema_N.sqlite are made."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        store = Store(Settings(data_dir=Path(folder), inline=True))
        furnish(store)
        store.engine.dispose()
        with sqlite3.connect(Path(folder) / "nuwa.sqlite") as db:
            db.execute("PRAGMA journal_mode=DELETE")
        db.close()
        shutil.copy(Path(folder) / "nuwa.sqlite", path)


def new_run(store, status="created", owner="local"):
    ids = furnish(store, owner)
    run = store.of(owner).runs.create(ids["preparation"], {"epochs": 2})
    if status != "created":
        store.of(owner).runs.train(run)
        store.move("run", run, "queued", status)
    return run


def at_once(n, work):
    """Call `work(i)` from n threads that start together; their answers."""
    gate, answers = threading.Barrier(n), [None] * n

    def go(i):
        gate.wait()
        answers[i] = work(i)

    threads = [threading.Thread(target=go, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


# --- rows


def test_a_status_is_moved_by_one_hand_only(store):
    for _ in range(5):
        id = store.add("dataset", "local", name="a", origin="x", status="queued")
        won = at_once(4, lambda i, id=id: store.move("dataset", id, "queued", "running", message=str(i)))
        assert sorted(won) == [False, False, False, True]
        assert store.row("dataset", id)["message"] == str(won.index(True))


def test_a_job_is_taken_by_one_worker_only(store):
    for _ in range(5):
        job = store.submit("local", "short", "read", "x")
        won = at_once(4, lambda i, job=job: store.move_job(job, "queued", "running", pid=i))
        assert sum(won) == 1 and store.job(job)["pid"] == won.index(True)
        assert store.job(job)["started"] is not None


def test_a_status_moves_from_where_it_stands_only(store):
    id = store.add("dataset", "local", name="a", origin="x", status="ready")
    assert not store.move("dataset", id, ("queued", "running"), "failed")
    assert store.row("dataset", id)["status"] == "ready"


def test_what_does_not_exist_is_said_in_a_sentence(store):
    for kind in ("dataset", "preparation", "run"):
        with pytest.raises(Missing, match=f"This {kind} no longer exists"):
            store.row(kind, "nothing")
    with pytest.raises(Missing, match="This job"):
        store.job("nothing")


def test_rows_come_newest_first_and_ids_are_short_and_unlike(store):
    ids = [store.add("dataset", "local", name=str(i), origin="x", status="ready") for i in range(5)]
    assert [row["id"] for row in store.rows("dataset")] == ids[::-1]
    assert len(set(ids)) == 5 and all(len(id) == 10 and id.isalnum() for id in ids)
    assert store.count("dataset") == 5


# --- people


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
        lambda: stranger.runs.forget(ids["run"]),
        lambda: stranger.datasets.forget(ids["dataset"]),
        lambda: stranger.runs.train(ids["run"]),
        lambda: stranger.runs.cancel(ids["run"]),
    ]
    for attempt in tries:
        with pytest.raises(UserError):
            attempt()
    assert before == {kind: store.row(kind, id) for kind, id in ids.items()}


def test_what_is_shared_can_be_seen_by_all(store):
    ids = furnish(store, visibility="shared")
    other = store.of("other")
    assert [row["id"] for row in other.runs.all()] == [ids["run"]]
    assert other.runs.one(ids["run"])["name"] == "first" and len(other.runs.epochs(ids["run"])) == 1
    np.testing.assert_array_equal(other.results.array(ids["run"], "latent"), np.eye(3))


def test_names_do_not_lead_out_of_a_run(store):
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


# --- the same click twice


def test_a_token_is_one_job_whoever_comes_second(store):
    first = at_once(4, lambda _: store.submit("local", "short", "read", "x", token="click"))
    assert len(set(first)) == 1 and len(store.jobs()) == 1
    assert store.submit("local", "short", "read", "x") != store.submit("local", "short", "read", "x")


def test_the_same_preparation_twice_is_one(store):
    ids, view = furnish(store), store.of("local")
    first = view.preparations.create(ids["dataset"], {"clip": 7}, "click")
    assert view.preparations.create(ids["dataset"], {"clip": 7}, "click") == first
    assert len(view.preparations.all(ids["dataset"])) == 2  # the one that was there, and this
    assert store.row("preparation", first[0])["settings"]["clip"] == 7


def test_a_run_is_trained_once_however_often_it_is_asked_for(store):
    run, view = new_run(store), store.of("local")
    assert view.jobs.last(run, "train") is None
    assert len({view.runs.train(run) for i in range(3)}) == 1
    assert view.runs.one(run)["status"] == "queued"
    run = new_run(store)
    assert len(set(at_once(4, lambda i: view.runs.train(run)))) == 1


def test_a_picture_is_drawn_once_and_again_only_where_it_failed(store):
    run, view = furnish(store)["run"], store.of("local")
    job = view.results.embed(run, "input_tsne")
    for status in ("queued", "running", "done"):
        store.set_job(job, status=status)
        assert view.results.embed(run, "input_tsne") == job and store.job(job)["status"] == status
    store.set_job(job, status="failed", message="killed", pid=1)
    assert view.results.embed(run, "input_tsne") == job
    row = store.job(job)
    assert (row["status"], row["message"], row["pid"]) == ("queued", "", None)
    assert view.results.embed(run, "latent_umap_3d") != job


# --- runs


def test_a_run_takes_its_preprocessing_from_the_preparation(store):
    ids, view = furnish(store), store.of("local")
    run = view.runs.one(view.runs.create(ids["preparation"], {"n_latent": 7}))
    assert (run["config"]["clip"], run["config"]["n_latent"], run["status"]) == (5.0, 7, "created")
    for values, words in (
        ({"n_latent": 126}, "126 latent"),
        ({"lr": 0}, "Learning rate"),
        ({"nope": 1}, "nope"),
    ):
        with pytest.raises(UserError, match=words):
            view.runs.create(ids["preparation"], values)
    assert len(view.runs.all()) == 2


def test_epochs_come_back_as_they_went_in(store):
    run = furnish(store)["run"]
    second = {name: i / 7 for i, name in enumerate(run_files.HISTORY)}
    second |= {"epoch": 2, "train_protein": None, "valid_protein": None}
    assert store.add_epoch(run, second) == "done"
    assert store.epochs(run) == [EPOCH, second]
    assert list(store.epochs(run)[0]) == list(run_files.HISTORY)


def test_a_cancelled_run_is_told_so_with_its_next_epoch(store):
    run = new_run(store, "running")
    assert store.add_epoch(run, EPOCH) == "running"
    store.of("local").runs.cancel(run)
    assert store.add_epoch(run, EPOCH | {"epoch": 2}) == "cancelling"
    assert store.cancelled(store.of("local").jobs.last(run, "train")["id"])


def test_a_queued_run_is_cancelled_at_once(store):
    run, view = new_run(store), store.of("local")
    view.runs.cancel(run)
    assert view.runs.one(run)["status"] == "created"  # nothing to cancel yet
    job = view.runs.train(run)
    view.runs.cancel(run)
    row = view.runs.one(run)
    assert row["status"] == "cancelled" and "before it began" in row["message"] and row["ended"]
    assert store.job(job)["status"] == "cancelled" and store.waiting("train") == []


def test_a_run_whose_process_is_just_starting_can_be_cancelled(store):
    run, view = new_run(store), store.of("local")
    job = view.runs.train(run)
    store.move_job(job, "queued", "running")  # the queue has begun, the run itself has not
    view.runs.cancel(run)
    assert view.runs.one(run)["status"] == "cancelled"


def test_a_run_at_work_cannot_be_deleted(store):
    run, view = new_run(store, "running"), store.of("local")
    with pytest.raises(UserError, match="still active: cancel it first"):
        view.runs.forget(run)


def test_forgetting_removes_row_folder_epochs_and_jobs(store):
    ids, view = furnish(store), store.of("local")
    folder = store.run_folder(ids["run"])
    with pytest.raises(UserError, match="1 runs were trained"):
        view.datasets.forget(ids["dataset"])
    (store.dataset_folder(ids["dataset"]).folder).mkdir(parents=True)
    view.runs.forget(ids["run"])
    assert (
        not folder.exists()
        and view.runs.all() == []
        and store.epochs(ids["run"]) == []
        and store.jobs() == []
    )
    view.datasets.forget(ids["dataset"])
    assert view.datasets.all() == [] and view.preparations.all(ids["dataset"]) == []
    assert not any((store.root / "datasets").iterdir()) and not any((store.root / "runs").iterdir())


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
    with pytest.raises(UserError, match="is not a file Nuwa reads"):
        store.of("local").uploads.begin(name, 5)
    assert not any((store.root / "uploads").iterdir()) and store.jobs() == []


@pytest.mark.parametrize(
    "name", ["../secret.h5ad", "../uploads/a.h5ad", "/etc/passwd", "..", "", "gone.h5ad"]
)
def test_the_inbox_has_no_door_to_elsewhere(store, name):
    for path in (store.root / "secret.h5ad", store.root / "uploads" / "a.h5ad"):
        path.write_bytes(b"x")
    with pytest.raises(UserError, match="inbox has no file"):
        store.of("local").datasets.add_from_inbox(name, "token")
    assert store.of("local").datasets.all() == []


def test_the_inbox_lists_what_could_be_read(store):
    for name in ("b.h5ad", "a.h5", "notes.pdf"):
        (store.root / "inbox" / name).write_bytes(b"123")
    view = store.of("local")
    assert [tuple(found) for found in view.datasets.inbox()] == [("a.h5", 3), ("b.h5ad", 3)]
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


def test_an_answer_is_read_with_and_given_once(store):
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


def test_a_data_set_that_was_never_read_takes_its_upload_along(store):
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
    made = Store(settings.model_copy(update={"data_roots": (root,)}))
    yield made, root, secret
    made.engine.dispose()


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


def test_a_root_is_minded_whenever_a_file_below_it_is_read(store, tmp_path):
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
    execute.execute(store, execute.take(store, "short"))
    inside.unlink()
    inside.symlink_to(secret)
    execute.execute(store, execute.take(store, "short"))
    shutil.rmtree(root)
    execute.execute(store, execute.take(store, "short"))
    told = [(view.datasets.one(id)["status"], view.datasets.one(id)["message"]) for id in chosen]
    no = "There is no 'set.h5ad' in the folders of this server that may be read."
    assert told == [("ready", ""), ("failed", no), ("failed", no)]


def test_the_environment_names_the_roots(tmp_path):
    found = from_environment({"NUWA_DATA_ROOTS": f"{tmp_path}:/mnt/b:"})
    assert found.data_roots == (tmp_path.resolve(), Path("/mnt/b")) and from_environment({}).data_roots == ()


def test_without_roots_nothing_of_the_server_can_be_seen(store, tmp_path):
    assert store.of("local").datasets.browse() == []
    with pytest.raises(UserError):
        store.of("local").datasets.add_from_roots(str(tmp_path), "click")


# --- jobs


def test_jobs_are_taken_by_priority_then_by_age(store):
    old, new = (store.submit("local", "short", "read", name) for name in "ab")
    urgent = store.submit("local", "short", "read", "c", priority=1)
    late = store.submit("local", "short", "embed", "d", priority=-1)
    store.submit("local", "train", "train", "e")
    assert [job["id"] for job in store.waiting("short")] == [urgent, old, new, late]
    assert [store.jobs_ahead(store.job(id)) for id in (urgent, old, new, late)] == [0, 1, 2, 3]
    store.move_job(urgent, "queued", "running")
    assert store.jobs_ahead(store.job(old)) == 1
    assert [job["id"] for job in store.working()] == [urgent] and store.working("train") == []
    queue = store.of("local").jobs.queue()
    assert [job["id"] for job in queue["short"]] == [urgent, old, new, late] and len(queue["train"]) == 1


def test_a_small_value_is_kept_under_its_name(store):
    assert store.recall("device") is None and store.recall("device", "?") == "?"
    store.remember("device", {"name": "CPU"})
    store.remember("device", {"name": "GPU"})
    assert store.recall("device") == {"name": "GPU"}


# --- the database itself


def test_a_store_that_was_pickled_opens_the_same_folder(store):
    ids = furnish(store)
    again = pickle.loads(pickle.dumps(store))
    assert again is not store and again.row("run", ids["run"]) == store.row("run", ids["run"])
    again.engine.dispose()


def test_a_store_of_a_newer_version_is_refused_and_left_alone(store, settings):
    store.engine.dispose()
    with sqlite3.connect(settings.data_dir / "nuwa.sqlite") as db:
        db.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(schema.VERSION + 1),))
        db.execute("DROP TABLE epochs")
    db.close()
    with pytest.raises(UserError, match="newer Nuwa.*another NUWA_DATA_DIR"):
        Store(settings)
    with sqlite3.connect(settings.data_dir / "nuwa.sqlite") as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    db.close()
    assert "epochs" not in tables


@pytest.mark.parametrize("version, missing", [(1, {"penalty_kl": None}), (2, {})])
def test_a_store_of_every_schema_opens(settings, version, missing):
    """The files were made by the schema of their time (here of version 1), from the project's root:

    PYTHONPATH=.:tests:tests/store python -c "import test_store; test_store.make_fixture('tests/fixtures/schema_1.sqlite')"
    """
    settings.data_dir.mkdir()
    shutil.copy(FIXTURES / f"schema_{version}.sqlite", settings.data_dir / "nuwa.sqlite")
    store = Store(settings)
    view = store.of("local")
    (run,) = view.runs.all()
    assert (run["name"], run["status"]) == ("first", "done")
    assert view.runs.epochs(run["id"]) == [EPOCH | missing]
    assert view.preparations.one(run["preparation"])["settings"] == {"clip": 5.0}
    assert view.jobs.last(run["id"], "train")["status"] == "done"
    assert store.recall("schema") == schema.VERSION
    store.engine.dispose()


def test_every_schema_has_left_a_fixture():
    assert all((FIXTURES / f"schema_{n}.sqlite").exists() for n in range(1, schema.VERSION + 1))
    assert set(schema.UPGRADES) == set(range(1, schema.VERSION))


def test_a_new_store_that_is_locked_for_a_moment_is_tried_again(settings, monkeypatch):
    asked, made = [], schema._prepare

    def busy(*given):
        asked.append(given)
        if len(asked) < 3:
            raise OperationalError("CREATE TABLE", {}, Exception("database is locked"))
        return made(*given)

    monkeypatch.setattr(schema, "_prepare", busy)
    monkeypatch.setattr(schema.time, "sleep", lambda _: None)
    assert Store(settings).recall("schema") == schema.VERSION and len(asked) == 3
    monkeypatch.setattr(schema, "TRIES", 1)
    asked.clear()
    with pytest.raises(OperationalError, match="locked"):
        Store(settings)


def test_several_processes_may_open_a_new_store_at_once(tmp_path):
    """The window and the worker start together; neither may find half a database."""
    code = (
        "import sys, time, pathlib; from core.settings import Settings; from core.store import Store;"
        "time.sleep(max(0, float(sys.argv[2]) - time.time()));"
        "Store(Settings(data_dir=pathlib.Path(sys.argv[1]), inline=True)).recall('schema')"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "new"), str(time.time() + 3)]
    root = ROOT
    children = [subprocess.Popen(words, cwd=root, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    problems = [child.communicate()[1] for child in children]
    assert [child.returncode for child in children] == [0] * 4, problems


# --- folders


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "scores.json"
    files.write_json(path, {"a": 1})
    for bad in ({"a": float("nan")}, {"a": object()}):
        with pytest.raises((ValueError, TypeError)):
            files.write_json(path, bad)
    assert files.read_json(path) == {"a": 1} and [p.name for p in path.parent.iterdir()] == ["scores.json"]


def test_arrays_hold_no_pickles(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        files.write_array(tmp_path / "x.npy", np.array([object()]))
    assert not list(tmp_path.iterdir())


def test_a_shelf_gives_back_what_was_put_on_it(tiny, store):
    adata = tiny.copy()
    adata.obs["depth"] = np.arange(240) / 2
    adata.obs.loc[adata.obs_names[3], "cell_type"] = np.nan
    adata.obs["barcode"] = [f"free text {i}" for i in range(240)]
    adata.obs["depth"] = adata.obs["depth"].where(adata.obs["depth"] > 1)
    shelf, display = store.dataset_folder("x"), count_sources.display_of(adata)
    report, _, by_gene = checks.examine_once(adata)
    shelf.write(adata, report, by_gene)

    assert [name.decode() for name in shelf.cells()] == list(adata.obs_names)
    assert shelf.genes() == {"names": list(adata.var_names), "words": display.words}
    np.testing.assert_array_equal(shelf.gene(17), np.asarray(display.matrix.todense())[:, 17])
    np.testing.assert_array_equal(shelf.protein(2), adata.obsm["protein"].to_numpy()[:, 2])
    assert [column["name"] for column in shelf.columns()] == ["cell_type", "sample", "depth"]
    entry, codes = shelf.column("cell_type")
    assert codes[3] == -1
    named = pd.Series(np.array([*entry["categories"], None], dtype=object)[codes], adata.obs_names)
    assert named.drop(adata.obs_names[3]).equals(
        adata.obs["cell_type"].astype(object).drop(adata.obs_names[3])
    )
    _, depth = shelf.column("depth")
    np.testing.assert_array_equal(np.isnan(depth), adata.obs["depth"].isna())
    for name in ("barcode", "nothing"):
        with pytest.raises(KeyError):
            shelf.column(name)
    np.testing.assert_array_equal(shelf.per_cell("n_counts"), np.asarray(adata.X.sum(axis=1)).ravel())
