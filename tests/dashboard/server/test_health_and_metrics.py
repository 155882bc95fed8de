"""Health, metrics and logs: who may read what, what they say when something is wrong, and what they never say."""

import json
import logging
import os
import sqlite3
import sys
import time
from types import SimpleNamespace

import pytest
from app_under_test import AppUnderTest
from people import PASSWORD, people, quick_passwords, signed_in
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from core import logs
from core.errors import UserError
from core.settings import from_environment
from core.store import limits
from core.worker import launch
from dashboard.server import health
from dashboard.server.connections import PEER

VALUE = "CD3E of patient 17"
TOKEN = "a-long-token-of-metrics"


@pytest.fixture
def nuwa(tmp_path):
    return AppUnderTest(tmp_path / "data", accounts=True, metrics_token=TOKEN, metrics_from="10.0.0.0/8")


# --- health


def test_a_stranger_learns_whether_the_server_is_alive_and_ready_and_nothing_else(nuwa):
    for path in ("/health", "/health/live"):
        assert nuwa.client.get(path).json == {"status": "ok"}
    answer = nuwa.client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "database": "ok", "disk": "ok", "worker": "ok"}


def test_a_full_disk_makes_it_not_ready(nuwa, monkeypatch):
    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    answer = nuwa.client.get("/health/ready")
    assert answer.status_code == 503 and answer.json["disk"] == "nearly full"
    assert nuwa.client.get("/health").status_code == 200  # a restart would not help


def test_a_database_that_does_not_answer_makes_it_not_ready(nuwa, monkeypatch):
    def fail():
        raise OperationalError("SELECT 1", {}, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr(nuwa.store.engine, "connect", fail)
    assert health.state(nuwa.store)["database"] == "does not answer"


def test_a_worker_that_is_silent_makes_it_not_ready(nuwa):
    nuwa.store.settings = nuwa.store.settings.model_copy(update={"inline": False})
    assert nuwa.client.get("/health/ready").json["worker"] == "was not started"
    launch.show_life(nuwa.store.root)
    assert nuwa.client.get("/health/ready").status_code == 200
    os.utime(nuwa.store.root / launch.SIGN, (time.time() - 100,) * 2)
    answer = nuwa.client.get("/health/ready")
    assert answer.status_code == 503 and answer.json["worker"] == "silent for 100 seconds"


# --- metrics


def metrics(nuwa, peer="192.168.0.1", **headers):
    return nuwa.client.get("/metrics", headers=headers, environ_base={PEER: peer})


def test_the_metrics_are_read_with_the_token_or_from_a_listed_address_only(nuwa):
    assert metrics(nuwa, Authorization=f"Bearer {TOKEN}").status_code == 200
    assert metrics(nuwa, peer="10.1.2.3").status_code == 200
    for wrong in (
        "",
        "Bearer",
        "Bearer x",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        "Bearer \u00e4".encode().decode("latin-1"),
    ):
        assert metrics(nuwa, Authorization=wrong).status_code == 404, wrong
    forwarded = {"X-Forwarded-For": "10.1.2.3", "REMOTE_ADDR": "10.1.2.3"}
    assert metrics(nuwa, **forwarded).status_code == 404
    assert metrics(nuwa, peer="nonsense").status_code == 404


def test_without_the_settings_there_are_no_metrics_for_anybody(tmp_path):
    nuwa = AppUnderTest(tmp_path / "data")
    assert metrics(nuwa, peer="127.0.0.1", Authorization="Bearer ").status_code == 404


def test_the_metrics_count_requests_jobs_and_rows_and_name_nobody(nuwa):
    with quick_passwords():
        people(nuwa.store)
        signed_in(nuwa, "bob")
    for _ in range(3):
        nuwa.store.submit("bob", "train", "train", "secret-run")
    nuwa.store.add("dataset", "bob", name="secret cells", origin="upload:secret.h5ad", status="ready")
    text = metrics(nuwa, peer="10.0.0.1").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    (jobs,) = families["nuwa_jobs"].samples
    assert (jobs.labels, jobs.value) == ({"lane": "train", "status": "queued"}, 3)
    assert families["nuwa_oldest_waiting_seconds"].samples[0].value >= 0
    rows = {(s.labels["kind"], s.labels["status"]): s.value for s in families["nuwa_rows"].samples}
    assert rows == {("dataset", "ready"): 1}
    n = sum(s.value for s in families["nuwa_requests"].samples if s.name.endswith("_total"))
    assert n >= 2 and "nuwa_request_seconds" in families and "process_resident_memory_bytes" in families
    assert not [word for word in ("bob", "ada", "secret", str(nuwa.store.root)) if word in text]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"NUWA_METRICS_TOKEN": "short"}, "16 characters"),
        ({"NUWA_METRICS_FROM": "host"}, "NUWA_METRICS_FROM"),
    ],
)
def test_a_wrong_setting_of_the_metrics_is_refused(values, words):
    with pytest.raises(UserError, match=words):
        from_environment(values)


