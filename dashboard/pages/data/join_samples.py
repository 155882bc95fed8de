"""Join several datasets: choose them, name each as a sample, preview what is lost, and join."""

import dash_bootstrap_components as dbc
from dash import ALL, Input, Output, State, dcc, html, no_update

from core.config.dataset_record import DatasetRecord
from core.config.job_arguments import JoinArguments
from core.store import Status
from dashboard import ids as shared
from dashboard.components import buttons, job_card
from dashboard.components.widgets import card, more, notice, with_terms
from dashboard.pages.data import ids
from dashboard.server import session

NAMES = {"type": "sample-name", "name": ALL}
BATCH = "sample"  # the default name of the column


def samples(view):
    """The card that joins samples."""
    batch = dbc.Input(id=ids.SAMPLES_BATCH, value=BATCH, maxlength=100, debounce=True)
    help = "This column of obs names the sample of each cell. Models can use it as the batch covariate."
    look = html.Button("Preview the result", id=ids.SAMPLES_LOOK, className="btn btn-outline-primary btn-sm")
    return card(
        "Join samples",
        html.P(
            "Several datasets become a new one, with the genes and proteins that all of them have.",
            className="help",
        ),
        more(
            "Choose the samples",
            dbc.Checklist(id=ids.SAMPLES, options=choices(view), value=[], className="mb-2"),
            html.Div(id=ids.SAMPLES_NAMES),
            html.Label(["Batch column", batch], className="nuwa-labelled"),
            html.Div(with_terms(help), className="help mb-2"),
            look,
            *job_card.parts(view, ids.SAMPLES_LOOKING),
            html.Div(id=ids.SAMPLES_LOST, className="mt-2"),
        ),
    )


def choices(view):
    """The datasets that can be joined, as options."""
    ready = [row for row in reversed(view.datasets.all()) if row["status"] == Status.READY]
    return [
        {"label": f"{row['name']} ({DatasetRecord.of(row).cells:,} cells)", "value": row["id"]}
        for row in ready
    ]


def name_fields(view, chosen, typed):
    """A field for the name of each chosen sample; what was typed before stays."""
    rows = [row for row in (view.readable("dataset", id) for id in chosen) if row]
    return [
        html.Label(
            [
                f"Name of {row['name']}",
                dbc.Input(
                    id=ids.sample_name(row["id"]),
                    value=typed.get(row["id"]) or row["name"].partition(".")[0][:100],
                    maxlength=100,
                    debounce=True,
                ),
            ],
            className="nuwa-labelled mb-2",
        )
        for row in rows
    ]


def preview(result, arguments):
    """What joining gives and loses, and the button that joins if the result fits into memory."""
    size = f"{result['cells']:,} cells and {result['genes']:,} genes"
    proteins = f", {result['proteins']:,} proteins" if result["proteins"] else ""
    lost = (
        [html.P("These would be lost:"), html.Ul([html.Li(text) for text in result["lost"]])]
        if result["lost"]
        else [html.P("Nothing is lost.")]
    )
    column = f" The column is called '{result['batch']}', because another column has that name."
    parts = [
        html.P(f"The new dataset: {size}{proteins}.{column if result['batch'] != arguments.batch else ''}"),
        *lost,
    ]
    if result["too_large"]:
        return html.Div([*parts, notice(result["too_large"], "bad")])
    button = html.Button("Join samples", id=ids.SAMPLES_GO, className="btn btn-primary btn-sm")
    return html.Div([*parts, dcc.Store(id=ids.SAMPLES_ASKED, data=arguments.record()), button], role="status")


def register(app, store):
    @app.callback(Output(ids.SAMPLES, "options"), Input(ids.DATA_DRAWN, "data"), prevent_initial_call=True)
    def offer(_):
        return choices(store.of(session.user()))

    @app.callback(
        Output(ids.SAMPLES_NAMES, "children"),
        Input(ids.SAMPLES, "value"),
        State(NAMES, "value"),
        State(NAMES, "id"),
        prevent_initial_call=True,
    )
    def name(chosen, values, fields):
        typed = {field["name"]: value for field, value in zip(fields, values, strict=True)}
        return name_fields(store.of(session.user()), chosen, typed)

    @job_card.asks(
        app,
        store,
        ids.SAMPLES_LOOKING,
        Input(ids.SAMPLES_LOOK, "n_clicks"),
        State(NAMES, "value"),
        State(NAMES, "id"),
        State(ids.SAMPLES_BATCH, "value"),
    )
    def look(view, _, names, fields, batch):
        chosen = [{"dataset": field["name"], "name": name} for field, name in zip(fields, names, strict=True)]
        return view.joins.preview(chosen, batch)

    job_card.hold(app, ids.SAMPLES_LOOKING, ids.SAMPLES_LOOK)

    @app.callback(
        Output(ids.SAMPLES_LOST, "children"),
        Input(ids.SAMPLES_LOOKING.done, "data"),
        State(ids.SAMPLES_LOOKING.job, "data"),
        prevent_initial_call=True,
    )
    def show(done, job_id):
        if not done or done != job_id:  # the samples were changed in the meantime
            return ""
        job = store.of(session.user()).jobs.one(done)
        return preview(job["result"], JoinArguments.of_job(job))

    # The result holds for the samples that were looked at: a change removes it, and the button with it.
    app.clientside_callback(
        "() => ['', null, true, '']",
        Output(ids.SAMPLES_LOST, "children", allow_duplicate=True),
        Output(ids.SAMPLES_LOOKING.job, "data", allow_duplicate=True),
        Output(ids.SAMPLES_LOOKING.tick, "disabled", allow_duplicate=True),
        Output(ids.SAMPLES_LOOKING.message, "children", allow_duplicate=True),
        Input(ids.SAMPLES, "value"),
        Input(NAMES, "value"),
        Input(ids.SAMPLES_BATCH, "value"),
        prevent_initial_call=True,
    )

    @buttons.on(
        app,
        store,
        Input(ids.SAMPLES_GO, "n_clicks"),
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.DATA_MESSAGE, "children", allow_duplicate=True),
        State(ids.SAMPLES_ASKED, "data"),
        State(shared.PAGE, "data"),
    )
    def join(view, _, samples, page):
        return f"/data?dataset={view.joins.create(**samples, token=buttons.token(page, samples))}", no_update
