"""The card of the reconstruction quality of each gene and protein."""

from dash import Input, html

from core import figures, safe_csv
from core.analysis.metrics.descriptions import EXPLAINED, LOW_VARIANCE
from core.config.run_facts import RunFacts
from dashboard.components import job_card
from dashboard.components.data_tables import grid, text
from dashboard.components.data_tables import number as numeric
from dashboard.components.widgets import card, graph
from dashboard.ids import watched
from dashboard.pages.clusters import run_jobs
from dashboard.pages.clusters.controls import go

JOB = watched("explained")
GO = "explained-go"
RESULT = "explained-result"
TABLE = "explained-table"
FIGURE = "explained-figure"

COLUMNS = [
    text("feature", "gene or protein"),
    text("kind", "kind"),
    numeric("explained", "explained by model", ".3f"),
    numeric("explained_pca", "explained by PCA", ".3f"),
    numeric("variance", "variance", ".3g"),
]


def layout(view, run):
    return card(
        "Reconstruction quality by gene",
        html.P(explanation(run)),
        go("Compute reconstruction quality", GO),
        *job_card.parts(view, JOB, view.jobs.last(run["id"], "explained")),
        html.Div(id=RESULT),
    )


def explanation(run):
    """What the card shows: of a run on split counts other variance is explained, and PCA has another size."""
    size = RunFacts.upgraded(run["facts"]).test_baselines.pca_size
    first = "The share of each gene's and protein's variance that the model explains in cells it has not seen"
    if size is None:
        return (
            f"{first}, compared with PCA of the same number of dimensions. "
            "Points above the line are reconstructed better than by PCA."
        )
    return (
        f"{first}, compared with PCA of {size} dimensions. For genes it is the variance of the molecules that the encoder "
        "has not seen, as in the scores of the run. Points above the line are predicted better than by PCA."
    )


def register(app, store):
    @run_jobs.asks(app, store, JOB, Input(GO, "n_clicks"))
    def compute(view, run, _):
        return view.jobs.ask("explained", run["id"])

    run_jobs.draws(app, store, JOB, RESULT, "explained.csv")(result)


def result(view, run, path, theme):
    """The plot and the sortable table of explained.csv."""
    rows = records(path)
    label = "Variance explained by gene and protein, the lowest first"
    plot = graph(
        FIGURE,
        "Variance explained by the model against by PCA, one point per gene or protein",
        dataset=view.datasets.one(run["dataset"]),
        figure=figures.explained(rows, theme),
        style={"height": "440px"},
    )
    link = html.A("Download all genes and proteins (CSV)", href=f"/download/{run['id']}/explained.csv")
    return [
        html.Div(
            [plot, html.Div([grid(TABLE, COLUMNS, label, rows=rows), link])], className="nuwa-grid even"
        ),
        html.P(f"{EXPLAINED.sentence} {LOW_VARIANCE}", className="help"),
    ]


def records(path):
    """The lines of explained.csv as dicts, with numbers as floats and None where there is none."""
    with path.open(newline="") as file:
        return [
            {
                name: value if name in ("feature", "kind") else float(value) if value else None
                for name, value in row.items()
            }
            for row in safe_csv.records(file)
        ]
