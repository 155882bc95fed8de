"""What follows a run while it trains: TensorBoard event files, and MLflow where MLFLOW_TRACKING_URI is set.

A follower never harms a run: what fails is written to the log once, and the follower is left out from then on.
"""

import os
import traceback

from core.files import remove_folder

MLFLOW = "MLFLOW_TRACKING_URI"


class Followers:
    """All that follow one run; each has `epoch(row)` and `end(status)`."""

    def __init__(self, followers=()):
        self.followers = list(followers)

    def epoch(self, row):
        """Tell all of an epoch, a row of history.csv."""
        self._each("epoch", row)

    def end(self, status):
        """Tell all that the run ended: "done", "failed" or "cancelled"."""
        self._each("end", status)
        self.followers = []

    def _each(self, what, argument):
        for follower in list(self.followers):
            try:
                getattr(follower, what)(argument)
            except Exception:  # a full disk or a server that is away must not end a training
                traceback.print_exc()
                self.followers.remove(follower)


def followers_of(root, run, before=(), env=os.environ):
    """The Followers of a run that begins to train, in the data folder `root`; `before` are the epochs that it goes on from."""
    followers = Followers()
    for begin in (_event_files, _mlflow):
        try:
            if follower := begin(root, run, env):
                followers.followers.append(follower)
        except Exception:  # as above: the run is trained without it
            traceback.print_exc()
    for row in before:
        followers.epoch(row)
    return followers


def _event_files(root, run, _):
    from core.export.tensorboard import EventFiles

    return EventFiles(folder_of(root, run["id"]), run["name"], run["config"])


def _mlflow(_, run, env):
    from core.export.mlflow_rest import MlflowRun

    address = env.get(MLFLOW)
    return MlflowRun(address, run["id"], run["name"], run["config"]) if address else None


def folder_of(root, run_id):
    """The folder of the event files of a run."""
    return root / "tensorboard" / run_id


def sweep(root, run_ids):
    """Remove the event files of runs that are not among `run_ids`."""
    for folder in (root / "tensorboard").glob("[!.]*"):
        if folder.name not in run_ids:
            remove_folder(folder)
