"""A run in MLflow: the requests of its REST API, to a server in the test that answers as MLflow does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from core.errors import UserError
from core.export.mlflow_rest import MlflowRun
from core.worker.followers import MLFLOW, followers_of


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(None)

    def do_POST(self):
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def answer(self, body):
        path = self.path.removeprefix("/api/2.0/mlflow/").partition("?")[0]
        self.server.requests.append((path, body))
        answers = {
            "experiments/create": {"experiment_id": "7"},
            "runs/search": {"runs": [{"info": {"run_id": "old"}}]},
            "runs/create": {"run": {"info": {"run_id": "r1"}}},
        }
        status = 404 if path == "experiments/get-by-name" else 200
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answers.get(path, {})).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with HTTPServer(("127.0.0.1", 0), Server) as made:
        made.requests = []
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_a_run_is_created_with_its_settings_filled_by_epoch_and_ended(server):
    run = MlflowRun(f"http://127.0.0.1:{server.server_port}/", "abc", "first", {"n_latent": 10})
    run.epoch({"epoch": 3, "train_loss": 0.5, "valid_loss": None, "learning_rate": float("nan")})
    run.end("cancelled")
    paths = [path for path, _ in server.requests]
    assert paths == ["experiments/get-by-name", "experiments/create", "runs/search", "runs/delete"] + [
        "runs/create",
        "runs/log-batch",
        "runs/log-batch",
        "runs/update",
    ]
    bodies = [body for _, body in server.requests]
    assert bodies[3] == {"run_id": "old"}  # of a training that was interrupted
    assert bodies[4]["experiment_id"] == "7" and bodies[4]["tags"] == [{"key": "nuwa.run", "value": "abc"}]
    assert bodies[5]["params"] == [{"key": "n_latent", "value": "10"}]
    (metric,) = bodies[6]["metrics"]
    assert (metric["key"], metric["value"], metric["step"]) == ("train_loss", 0.5, 3)
    assert bodies[7]["status"] == "KILLED"


def test_an_address_that_is_no_server_is_refused_with_a_sentence():
    with pytest.raises(UserError, match="start `mlflow server`"):
        MlflowRun("file:///tmp/mlruns", "abc", "first", {})


def test_a_server_that_is_away_harms_no_training(tmp_path, server):
    run = {"id": "abc", "name": "first", "config": {"n_latent": 10}}
    rows = [{"epoch": 1, "train_loss": 0.5}]
    away = followers_of(tmp_path, run, rows, {MLFLOW: "http://127.0.0.1:9"})
    assert len(away.followers) == 1  # the event files alone
    both = followers_of(tmp_path, run, rows, {MLFLOW: f"http://127.0.0.1:{server.server_port}"})
    assert len(both.followers) == 2
    server.shutdown()
    server.server_close()
    both.epoch({"epoch": 2, "train_loss": 0.4})
    assert len(both.followers) == 1
    both.end("done")
    assert not both.followers and list((tmp_path / "tensorboard" / "abc").iterdir())
