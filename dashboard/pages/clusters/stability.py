"""The card of the stability across random seeds: the same model trained again, and how its clusters compare."""

import numpy as np
from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from core import figures
from core.analysis.metrics.descriptions import BEST_MATCH, CONSISTENCY, stability_of
from core.config import DEFAULT_RESOLUTION, MOST_SEEDS
from core.config.numbers import Number
from core.config.run_files import clusters_of, survival_of
from core.errors import UserError
from core.store import ACTIVE, Explored, Status
from dashboard import ids as shared
from dashboard.components import job_card, job_progress, number_field
from dashboard.components.widgets import card, graph, more, notice, number, progress, table, term, working
from dashboard.pages.clusters import colours, ids
from dashboard.pages.run_status import STATUS_TEXT
from dashboard.server import session

K = "seeds-k"
GO = "seeds-go"
CANCEL = "seeds-cancel"
COMPARE = "seeds-compare"
COMPARE_REASON = "seeds-compare-reason"
MESSAGE = "seeds-message"
STATE = "seeds-state"
TICK = "seeds-tick"
DONE = "seeds-done"
RESULT = "seeds-result"
FIGURE = "seeds-figure"

DEFAULT_SEEDS = 3
SEEDS = Number("Number of seeds, including this run's", whole=True, low=2, high=MOST_SEEDS)


def layout(view, run):
    progress_parts, is_running, done = _state(view, run["id"])
    reason = nothing_to_compare(view, run["id"])
    return card(
        "Stability across random seeds",
        html.P(
            [
                "Trains the same settings again with other random ",
                term("seeds", "Seed"),
                ": other initial weights, another order and another split of the cells. Real structure is found again; "
                "chance results are not. Each training is a run of its own.",
            ]
        ),
        *_first_run(view.seeds.first_run(run["id"])),
        html.Div(number_field.number_field(K, SEEDS, DEFAULT_SEEDS), className="nuwa-form"),
        html.Div(
            [
                _button("Train with other seeds", GO, "btn-outline-primary", disabled=is_running),
                _button("Cancel", CANCEL, disabled=not is_running),
                _button("Compare finished runs", COMPARE, disabled=bool(reason)),
                html.Span(reason, id=COMPARE_REASON, className="help"),
            ],
            className="nuwa-actions",
        ),
        html.Div(id=MESSAGE),
        working(STATE, progress_parts),
        dcc.Interval(id=TICK, interval=job_card.TICK, disabled=not is_running),
        dcc.Store(id=DONE, data=done),
        html.Div(id=RESULT),
    )


def nothing_to_compare(view, run_id):
    """Why no runs can be compared, or ""."""
    if any(row["explored"] == Explored.READY for row in view.seeds.all(run_id)):
        return ""
    return "No run with another seed is finished: train some first."


def _button(label, id, look="btn-outline-secondary", **kwargs):
    return html.Button(label, id=id, className=f"btn {look}", **kwargs)


def _first_run(first):
    """A line on the run whose stability this run was trained for, where there is one."""
    if first is None:
        return []
    link = dcc.Link(first["name"], href=f"/clusters?run={first['id']}")
    return [html.P(["This run was trained to test the stability of ", link, "."])]


def _state(view, run_id):
    """(runs and their progress, whether a job is running, the id of the finished comparison or None)."""
    rows = view.seeds.all(run_id)
    message, over, done = job_progress.job_state(view, view.jobs.last(run_id, "stability"))
    if not rows:
        return "", not over, done
    lines = [
        [row["config"]["seed"], dcc.Link(row["name"], href=f"/train?run={row['id']}"), _status(view, row)]
        for row in rows
    ]
    training = bool(view.seeds.unfinished(run_id))
    parts = [table(["seed", "run", ""], lines, numeric=(0,)), message]
    if training:
        parts.insert(0, progress("Training with other seeds ...", _share(view, rows)))
    return parts, training or not over, done


def _status(view, row):
    """The status of a run as text."""
    if row["status"] in ACTIVE and row["status"] != Status.QUEUED:
        return (
            f"{STATUS_TEXT[row['status']]}: epoch {view.runs.n_epochs(row['id'])} of {row['n_epochs'] or '…'}"
        )
    if row["explored"] == Explored.WORKING:
        return "Computing neighbours and clusters"
    return f"{STATUS_TEXT[row['status']]}. {row['message']}".rstrip(". ")


