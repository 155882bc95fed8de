"""Runs: all training runs, each with its status and its loss beside PCA's."""

from dash import ALL, Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate

from core.config.run_facts import RunFacts
from core.store import ACTIVE, Explored
from dashboard.components import buttons
from dashboard.components.widgets import card, empty, notice, number, table, term, when
from dashboard.pages.run_status import STATUS_TEXT, judged_on
from dashboard.pages.runs import ids
from dashboard.server import session

PATH, TITLE = "/runs", "Runs"


def layout(view, context):
    return html.Div(
        [
            dcc.Store(id=ids.RUNS_CHOSEN),
            dcc.ConfirmDialog(id=ids.RUNS_CONFIRM),
            html.Div(id=ids.RUNS_MESSAGE),
            html.Div(listing(view), id=ids.RUNS_TABLE),
        ]
    )


def listing(view):
    """The table of runs, the newest first."""
    runs = view.runs.all()
    if not runs:
        return empty("There is no run. Create a model first.", "/model", "Create a model", "bi-list-ul")
    names = {row["id"]: row["name"] for row in view.datasets.all()}
    head = [
        "Run",
        "Dataset",
        "Status",
        term("Latent", "Latent dimension"),
        ["Best ", term("epoch")],
        ["Test ", term("loss")],
        [term("PCA"), " loss"],
        [term("Neighbours"), " kept"],
        "",
    ]
    return card(None, table(head, [_row(run, names) for run in runs], numeric=(3, 4, 5, 6, 7)))


def _row(run, names):
    scores, facts = run["scores"] or {}, RunFacts.upgraded(run["facts"])
    page = "clusters" if run["explored"] in (Explored.READY, Explored.FAILED) else "train"
    loss, pca, cells = None, None, ""
    if facts and facts.loss:
        loss, pca = facts.loss.total, facts.test_baselines.pca.total
        cells = "" if facts.n_test else f" ({judged_on(facts)})"
    return [
        [
            dcc.Link(run["name"], href=f"/{page}?run={run['id']}"),
            html.Div([run["id"], " · ", when(run["created"])], className="help"),
        ],
        dcc.Link(names.get(run["dataset"], "?"), href=f"/data?dataset={run['dataset']}"),
        [STATUS_TEXT[run["status"]], html.Div(run["message"], className="help")],
        run["config"]["n_latent"],
        f"{run['best_epoch'] or '–'} of {run['n_epochs'] or '–'}",
        number(loss) + cells,
        number(pca),
        number(scores.get("neighbours_kept_15"), 2),
        html.Button(
            html.I(className="bi bi-trash"),
            id=ids.delete_run(run["id"]),
            className="btn btn-sm btn-outline-danger",
            title=f"Delete the run {run['name']}",
            disabled=run["status"] in ACTIVE,
            **{"aria-label": f"Delete the run {run['name']}"},
        ),
    ]


def register(app, store):
    @app.callback(
        Output(ids.RUNS_CONFIRM, "displayed"),
        Output(ids.RUNS_CONFIRM, "message"),
        Output(ids.RUNS_CHOSEN, "data"),
        Input(ids.delete_run(ALL), "n_clicks"),
        prevent_initial_call=True,
    )
    def ask(clicks):
        if not any(clicks):
            raise PreventUpdate
        id = ctx.triggered_id["run"]
        row = store.of(session.user()).runs.one(id)
        question = (
            f"Delete the run '{row['name']}' ({id}), its weights and its figures? This cannot be undone."
        )
        return True, question, id

    @buttons.on(
        app,
        store,
        Input(ids.RUNS_CONFIRM, "submit_n_clicks"),
        Output(ids.RUNS_TABLE, "children"),
        Output(ids.RUNS_MESSAGE, "children"),
        State(ids.RUNS_CHOSEN, "data"),
    )
    def delete(view, _, id):
        view.runs.forget(id)
        return listing(view), notice("The run was deleted.", "good")
