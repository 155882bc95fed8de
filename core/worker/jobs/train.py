"""The job that trains a run, from queued to done, cancelled or failed."""

import time

import numpy as np

from core import checkpoint_file, config
from core.analysis import explore, side_process
from core.config.dataset_record import DatasetRecord
from core.export import run_folder
from core.store import Explored, Status
from core.store.film import FilmFile
from core.training import learn, phases
from core.training.checkpoint import Checkpoints
from core.training.learn import Answer
from core.training.loop import Epoch
from core.worker import notices, termination
from core.worker.followers import followers_of
from core.worker.jobs.datasets import open_dataset
from core.worker.jobs.search_trial import trial_of
from core.worker.patience import patiently

NOTHING = "Cancelled before the first epoch: nothing was learnt."


def train(store, job, say):
    """A run from queued to done, cancelled or failed; each epoch is stored when it ends.

    Where the run's folder has a checkpoint, training goes on from there.
    """
    run_id = job["target"]
    kept = checkpoint_file.newest(store.run_folder(run_id))
    before = kept.head["seconds"] if kept else {}
    values = {"started": time.time() - sum(before.values()), "phase": "reading the dataset"}
    begun = patiently(lambda: store.move("run", run_id, Status.QUEUED, Status.RUNNING, **values))
    run = store.row("run", run_id)
    if not begun and run["status"] != Status.CANCELLING:
        return None  # it was cancelled in the meantime, or had ended before its process was killed
    clock = phases.Clock()
    clock.start("reading")
    adata = open_dataset(store, run["dataset"])
    clock.stop()
    with side_process.NoHelper() if store.settings.inline else side_process.opened(adata.n_obs) as beside:
        return _train(store, job, run, adata, clock, beside, before.get("training", 0.0))


def _train(store, job, run, adata, clock, beside, seconds_before):
    run_id, settings = run["id"], config.parse(run["config"])
    data, folder = store.row("dataset", run["dataset"]), store.run_folder(run["id"])
    film = FilmFile(folder) if store.settings.film else None
    work = learn.learn(
        adata,
        settings,
        folder,
        checkpoints=Checkpoints(folder),
        weights=run_folder.start_weights(folder),
        film=film,
    )
    answer, learnt, n_epochs, trial = None, None, 0, trial_of(store, run)

    def put(**values):
        patiently(lambda: store.set("run", run_id, **values))

    while learnt is None:
        try:
            event = work.send(answer)
        except StopIteration:  # after Answer.PAUSE
            raise termination.Terminated from None
        answer = None
        if isinstance(event, phases.Phase):
            termination.defer(event.name == "training")
            put(phase=event.description)
            is_new = not n_epochs and not checkpoint_file.newest(folder)
            if is_new and store.row("run", run_id)["status"] == Status.CANCELLING:
                _end(store, run_id, Status.CANCELLED, message=NOTHING)
                return None
        elif isinstance(event, learn.Start):
            begun = explore.pictures(beside, event.axes, settings)
            since = time.time() - seconds_before
            facts = learn.start_facts(event).model_copy(update={"training_since": since})
            records, n_epochs = [learn.epoch_record(epoch) for epoch in event.before], len(event.before)
            patiently(lambda records=records: store.set_epochs(run_id, records))
            best = max((epoch.epoch for epoch in event.before if epoch.best), default=None)
            put(facts=facts.record(), n_epochs=event.n_epochs, best_epoch=best)
            followers = followers_of(store.root, run, records)
            if store.row("run", run_id)["status"] == Status.CANCELLING:
                answer = Answer.STOP
        elif isinstance(event, Epoch):
            record, n_epochs = learn.epoch_record(event), event.epoch
            status = patiently(lambda record=record: store.add_epoch(run_id, record))
            followers.epoch(record)
            if event.best:
                put(best_epoch=event.epoch)
            if status == Status.CANCELLING or trial and trial.should_stop(record, facts, facts.n_epochs):
                answer = Answer.STOP
            elif termination.asked():
                answer = Answer.PAUSE
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
    is_analysed = explorable and not run["parent"]  # of the trials of a search the best one alone
    explored = Explored.WORKING if is_analysed else Explored.NOT_STARTED
    pruned = trial.message if trial else ""
    patiently(lambda: _finish(store, job, learnt, facts, explored, pruned))
    followers.end(str(store.row("run", run_id)["status"]))
    notices.ended(store, "run", run_id)
    return None


def _finish(store, job, learnt, facts, explored, pruned):
    """Record the facts, queue the analysis and move the status, all or nothing: wherever this process is killed, a run
    that awaits its analysis has its job, and one that was trained says so. `pruned` says why a trial was stopped, or ""."""
    run_id = job["target"]
    settings = config.parse(store.row("run", run_id)["config"])
    with store.transaction():
        store.set("run", run_id, facts=facts.record(), explored=explored)
        if explored == Explored.WORKING:
            store.submit(job["owner"], "short", "explore", run_id, token=f"explore:{run_id}")
        if learnt.failure:
            _end(store, run_id, Status.FAILED, message=learn.why_failed(learnt, settings))
        elif pruned:
            _end(store, run_id, Status.CANCELLED, message=pruned)
        elif not _end(store, run_id, Status.DONE, (Status.RUNNING,)):
            n, best = len(learnt.epochs), learnt.best_epoch
            message = f"Cancelled after epoch {n}; the weights of epoch {best} were kept."
            _end(store, run_id, Status.CANCELLED, message=message)


def _end(store, run_id, status, old=(Status.RUNNING, Status.CANCELLING), **values):
    """Move a run to the status that it ends with; False where another came first."""
    return store.move("run", run_id, old, status, ended=time.time(), phase="", **values)
