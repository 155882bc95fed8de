"""How a run stands, in words and numbers: for every page that says it."""

import time

from dash import dcc, html

from core import figures
from core.config import RunConfig
from core.store import ACTIVE, Explored, Status
from core.text import duration
from core.training import phases
from dashboard.components.widgets import more, notice, number, table, tile

# By facts["path"], which core.training.dataloader chooses.
PATH_WORDS = {
    "sparse": "Sparse arithmetic: exact, and worked out only where a value is not zero.",
    "dense": "Dense arithmetic.",
    "resident dense": "All values lie on the GPU.",
    "resident sparse": "All values that are not zero lie on the GPU; batches are made dense there.",
    "streamed": "The values do not fit on the GPU: they come a batch at a time.",
}
WORDS = {
    Status.CREATED: "Ready to train",
    Status.QUEUED: "Waiting in the queue",
    Status.RUNNING: "Training",
    Status.CANCELLING: "Stopping after this epoch",
    Status.DONE: "Training complete",
    Status.CANCELLED: "Cancelled",
    Status.FAILED: "Failed",
}


def working(run):
    """The class of the animation: how it looks tells a GPU from a CPU; empty while nothing moves."""
    if run["status"] not in (Status.RUNNING, Status.CANCELLING):
        return ""
    return "nuwa-working " + ("gpu" if (run["facts"] or {}).get("device_used") == "cuda" else "cpu")


def status(store, view, run, epochs):
    """Where the run stands, in a line or two."""
    words = [html.Strong(WORDS[run["status"]])]
    facts = run["facts"] or {}
    if run["status"] == Status.QUEUED:
        ahead = store.jobs_ahead(view.jobs.last(run["id"], "train"))
        words.append(
            f": {ahead} {'run is' if ahead == 1 else 'runs are'} ahead."
            if ahead
            else ": the worker takes it now."
        )
    elif run["status"] in (Status.RUNNING, Status.CANCELLING):
        words.append(f" on the {'GPU' if facts.get('device_used') == 'cuda' else 'CPU'}" if facts else "")
        words.append(f": epoch {len(epochs)} of {run['n_epochs']}" if epochs else f": {run['phase']}")
    elif run["message"]:
        words.append(f". {run['message']}")
    if facts:
        words.append(
            html.Div(f"{facts['device_why']} {PATH_WORDS.get(facts.get('path'), '')}", className="help")
        )
    return words


def tiles(run, epochs):
    """The numbers that matter: the losses against their baselines, the best epoch, the speed, the time left."""
    if not epochs:
        return []
    facts, last = run["facts"], epochs[-1]
    baselines = facts["yardsticks"]["valid"]
    best = min(epochs, key=lambda e: e["valid_loss"])
    over_pca, over_mean = (over(best["valid_loss"], baselines[name]) for name in ("pca", "mean"))
    against = f"{compared(over_pca)} PCA ({number(baselines['pca']['total'])})"
    recent = [e["seconds"] for e in epochs[-5:]]
    pace = sum(recent) / len(recent)
    shown = [
        tile("Epoch", f"{len(epochs)} / {run['n_epochs']}", f"best: {best['epoch']}"),
        tile("Training loss", number(last["train_loss"])),
        tile("Validation loss", number(last["valid_loss"]), f"best {number(best['valid_loss'])}"),
        tile("Against PCA", f"{100 * over_pca:+.1f} %", against, "good" if over_pca < 0 else "warn"),
        tile(
            "Against the mean",
            f"{100 * over_mean:+.1f} %",
            f"of {number(baselines['mean']['total'])}",
        ),
        tile("Speed", f"{facts['n_train'] / pace:,.0f}", "cells per second"),
    ]
    if run["status"] in ACTIVE:
        an_epoch = (time.time() - facts["training_since"]) / len(epochs)
        shown.append(tile("Time left", duration((run["n_epochs"] - len(epochs)) * an_epoch), "at this pace"))
    elif run["started"] and run["ended"]:
        shown.append(tile("It took", duration(run["ended"] - run["started"]), "from the data to the latent"))
    return shown


