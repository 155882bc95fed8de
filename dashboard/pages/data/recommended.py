"""Training with recommended settings: one button from a dataset to its clusters, what it asks first, and how far it is."""

import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.config import MOST_BATCHES
from core.config.dataset_record import DatasetRecord
from core.errors import UserError
from core.store import Status
from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.components.batch_questions import questions
from dashboard.components.forms import NONE
from dashboard.components.widgets import more, notice, with_terms
from dashboard.pages.data import ids, stages
from dashboard.server import session

TICK = 700  # milliseconds between two looks at the work
CHOOSE_BATCH = "Several columns may name batches. Choose the batch column, or none."
CONFIRM = "Tick the box below the questions, or change what they are about."
LABEL, AGAIN = "Train with recommended settings", "Train again with recommended settings"


def part(view, row):
    """The button with its questions, and the stages of its work; of a dataset that is still read, the stages alone."""
    job = view.recommended.last(row["id"])
    under_way = job is not None and not stages.progress_of(view, job).over
    controls = _controls(view, row, under_way) if row["status"] == Status.READY else []
    return html.Div(
        [
            *controls,
            html.Div(
                stages.drawn(view, job) if job else [],
                id=ids.RECOMMENDED_STAGES,
                role="status",
            ),
            dcc.Interval(id=ids.RECOMMENDED_TICK, interval=TICK, disabled=not under_way),
        ]
    )


def _controls(view, row, under_way):
    record = DatasetRecord.of(row)
    columns, column = candidates(record), preselected(record)
    asked = asks(view, row, column)
    run = view.recommended.existing(row["id"], column)
    again = run is not None and not under_way
    return [
        _existing(run) if again else None,
        html.Div(
            [
                html.Label("Batch column", htmlFor=ids.RECOMMENDED_BATCH),
                dbc.Select(
                    id=ids.RECOMMENDED_BATCH,
                    options=[*({"label": c, "value": c} for c in columns), {"label": "none", "value": NONE}],
                    value=column or (NONE if not columns else None),
                    placeholder="Choose a column or none",
                ),
            ],
            className="nuwa-field",
            hidden=not columns,
        ),
        html.Div(_drawn(asked), id=ids.RECOMMENDED_QUESTIONS, role="status"),
        html.Div(
            dbc.Checkbox(id=ids.RECOMMENDED_SURE, value=False, label="Train all the same"),
            id=ids.RECOMMENDED_SURE_PART,
            hidden=not asked,
        ),
        html.Div(
            [
                html.Button(
                    AGAIN if again else LABEL,
                    id=ids.RECOMMENDED,
                    className=f"btn {'btn-outline-primary' if again else 'btn-primary btn-lg'}",
                    disabled=bool(under_way or record.stops or asked or (columns and not column)),
                ),
                html.Button(
                    "Cancel",
                    id=ids.RECOMMENDED_CANCEL,
                    className="btn btn-outline-danger",
                    hidden=not under_way,
                ),
            ],
            className="nuwa-actions",
        ),
        html.Div(
            notice(f"Repair this first: {record.stops[0].sentence}", "bad") if record.stops else "",
            id=ids.RECOMMENDED_MESSAGE,
        ),
        more(
            "What does this do?",
            html.P(
                with_terms(
                    "It preprocesses the data, trains the autoencoder, finds clusters in its latent space, draws their UMAP "
                    "and suggests cell types from known markers. The settings are those of python -m core train; a batch "
                    "column is its batch covariate (--batch-key). No cell is removed: quality limits are on the Preprocess "
                    "page."
                )
            ),
        ),
    ]


def _existing(run):
    """The notice of a run that has the recommended settings already."""
    page = "clusters" if run["explored"] else "train"
    link = dcc.Link("Open this run", href=f"/{page}?run={run['id']}", className="btn btn-sm btn-primary")
    return notice([f"The run '{run['name']}' has the recommended settings. ", link], "info")


def candidates(record):
    """The obs columns of a DatasetRecord that look like batches."""
    return [
        column.name
        for column in record.columns
        if column.role == "batch" and column.kind == "category" and 2 <= column.distinct <= MOST_BATCHES
    ]


def preselected(record):
    """The batch column that leaves no doubt, or None: as on the Preprocess page."""
    return record.batch if record.batch in candidates(record) else None


