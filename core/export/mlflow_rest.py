"""A run in MLflow, by the REST API of a tracking server (`mlflow server`); no package of MLflow is needed."""

import json
import math
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from core.errors import UserError

EXPERIMENT = "Nuwa"
PATIENCE = 5  # seconds for an answer
MOST_PARAMS, MOST_METRICS = 100, 1000  # of one request, by MLflow
STATUSES = {"done": "FINISHED", "failed": "FAILED", "cancelled": "KILLED"}


class MlflowRun:
    """A run of an MLflow server at an address such as http://127.0.0.1:5000."""

    def __init__(self, address, run_id, name, settings):
        if urlsplit(address).scheme not in ("http", "https"):
            raise UserError(
                f"MLFLOW_TRACKING_URI is '{address}', but Nuwa writes to a tracking server: start `mlflow server`, and "
                "set it to the server's http address."
            )
        self.address = address.rstrip("/")
        experiment = self._experiment()
        self._remove(experiment, run_id)
        run = {
            "experiment_id": experiment,
            "run_name": name,
            "start_time": _now(),
            "tags": [{"key": "nuwa.run", "value": run_id}],
        }
        self.id = self._post("runs/create", run)["run"]["info"]["run_id"]
        params = [{"key": key, "value": str(value)[:500]} for key, value in settings.items()]
        for i in range(0, len(params), MOST_PARAMS):
            self._post("runs/log-batch", {"run_id": self.id, "params": params[i : i + MOST_PARAMS]})

    def epoch(self, row):
        """Write the numbers of an epoch, a row of history.csv."""
        metrics = [
            {"key": name, "value": float(value), "timestamp": _now(), "step": row["epoch"]}
            for name, value in row.items()
            if name != "epoch" and value is not None and math.isfinite(value)
        ]
        self._post("runs/log-batch", {"run_id": self.id, "metrics": metrics[:MOST_METRICS]})

    def end(self, status):
        """End the run: "done", "failed" or "cancelled"."""
        self._post("runs/update", {"run_id": self.id, "status": STATUSES[status], "end_time": _now()})

    def _remove(self, experiment, run_id):
        """Delete what an interrupted training of the run has left, as its epochs are written again."""
        query = {"experiment_ids": [experiment], "filter": f"tags.`nuwa.run` = '{run_id}'"}
        for run in self._post("runs/search", query).get("runs", []):
            self._post("runs/delete", {"run_id": run["info"]["run_id"]})

    def _experiment(self):
        """The id of the experiment of Nuwa, created where it is not there."""
        found = self._request(f"experiments/get-by-name?experiment_name={EXPERIMENT}", missing_is_none=True)
        if found is not None:
            return found["experiment"]["experiment_id"]
        return self._post("experiments/create", {"name": EXPERIMENT})["experiment_id"]

    def _post(self, path, body):
        return self._request(path, json.dumps(body).encode())

    def _request(self, path, body=None, missing_is_none=False):
        request = urllib.request.Request(
            f"{self.address}/api/2.0/mlflow/{path}", body, {"Content-Type": "application/json"}
        )
        try:
            # The address is of http or https.
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # nosec B310
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            if missing_is_none and error.code == 404:
                return None
            raise


def _now():
    return int(1000 * time.time())
