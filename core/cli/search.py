"""python -m core search FILE --space space.json: search settings on a file, and write the trials as JSON."""

import argparse
import json
import time
from pathlib import Path

from core import settings
from core.cli import FAILED, input_files, say
from core.config import parse, recommended
from core.config.run_facts import Parts
from core.config.search import OBJECTIVES, PRUNERS, SearchRecord, checked, dimension, reserve
from core.errors import UserError

EPILOG = """space.json, for example:
  {"n_latent": [10, 20, 50], "lr": {"low": 0.001, "high": 0.1, "log": true}}
A list is a choice, an object a range ("step" and "log" are optional). The names are those of the options of `train`."""


def add(parser):
    parser.formatter_class, parser.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    input_files.add(parser)
    parser.add_argument(
        "--space", metavar="JSON", required=True, help="a file with the values of each setting"
    )
    parser.add_argument(
        "--config", metavar="JSON", help="a file of the other settings, such as a config.json"
    )
    parser.add_argument("--objective", choices=OBJECTIVES, default="loss", help="what is improved (loss)")
    parser.add_argument(
        "--pruner", choices=PRUNERS, help="which trials stop early (median; none for the last three)"
    )
    parser.add_argument("--trials", type=int, default=20, metavar="N", help="how many runs are trained (20)")
    parser.add_argument("--minutes", type=float, metavar="M", help="no trial begins after these (no limit)")
    parser.add_argument("--out", metavar="FILE.json", help="a file for the trials (standard output)")


def run(arguments):
    """Search and print the trials; returns 0, or 1 where every trial failed."""
    record, base = _record(arguments)
    settings.limit_threads()  # before anything below imports numpy's or torch's libraries
    from core.data import check_trainable, checks, read

    read.SERVER.start()
    adata = input_files.read_file(arguments)
    check_trainable(checks.examine(adata).record()["findings"])
    config = parse(base)
    base |= reserve(config, adata.n_obs)
    result = search(adata, record.model_copy(update={"base": base}))
    text = json.dumps(result | {"file": arguments.file}, indent=2)
    if arguments.out:
        Path(arguments.out).write_text(text)
    else:
        print(text)
    if result["best"] is None:
        say(f"Every trial failed. The first message was: {result['trials'][0]['message']}")
        return FAILED
    say(_summary(result, record))
    return 0


def _record(arguments):
    """(SearchRecord, the base settings) of the options; raises UserError."""
    space = _json(arguments.space, "space")
    space = {name: dimension(name, values).record() for name, values in space.items()}
    base = recommended().model_dump(exclude_unset=True)
    if arguments.config:
        from core.cli.train import settings_in

        base |= settings_in(arguments.config)
    by_epoch = OBJECTIVES[arguments.objective].by_epoch
    record = SearchRecord(
        base=base,
        space=space,
        objective=arguments.objective,
        pruner=arguments.pruner or ("median" if by_epoch else "none"),
        n_trials=arguments.trials,
        minutes=arguments.minutes,
    )
    return checked(record), base


def _json(path, what):
    try:
        values = json.loads(Path(path).read_text())
    except OSError as error:
        raise UserError(f"The {what} in '{path}' cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise UserError(f"'{path}' is not JSON ({error}).") from None
    if not isinstance(values, dict):
        raise UserError(f"'{path}' should contain one JSON object, such as {{\"n_latent\": [10, 20]}}.")
    return values


def search(adata, record):
    """The trials of a SearchRecord on an AnnData, the best one, and its loss on cells that no trial was chosen by."""
    from core.analysis.search_study import SearchStudy

    study = SearchStudy(record, seed=record.base.get("seed", 0))
    sign = 1 if OBJECTIVES[record.objective].direction == "minimize" else -1
    trials, best, judged, begun = [], None, None, time.monotonic()
    while len(trials) < record.n_trials:
        if record.minutes is not None and time.monotonic() - begun > 60 * record.minutes:
            break
        if (proposal := study.propose()) is None:
            say("Every combination was tried.")
            break
        trial, losses = _trial(adata, study, record, proposal)
        study.finish(proposal.number, trial["state"], trial["value"])
        trials.append(trial)
        say(f"  trial {len(trials)}: {trial['params']} {trial['state']} {trial['value'] or trial['message']}")
        if trial["state"] == "done" and (best is None or sign * trial["value"] < sign * best["value"]):
            best, judged = trial, losses
    return {"objective": record.objective, "trials": trials, "best": best, "judged": judged} | {
        "importance": study.importance()
    }


def _trial(adata, study, record, proposal):
    """(the record of a trial, its losses on the test cells or None)."""
    from core.analysis import explore, search_objective
    from core.store.searches import value_by_epoch
    from core.training import learn

    trial = {
        "number": proposal.number,
        "params": proposal.params,
        "state": "done",
        "value": None,
        "message": "",
    }
    try:
        config = parse(record.config(proposal.params))
        work, answer, event, means = learn.learn(adata.copy(), config), None, None, None
        while not isinstance(event, learn.Learnt):
            event = work.send(answer)
            answer = None
            if isinstance(event, learn.Start):
                means, n_epochs = event.on_valid.mean, event.n_epochs
            elif isinstance(event, learn.Epoch):
                value = value_by_epoch(record.objective, learn.epoch_record(event), means)
                if study.report(proposal.number, value, event.epoch / n_epochs):
                    trial |= {"state": "pruned", "message": f"after epoch {event.epoch}"}
                    answer = learn.Answer.STOP
    except UserError as error:
        return trial | {"state": "failed", "message": str(error)}, None
    if event.failure:
        return trial | {"state": "failed", "message": learn.why_failed(event, config)}, None
    if OBJECTIVES[record.objective].by_epoch:
        kept = next(epoch for epoch in event.epochs if epoch.epoch == event.best_epoch)
        trial["value"] = value_by_epoch(record.objective, learn.epoch_record(kept), means)
    else:
        trained = explore.trained_run(event)
        model = _model(event) if record.objective == "count_split" else None
        trial["value"] = search_objective.value(record.objective, trained, event.start.config, model)
    losses = {"loss": event.loss, "pca": event.start.on_scored.pca, "mean": event.start.on_scored.mean}
    return trial, {name: Parts(*each).total for name, each in losses.items()} | {
        "n_cells": len(event.start.split.test)
    }


def _model(learnt):
    """The network of a Learnt, in evaluation mode."""
    from core import models

    matrix = learnt.start.matrix
    model = models.build(learnt.start.config, matrix.n_genes, matrix.n_proteins, len(matrix.batch_names))
    model.load_state_dict(learnt.weights)
    return model.eval()


def _summary(result, record):
    best, judged = result["best"], result["judged"]
    label = OBJECTIVES[record.objective].label.lower()
    return (
        f"Best of {len(result['trials'])} trials: {best['params']}, {label} {best['value']:.4f} on validation cells; loss on "
        f"{judged['n_cells']} test cells that no trial was chosen by: {judged['loss']:.4f} (PCA {judged['pca']:.4f})."
    )