def asks(view, row, column):
    """Sentences on what a person should decide before training: repairs that are offered, and the batch column."""
    record = DatasetRecord.of(row)
    repairs = [
        f"{finding.sentence} A repair is offered below."
        for finding in record.findings
        if finding.severity == "warning"
        and any(name in record.repairs_offered for name in (finding.repair, *finding.others))
    ]
    return repairs + questions(view, row["id"], column)


def _drawn(sentences):
    return notice([html.Div(with_terms(sentence)) for sentence in sentences], "warn") if sentences else ""


def start(view, dataset_id, column, is_sure):
    """Queue the work once all is answered; raises UserError where it is not. Returns the job."""
    row = view.datasets.one(dataset_id)
    record = DatasetRecord.of(row)
    if candidates(record) and not column:
        raise UserError(CHOOSE_BATCH)
    if asks(view, row, column) and not is_sure:
        raise UserError(CONFIRM)
    return view.recommended.start(dataset_id, None if column in (None, NONE) else column)


def register(app, store):
    _asking(app, store)
    _working(app, store)


def _asking(app, store):
    @app.callback(
        Output(ids.RECOMMENDED_QUESTIONS, "children"),
        Output(ids.RECOMMENDED_SURE, "value"),
        Output(ids.RECOMMENDED_SURE_PART, "hidden"),
        Input(ids.RECOMMENDED_BATCH, "value"),
        State(ids.DATASET, "data"),
        prevent_initial_call=True,
    )
    def ask(column, dataset_id):
        """Another batch column is asked about again."""
        view = store.of(session.user())
        sentences = asks(view, view.datasets.one(dataset_id), column)
        return _drawn(sentences), False, not sentences

    @app.callback(
        Output(ids.RECOMMENDED, "disabled"),
        Output(ids.RECOMMENDED_CANCEL, "hidden"),
        Input(ids.RECOMMENDED_BATCH, "value"),
        Input(ids.RECOMMENDED_SURE, "value"),
        Input(ids.RECOMMENDED_TICK, "disabled"),
        State(ids.DATASET, "data"),
        prevent_initial_call=True,
    )
    def allow(column, is_sure, is_idle, dataset_id):
        view = store.of(session.user())
        row = view.datasets.one(dataset_id)
        open_question = asks(view, row, column) and not is_sure
        stops = DatasetRecord.of(row).stops
        return bool(not is_idle or not column or open_question or stops), bool(is_idle)


def _working(app, store):
    @buttons.on(
        app,
        store,
        Input(ids.RECOMMENDED, "n_clicks"),
        Output(ids.RECOMMENDED_STAGES, "children", allow_duplicate=True),
        Output(ids.RECOMMENDED_TICK, "disabled", allow_duplicate=True),
        Output(ids.RECOMMENDED_MESSAGE, "children"),
        State(ids.DATASET, "data"),
        State(ids.RECOMMENDED_BATCH, "value"),
        State(ids.RECOMMENDED_SURE, "value"),
    )
    def press(view, _, dataset_id, column, is_sure):
        job = start(view, dataset_id, column, is_sure)
        app.work_here()
        return stages.drawn(view, view.jobs.one(job["id"])), False, ""

    @app.callback(
        Output(ids.RECOMMENDED_STAGES, "children"),
        Output(ids.RECOMMENDED_TICK, "disabled"),
        Output(shared.URL, "href", allow_duplicate=True),
        Input(ids.RECOMMENDED_TICK, "n_intervals"),
        State(ids.DATASET, "data"),
        prevent_initial_call=True,
    )
    def look(n, dataset_id):
        """The stages as they are now; whoever has waited for the clusters is taken there."""
        if not n:  # the page has just been drawn: nobody has waited
            raise PreventUpdate
        view = store.of(session.user())
        job = view.recommended.last(dataset_id)
        if job is None:
            raise PreventUpdate
        progress = stages.progress_of(view, job)
        href = stages.clusters_link(view, progress.run) if progress.run else no_update
        return stages.drawn(view, job), progress.over, href

    @app.callback(
        Output(ids.RECOMMENDED_TICK, "n_intervals"),
        Input(ids.RECOMMENDED_CANCEL, "n_clicks"),
        State(ids.DATASET, "data"),
        State(ids.RECOMMENDED_TICK, "n_intervals"),
        prevent_initial_call=True,
    )
    def cancel(clicks, dataset_id, n):
        if not clicks:
            raise PreventUpdate
        store.of(session.user()).recommended.cancel(dataset_id)
        return (n or 0) + 1  # look at once