def _share(view, rows):
    """The share of the training of several runs that is done, 0 to 1."""
    shares = [
        1.0 if row["status"] not in ACTIVE else view.runs.n_epochs(row["id"]) / (row["n_epochs"] or np.inf)
        for row in rows
    ]
    return sum(shares) / len(shares)


def register(app, store):
    number_field.watch(app, {K: SEEDS}, [GO], Input(TICK, "disabled"))
    _buttons(app, store)
    _poll(app, store)

    @app.callback(
        Output(RESULT, "children"),
        Input(DONE, "data"),
        Input(ids.RESOLUTION, "value"),
        Input(shared.THEME, "data"),
        State(shared.RUN, "data"),
    )
    def show(_, resolution, theme, run_id):
        view = store.of(session.user())
        return result(view, view.runs.one(run_id), resolution or DEFAULT_RESOLUTION, theme)


# What the page knows of the jobs: the runs, the interval, the finished comparison, and which buttons are disabled.
STATUS = (
    *((STATE, "children"), (TICK, "disabled"), (DONE, "data"), (CANCEL, "disabled")),
    *((COMPARE, "disabled"), (COMPARE_REASON, "children")),
)


def _status_values(view, run_id):
    progress_parts, is_running, done = _state(view, run_id)
    reason = nothing_to_compare(view, run_id)
    return progress_parts, not is_running, done, not is_running, bool(reason), reason


def _buttons(app, store):
    def on(button, *states):
        """Decorate what a button does: a function of (view, run_id, states) that returns a message or None."""

        def register_action(act):
            @app.callback(
                *[Output(id, part, allow_duplicate=True) for id, part in STATUS],
                Output(MESSAGE, "children", allow_duplicate=True),
                Input(button, "n_clicks"),
                State(shared.RUN, "data"),
                *states,
                prevent_initial_call=True,
            )
            def press(clicks, run_id, *values):
                if not clicks:
                    raise PreventUpdate
                view = store.of(session.user())
                try:
                    message = act(view, run_id, *values) or ""
                    app.work_here()
                except UserError as error:
                    message = notice(str(error), "bad")
                return *_status_values(view, run_id), message

        return register_action

    @on(GO, State(K, "value"))
    def train(view, run_id, k):
        if not view.seeds.train(run_id, SEEDS.read(k)):
            return notice("There are already that many seeds. Enter a larger number.")

    @on(CANCEL)
    def cancel(view, run_id):
        view.seeds.cancel(run_id)

    @on(COMPARE)
    def compare(view, run_id):
        view.seeds.compare(run_id)


def _poll(app, store):
    @app.callback(
        *[Output(id, part) for id, part in STATUS],
        Input(TICK, "n_intervals"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def poll(_, run_id):
        return _status_values(store.of(session.user()), run_id)


def result(view, run, resolution, theme):
    """Cells coloured by their co-clustering consistency, and the stability of each cluster; nothing before a comparison."""
    survival = view.results.array(run["id"], survival_of(resolution))
    points = view.results.array(run["id"], "embeddings/latent_umap")
    if survival is None or points is None:
        return []
    clusters = np.asarray(view.results.array(run["id"], clusters_of(resolution)))
    names = [name.decode() for name in view.datasets.folder(run["dataset"]).cells()]
    colour = colours.consistency(view, run, resolution)
    panel = figures.Panel("Latent space (UMAP)", np.asarray(points))
    plot = graph(
        FIGURE,
        "Cells of the latent space coloured by their co-clustering consistency across seeds",
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
    summary = (
        f"{stable} of {len(rows)} clusters at resolution {resolution:g} are stable over {seeds} seeds. The mean co-clustering "
        f"consistency of a cell is {number(float(np.mean(colour.values)), 2)}."
    )
    clusters_table = table(["cluster", "cells", "Jaccard", "result"], rows, numeric=(0, 1, 2))
    return [
        html.P(html.Strong(summary)),
        html.P(
            dcc.Link(
                "Colour the panels by consistency",
                href=f"/clusters?run={run['id']}&by={colours.SEED_CONSISTENCY}",
            )
        ),
        html.Div([plot, clusters_table], className="nuwa-grid even"),
        more("How is this measured?", html.P(f"{CONSISTENCY.sentence} {BEST_MATCH.sentence}")),
    ]
