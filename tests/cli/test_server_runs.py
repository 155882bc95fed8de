"""`runs`, `follow`, `stop` and `compare` on the command line of a server."""

import json

import pytest
import store_rows

from core.cli import main
from core.store import Status


@pytest.fixture
def furnished(store, monkeypatch):
    monkeypatch.setenv("NUWA_DATA_DIR", str(store.root))
    return store, store_rows.furnish(store)["run"]


def test_runs_are_listed_as_a_table_and_as_records(furnished, capsys):
    store, run = furnished
    assert main(["runs"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["id", "name", "status"] and line.split()[:3] == [run, "first", "done"]
    assert main(["runs", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert record["id"] == run and record["epochs"] == 1


def test_a_run_is_followed_to_its_end(furnished, capsys):
    store, run = furnished
    assert main(["follow", "first"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("epoch 1 of") and out[-1] == "The run 'first' is done."
    store.move("run", run, Status.DONE, Status.FAILED, message="The disk is full.")
    assert main(["follow", run]) == 1
    assert capsys.readouterr().out.endswith("is failed. The disk is full.\n")


def test_a_run_that_waits_is_stopped_and_one_that_ended_is_not(furnished, capsys):
    store, run = furnished
    assert main(["stop", run]) == 2
    assert "only one that waits or trains can be stopped" in capsys.readouterr().err
    store.move("run", run, Status.DONE, Status.QUEUED)
    assert main(["stop", run]) == 0
    assert "was cancelled before it began" in capsys.readouterr().out
    assert store.row("run", run)["status"] == Status.CANCELLED
    assert main(["stop", "nobody"]) == 2


def test_two_runs_are_compared_by_what_differs_alone(furnished, capsys):
    store, run = furnished
    other = store_rows.new_run(store, "done")
    store.set("run", run, config={"seed": 0, "n_latent": 10}, scores={"nmi": 0.5, "nmi_error": 0.1})
    store.set("run", other, config={"seed": 0, "n_latent": 20}, scores={"nmi": 0.7, "nmi_error": 0.2})
    assert main(["compare", run, other, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"settings": {"Latent dimensions": ["10", "20"]}, "scores": {"nmi": [0.5, 0.7]}}
    assert main(["compare", run, other]) == 0
    text = capsys.readouterr().out
    assert "Settings that differ: 1" in text and "Latent dimensions" in text and "Seed" not in text
