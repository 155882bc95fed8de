"""python -m core admin: what an administrator does without a browser."""

import csv
import io
import json

import pytest
from people import people, quick_passwords
from store_rows import furnish

from core import cli
from core.store import Store


@pytest.fixture
def lab(settings, monkeypatch):
    monkeypatch.setenv("NUWA_DATA_DIR", str(settings.data_dir))
    store = Store(settings)
    with quick_passwords():
        people(store)
    store.ids = furnish(store)
    yield store
    store.engine.dispose()


def admin(capsys, *words):
    """(exit code, standard output, standard error) of a command."""
    code = cli.main(["admin", *words])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_people_are_listed_with_their_storage(lab, capsys):
    code, text, _ = admin(capsys, "people")
    assert code == 0 and "ada" in text and "viewer" in text
    _, text, _ = admin(capsys, "people", "--json")
    rows = {row["login"]: row for row in json.loads(text)}
    assert rows["ada"]["runs"] == 1 and rows["ada"]["bytes"] > 0 and rows["bob"]["bytes"] == 0


def test_accounts_are_changed(lab, capsys):
    assert "/welcome/" in admin(capsys, "invite", "viewer")[1]
    assert "/welcome/" in admin(capsys, "reset", "bob")[1]
    assert admin(capsys, "role", "bob", "admin")[:2] == (0, "bob is admin now.\n")
    assert lab.accounts.role("bob") == "admin"
    session = lab.sessions.open("bob")
    assert admin(capsys, "sign-out", "bob")[1] == "1 sessions of bob ended.\n"
    assert lab.sessions.user(session) is None
    assert admin(capsys, "deactivate", "bob")[0] == 0 and not lab.accounts.is_active("bob")
    assert admin(capsys, "activate", "bob")[0] == 0 and lab.accounts.is_active("bob")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("reset", "nobody"), "no account 'nobody'"),
        (("deactivate", "ada"), "only administrator"),
        (("stop", "nothing"), "no longer exists"),
        (("give", "ada", "ada"), "two different people"),
        (("audit", "--rows", "0"), "1 or more"),
    ],
)
def test_a_mistake_is_one_sentence(lab, capsys, words, sentence):
    code, out, error = admin(capsys, *words)
    assert code == 2 and sentence in error and not out


def test_rows_are_given_to_somebody_else(lab, capsys):
    assert "3 rows of ada belong to bob now." in admin(capsys, "give", "ada", "bob")[1]
    assert lab.of("bob").runs.one(lab.ids["run"]) and not lab.of("local").runs.all()


def test_a_waiting_job_is_stopped(lab, capsys):
    job = lab.submit("bob", "slow", "embed", lab.ids["run"], {"name": "latent_tsne"})
    assert job in admin(capsys, "queue")[1]
    assert admin(capsys, "stop", job)[0] == 0 and lab.job(job)["status"] == "cancelled"
    assert admin(capsys, "queue")[1] == "None.\n"


def test_the_audit_log_is_csv_without_formulas(lab, capsys):
    lab.of("local").datasets.rename(lab.ids["dataset"], "=1+1")
    _, text, _ = admin(capsys, "audit", "--user", "ada", "--action", "rename")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["person"], row["action"], row["name"], row["id"]) == (
        "Ada",
        "rename",
        "'=1+1",
        lab.ids["dataset"],
    )
    (record,) = json.loads(admin(capsys, "audit", "--action", "rename", "--json")[1])
    assert record["name"] == "=1+1"


def test_the_queue_is_paused_and_a_job_moved_to_its_front(lab, capsys):
    first, second = (lab.submit("bob", "train", "train", lab.ids["run"]) for _ in range(2))
    assert admin(capsys, "front", second)[0] == 0
    assert [job["id"] for job in lab.waiting("train")] == [second, first]
    assert "is paused" in admin(capsys, "pause")[1] and lab.is_paused("train")
    assert admin(capsys, "unpause")[0] == 0 and not lab.is_paused("train")


def test_limits_are_listed_and_set(lab, capsys):
    assert admin(capsys, "limits", "bob", "--runs", "7", "--gigabytes", "2.5")[:2] == (
        0,
        "The limits of bob were set.\n",
    )
    rows = {row["login"]: row for row in json.loads(admin(capsys, "limits", "--json")[1])}
    assert rows["bob"]["runs"] == "0 of 7" and rows["bob"]["gigabytes"] == "0.0 of 2.5"
    assert rows["ada"]["runs"] == "0 of 100" and rows["ada"]["gigabytes"].endswith("of no limit")
    assert admin(capsys, "limits", "bob", "--runs", "default")[0] == 0
    assert json.loads(admin(capsys, "limits", "--json")[1])[1]["runs"] == "0 of 100"
    for words, sentence in (
        (("limits", "bob"), "Say which limit"),
        (("limits", "--runs", "3"), "Say whose limits"),
        (("limits", "bob", "--runs", "many"), "is not a number"),
        (("limits", "nobody", "--runs", "3"), "no account"),
    ):
        code, _, error = admin(capsys, *words)
        assert code == 2 and sentence in error


@pytest.mark.parametrize("what", ["storage", "device", "workers", "versions", "log"])
def test_the_state_of_the_server_is_printed(lab, capsys, what):
    (lab.root / "worker.log").write_text("began\n")
    code, text, _ = admin(capsys, what)
    assert code == 0 and text.strip()
