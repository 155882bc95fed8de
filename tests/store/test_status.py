"""Statuses are members of an enumeration in the program, and the values of earlier versions on disk."""

from core.store import Explored, Status
from core.store.schema import runs


def test_the_values_on_disk_are_those_of_earlier_versions(store):
    run = store.add("run", "local", dataset="d", preparation="p", name="n", config={}, status=Status.CREATED)
    assert store.move("run", run, Status.CREATED, Status.QUEUED)
    with store.engine.connect() as db:
        values = db.exec_driver_sql("select status, explored from runs").one()
    assert tuple(values) == ("queued", "") and type(values[0]) is str


def test_rows_and_jobs_have_statuses_of_the_enumeration(store):
    run = store.add("run", "local", dataset="d", preparation="p", name="n", config={}, status="done")
    row = store.row("run", run)
    assert row["status"] is Status.DONE and row["explored"] is Explored.NOT_STARTED
    assert store.rows("run", runs.c.status == Status.DONE)[0]["status"] is Status.DONE
    assert store.job(store.submit("local", "short", "read", "x"))["status"] is Status.QUEUED