def test_the_token_may_lie_in_a_file(tmp_path):
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert from_environment({"NUWA_METRICS_TOKEN_FILE": str(tmp_path / "token")}).metrics_token == TOKEN


# --- logs


@pytest.fixture
def written(tmp_path):
    """A function that gives the lines of the log of all that happened."""
    root, path = logging.getLogger(), tmp_path / "web.log"
    before, level = list(root.handlers), logging.getLogger("nuwa").level
    logs.set_up(True, path)
    yield lambda: [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = before
    logging.getLogger("nuwa").setLevel(level)


def test_every_answer_has_a_number_and_what_matters_a_line(nuwa, written):
    with quick_passwords():
        people(nuwa.store)
        client = signed_in(nuwa, "bob")
    answer = client.get("/upload")
    line = written()[-1]
    assert answer.headers["X-Request-Id"] == line["id"] and len(line["id"]) == 8
    assert (line["method"], line["path"], line["status"], line["user"]) == ("GET", "/upload", 200, "bob")
    n = len(written())
    client.get("/_dash-layout")
    client.get("/health")
    assert len(written()) == n  # polls have no line
    assert client.get("/upload").headers["X-Request-Id"] != answer.headers["X-Request-Id"]


def test_a_failure_has_the_number_of_its_request_and_no_value_of_anybodys_data(nuwa, written, monkeypatch):
    nuwa.app.server.config["PROPAGATE_EXCEPTIONS"] = False
    with quick_passwords():
        people(nuwa.store)
        client = signed_in(nuwa, "bob")

    def fail(*_, **__):
        raise KeyError(VALUE)

    monkeypatch.setattr("core.store.uploads.Uploads.unfinished", fail)
    answer = client.get("/upload?patient=17")
    number = answer.text.rpartition("number ")[2].rstrip(".")
    lines = [line for line in written() if line.get("id") == number]
    assert answer.status_code == 500 and answer.headers["X-Request-Id"] == number
    assert any(
        "unfinished" in line.get("traceback", "") and "KeyError" in line["traceback"] for line in lines
    )
    assert "patient" not in json.dumps(written())


def test_no_secret_and_no_name_is_in_the_log(nuwa, written):
    client = nuwa.app.server.test_client()
    with quick_passwords():
        secret = nuwa.store.accounts.first_link()
        form = {"login": "ada", "name": "Ada", "password": PASSWORD, "again": PASSWORD}
        assert client.get(f"/welcome/{secret}").status_code == 200
        assert client.post(f"/welcome/{secret}", data=form).status_code == 302
        client.post("/login", data={"login": "ada", "password": "a wrong password"})
        token = nuwa.store.tokens.create("local", "laptop")
        client.get("/upload", headers={"Authorization": f"Bearer {token}"})
        client.get(f"/welcome/{secret}")
        client.get("/nowhere/patient-17?gene=CD3E")
    text = json.dumps(written())
    assert "wrong" not in text.lower().replace("wrong password from", "")
    for word in (secret, token, PASSWORD, "patient-17", "CD3E"):
        assert word not in text, word
    assert {line["path"] for line in written() if "path" in line} >= {
        "/welcome/<secret>",
        "/login",
        "/<path:path>",
    }


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("GET /welcome/abcDEF_-123 500", "GET /welcome/... 500"),
        ("Authorization: Bearer nuwa_x.y", "Authorization: Bearer ..."),
        ("a\nforged line\r\nb", "a forged line  b"),
    ],
)
def test_secrets_and_line_ends_do_not_reach_a_line(message, line):
    assert logs.clean(message) == line


def test_text_and_json_say_the_same():
    try:
        raise ValueError(VALUE)
    except ValueError:
        record = logging.LogRecord("nuwa", logging.ERROR, "x", 1, "Failure %s", ("1",), sys.exc_info())
    record.job = "abc"
    text, record_of = logs.Lines().format(record), json.loads(logs.Lines(True).format(record))
    assert "ERROR nuwa Failure 1 job=abc" in text and "builtins.ValueError" in text and "CD3E" not in text
    assert (
        record_of["message"] == "Failure 1"
        and record_of["job"] == "abc"
        and "CD3E" not in json.dumps(record_of)
    )
    assert record_of["traceback"].endswith("builtins.ValueError")


def test_a_log_that_several_processes_append_to_is_rotated(tmp_path):
    path = tmp_path / "worker.log"
    assert not logs.rotate(path)
    with path.open("ab") as file:
        for n in range(8):
            file.write(b"x" * 99 + f"{n}".encode())
            file.flush()
            assert logs.rotate(path, most=99)
            assert path.stat().st_size == 0
        file.write(b"goes on")
        file.flush()
    assert path.read_bytes() == b"goes on" and not logs.rotate(path)
    kept = sorted(tmp_path.glob("worker.log.*"))
    assert [p.read_bytes()[-1:] for p in kept] == [b"7", b"6", b"5", b"4", b"3"] and len(kept) == logs.KEPT
