"""Runs that go on: resumed from a checkpoint, trained again from the start, extended by more epochs."""

import os
import shutil
from contextlib import contextmanager

from core import checkpoint_file
from core.config import parse
from core.config.extensions import LOWER, Extension
from core.config.job_arguments import TrainArguments
from core.config.run_files import START_WEIGHTS
from core.errors import UserError
from core.store.rows import Missing, new_id
from core.store.schema import clusterings, jobs
from core.store.status import FINISHED, Explored, Status

MOST_SOURCES = 200  # runs to start from in one list
STOPPED = (Status.CANCELLED, Status.FAILED)
KEPT_FILES = (*checkpoint_file.NAMES, START_WEIGHTS)  # of a run that is trained further
NONE = "This run has no checkpoint: it was trained by an earlier Nuwa, or ended before its first one."
FROM_WEIGHTS = "Start a new run from its weights on the Create model page, or train it again."


class ResumedRuns:
    """Lets the runs that one user may change go on."""

    def __init__(self, access, runs):
        self.access, self.database, self.runs = access, access.database, runs

    def checkpoint(self, run_id):
        """The core.checkpoint_file.Kept that a run can go on from, or None."""
        self.access.one("run", run_id)
        return checkpoint_file.newest(self._folder(run_id))

    def _folder(self, run_id):
        return self.database.root / "runs" / run_id

    def kept(self, run_id):
        """The checkpoint of a run; raises UserError where there is none that is whole."""
        if kept := self.checkpoint(run_id):
            return kept
        if checkpoint_file.is_damaged(self._folder(run_id)):
            raise UserError(f"All checkpoints of this run are damaged. {FROM_WEIGHTS}")
        raise UserError(f"{NONE} {FROM_WEIGHTS}")

    def resume(self, run_id):
        """Queue the rest of a training that was cancelled or failed, from its newest checkpoint; returns the job's id.

        Clusters and all else that was computed from its weights so far is removed. Raises UserError where the run has no
        checkpoint, is not stopped, or has clusters that somebody made by hand.
        """
        self._stopped(run_id)
        self.kept(run_id)
        return self._train(run_id, "resume", KEPT_FILES)

    def train_again(self, run_id):
        """Queue a run that was cancelled or failed from its first epoch; returns the job's id. Raises UserError as `resume`."""
        self._stopped(run_id)
        return self._train(run_id, "train again", (START_WEIGHTS,))

    def _stopped(self, run_id):
        """Raise UserError unless the run was cancelled or failed, and nothing made by hand would be lost."""
        run = self.access.own("run", run_id)
        if run["status"] not in STOPPED:
            raise UserError(
                "This run was not stopped: only a cancelled or failed run can be trained further."
            )
        if run["explored"] == Explored.WORKING:
            raise UserError("The clusters of this run are being computed: wait until they are ready.")
        if self.database.has(clusterings, clusterings.c.run == run_id):
            raise UserError(
                "Clusters of this run were named or changed by hand, and training would replace its cells' positions: "
                "start a new run from its weights instead."
            )

    def _train(self, run_id, action, kept_files):
        """Queue the training of a stopped run, of whose folder these files are kept; the job's id."""
        values = {"message": "", "ended": None, "explored": Explored.NOT_STARTED, "scores": None}
        with self.database.transaction():
            if not self.database.move("run", run_id, STOPPED, Status.QUEUED, **values):
                raise UserError("This run is being trained already.")  # another click was quicker
            self.database.record(action, "run", run_id)
            self.database.forget_results(run_id)
            job = self.access.last_job(run_id, "train")["id"]
            for path in self._folder(run_id).glob("*"):
                if path.name not in kept_files:
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            self.database.queue_again(job, FINISHED)  # last, as it may start at once
        return job

    def extend(self, run_id, epochs, schedule="onecycle", share=LOWER, name=""):
        """A new run in the queue that goes on from the last epoch of this one for so many `epochs`; returns its id.

        The learning rate follows `schedule`, with a peak of `share` of the run's. The first run stays as it is. Raises
        UserError where that run has not ended, or has no checkpoint.
        """
        run = self.access.one("run", run_id)
        if run["status"] not in (Status.DONE, Status.CANCELLED):
            raise UserError("Only a run whose training has ended can be extended.")
        if type(epochs) is not int or not 1 <= epochs <= 10_000:
            raise UserError("The number of additional epochs is a whole number from 1 to 10,000.")
        kept, config = self.kept(run_id), parse(run["config"])
        more = Extension(after=kept.epoch, epochs=epochs, schedule=schedule, lr=config.lr * share)
        first = config.epochs or run["n_epochs"]
        values = run["config"] | {
            "epochs": first,
            "extensions": [*(e.model_dump() for e in config.extensions), more.model_dump()],
        }
        id = new_id()
        name = name or f"{run['name'][:180]}, {epochs} more epochs"
        with self._filled_folder(id, run_id, kept.path, checkpoint_file.NAMES[0]) as folder:
            if (start := self._folder(run_id) / START_WEIGHTS).exists():
                _link(start, folder / START_WEIGHTS)
            with self.database.transaction():
                self.database.submit(
                    self.access.user, "train", "train", id, TrainArguments(extends=run_id), f"train:{id}"
                )
                self.runs.create(run["preparation"], values, name, id=id, status=Status.QUEUED)
                self.database.set_epochs(id, self.database.epochs(run_id))
        return id

    @contextmanager
    def _filled_folder(self, id, source_id, path, name):
        """The folder of a new run with the file of another one, `path`, called `name`; nothing of it is left after an error.

        A viewer may create no run, and the other run may be deleted meanwhile, for which it raises Missing.
        """
        folder = self._folder(id)
        folder.mkdir(parents=True)
        try:
            try:
                _link(path, folder / name)
            except FileNotFoundError:
                raise Missing.of("run", source_id) from None
            yield folder
        except BaseException:
            shutil.rmtree(folder)
            raise

    def extensions(self, run_id):
        """Rows of the runs that extend this one, the first one first."""
        self.access.one("run", run_id)
        of_run = jobs.c.kind == "train", jobs.c.arguments["extends"].as_string() == run_id
        rows = [self.access.readable("run", job["target"]) for job in self.database.jobs(*of_run)]
        return sorted((row for row in rows if row), key=lambda row: row["created"])

    def create_from(self, source_id, preparation_id, values, name=""):
        """A new run whose training starts from the weights of another one; returns its id.

        Raises UserError where that run is not trained, or its network is another one.
        """
        source = self.access.one("run", source_id)
        weights = self._folder(source_id) / "model.pt"
        if not weights.exists():
            raise UserError("The run whose weights to start from has none yet: choose one that is trained.")
        _, config = self.runs.preparations.run_config(preparation_id, values)
        parse(source["config"]).check_same_network(config)
        id, values = new_id(), values | {"start_from": source_id}
        with self._filled_folder(id, source_id, weights, START_WEIGHTS):
            return self.runs.create(preparation_id, values, name, id=id)

    def sources(self):
        """Rows of the runs whose weights a new run can start from, the newest first."""
        return [row for row in self.runs.all() if row["explored"] == Explored.READY][:MOST_SOURCES]


def _link(source, target):
    """`target` as the same file as `source`, which no process changes in place; a copy where the disk has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)
