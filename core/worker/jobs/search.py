"""The job that takes a step of a search: it takes up the results of trials that have ended and queues the next trial."""

import time

from core.analysis import search_objective
from core.config import parse
from core.config.run_facts import RunFacts
from core.config.search import OBJECTIVES, SearchRecord
from core.errors import UserError
from core.export import run_folder
from core.store import ACTIVE, Explored, Missing, Status
from core.store.searches import seconds_spent, value_by_epoch
from core.worker import notices
from core.worker.jobs.trained_runs import load_run

STUDY = "trials.journal"
HOPELESS = 10  # trials that failed, without one that did not: the search ends
CANCELLED = "Cancelled by a person."


def study_of(store, row):
    """The SearchStudy of a search, and its SearchRecord."""
    from core.analysis.search_study import SearchStudy  # it loads optuna

    record = SearchRecord.upgraded(row["record"])
    folder = store.root / "searches" / row["id"]
    folder.mkdir(parents=True, exist_ok=True)
    return SearchStudy(record, folder / STUDY, record.base.get("seed", 0)), record


def take_step(store, job, say):
    """Settle the trials that have ended, then queue the next one or end the search."""
    row = store.row("search", job["target"])
    if row["status"] != Status.RUNNING:
        return
    view = store.of(row["owner"])
    study, record = study_of(store, row)
    known = {trial["number"]: trial for trial in (row["result"] or {}).get("trials", ())}
    for number, run_id in study.open_trials():
        say("Reading the result of a trial.")
        trial = _result(store, record, number, run_id)
        if trial is None:
            return  # it trains: another step was at work
        known[number] = trial
        study.finish(number, trial["state"], trial["value"])
    for number, trial in known.items():
        if trial["state"] == "running" and number not in dict(study.open_trials()):
            known[number] = _result(store, record, number, trial["run"], "pruned") or trial
    trials = [known[number] for number in sorted(known)]
    store.set("search", row["id"], result=_summary(store, view, row, study, record, trials))
    why = _is_over(record, trials, view.searches.trials(row["id"]))
    proposal = None if why or store.row("search", row["id"])["paused"] else study.propose()
    if proposal is None and not why and not store.row("search", row["id"])["paused"]:
        why = "Every combination was tried."
    if why:
        _end(store, view, row, why)
    elif proposal:
        _begin(store, view, row, study, record, trials, proposal)


def _begin(store, view, row, study, record, trials, proposal):
    """Create and queue the run of a trial; settings that cannot be trained are a failed trial."""
    trial = {"number": proposal.number, "params": proposal.params, "run": None, "value": None, "message": ""}
    name = f"{row['name'][:180]}, trial {len(trials) + 1}"
    try:
        with store.transaction():
            trial["run"] = view.runs.create(
                row["preparation"], record.config(proposal.params), name, parent=row["id"]
            )
            view.runs.train(trial["run"])
        study.name_run(proposal.number, trial["run"])
        trial["state"] = "running"
    except UserError as error:
        trial |= {"state": "failed", "message": str(error)}
        study.finish(proposal.number, "failed")
    result = _summary(store, view, row, study, record, [*trials, trial])
    store.set("search", row["id"], result=result)


def _result(store, record, number, run_id, state="done"):
    """The record of a trial whose run has ended, or None while it trains.

    A run that was stopped or failed gives a failed trial; `state` is that of one that was trained to its end.
    """
    trial = {"number": number, "run": run_id, "params": {}, "value": None, "state": "failed", "message": ""}
    try:
        run = store.row("run", run_id) if run_id else None
    except Missing:
        run = None
    if run is None:
        return trial | {"message": "The run was deleted."}
    if run["status"] in (*ACTIVE, Status.CREATED):
        return None
    trial["params"] = {name: run["config"][name] for name in record.space}
    if run["status"] == Status.FAILED:
        return trial | {"message": run["message"]}
    if state == "pruned":
        return trial | {"state": "pruned", "value": _by_epochs(store, record, run), "message": run["message"]}
    if run["status"] == Status.CANCELLED:
        return trial | {"message": CANCELLED}
    try:
        return trial | {"state": "done", "value": _value(store, record, run)}
    except UserError as error:
        return trial | {"message": str(error)}


