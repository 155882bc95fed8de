"""What nothing refers to is listed, and removed on request; what is in use never is."""

import json
import os
import time

import pytest
from store_rows import furnish

from core import cli
from core.store import leftovers


@pytest.fixture
def littered(store, monkeypatch):
    """A store whose folder has leftovers beside what is in use; `litter` are their names."""
    monkeypatch.setenv("NUWA_DATA_DIR", str(store.root))
    if store.engine.dialect.name == "postgresql":
        monkeypatch.setenv("NUWA_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    store.ids = furnish(store)
    failed = store.add("dataset", "local", name="f", origin="x", status="failed")
    asking = store.add("dataset", "local", name="a", origin="x", status="asking")
    used = [
        f"datasets/{store.ids['dataset']}",
        f"datasets/{asking}",
        f"runs/{store.ids['run']}",
        "inbox/mine",
    ]
    store.litter = [
        "cache/nuwa-read-x",
        "datasets/.gone-x-1",
        "datasets/nobody",
        f"datasets/{failed}",
        "runs/nobody",
        "searches/nobody",
        "tensorboard/nobody",
    ]
    for name in (*used, *store.litter):
        (store.root / name).mkdir(parents=True, exist_ok=True)
        (store.root / name / "file").write_bytes(b"x" * 1000)
        os.utime(store.root / name, (time.time() - 7200,) * 2)
    return store


def listed(store):
    return sorted(str(leftover.path.relative_to(store.root)) for leftover in leftovers.find(store))


def test_all_of_it_is_listed_and_nothing_else(littered):
    assert listed(littered) == sorted(littered.litter)
    assert {leftover.n_bytes for leftover in leftovers.find(littered)} == {1000}


def test_what_is_young_is_left_alone(littered):
    os.utime(littered.root / "runs" / "nobody")
    assert "runs/nobody" not in listed(littered)


def test_the_command_lists_asks_and_removes(littered, capsys, monkeypatch):
    assert cli.main(["clean", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(littered.litter)
    assert cli.main(["clean"]) == 0 and "7 leftovers" in capsys.readouterr().out
    assert cli.main(["clean", "--remove"]) == 2 and "--yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert cli.main(["clean", "--remove"]) == 0 and listed(littered) == sorted(littered.litter)
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert cli.main(["clean", "--remove"]) == 0 and listed(littered) == []
    assert littered.run_folder(littered.ids["run"]).joinpath("file").exists()
    capsys.readouterr()
    assert cli.main(["clean", "--remove"]) == 0 and "Nothing is left over." in capsys.readouterr().out
