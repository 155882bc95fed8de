"""The card on the run: its loss by epoch, its settings, and the data checks of its dataset."""

from dash import Input, Output, State, html

from core.config import RunConfig, setting_rows
from core.config.dataset_record import DatasetRecord
from dashboard import ids as shared
from dashboard.components.widgets import badge, card, graph, more, table
from dashboard.pages.data import findings
from dashboard.pages.run_status import against_baselines, loss
from dashboard.server import session

LOSS = "clusters-loss"


def layout(view, run):
    """The loss is shown; settings and data checks are folded."""
    dataset = view.datasets.one(run["dataset"])
    epochs = view.runs.epochs(run["id"])
    return card(
        "Loss of this run",
        html.P(against_baselines(run, epochs)) if epochs and run["best_epoch"] else None,
        graph(LOSS, "Loss by epoch", dataset=dataset, style={"height": "320px"}),
        more(
            "Settings of this run", table(["setting", "value", ""], setting_rows(RunConfig(**run["config"])))
        ),
        more("Data checks of its dataset", *data_checks(dataset)),
    )


def data_checks(dataset):
    """What X contains, and the findings of the data checks, the most severe first."""
    record = DatasetRecord.of(dataset)
    notices = [findings.finding_notice(finding) for finding in record.findings]
    contents = [badge(dataset), f" {record.x.evidence}"]
    return [html.P(contents), *(notices or [html.P("No problems found.")])]


def register(app, store):
    @app.callback(Output(LOSS, "figure"), Input(shared.THEME, "data"), State(shared.RUN, "data"))
    def draw(theme, run_id):
        return loss(store.of(session.user()), run_id, False, "total", theme)
