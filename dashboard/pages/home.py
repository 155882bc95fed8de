"""The first page: one picture, one sentence, and three ways to begin."""

from dash import Input, Output, dcc, html

from core.store import Explored
from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.components.widgets import card, more, with_terms
from dashboard.pages.data import stages

PATH, TITLE = "/", "Welcome"
EXAMPLE, MESSAGE = "try-example", "try-example-message"
PICTURE = "1,500 blood cells on a map of their latent space: cells of one type lie together"


def layout(view, context):
    has_runs = view.runs.latest() is not None
    large = "btn btn-lg"
    return card(
        "Train an autoencoder on your own cells",
        html.Img(src="/assets/welcome.svg", alt=PICTURE, className="nuwa-welcome"),
        html.P(
            with_terms(
                "An autoencoder describes each cell by a few numbers, so that similar cells lie together on a map."
            ),
            className="lead",
        ),
        html.Div(
            [
                html.Button("Try the example", id=EXAMPLE, className=f"{large} btn-primary"),
                dcc.Link("Use my own file", href="/data", className=f"{large} btn-outline-primary"),
                dcc.Link("Recent runs", href="/runs", className=f"{large} btn-outline-primary")
                if has_runs
                else html.Button("Recent runs", className=f"{large} btn-outline-primary", disabled=True),
            ],
            className="nuwa-actions",
        ),
        html.Div(id=MESSAGE),
        html.P(
            "The example: 1,500 blood cells with RNA and 17 proteins (10x Genomics, CC BY 4.0). Training takes about a "
            "minute.",
            className="help mt-3",
        ),
        more(
            "What happens to my data?",
            html.P(
                "They stay on this server, in one folder; nothing is sent anywhere else. A training run "
                "continues when you close the page. You find it again under Runs."
            ),
        ),
    )


def try_example(view):
    """The address of the example's clusters, or of the page that shows how far they are; the work is queued once."""
    dataset_id = view.recommended.example()
    run = view.recommended.existing(dataset_id)
    if run is not None and run["explored"] == Explored.READY:
        return stages.clusters_link(view, run["id"])
    view.recommended.start(dataset_id)
    return f"/data?dataset={dataset_id}"


def register(app, store):
    @buttons.on(
        app,
        store,
        Input(EXAMPLE, "n_clicks"),
        Output(shared.URL, "href", allow_duplicate=True),
        Output(MESSAGE, "children"),
    )
    def begin(view, _):
        href = try_example(view)
        app.work_here()
        return href, ""
