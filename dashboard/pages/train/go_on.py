"""What a run that is not at work offers: to resume it, to train it again, to add epochs, and to repeat it."""

from dash import ALL, Input, Output, State, ctx, dcc, html, no_update

from core.config.numbers import Number
from core.errors import UserError
from core.store import FINISHED, Explored, Status
from dashboard import ids as shared
from dashboard.components import buttons, job_card, number_field
from dashboard.components.number_field import number_field as field
from dashboard.components.repeat_result import repeat_result
from dashboard.components.widgets import card, term
from dashboard.pages.run_diagnosis import diagnosis_of, extend_button
from dashboard.pages.run_status import STATUS_TEXT
from dashboard.pages.train import ids
from dashboard.server import session

EPOCHS = Number("Additional epochs", True, 1, 10_000, False, False, "epochs", False)
SCHEDULES = {"onecycle": "one-cycle", "cosine": "cosine", "constant": "constant"}
DEFAULT_EPOCHS = 20
MOST_EXTENSIONS = 5  # in the list


def layout(view, run):
    """The card; it is hidden until `show` has something to offer."""
    return html.Div(
        card(
            "Continue this run",
            html.Div(
                [
                    html.P(id=ids.RESUME_TEXT),
                    html.Div(
                        [
                            html.Button("Resume", id=ids.RESUME, className="btn btn-primary", hidden=True),
                            html.Button(
                                "Train again", id=ids.TRAIN_AGAIN, className="btn btn-outline-primary"
                            ),
                        ],
                        className="nuwa-actions",
                    ),
                ],
                id=ids.RESUME_BOX,
                hidden=True,
            ),
            html.Div(
                [
                    html.P(
                        [
                            "Creates a run that continues this one from its last epoch, as a new ",
                            term("segment"),
                            " of its curve. The learning rate peaks at a third of this run's. This run and its clusters "
                            "stay as they are.",
                        ]
                    ),
                    html.Div(
                        [
                            field(ids.EXTEND_EPOCHS, EPOCHS, DEFAULT_EPOCHS),
                            html.Label(
                                [
                                    "Schedule",
                                    dcc.Dropdown(
                                        id=ids.EXTEND_SCHEDULE,
                                        options=SCHEDULES,
                                        value="onecycle",
                                        clearable=False,
                                    ),
                                ],
                                className="nuwa-labelled",
                            ),
                        ],
                        className="nuwa-grid even",
                    ),
                    html.Div(
                        html.Button("Add epochs", id=ids.EXTEND, className="btn btn-outline-primary"),
                        className="nuwa-actions",
                    ),
                ],
                id=ids.EXTEND_BOX,
                hidden=True,
            ),
            html.Div(id=ids.EXTENSIONS),
            html.Div(
                [
                    html.P(
                        "Trains this run once more with the same settings and the same seed, in the queue of training jobs, and "
                        "compares losses, latent space and clusters bit for bit. This run stays as it is."
                    ),
                    html.Div(
                        html.Button(
                            "Repeat and compare", id=ids.REPEAT_GO, className="btn btn-outline-primary"
                        ),
                        className="nuwa-actions",
                    ),
                    *job_card.parts(view, ids.REPEAT, view.jobs.mine(run["id"], "repeat")),
                    html.Div(id=ids.REPEAT_RESULT),
                ],
                id=ids.REPEAT_BOX,
                hidden=True,
            ),
            html.Div(id=ids.GO_ON_MESSAGE),
        ),
        id=ids.GO_ON,
        hidden=True,
    )


def resume_text(view, run):
    """(what resuming or training again would do, can it be resumed?) of a cancelled or failed run."""
    try:
        kept = view.resumed.kept(run["id"])
    except UserError as error:
        return str(error), False
    damaged = "The newest checkpoint is damaged. The older one is whole. " if kept.damaged else ""
    total = f" of {run['n_epochs']:,}" if run["n_epochs"] else ""
    return (
        f"{damaged}Resume continues the training after epoch {kept.epoch:,}{total}, from its checkpoint. Train again starts "
        "from the first epoch."
    ), True