def _by_epochs(store, record, run):
    """The best value of the objective over the epochs of a run, or None where it has none by epoch."""
    means = RunFacts.upgraded(run["facts"]).valid_baselines.mean
    epochs = store.epochs(run["id"])
    if not epochs or not OBJECTIVES[record.objective].by_epoch:
        return None
    best = min(epochs, key=lambda epoch: epoch["valid_loss"])  # its weights are kept
    return value_by_epoch(record.objective, best, means)


def _value(store, record, run):
    """The objective of a run that is done."""
    if OBJECTIVES[record.objective].by_epoch:
        return _by_epochs(store, record, run)
    _, trained = load_run(store, run["id"])
    model = None
    if record.objective == "count_split":
        model = run_folder.load_model(store.run_folder(run["id"]) / "model.pt")
    return search_objective.value(record.objective, trained, parse(run["config"]), model)


def best_of(record, trials):
    """The record of the best trial that was trained to its end, or None."""
    done = [trial for trial in trials if trial["state"] == "done" and trial["value"] is not None]
    sign = 1 if OBJECTIVES[record.objective].direction == "minimize" else -1
    return min(done, key=lambda trial: sign * trial["value"], default=None)


def _summary(store, view, row, study, record, trials):
    """What the page shows: trials, importance, the best run, and how it does on cells that the search did not see.

    The best run is one that nobody has deleted.
    """
    existing = {run["id"] for run in view.searches.trials(row["id"])}
    best = best_of(record, [trial for trial in trials if trial["run"] in existing])
    return {
        "trials": trials,
        "importance": study.importance(),
        "best": best and best["run"],
        "best_value": best and best["value"],
        "judged": _judged(store, best["run"]) if best else None,
    }


def _judged(store, run_id):
    """The loss of a run beside PCA's on its test cells, which no trial was chosen by; None where there are none."""
    try:
        facts = RunFacts.upgraded(store.row("run", run_id)["facts"])
    except Missing:
        return None
    if not facts or not facts.n_test or facts.loss is None:
        return None
    difference = facts.loss_difference or (facts.loss.total - facts.test_baselines.pca.total, None)
    return {
        "loss": facts.loss.total,
        "pca": facts.test_baselines.pca.total,
        "mean": facts.test_baselines.mean.total,
        "difference": list(difference),
        "n_cells": facts.n_test,
    }


def _is_over(record, trials, runs):
    """Why a search ends, or ""."""
    failed = [trial for trial in trials if trial["state"] == "failed"]
    if len(failed) == len(trials) >= HOPELESS:
        return f"The first {len(trials)} trials failed."
    if len(trials) >= record.n_trials:
        return f"All {len(trials)} trials are done."
    if record.minutes is not None and seconds_spent(runs, time.time()) >= 60 * record.minutes:
        return f"The {record.minutes:g} minutes are used up."
    return ""


def _end(store, view, row, why):
    """End a search; the clusters of its best run are computed."""
    row = store.row("search", row["id"])
    trials, best = row["result"]["trials"], row["result"]["best"]
    if best_of(SearchRecord.upgraded(row["record"]), trials) is None:
        reasons = [trial["message"] for trial in trials if trial["message"]]
        n = len(trials)
        message = f"No trial was trained to its end ({n} of {n} failed or were stopped)."
        if all(trial["state"] == "failed" for trial in trials):
            message = f"{'The trial' if n == 1 else f'All {n} trials'} failed."
        message += f" The first message was: {reasons[0]}" if reasons else ""
        message += " Change the ranges or the other settings and start a new search."
        store.move("search", row["id"], Status.RUNNING, Status.FAILED, message=message)
        notices.ended(store, "search", row["id"])
        return
    store.move("search", row["id"], Status.RUNNING, Status.DONE, message=why)
    notices.ended(store, "search", row["id"])
    run = view.readable("run", best)
    if run and run["explored"] == Explored.NOT_STARTED:
        view.runs.explore_again(best)
