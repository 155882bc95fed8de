"""Notices on the end of runs, to a webhook and a mail server in the test; they hold no data."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import store_rows

from core.errors import UserError
from core.settings import Settings, from_environment
from core.store import Status, Store
from core.worker import failed_jobs, notices


@pytest.fixture
def webhook():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    bodies = []
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", bodies
        server.shutdown()
        thread.join()


@pytest.fixture
def mail_server():
    """(host:port, lines that it got): a server that takes one message."""
    lines = []

    def serve():
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb", buffering=0) as stream:
            stream.write(b"220 test\r\n")
            in_data = False
            for line in stream:
                text = line.decode().rstrip()
                lines.append(text)
                if in_data:
                    in_data = text != "."
                    if not in_data:
                        stream.write(b"250 taken\r\n")
                elif text.upper() == "DATA":
                    in_data = True
                    stream.write(b"354 go on\r\n")
                elif text.upper() == "QUIT":
                    stream.write(b"221 bye\r\n")
                    return
                else:
                    stream.write(b"250 good\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", lines
        thread.join(20)


def store_with(tmp_path, **settings):
    return Store(Settings(data_dir=tmp_path / "data", inline=True, **settings))


def test_a_webhook_and_a_mail_say_which_run_ended_and_hold_no_data(tmp_path, webhook, mail_server):
    address, bodies = webhook
    server, lines = mail_server
    store = store_with(tmp_path, notify_webhook=address, notify_email="lab@example.org", smtp_server=server)
    run = store_rows.furnish(store)["run"]
    notices.ended(store, "run", run).join()
    assert bodies == [
        {"text": "The run 'first' is done.", "kind": "run", "id": run, "name": "first", "status": "done"}
    ]
    assert "Subject: Nuwa: The run 'first' is done." in lines and "To: lab@example.org" in lines
    assert "cells" not in json.dumps(bodies) + " ".join(lines)  # the name of the dataset
    store.engine.dispose()


def test_a_run_that_fails_sends_one_too_but_not_what_a_person_stopped_nor_a_trial(tmp_path, webhook):
    address, bodies = webhook
    store = store_with(tmp_path, notify_webhook=address)
    run = store_rows.furnish(store)["run"]
    store.move("run", run, Status.DONE, Status.RUNNING)
    job = store.submit("local", "train", "train", run, token="again")
    store.move_job(job, Status.QUEUED, Status.RUNNING)
    failed_jobs.fail(store, store.job(job), "A column 'donor 7' is missing.")
    for thread in threading.enumerate():
        if thread.name == "notice":
            thread.join()
    assert [body["text"] for body in bodies] == ["The run 'first' failed."]
    store.move("run", run, Status.FAILED, Status.CANCELLED)
    assert notices.ended(store, "run", run) is None
    store.move("run", run, Status.CANCELLED, Status.DONE)
    store.set("run", run, parent="a-search")
    assert notices.ended(store, "run", run) is None
    store.engine.dispose()


def test_a_server_that_is_away_harms_nothing_and_without_settings_nothing_is_sent(tmp_path, store, capsys):
    away = store_with(tmp_path / "away", notify_webhook="http://127.0.0.1:9/hook")
    run = store_rows.furnish(away)["run"]
    notices.ended(away, "run", run).join()
    assert "refused" in capsys.readouterr().err
    away.engine.dispose()
    assert notices.ended(store, "run", store_rows.furnish(store)["run"]) is None


def test_wrong_settings_are_refused():
    with pytest.raises(UserError, match="NUWA_NOTIFY_WEBHOOK is 'slack'"):
        from_environment({"NUWA_NOTIFY_WEBHOOK": "slack"})
    with pytest.raises(UserError, match="NUWA_SMTP_SERVER is 'mail:none'"):
        from_environment({"NUWA_SMTP_SERVER": "mail:none"})