def register(app, store):
    number_field.watch(app, {ids.EXTEND_EPOCHS: EPOCHS}, [ids.EXTEND])

    @app.callback(
        Output(ids.GO_ON, "hidden"),
        Output(ids.RESUME_BOX, "hidden"),
        Output(ids.RESUME_TEXT, "children"),
        Output(ids.RESUME, "hidden"),
        Output(ids.EXTEND_BOX, "hidden"),
        Output(ids.REPEAT_BOX, "hidden"),
        Output(ids.EXTENSIONS, "children"),
        Input(ids.STAGE, "data"),
        State(shared.RUN, "data"),
    )
    def show(_, run_id):
        view = store.of(session.user())
        run = view.runs.one(run_id)
        return *offered(view, run), extensions(view, run)

    outputs = (
        Output(ids.POLL, "disabled", allow_duplicate=True),
        Output(ids.TICK, "data", allow_duplicate=True),
        Output(ids.GO_ON_MESSAGE, "children", allow_duplicate=True),
    )

    @buttons.on(app, store, Input(ids.RESUME, "n_clicks"), *outputs, State(shared.RUN, "data"))
    def resume(view, clicks, run_id):
        view.resumed.resume(run_id)
        app.work_here()
        return False, ["resumed", clicks], ""

    @buttons.on(app, store, Input(ids.TRAIN_AGAIN, "n_clicks"), *outputs, State(shared.RUN, "data"))
    def train_again(view, clicks, run_id):
        view.resumed.train_again(run_id)
        app.work_here()
        return False, ["again", clicks], ""

    @buttons.on(
        app,
        store,
        Input(ids.EXTEND, "n_clicks"),
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.GO_ON_MESSAGE, "children", allow_duplicate=True),
        State(shared.RUN, "data"),
        State(ids.EXTEND_EPOCHS, "value"),
        State(ids.EXTEND_SCHEDULE, "value"),
    )
    def extend(view, _, run_id, epochs, schedule):
        id = view.resumed.extend(run_id, EPOCHS.read(epochs), schedule)
        app.work_here()
        return f"/train?run={id}", no_update

    @buttons.on(
        app,
        store,
        Input(extend_button(ALL), "n_clicks"),
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.GO_ON_MESSAGE, "children", allow_duplicate=True),
        State(shared.RUN, "data"),
    )
    def extend_at_constant_rate(view, _, run_id):
        """The button of a diagnosis that needs a constant rate: the page of the extension then has the answer."""
        id = view.resumed.extend(run_id, ctx.triggered_id["name"], "constant")
        app.work_here()
        return f"/train?run={id}", no_update

    @job_card.asks(app, store, ids.REPEAT, Input(ids.REPEAT_GO, "n_clicks"), State(shared.RUN, "data"))
    def repeat(view, _, run_id):
        return view.bundles.repeat(run_id)["id"]

    @app.callback(Output(ids.REPEAT_RESULT, "children"), Input(ids.REPEAT.done, "data"))
    def show_repeat(job_id):
        return repeat_result(store.of(session.user()).jobs.one(job_id)["result"]) if job_id else []


def extensions(view, run):
    """What the newest extensions of a run that has ended show: a link to each, and its diagnosis."""
    if run["status"] not in FINISHED:
        return []
    lines = []
    for row in view.resumed.extensions(run["id"])[-MOST_EXTENSIONS:]:
        diagnosis = diagnosis_of(row, view.runs.epochs(row["id"])) if row["status"] in FINISHED else None
        says = f": {diagnosis.sentence}" if diagnosis else f" ({STATUS_TEXT[row['status']].lower()})."
        lines.append(html.Li([dcc.Link(row["name"], href=f"/train?run={row['id']}"), says]))
    return [html.P("Extensions of this run:"), html.Ul(lines)] if lines else []


def offered(view, run):
    """(card hidden, resume hidden, its text, its button hidden, extension hidden, repeat hidden) for a run."""
    if run["status"] not in FINISHED or run["explored"] == Explored.WORKING:
        return True, True, "", True, True, True
    stopped = run["status"] in (Status.CANCELLED, Status.FAILED)
    text, can_resume = resume_text(view, run) if stopped else ("", False)
    extendable = run["status"] == Status.DONE and view.resumed.checkpoint(run["id"]) is not None
    can_repeat = run["status"] == Status.DONE
    return not (stopped or can_repeat), not stopped, text, not can_resume, not extendable, not can_repeat
