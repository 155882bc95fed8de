"""The status of a run in words and numbers, for every page that shows it."""

import time

from dash import dcc, html

from core import figures
from core.config import RunConfig
from core.config.models import MODELS
from core.config.run_facts import RunFacts
from core.store import ACTIVE, Explored, Status
from core.text import duration, interval
from core.training import phases
from core.training.pca_comparison import above_baseline, against_pca, noise_words, standing
from dashboard.components import job_titles
from dashboard.components.widgets import more, notice, number, table, tile
from dashboard.pages.run_diagnosis import diagnosis_of, shown

# By facts["path"], which core.training.dataloader chooses.
PATH_TEXT = {
    "sparse": "Sparse arithmetic: exact, and computed only where a value is not zero.",
    "dense": "Dense arithmetic.",
    "resident dense": "All values are kept on the GPU.",
    "resident sparse": "All non-zero values are kept on the GPU; minibatches are made dense there.",
    "streamed": "The values do not fit on the GPU: they are loaded one minibatch at a time.",
}
STATUS_TEXT = {
    Status.CREATED: "Ready to train",
    Status.QUEUED: "Waiting in the queue",
    Status.RUNNING: "Training",
    Status.CANCELLING: "Stopping after this epoch",
    Status.DONE: "Training complete",
    Status.CANCELLED: "Cancelled",
    Status.FAILED: "Failed",
}
COPIED = (
    "A loss rewards copied noise as well: see the count-split score on the Clusters page, which does not."
)
OLD_PCA = (
    "The PCA of this run was computed by an earlier version, whose counts were too low, so its loss is too high. Train the "
    "model again to compare them."
)


def working(run):
    """The class of the animation, which differs for GPU and CPU; empty while nothing runs."""
    if run["status"] not in (Status.RUNNING, Status.CANCELLING):
        return ""
    return f"nuwa-working {'gpu' if on_gpu(RunFacts.upgraded(run['facts'])) else 'cpu'}"


def status(view, run, n_epochs):
    """The status of a run after `n_epochs`, in a line or two."""
    parts = [html.Strong(STATUS_TEXT[run["status"]])]
    facts = RunFacts.upgraded(run["facts"])
    if run["status"] == Status.QUEUED:
        parts.append(f". {job_titles.waiting(view, view.jobs.last(run['id'], 'train'), time.time())}")
    elif run["status"] in (Status.RUNNING, Status.CANCELLING):
        parts.append(f" on the {'GPU' if on_gpu(facts) else 'CPU'}" if facts else "")
        parts.append(
            f": epoch {n_epochs} of {run['n_epochs']}" if n_epochs and facts else f": {run['phase']}"
        )
    elif run["message"]:
        parts.append(f". {run['message']}")
    if facts:
        path = PATH_TEXT.get(facts.path, "")
        parts.append(html.Div(f"{facts.device_why} {path}", className="help"))
    return parts


def on_gpu(facts):
    """Does a run train on the GPU, by its RunFacts or None?"""
    return facts is not None and facts.device_used == "cuda"


def tiles(run, so_far):
    """The numbers that matter: losses against the baselines, the best epoch, the speed, the time left.

    `so_far`: dashboard.pages.train.history.SoFar.
    """
    facts, n, last, best = RunFacts.upgraded(run["facts"]), so_far.n, so_far.last, so_far.best
    if not n or facts is None:  # an extension has the epochs of its first run before it has begun
        return []
    baselines = facts.valid_baselines
    pca, mean = (above_baseline(best["valid_loss"], losses) for losses in (baselines.pca, baselines.mean))
    note, look = (
        f"{compared(pca)} PCA{_size(baselines)} ({number(baselines.pca.total)})",
        "good" if pca < 0 else "warn",
    )
    if old_pca(run, facts):
        note, look = "PCA of an earlier version, too weak", "warn"
    recent = [epoch["seconds"] for epoch in so_far.recent]
    pace = sum(recent) / len(recent)
    parts = [
        tile("Epoch", f"{n} / {run['n_epochs']}", f"best: {best['epoch']}"),
        tile("Training loss", number(last["train_loss"])),
        tile("Validation loss", number(last["valid_loss"]), f"best {number(best['valid_loss'])}"),
        tile("Against PCA", f"{100 * pca:+.1f} %", note, look),
        *_against_regression(best["valid_loss"], baselines),
        tile("Against the mean", f"{100 * mean:+.1f} %", f"of {number(baselines.mean.total)}"),
        tile("Speed", f"{facts.n_train / pace:,.0f}", "cells per second"),
    ]
    if run["status"] in ACTIVE:
        an_epoch = (time.time() - facts.training_since) / n
        parts.append(tile("Time left", duration((run["n_epochs"] - n) * an_epoch), "at this speed"))
    elif run["started"] and run["ended"]:
        seconds = duration(run["ended"] - run["started"])
        parts.append(tile("Duration", seconds, "from loading data to latent space"))
    return parts


def _size(baselines):
    """The number of dimensions of a PCA whose size was chosen, as " of 7 dimensions"; "" of one that has the model's."""
    return f" of {baselines.pca_size} dimensions" if baselines.pca_size else ""


def _against_regression(loss, baselines):
    """The tile of the linear regression from the part of the molecules that is seen to the other, where there is one."""
    if not baselines.regression:
        return []
    above, value = above_baseline(loss, baselines.regression), number(baselines.regression.total)
    look = "good" if above < 0 else "warn"
    return [tile("Against regression", f"{100 * above:+.1f} %", f"linear regression ({value})", look)]


