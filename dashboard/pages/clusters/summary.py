"""What stands beside the pictures of a run: how its loss converged, its settings, and what the doctor said of the data."""

from dash import Input, Output, State, html

from core.config import RunConfig, told
from dashboard import ids as shared
from dashboard.components.widgets import badge, card, graph, more, table
from dashboard.pages.clusters import ids
from dashboard.pages.data import findings
from dashboard.pages.run_status import against_baselines, loss
from dashboard.server import session


def layout(view, run):
    """The card of a run: loss convergence open, the settings and the data's verdict folded away."""
    dataset = view.datasets.one(run["dataset"])
    epochs = view.runs.epochs(run["id"])
    return card(
        "Loss convergence of this run",
        html.P(against_baselines(run, epochs)) if epochs and run["best_epoch"] else None,
        graph(ids.CLUSTERS_LOSS, "Loss by epoch", dataset=dataset, style={"height": "320px"}),
        more("The settings of this run", table(["setting", "value", ""], told(RunConfig(**run["config"])))),
        more("What Nuwa found in the data", *verdict(dataset["record"])),
    )


def verdict(record):
    """What X holds, and the doctor's findings, the gravest first."""
    found = [findings.said(finding) for finding in record.get("findings", ())]
    holds = [badge({"record": record}), f" {record['verdict']['evidence']}"]
    return [html.P(holds), *(found or [html.P("Nothing is amiss with it.")])]


def register(app, store):
    @app.callback(Output(ids.CLUSTERS_LOSS, "figure"), Input(shared.THEME, "data"), State(shared.RUN, "data"))
    def draw(theme, run_id):
        return loss(store.of(session.user()), run_id, False, "total", theme)
