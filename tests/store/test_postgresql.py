"""The same values come back from SQLite and from PostgreSQL: numbers that are none, odd text, long names."""

import math

import pytest
from sqlalchemy.exc import OperationalError
from store_rows import EPOCH, furnish

from core.errors import UserError
from core.settings import Settings
from core.store import Store, postgresql
from core.store.run_table import Query
from core.worker import patience


def test_a_loss_that_is_not_a_number_is_no_value(store):
    run = furnish(store)["run"]
    store.add_epoch(run, EPOCH | {"epoch": 2, "train_loss": math.nan, "valid_loss": math.inf})
    assert store.epochs(run, after=1)[0]["train_loss"] is None
    assert store.epochs(run, after=1)[0]["valid_loss"] == math.inf


def test_records_keep_numbers_that_json_has_not_and_odd_characters(store):
    run = furnish(store)["run"]
    store.set("run", run, scores={"nmi": math.nan, "text": "a\0b"}, facts=None)
    row = store.row("run", run)
    assert math.isnan(row["scores"]["nmi"]) and row["scores"]["text"] == "a\0b" and row["facts"] is None


def test_the_message_of_a_damaged_file_may_hold_anything(store):
    job = store.submit("local", "short", "read", "x")
    assert store.set_job(job, message="damaged\0 at byte 3 \ud83d\ude00".encode(errors="replace").decode())
    assert store.job(job)["message"].replace("\0", "").startswith("damaged at byte 3")


def test_a_name_may_be_longer_than_its_column_says(store):
    run = furnish(store)["run"]
    store.set("run", run, phase="p" * 300)
    assert store.row("run", run)["phase"] == "p" * 300


def test_runs_are_sorted_by_a_setting(store):
    furnish(store)
    page = store.of("local").run_table.page(Query(sort=(("config.seed", True),)))
    assert [line.kind for line in page.lines] == ["run"]


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path):
    settings = Settings(data_dir=tmp_path / "data", database_url="postgresql://nuwa@127.0.0.1:1/nuwa")
    with pytest.raises(UserError, match="^The database of NUWA_DATABASE_URL does not answer .*: start it"):
        Store(settings)


def test_the_driver_is_optional(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    url = Settings(database_url="postgresql://nuwa@127.0.0.1/nuwa").database
    with pytest.raises(UserError, match="install requirements-postgresql.txt"):
        postgresql.engine(url)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("canceling statement due to lock timeout", patience.LOCKED),
        ('could not extend file "base/5/1": No space left on device', patience.FULL),
        ("server closed the connection unexpectedly", patience.GONE),
        ("connection failed: Connection refused", patience.GONE),
        ("terminating connection due to administrator command", patience.GONE),
        ("the database system is starting up", patience.GONE),
        ("syntax error at or near", None),
    ],
)
def test_a_write_waits_for_a_database_that_is_locked_full_or_away(words, sentence):
    assert patience.reason(OperationalError("UPDATE", {}, Exception(words))) == sentence
