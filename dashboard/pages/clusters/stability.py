"""The card on stability: the same model trained again with other seeds, and what is left of cells' company and clusters."""

import dash_bootstrap_components as dbc
import numpy as np
from dash import Input, Output, State, ctx, dcc, html, no_update

from core import figures
from core.analysis.metrics.descriptions import BEST_MATCH, CONSISTENCY, stability_of
from core.config import DEFAULT_RESOLUTION, MOST_SEEDS
from core.config.run_files import clusters_of, survival_of
from core.errors import UserError
from core.store import ACTIVE, Explored, Status
from dashboard import ids as shared
from dashboard.components import job_progress
from dashboard.components.job_card import TICK
from dashboard.components.widgets import card, graph, more, notice, number, progress, table, working
from dashboard.pages.clusters import colours, ids
from dashboard.pages.run_status import WORDS
from dashboard.server import session

DEFAULT_SEEDS = 3


def layout(view, run):
    """Train with other seeds, follow it, and see what survives."""
    words, at_work, mark = _state(view, run["id"])
    return card(
        "Stability: does it come out again?",
        html.P(
            "Trains the same settings again with other seeds: other first weights, another order and split of the cells. "
            "What is real comes back; what was luck does not. Each is an ordinary run of its own."
        ),
        *_made_for(view.seeds.first_run(run["id"])),
        html.Div(
            [
                html.Label(
                    [
                        "Seeds in all, this run's among them",
                        dbc.Input(
                            id=ids.SEEDS_K,
                            type="number",
                            value=DEFAULT_SEEDS,
                            min=2,
                            max=MOST_SEEDS,
                            step=1,
                        ),
                    ],
                    className="nuwa-labelled nuwa-pick",
                ),
                html.Button(
                    "Train with other seeds",
                    id=ids.SEEDS_GO,
                    className="btn btn-outline-primary",
                    disabled=at_work,
                ),
                html.Button(
                    "Cancel",
                    id=ids.SEEDS_CANCEL,
                    className="btn btn-outline-secondary",
                    disabled=not at_work,
                ),
                html.Button(
                    "Compare those that are there",
                    id=ids.SEEDS_COMPARE,
                    className="btn btn-outline-secondary",
                ),
            ],
            className="nuwa-actions",
        ),
        html.Div(id=ids.SEEDS_MESSAGE),
        working(ids.SEEDS_STATE, words),
        dcc.Interval(id=ids.SEEDS_TICK, interval=TICK, disabled=not at_work),
        dcc.Store(id=ids.SEEDS_DONE, data=mark),
        html.Div(id=ids.SEEDS_RESULT),
    )


def _made_for(first):
    """A line on the run that this one was trained to judge, where there is one."""
    if first is None:
        return []
    link = dcc.Link(first["name"], href=f"/clusters?run={first['id']}")
    return [html.P(["This run was trained to judge ", link, "."])]


def _state(view, run_id):
    """(the runs and how far each is, is anything under way, the id of the comparison that is done or None)."""
    rows = view.seeds.all(run_id)
    said, over, mark = job_progress.standing(view.store, view.jobs.last(run_id, "stability"))
    if not rows:
        return "", not over, mark
    lines = [
        [row["config"]["seed"], dcc.Link(row["name"], href=f"/train?run={row['id']}"), _words(view, row)]
        for row in rows
    ]
    training = bool(view.seeds.unfinished(run_id))
    parts = [table(["seed", "run", ""], lines, numeric=(0,)), said]
    if training:
        parts.insert(0, progress("Training with other seeds ...", _share(view, rows)))
    return parts, training or not over, mark


def _words(view, row):
    if row["status"] in ACTIVE and row["status"] != Status.QUEUED:
        return f"{WORDS[row['status']]}: epoch {len(view.runs.epochs(row['id']))} of {row['n_epochs'] or '…'}"
    if row["explored"] == Explored.WORKING:
        return "Neighbours and clusters are being computed"
    return f"{WORDS[row['status']]}. {row['message']}".rstrip(". ")


