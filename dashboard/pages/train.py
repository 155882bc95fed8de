"""Train: submit a run or follow it, see its loss beside the yardsticks, stop it."""

import uuid

import dash_bootstrap_components as dbc
from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core import figures
from core.store import ACTIVE
from dashboard import follow, ids, session
from dashboard.components import card, empty, graph, more, notice, number, tile

PATH, TITLE = "/train", "Train"

WORDS = {
    "created": "Ready to train",
    "queued": "Waiting in the queue",
    "running": "Training",
    "cancelling": "Stopping after this epoch",
    "done": "Training complete",
    "cancelled": "Cancelled",
    "failed": "Failed",
}


def layout(view, here):
    run = here.run
    if run is None:
        return empty(
            "No run yet. Create a model first.", here.link("/model"), "Create a model", "bi-graph-down"
        )
    parts = [{"label": "Total", "value": "total"}, {"label": "RNA", "value": "rna"}]
    if view.preparation(run["preparation"])["record"]["n_proteins"]:
        parts.append({"label": "Protein", "value": "protein"})
    return html.Div(
        [
            dcc.Store(id=ids.PAGE, data=uuid.uuid4().hex),
            dcc.Store(id=ids.RUN, data=run["id"]),
            dcc.Store(id=ids.ATTACH),
            dcc.Store(id=ids.TICK),
            dcc.Store(id=ids.FINISHED),
            card(
                None,
                html.Div(
                    [
                        html.Span(id=ids.WORKING),
                        html.Div(id=ids.STATUS, role="status", className="nuwa-status"),
                        html.Button("Train", id=ids.TRAIN, className="btn btn-primary btn-lg"),
                        html.Button(
                            "Cancel", id=ids.CANCEL, className="btn btn-outline-danger", disabled=True
                        ),
                    ],
                    className="nuwa-trainbar",
                ),
                html.Div(
                    dbc.Progress(id=ids.BAR, value=0, style={"height": "8px"}), **{"aria-hidden": "true"}
                ),
                html.Div(id=ids.TILES, className="nuwa-tiles"),
                html.Div(id=ids.TRAIN_NEXT),
            ),
            card(
                "Loss convergence",
                html.Div(
                    [
                        dbc.RadioItems(options=parts, value="total", id=ids.LOSS_PART, inline=True),
                        dbc.Switch(id=ids.LOSS_LOG, value=False, label="Logarithmic axis"),
                    ],
                    className="nuwa-actions",
                ),
                graph(
                    ids.LOSS,
                    "Training and validation loss by epoch, with the yardsticks",
                    style={"height": "420px"},
                ),
                more(
                    "How to read this",
                    html.P(
                        "The loss is the mean squared difference between what went in and what came back, RNA and "
                        "protein by their weights. The training curve is what the model has seen, the validation curve "
                        "what it has not; when the second rises while the first falls, it is learning by heart "
                        "(over-fitting): dropout, fewer units or early stopping help."
                    ),
                    html.P(
                        "The dashed lines are yardsticks on the same validation cells: predicting the training mean for "
                        "everybody, and PCA, the best linear autoencoder with as many dimensions. A good model ends "
                        "below PCA; one near the mean has learnt nothing."
                    ),
                ),
            ),
        ]
    )