def over(loss, baseline):
    """How far a loss lies over a baseline, as a share of it: -0.1 is a tenth below."""
    return loss / max(baseline["total"], 1e-12) - 1


def compared(share):
    """Such a share in words."""
    return f"{abs(100 * share):.1f} % {'below' if share < 0 else 'above'}"


def advice(run):
    """What usually helps a run that PCA beats, by where its best epoch lies."""
    if run["best_epoch"] < 0.8 * run["n_epochs"]:
        return "the validation loss was best early, so it over-fits. Fewer hidden units or early stopping may help."
    return "it was still learning. More epochs or a higher learning rate may help."


def against_baselines(run, epochs):
    """The final losses, and where the kept weights' loss stands, in a sentence."""
    last, best = epochs[-1], epochs[run["best_epoch"] - 1]
    baselines = run["facts"]["yardsticks"]["valid"]
    pca, mean = (compared(over(best["valid_loss"], baselines[name])) for name in ("pca", "mean"))
    return (
        f"Final training loss {number(last['train_loss'])}, validation loss {number(last['valid_loss'])}. The weights of "
        f"epoch {best['epoch']} are kept, the best: {number(best['train_loss'])} on training cells and "
        f"{number(best['valid_loss'])} on validation cells, {pca} PCA's and {mean} the mean's there."
    )


def next_step(run, epochs):
    """What can be done once the run is over."""
    if run["status"] in (*ACTIVE, Status.CREATED):
        return []
    parts = []
    if epochs and run["best_epoch"]:
        parts.append(html.P(against_baselines(run, epochs)))
    if run["status"] == Status.DONE:
        facts = run["facts"]
        ours, pca = facts["loss"]["total"], facts["yardsticks"]["judges"]["pca"]["total"]
        where = "test cells" if facts["n_test"] else "validation cells (chosen on)"
        verdict = (
            f"Loss on {facts['n_test'] or facts['n_valid']:,} {where}: {number(ours)}, PCA {number(pca)}. "
        )
        if ours < pca:
            parts.append(
                notice(verdict + "The model does better than the best linear one of this size.", "good")
            )
        else:
            parts.append(notice(f"{verdict}PCA does as well or better: {advice(run)}", "warn"))
    parts += [notice(words, "warn") for words in (run["facts"] or {}).get("happened", [])]
    if notes := (run["facts"] or {}).get("notes"):
        parts.append(more("What was done to the data", html.Ul([html.Li(words) for words in notes])))
    if run["explored"] == Explored.READY and (seconds := run["facts"].get("phases")):
        parts.append(
            more("Where the time went", table(["", "seconds", "share"], phases.table(seconds), (1, 2)))
        )
    if run["explored"] == Explored.WORKING:
        parts.append(notice("Neighbours, clusters and pictures of the latent space are being computed ..."))
    elif run["explored"] == Explored.FAILED:
        parts.append(
            notice("The clusters of this run could not be computed: the Clusters page says why.", "bad")
        )
    links = []
    if run["explored"] in (Explored.READY, Explored.FAILED):
        words = "See the clusters" if run["explored"] == Explored.READY else "To the clusters"
        links.append(dcc.Link(words, href=f"/clusters?run={run['id']}", className="btn btn-primary"))
    links.append(
        dcc.Link("Change the settings", href=f"/model?run={run['id']}", className="btn btn-outline-primary")
    )
    return [*parts, html.Div(links, className="nuwa-actions")]


def loss(view, run_id, log, part, theme):
    """The loss curve of a run as far as it has come."""
    run = view.runs.one(run_id)
    baselines = (run["facts"] or {}).get("yardsticks", {}).get("valid")
    return figures.loss_curve(
        view.runs.epochs(run_id),
        baselines,
        log=bool(log),
        part=part,
        best_epoch=run["best_epoch"],
        n_epochs=run["n_epochs"],
        theme=theme,
        n_latent=run["config"]["n_latent"],
        words=RunConfig(**run["config"]).loss_words,
    )