def _share(view, rows):
    """How much of the training of several runs is over, 0 to 1."""
    done = [
        1.0 if row["status"] not in ACTIVE else len(view.runs.epochs(row["id"])) / (row["n_epochs"] or np.inf)
        for row in rows
    ]
    return sum(done) / len(done)


def register(app, store):
    @app.callback(
        Output(ids.SEEDS_STATE, "children"),
        Output(ids.SEEDS_TICK, "disabled"),
        Output(ids.SEEDS_DONE, "data"),
        Output(ids.SEEDS_GO, "disabled"),
        Output(ids.SEEDS_CANCEL, "disabled"),
        Output(ids.SEEDS_MESSAGE, "children"),
        Input(ids.SEEDS_GO, "n_clicks"),
        Input(ids.SEEDS_CANCEL, "n_clicks"),
        Input(ids.SEEDS_COMPARE, "n_clicks"),
        Input(ids.SEEDS_TICK, "n_intervals"),
        State(ids.SEEDS_K, "value"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def watch(go, cancel, compare, _, k, run_id):
        view, said = store.of(session.user()), no_update
        try:
            if ctx.triggered_id != ids.SEEDS_TICK:
                said = _do(view, run_id, ctx.triggered_id, k)
                app.work_here()
        except UserError as error:
            said = notice(str(error), "bad")
        words, at_work, mark = _state(view, run_id)
        return words, not at_work, mark, at_work, not at_work, said

    @app.callback(
        Output(ids.SEEDS_RESULT, "children"),
        Input(ids.SEEDS_DONE, "data"),
        Input(ids.RESOLUTION, "value"),
        Input(shared.THEME, "data"),
        State(shared.RUN, "data"),
    )
    def show(_, resolution, theme, run_id):
        view = store.of(session.user())
        return _result(view, view.runs.one(run_id), resolution or DEFAULT_RESOLUTION, theme)


def _do(view, run_id, button, k):
    """What a button asks for; returns what to say of it."""
    if button == ids.SEEDS_GO:
        made = view.seeds.train(run_id, k)
        return "" if made else notice("As many seeds are there already: ask for more.")
    if button == ids.SEEDS_CANCEL:
        view.seeds.cancel(run_id)
    else:
        view.seeds.compare(run_id)
    return ""


def _result(view, run, resolution, theme):
    """Cells coloured by the company they keep, and the clusters by how far they survive; nothing before a comparison."""
    survival = view.results.array(run["id"], survival_of(resolution))
    points = view.results.array(run["id"], "embeddings/latent_umap")
    if survival is None or points is None:
        return []
    clusters = np.asarray(view.results.array(run["id"], clusters_of(resolution)))
    names = [name.decode() for name in view.datasets.folder(run["dataset"]).cells()]
    colour = colours.company(view, run, resolution)
    panel = figures.Panel("Latent space (UMAP)", np.asarray(points))
    picture = graph(
        ids.SEEDS_FIGURE,
        "Cells of the latent space coloured by the share of their company that they keep with other seeds",
        dataset=view.datasets.one(run["dataset"]),
        figure=figures.panels([panel], colour, names, theme, columns=1),
    )
    means, sizes = np.asarray(survival).mean(axis=1), np.bincount(clusters, minlength=len(survival))
    rows = [
        [i, f"{size:,}", number(float(mean)), stability_of(mean)]
        for i, (size, mean) in enumerate(zip(sizes, means, strict=True))
    ]
    stable = sum(row[3] == "stable" for row in rows)
    seeds = np.asarray(survival).shape[1] + 1
    words = (
        f"{stable} of {len(rows)} clusters at {resolution:g} are stable over {seeds} seeds. On average a cell keeps "
        f"{number(float(np.mean(colour.values)), 2)} of its company."
    )
    listed = table(["cluster", "cells", "Jaccard", "verdict"], rows, numeric=(0, 1, 2))
    return [
        html.P(html.Strong(words)),
        html.P(
            dcc.Link("Colour the panels above by it", href=f"/clusters?run={run['id']}&by={colours.KEPT}")
        ),
        html.Div([picture, listed], className="nuwa-grid even"),
        more("How is this measured?", html.P(f"{CONSISTENCY.sentence} {BEST_MATCH.sentence}")),
    ]