def register(app, store):
    @app.callback(Output(ids.ATTACH, "data"), Input(ids.RUN, "data"))
    def on_load(run_id):
        """A reloaded page or a second tab finds the run at work and follows it."""
        row = store.of(session.user()).readable("run", run_id)
        at_work = row is not None and (row["status"] in ACTIVE or row["explored"] == "working")
        return [run_id, uuid.uuid4().hex] if at_work else no_update

    @app.callback(
        Output(ids.FINISHED, "data"),
        Input(ids.TRAIN, "n_clicks"),
        Input(ids.ATTACH, "data"),
        State(ids.RUN, "data"),
        State(ids.PAGE, "data"),
        background=True,
        prevent_initial_call=True,
        interval=400,
        progress=[Output(ids.TICK, "data")],
        running=[(Output(ids.TRAIN, "disabled"), True, False), (Output(ids.CANCEL, "disabled"), False, True)],
        cancel=[Input(ids.CANCEL, "n_clicks")],
    )
    def train(set_progress, clicks, attach, run_id, page):
        """Submit or follow: the worker owns the run, and losing this callback loses nothing."""
        if ctx.triggered_id == ids.TRAIN:
            if not clicks:
                raise PreventUpdate
            store.of(session.LOCAL).train(run_id, page)
        elif not attach:
            raise PreventUpdate
        return follow.run(store, session.LOCAL, run_id, lambda mark: set_progress((mark,)))

    # Dash holds back every callback that listens to an output of a long callback at work. So what is drawn listens
    # to the ticks alone, and the end of the long callback reaches them round the graph.
    app.clientside_callback(
        f"mark => {{ if (mark) dash_clientside.set_props('{ids.TICK}', {{data: mark}}) }}",
        Input(ids.FINISHED, "data"),
    )

    app.clientside_callback(  # the long callback needs a second to begin: the press is answered at once
        "n => n ? 'Handing the run to the worker ...' : window.dash_clientside.no_update",
        Output(ids.STATUS, "children", allow_duplicate=True),
        Input(ids.TRAIN, "n_clicks"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(ids.ATTACH, "data", allow_duplicate=True),
        Input(ids.CANCEL, "n_clicks"),
        State(ids.RUN, "data"),
        prevent_initial_call=True,
    )
    def cancel(clicks, run_id):
        """Ask the worker to stop, then follow it to the end: what was learnt is kept."""
        if not clicks:
            raise PreventUpdate
        store.of(session.user()).cancel(run_id)
        return [run_id, uuid.uuid4().hex]

    @app.callback(
        Output(ids.STATUS, "children"),
        Output(ids.WORKING, "className"),
        Output(ids.TILES, "children"),
        Output(ids.BAR, "value"),
        Output(ids.TRAIN_NEXT, "children"),
        Output(ids.TRAIN, "style"),
        Output(ids.CANCEL, "style"),
        Input(ids.TICK, "data"),
        State(ids.RUN, "data"),
    )
    def show(_, run_id):
        view = store.of(session.user())
        run, epochs = view.run(run_id), view.epochs(run_id)
        at_work = run["status"] in ACTIVE
        hidden = {"display": "none"}
        return (
            status(store, view, run, epochs),
            working(run),
            tiles(run, epochs),
            100 * len(epochs) / run["n_epochs"] if run["n_epochs"] else 0,
            next_step(run),
            None if run["status"] == "created" else hidden,
            None if at_work else hidden,
        )

    @app.callback(
        Output(ids.LOSS, "figure"),
        Input(ids.TICK, "data"),
        Input(ids.LOSS_LOG, "value"),
        Input(ids.LOSS_PART, "value"),
        Input(ids.THEME, "data"),
        State(ids.RUN, "data"),
    )
    def draw_loss(_, log, part, theme, run_id):
        return loss(store.of(session.user()), run_id, log, part, theme)


def loss(view, run_id, log, part, theme):
    """The loss curve of a run as far as it has come."""
    run = view.run(run_id)
    sticks = (run["facts"] or {}).get("yardsticks", {}).get("valid")
    return figures.loss_curve(
        view.epochs(run_id),
        sticks,
        log=bool(log),
        part=part,
        best_epoch=run["best_epoch"],
        n_epochs=run["n_epochs"],
        theme=theme,
        n_latent=run["config"]["n_latent"],
    )


def working(run):
    """The class of the animation: how it looks tells a GPU from a CPU; empty while nothing moves."""
    if run["status"] not in ("running", "cancelling"):
        return ""
    return "nuwa-working " + ("gpu" if (run["facts"] or {}).get("device_used") == "cuda" else "cpu")


def status(store, view, run, epochs):
    """Where the run stands, in a line or two."""
    words = [html.Strong(WORDS[run["status"]])]
    facts = run["facts"] or {}
    if run["status"] == "queued":
        ahead = store.jobs_ahead(view.training_job(run["id"]))
        words.append(
            f": {ahead} {'run is' if ahead == 1 else 'runs are'} ahead."
            if ahead
            else ": the worker takes it now."
        )
    elif run["status"] in ("running", "cancelling"):
        words.append(f" on the {'GPU' if facts.get('device_used') == 'cuda' else 'CPU'}" if facts else "")
        words.append(f": epoch {len(epochs)} of {run['n_epochs']}" if epochs else f": {run['phase']}")
    elif run["message"]:
        words.append(f". {run['message']}")
    if facts:
        words.append(html.Div(facts["device_why"], className="help"))
    return words


def tiles(run, epochs):
    """The numbers that matter: the losses against their yardsticks, the best epoch, the speed, the time left."""
    if not epochs:
        return []
    facts, last = run["facts"], epochs[-1]
    sticks = facts["yardsticks"]["valid"]
    best = min(epochs, key=lambda e: e["valid_loss"])
    over_pca = best["valid_loss"] / sticks["pca"]["total"] - 1
    against = f"{abs(100 * over_pca):.1f} % {'below' if over_pca < 0 else 'above'} PCA ({number(sticks['pca']['total'])})"
    recent = [e["seconds"] for e in epochs[-5:]]
    pace = sum(recent) / len(recent)
    shown = [
        tile("Epoch", f"{len(epochs)} / {run['n_epochs']}", f"best: {best['epoch']}"),
        tile("Training loss", number(last["train_loss"])),
        tile("Validation loss", number(last["valid_loss"]), f"best {number(best['valid_loss'])}"),
        tile("Against PCA", f"{100 * over_pca:+.1f} %", against, "good" if over_pca < 0 else "warn"),
        tile(
            "Against the mean",
            f"{100 * (best['valid_loss'] / sticks['mean']['total'] - 1):+.1f} %",
            f"of {number(sticks['mean']['total'])}",
        ),
        tile("Speed", f"{facts['n_train'] / pace:,.0f}", "cells per second"),
    ]
    if run["status"] in ACTIVE:
        left = (
            (run["n_epochs"] - len(epochs)) * pace * 1.3
        )  # the measuring between two passes takes about a third
        shown.append(tile("Time left", duration(left)))
    elif run["started"] and run["ended"]:
        shown.append(tile("It took", duration(run["ended"] - run["started"])))
    return shown


def duration(seconds):
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def advice(run):
    """What usually helps a run that PCA beats, by where its best epoch lies."""
    if run["best_epoch"] < 0.8 * run["n_epochs"]:
        return "the validation loss was best early, so it over-fits. Fewer hidden units or early stopping may help."
    return "it was still learning. More epochs or a higher learning rate may help."


def next_step(run):
    """What can be done once the run is over."""
    if run["status"] in (*ACTIVE, "created"):
        return []
    parts = []
    if run["status"] == "done":
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
    if notes := (run["facts"] or {}).get("notes"):
        parts.append(more("What was done to the data", html.Ul([html.Li(words) for words in notes])))
    if run["explored"] == "working":
        parts.append(notice("Neighbours, clusters and pictures of the latent space are being computed ..."))
    elif run["explored"] == "failed":
        parts.append(
            notice("The latent space could not be drawn. The server's worker.log has the details.", "bad")
        )
    links = []
    if run["explored"] == "ready":
        links.append(
            dcc.Link("See the clusters", href=f"/clusters?run={run['id']}", className="btn btn-primary")
        )
    links.append(
        dcc.Link("Change the settings", href=f"/model?run={run['id']}", className="btn btn-outline-primary")
    )
    return [*parts, html.Div(links, className="nuwa-actions")]
