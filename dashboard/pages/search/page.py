"""A search of settings: its trials as they end, which settings matter, and the best run."""

import time

from dash import ALL, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core import figures
from core.config import specs
from core.config.numbers import Number
from core.config.search import MOST_TRIALS, OBJECTIVES, SearchRecord
from core.store import ACTIVE, Missing, Status
from core.store.searches import seconds_spent
from core.text import duration, interval, listed
from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.components.number_field import number_input, range_id, range_note, watch
from dashboard.components.widgets import card, empty, graph, more, notice, number, table, term, tile
from dashboard.pages.search import ids, removal
from dashboard.server import session

PATH, TITLE = "/search", "Search"
TICK = 1500  # milliseconds between two looks at a search
LABELS = {spec.name: spec.label for spec in specs()}
MORE_TRIALS = Number("More trials", True, 1, MOST_TRIALS)
STATES = {"done": "trained", "pruned": "pruned", "failed": "failed", "running": "training"}


def layout(view, context):
    row = _readable(view, context.query.get("search"))
    if row is None:
        return empty(
            "There is no such search. Start one on the Create model page.",
            context.link("/model"),
            "Create a model",
            "bi-search",
        )
    record = SearchRecord.upgraded(row["record"])
    objective = OBJECTIVES[record.objective]
    control, error = number_input(ids.MORE, MORE_TRIALS, 10)
    return html.Div(
        [
            dcc.Store(id=ids.SEARCH, data=row["id"]),
            dcc.Store(id=ids.DRAWN),
            dcc.Interval(id=ids.TICK, interval=TICK, disabled=is_quiet(row)),
            card(
                row["name"],
                html.Div(id=ids.STATUS, role="status", className="nuwa-status"),
                html.Div(id=ids.TILES, className="nuwa-tiles"),
                html.P(space_text(record), className="help"),
                html.Div(
                    [
                        _button("Pause search", ids.PAUSE),
                        _button("Continue search", ids.GO_ON),
                        _button("Stop search", ids.STOP, "btn-outline-danger"),
                        html.Div(
                            [
                                html.Label([f"{MORE_TRIALS.label} ", control]),
                                html.Span(range_note(MORE_TRIALS), className="unit", id=range_id(ids.MORE)),
                                error,
                            ],
                            className="nuwa-number nuwa-inline",
                        ),
                        _button("Extend search", ids.EXTEND),
                        _button("Open the best run", ids.OPEN_BEST, "btn-primary"),
                        *removal.button(),
                    ],
                    className="nuwa-actions",
                ),
                html.Div(id=ids.MESSAGE),
            ),
            card(
                "History",
                graph(ids.HISTORY, f"{objective.label} of each trial", height=300),
                more(
                    "How to read this",
                    html.P(
                        [
                            f"Each circle is a trial: one run. Its value is {objective.help}, computed on the ",
                            term("validation cells"),
                            ". The best value of many is a little too good, as chance helped to choose it. So the best run is "
                            "judged on ",
                            term("test cells"),
                            ", which the search keeps aside and no trial was chosen by.",
                        ]
                    ),
                ),
            ),
            card("Which settings matter", graph(ids.IMPORTANCE, "Importance of each setting", height=200)),
            card("All trials", graph(ids.PARALLEL, "Settings and objective of each trial", height=360)),
            card("Trials", html.Div(id=ids.TRIALS)),
        ]
    )


def _readable(view, id):
    try:
        return view.searches.one(id) if id else None
    except Missing:
        return None


def _button(label, id, style="btn-outline-secondary"):
    return html.Button(label, id=id, className=f"btn {style}")


def is_quiet(row):
    """Does nothing change in a search until a person acts? The last trial of a paused search may still train."""
    return row["status"] != Status.RUNNING


def space_text(record):
    """What is searched, in a sentence."""
    parts = [f"{LABELS[each.name]}: {each.words}" for each in record.dimensions]
    pruning = "" if record.pruner == "none" else f", pruning: {record.pruner}"
    return f"{listed(parts)}. Objective: {OBJECTIVES[record.objective].label.lower()}{pruning}."