def compared(share):
    """A share above a baseline in words."""
    return f"{abs(100 * share):.1f} % {'below' if share < 0 else 'above'}"


def against_baselines(run, epochs):
    """The final losses, and the loss of the kept weights against the baselines, in three sentences."""
    last, best = epochs[-1], epochs[run["best_epoch"] - 1]
    baselines, loss = RunFacts.upgraded(run["facts"]).valid_baselines, best["valid_loss"]
    pca, mean = (compared(above_baseline(loss, losses)) for losses in (baselines.pca, baselines.mean))
    regression = ""
    if baselines.regression:
        regression = f", {compared(above_baseline(loss, baselines.regression))} a linear regression"
    return (
        f"Final training loss {number(last['train_loss'])}, validation loss {number(last['valid_loss'])}. The weights of "
        f"the best epoch, {best['epoch']}, are kept: loss {number(best['train_loss'])} on training cells and "
        f"{number(best['valid_loss'])} on validation cells. That is {pca} PCA{_size(baselines)}{regression} and {mean} the mean."
    )


def judged_on(facts):
    """The cells of a run's final loss in words, such as "test cells"."""
    return "test cells" if facts.n_test else "validation cells; no test set"


def next_step(run, epochs, diagnosis):
    """The diagnosis of a run, and what a finished one shows and offers."""
    parts = shown(run, diagnosis)
    if run["status"] in (*ACTIVE, Status.CREATED):
        return parts
    if epochs and run["best_epoch"]:
        parts.append(html.P(against_baselines(run, epochs)))
    if run["status"] == Status.DONE:
        parts.append(_outcome(run))
    facts = RunFacts.upgraded(run["facts"])
    parts += [notice(message, "warn") for message in (facts.happened if facts else ())]
    if facts and (notes := facts.notes):
        parts.append(more("How the data were preprocessed", html.Ul([html.Li(message) for message in notes])))
    parts += _exploration(run)
    links = []
    if run["explored"] in (Explored.READY, Explored.FAILED):
        label = "See the clusters" if run["explored"] == Explored.READY else "Go to Clusters"
        links.append(dcc.Link(label, href=f"/clusters?run={run['id']}", className="btn btn-primary"))
    settings = f"/model?run={run['id']}"
    links.append(dcc.Link("Change the settings", href=settings, className="btn btn-outline-primary"))
    return [*parts, html.Div(links, className="nuwa-actions")]


def old_pca(run, facts):
    """Is PCA of a count model's run that of an earlier version, whose counts were too low?"""
    return MODELS[run["config"]["model"]].reads_counts and not facts.count_baselines


def _outcome(run):
    """How the loss stands against PCA's, as a notice."""
    facts = RunFacts.upgraded(run["facts"])
    model, pca = facts.loss.total, facts.test_baselines.pca.total
    n = facts.n_test or facts.n_valid
    difference = facts.loss_difference or (model - pca, None)  # runs of earlier versions have no error
    size, settings = _size(facts.test_baselines), RunConfig(**run["config"])
    losses = (
        f"Loss {number(model)}, PCA{size} {number(pca)}, on {n:,} {judged_on(facts)}: "
        f"a difference of {interval(*difference)}."
    )
    copied = "" if settings.splits_counts else COPIED  # a loss of molecules not seen does not reward it
    if old_pca(run, facts):
        return notice(f"{losses} {OLD_PCA}", "warn")
    record, stands = MODELS[run["config"]["model"]], standing(difference)
    better, good_for = against_pca(run["scores"], record.reads_counts)
    if stands == "level":
        sentences = [losses, noise_words(n, judged_on(facts)), copied]
    elif stands == "below":
        what = "PCA of any size" if settings.splits_counts else record.pca
        sentences = [losses, f"The loss is below that of {what}.", copied]
    else:
        sentences = [losses, f"PCA reconstructs these cells better. {better}", good_for]
    return notice([html.P(one) for one in sentences if one], {"below": "good"}.get(stands, "info"))


def _exploration(run):
    """How long each phase took, or that the clusters are computed or failed."""
    if run["explored"] == Explored.WORKING:
        return [notice("Neighbours, clusters and maps of the latent space are being computed ...")]
    if run["explored"] == Explored.FAILED:
        return [
            notice(
                "The clusters of this run could not be computed. See the reason on the Clusters page.", "bad"
            )
        ]
    if run["explored"] == Explored.READY and (seconds := RunFacts.upgraded(run["facts"]).phases):
        rows = phases.table(seconds)
        return [more("Time of each phase", table(["", "seconds", "share"], rows, numeric=(1, 2)))]
    return []


def loss(view, run_id, log, part, theme):
    """The loss curve of a run so far."""
    run = view.runs.one(run_id)
    facts, epochs = RunFacts.upgraded(run["facts"]), view.runs.epochs(run_id)
    figure = figures.loss_curve(
        epochs,
        facts and facts.valid_baselines,
        log=bool(log),
        part=part,
        best_epoch=run["best_epoch"],
        n_epochs=run["n_epochs"],
        theme=theme,
        n_latent=run["config"]["n_latent"],
        loss_label=RunConfig(**run["config"]).loss_label,
    )
    diagnosis = diagnosis_of(run, epochs)
    if diagnosis and diagnosis.evidence and diagnosis.evidence.part in ("total", part):
        figures.mark_evidence(figure, diagnosis.evidence, diagnosis.case, theme)
    return figure
