"""The job that trains a run, from queued to done, cancelled or failed."""

import time

import numpy as np

from core import config
from core.analysis import explore, side_process
from core.config.dataset_record import DatasetRecord
from core.export import run_folder
from core.store import Explored, Status
from core.training import learn, phases
from core.training.loop import Epoch
from core.worker.jobs.datasets import open_dataset

NOTHING = "Cancelled before the first epoch: nothing was learnt."


def train(store, job, say):
    """A run from queued to done, cancelled or failed; each epoch is stored when it ends."""
    run_id = job["target"]
    run = store.row("run", run_id)
    if not store.move(
        "run", run_id, Status.QUEUED, Status.RUNNING, started=time.time(), phase="reading the dataset"
    ):
        return None  # cancelled in the meantime
    clock = phases.Clock()
    clock.start("reading")
    adata = open_dataset(store, run["dataset"])
    clock.stop()
    with side_process.NoHelper() if store.settings.inline else side_process.opened(adata.n_obs) as beside:
        return _train(store, job, run, adata, clock, beside)


def _train(store, job, run, adata, clock, beside):
    run_id, settings = run["id"], config.parse(run["config"])
    data = store.row("dataset", run["dataset"])
    work = learn.learn(adata, settings, store.run_folder(run_id))
    answer, learnt = None, None
    while learnt is None:
        event = work.send(answer)
        answer = None
        if isinstance(event, phases.Phase):
            store.set("run", run_id, phase=event.description)
            if store.row("run", run_id)["status"] == Status.CANCELLING and not store.epochs(run_id):
                store.move(
                    "run",
                    run_id,
                    Status.CANCELLING,
                    Status.CANCELLED,
                    message=NOTHING,
                    ended=time.time(),
                    phase="",
                )
                return None
        elif isinstance(event, learn.Start):
            begun = explore.pictures(beside, event.axes, settings)
            since = time.time()
            facts = learn.start_facts(event).model_copy(update={"training_since": since})
            store.set("run", run_id, facts=facts.record(), n_epochs=event.n_epochs)
        elif isinstance(event, Epoch):
            answer = store.add_epoch(run_id, learn.epoch_record(event)) == Status.CANCELLING
            if event.best:
                store.set("run", run_id, best_epoch=event.epoch)
        else:
            learnt = event
    facts = learn.learnt_facts(learnt)
    data_hash = DatasetRecord.of(data).data_hash
    record = run_folder.config_record(settings, facts, data["origin"], data_hash)
    clock.start("writing")
    run_folder.write_learnt(store.run_folder(run_id), learnt, settings, record | {"run": run_id})
    # What is not there yet is drawn by exploring, which has its libraries loaded.
    drawn = {name: task.value() for name, task in begun.items() if task.ready}
    run_folder.write_pictures(store.run_folder(run_id), drawn)
    clock.stop()
    seconds = phases.added(clock.seconds, learnt.seconds)
    facts = facts.model_copy(update={"training_since": since, "data_hash": data_hash, "phases": seconds})
    explorable = learnt.latent is not None and np.isfinite(learnt.latent).all()
    explored = Explored.WORKING if explorable else Explored.NOT_STARTED
    with store.transaction():  # wherever this process is killed, a run whose analysis is awaited has its job
        store.set("run", run_id, facts=facts.record(), explored=explored)
        if explorable:
            store.submit(job["owner"], "short", "explore", run_id, token=f"explore:{run_id}")
    end = {"ended": time.time(), "phase": ""}
    if learnt.failure:
        store.move(
            "run",
            run_id,
            (Status.RUNNING, Status.CANCELLING),
            Status.FAILED,
            message=learn.why_failed(learnt, settings),
            **end,
        )
    elif not store.move("run", run_id, Status.RUNNING, Status.DONE, **end):
        message = (
            f"Cancelled after epoch {len(learnt.epochs)}; the weights of epoch {learnt.best_epoch} were kept."
        )
        store.move("run", run_id, Status.CANCELLING, Status.CANCELLED, message=message, **end)
    return None