def status(row, runs):
    """The status of a search in a sentence or two."""
    record, n = SearchRecord.upgraded(row["record"]), len((row["result"] or {}).get("trials", ()))
    if row["status"] == Status.RUNNING:
        active = next((run for run in runs if run["status"] in ACTIVE), None)
        if row["paused"]:
            tail = " The trial that trains goes on to its end." if active else ""
            return [html.Strong("Paused"), f" after {n} of {record.n_trials} trials.{tail}"]
        if active is None:
            return [html.Strong("Searching"), ": the next trial is being chosen."]
        link = dcc.Link(active["name"], href=f"/train?run={active['id']}")
        return [html.Strong("Searching"), f": trial {n} of {record.n_trials}, ", link, "."]
    words = {Status.DONE: "Search complete", Status.CANCELLED: "Stopped", Status.FAILED: "Failed"}
    return [html.Strong(words[row["status"]]), f". {row['message']}"]


def tiles(row, runs):
    """The numbers that matter: trials, time, the best value, and the best run on cells that the search did not see."""
    record, result = SearchRecord.upgraded(row["record"]), row["result"] or {}
    trials = result.get("trials", ())
    count = {state: sum(trial["state"] == state for trial in trials) for state in STATES}
    parts = [
        tile(
            "Trials",
            f"{len(trials)} / {record.n_trials}",
            f"{count['pruned']} pruned, {count['failed']} failed",
        ),
        tile(
            "Training time",
            duration(seconds_spent(runs, time.time())),
            f"of {record.minutes:g} minutes" if record.minutes else "",
        ),
    ]
    if result.get("best_value") is not None:
        parts.append(
            tile(
                f"Best {OBJECTIVES[record.objective].label.lower()}",
                number(result["best_value"], 4),
                "validation cells",
            )
        )
    if judged := result.get("judged"):
        difference = interval(*judged["difference"])
        note = f"PCA {number(judged['pca'])}, difference {difference}"
        parts.append(
            tile("Loss on unseen cells", number(judged["loss"]), f"{judged['n_cells']:,} test cells; {note}")
        )
    return parts


def trials_table(result, runs):
    """The trials, the best first, each with its settings, its result and the button that opens it."""
    trials = (result or {}).get("trials", [])
    if not trials:
        return html.P("No trial has begun.", className="help")
    existing, best = {run["id"]: run for run in runs}, (result or {}).get("best")
    names = list(dict.fromkeys(name for trial in trials for name in trial["params"]))
    rows = []
    for i, trial in enumerate(trials, 1):
        run = existing.get(trial["run"])
        name = f"{i} (best)" if trial["run"] and trial["run"] == best else str(i)
        params = [_shown(trial["params"].get(key)) for key in names]
        button = (
            html.Button(
                "Open run",
                id=ids.open_trial(run["parent"], run["id"]),
                className="btn btn-sm btn-outline-primary",
            )
            if run
            else ""
        )
        rows.append(
            [name, *params, STATES[trial["state"]], number(trial["value"], 4), trial["message"], button]
        )
    head = ["Trial", *(LABELS.get(key, key) for key in names), "Status", "Value", "Message", ""]
    return table(head, rows, numeric=range(1, len(names) + 1))


