"""A status is moved by one process only, a token is one job, and stores of every version open."""

import pickle
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest
from constants import FIXTURES, ROOT
from sqlalchemy.exc import OperationalError
from store_rows import EPOCH, at_once, furnish

from core.errors import UserError
from core.store import Missing, Store, schema

# --- rows


def test_only_one_process_moves_a_status(store):
    for _ in range(5):
        id = store.add("dataset", "local", name="a", origin="x", status="queued")
        won = at_once(4, lambda i, id=id: store.move("dataset", id, "queued", "running", message=str(i)))
        assert sorted(won) == [False, False, False, True]
        assert store.row("dataset", id)["message"] == str(won.index(True))


def test_only_one_worker_starts_a_job(store):
    for _ in range(5):
        job = store.submit("local", "short", "read", "x")
        won = at_once(4, lambda i, job=job: store.move_job(job, "queued", "running", pid=i))
        assert sum(won) == 1 and store.job(job)["pid"] == won.index(True)
        assert store.job(job)["started"] is not None


def test_a_status_moves_from_where_it_stands_only(store):
    id = store.add("dataset", "local", name="a", origin="x", status="ready")
    assert not store.move("dataset", id, ("queued", "running"), "failed")
    assert store.row("dataset", id)["status"] == "ready"


def test_a_missing_row_is_one_sentence(store):
    for kind in ("dataset", "preparation", "run"):
        with pytest.raises(Missing, match=f"This {kind} no longer exists"):
            store.row(kind, "nothing")
    with pytest.raises(Missing, match="This job"):
        store.job("nothing")


def test_rows_are_newest_first_and_ids_short_and_distinct(store):
    ids = [store.add("dataset", "local", name=str(i), origin="x", status="ready") for i in range(5)]
    assert [row["id"] for row in store.rows("dataset")] == ids[::-1]
    assert len(set(ids)) == 5 and all(len(id) == 10 and id.isalnum() for id in ids)
    assert store.count("dataset") == 5


# --- jobs


def test_jobs_start_by_priority_then_by_age(store):
    old, new = (store.submit("local", "short", "read", name) for name in "ab")
    urgent = store.submit("local", "short", "read", "c", priority=1)
    late = store.submit("local", "short", "embed", "d", {"name": "latent_tsne"}, priority=-1)
    store.submit("local", "train", "train", "e")
    assert [job["id"] for job in store.waiting("short")] == [urgent, old, new, late]
    assert [len(store.ahead_of(store.job(id))) for id in (urgent, old, new, late)] == [0, 1, 2, 3]
    store.move_job(urgent, "queued", "running")
    assert [job["id"] for job in store.ahead_of(store.job(old))] == [urgent]
    assert [job["id"] for job in store.working()] == [urgent] and store.working("train") == []
    queue = store.of("local").jobs.queue()
    assert [job["id"] for job in queue["short"]] == [urgent, old, new, late] and len(queue["train"]) == 1


def test_a_small_value_is_stored_under_its_name(store):
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


@pytest.mark.usefixtures("sqlite_only")
def test_a_store_of_a_newer_version_is_refused_and_unchanged(store, settings):
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


NO_MEASURES = dict.fromkeys(schema.MEASURES)
BEFORE_SEGMENTS = NO_MEASURES | {"segment": 1.0}


@pytest.mark.usefixtures("sqlite_only")
@pytest.mark.parametrize(
    "version, missing",
    [
        (1, BEFORE_SEGMENTS | {"penalty_kl": None}),
        (2, BEFORE_SEGMENTS),
        (3, BEFORE_SEGMENTS),
        (4, NO_MEASURES),
        (5, {}),
        (6, {}),
    ],
)
def test_a_store_of_every_schema_opens(settings, version, missing):
    """The files were made by the schema of their time (here of version 1), from the project's root:

    PYTHONPATH=.:tests python -c "import store_rows; store_rows.make_fixture('tests/fixtures/schema_1.sqlite')"
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


def test_every_schema_has_a_fixture():
    assert all((FIXTURES / f"schema_{n}.sqlite").exists() for n in range(1, schema.VERSION + 1))
    assert set(schema.UPGRADES) == set(range(1, schema.VERSION))


@pytest.mark.usefixtures("sqlite_only")
def test_a_new_store_that_is_locked_for_a_moment_is_tried_again(settings, monkeypatch):
    calls, prepare = [], schema._prepare

    def busy(*arguments):
        calls.append(arguments)
        if len(calls) < 3:
            raise OperationalError("CREATE TABLE", {}, Exception("database is locked"))
        return prepare(*arguments)

    monkeypatch.setattr(schema, "_prepare", busy)
    monkeypatch.setattr(schema.time, "sleep", lambda _: None)
    assert Store(settings).recall("schema") == schema.VERSION and len(calls) == 3
    monkeypatch.setattr(schema, "TRIES", 1)
    calls.clear()
    with pytest.raises(OperationalError, match="locked"):
        Store(settings)


def test_several_processes_may_open_a_new_store_at_once(tmp_path):
    """The window and the worker start together; neither may find half a database."""
    code = (
        "import sys, time, pathlib; from core.settings import Settings; from core.store import Store;"
        "time.sleep(max(0, float(sys.argv[2]) - time.time()));"
        "Store(Settings(data_dir=pathlib.Path(sys.argv[1]), inline=True)).recall('schema')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "new"), str(time.time() + 3)]
    root = ROOT
    children = [subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    problems = [child.communicate()[1] for child in children]
    assert [child.returncode for child in children] == [0] * 4, problems