def _shown(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def register(app, store):
    watch(app, {ids.MORE: MORE_TRIALS}, [ids.EXTEND])

    @app.callback(
        Output(ids.STATUS, "children"),
        Output(ids.TILES, "children"),
        Output(ids.TRIALS, "children"),
        Output(ids.TICK, "disabled"),
        Output(ids.DRAWN, "data"),
        Output(ids.PAUSE, "hidden"),
        Output(ids.GO_ON, "hidden"),
        Output(ids.STOP, "hidden"),
        Output(ids.OPEN_BEST, "disabled"),
        Output(ids.DELETE, "hidden"),
        Input(ids.TICK, "n_intervals"),
        Input(ids.MESSAGE, "children"),
        State(ids.DRAWN, "data"),
        State(ids.SEARCH, "data"),
    )
    def show(_, message, drawn, search_id):
        view = store.of(session.user())
        row, runs = view.searches.one(search_id), view.searches.trials(search_id)
        result = row["result"] or {}
        stamp = [
            row["status"],
            row["paused"],
            [[trial["state"], trial["value"]] for trial in result.get("trials", ())],
        ]
        changed = stamp != drawn
        runs_on = row["status"] == Status.RUNNING
        return (
            status(row, runs),
            tiles(row, runs),
            trials_table(result, runs) if changed else no_update,
            is_quiet(row),
            stamp if changed else no_update,
            not runs_on or row["paused"],
            runs_on and not row["paused"] or row["status"] == Status.DONE,
            not runs_on,
            not result.get("best"),
            runs_on,
        )

    @app.callback(
        Output(ids.HISTORY, "figure"),
        Output(ids.IMPORTANCE, "figure"),
        Output(ids.PARALLEL, "figure"),
        Input(ids.DRAWN, "data"),
        Input(shared.THEME, "data"),
        State(ids.SEARCH, "data"),
    )
    def draw(_, theme, search_id):
        row = store.of(session.user()).searches.one(search_id)
        return drawn_figures(row, theme)

    _controls(app, store)
    _opening(app, store)
    removal.register(app, store)


def drawn_figures(row, theme):
    """(history, importance, parallel coordinates) of a search."""
    record, result = SearchRecord.upgraded(row["record"]), row["result"] or {}
    objective, trials = OBJECTIVES[record.objective], result.get("trials", [])
    scored = [trial for trial in trials if trial["value"] is not None]
    settings = [(LABELS[name], [trial["params"].get(name) for trial in scored]) for name in record.space]
    names = [str(trial["number"]) for trial in scored]
    values = [trial["value"] for trial in scored]
    return (
        figures.search_history(trials, objective.label, objective.direction == "minimize", theme),
        figures.search_importance(result.get("importance"), LABELS, theme),
        figures.parallel_settings(names, settings, objective.label, values, theme),
    )


def _controls(app, store):
    def control(button, act, message):
        @buttons.on(
            app,
            store,
            Input(button, "n_clicks"),
            Output(ids.TICK, "disabled", allow_duplicate=True),
            Output(ids.MESSAGE, "children", allow_duplicate=True),
            State(ids.SEARCH, "data"),
            State(ids.MORE, "value"),
        )
        def press(view, _, search_id, n_more):
            act(view.searches, search_id, n_more)
            app.work_here()
            return False, notice(message, "good")

    control(ids.PAUSE, lambda searches, id, _: searches.pause(id), "The search is paused.")
    control(ids.GO_ON, lambda searches, id, _: searches.go_on(id), "The search goes on.")
    control(ids.STOP, lambda searches, id, _: searches.stop(id), "The search was stopped.")
    control(
        ids.EXTEND,
        lambda searches, id, n_more: searches.extend(id, MORE_TRIALS.read(n_more)),
        "The search goes on with more trials.",
    )


def _opening(app, store):
    @buttons.on(
        app,
        store,
        Input(ids.OPEN_BEST, "n_clicks"),
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.MESSAGE, "children", allow_duplicate=True),
        State(ids.SEARCH, "data"),
    )
    def open_best(view, _, search_id):
        return _opened(app, view, search_id, view.searches.one(search_id)["result"]["best"]), no_update

    @app.callback(
        Output(shared.URL, "href", allow_duplicate=True),
        Input(ids.open_trial(ALL, ALL), "n_clicks"),
        prevent_initial_call=True,
    )
    def open_trial(clicks):
        if not any(clicks):  # the buttons were drawn, or went with the page
            raise PreventUpdate
        trial = ctx.triggered_id
        return _opened(app, store.of(session.user()), trial["search"], trial["run"])


def _opened(app, view, search_id, run_id):
    """The link to a run of a search, whose clusters are queued unless they are there."""
    view.searches.open(search_id, run_id)
    app.work_here()
    return f"/train?run={run_id}"
