"""The cards that group cells: steadiness, other methods, names by hand with their history, sizes and composition."""

import dash_bootstrap_components as dbc
from dash import dcc, html

from dashboard.components import job_card
from dashboard.components.widgets import card, graph, more, working
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.colours import CLUSTERS, groupings

METHODS = {"kmeans": "k-means: how many clusters", "hdbscan": "HDBSCAN: cells of the smallest cluster"}
LARGEST_TABLE = 32 * 1024**2  # bytes of a table of names
NO_COLUMN = " "  # an empty value would show an empty field


def grouping_cards(view, run):
    """All of them, in the order in which a person needs them."""
    return [finding_card(view, run), naming_card(view, run), composition_card(view, run)]


def finding_card(view, run):
    """How steady the resolutions are, and k-means and HDBSCAN."""
    return card(
        "How many clusters?",
        html.P("A grouping that comes back when a fifth of the cells is left out is more than chance."),
        html.Div(
            html.Button(
                "Find the steadiest resolution", id=ids.STEADY_GO, className="btn btn-outline-primary"
            ),
            className="nuwa-actions",
        ),
        *job_card.parts(view, ids.STEADY, view.jobs.mine(run["id"], "steadiness")),
        dcc.Store(id=ids.STEADIEST),
        html.Div(
            graph(ids.STEADY_FIGURE, "Steadiness by resolution", style={"height": "280px"}),
            id=ids.STEADY_SHOWN,
            hidden=True,
        ),
        html.Div(
            [
                _field("Another method, on the latent space", dbc.Select(METHODS, "kmeans", id=ids.METHOD)),
                _field("Number", dbc.Input(id=ids.METHOD_VALUE, type="number", min=2, step=1, value=10)),
                _button("Cluster", ids.METHOD_GO, "btn btn-outline-primary"),
            ],
            className="nuwa-form",
        ),
        *job_card.parts(view, ids.CLUSTER),
        more(
            "How is steadiness measured?",
            html.P(
                "Eight times, four fifths of the cells are drawn and clustered anew on their part of the neighbour graph "
                "(Tang 2021); each two results are compared by the adjusted Rand index (ARI) over the cells that both "
                "have (Lange 2004). Coarse clusters are steadier for no merit of theirs, so the finest resolution within "
                "a standard error of the best is marked. One cluster alone agrees with itself, and is left out."
            ),
        ),
    )


def naming_card(view, run):
    """Names for selected cells, on top of any clusters: this renames, merges and splits."""
    return card(
        "Name the cells",
        html.P(
            "Select cells above (lasso, legend or form) and give them a name: one cluster is renamed, several are merged, "
            "a part is split off. The clusters below stay as they are; yours are kept beside them."
        ),
        html.Div(
            [
                _field(
                    "Begin with",
                    dcc.Dropdown(groupings(view, run), CLUSTERS, id=ids.MADE_BASE, clearable=False),
                ),
                _field(
                    "Name of the selected cells", dbc.Input(id=ids.MADE_NAME, maxlength=80, debounce=True)
                ),
                _button("Name them", ids.MADE_GO, "btn btn-primary"),
            ],
            className="nuwa-form",
        ),
        working(ids.MADE_MESSAGE),
        html.Div(
            [
                _field(
                    "Resolution among the selected cells",
                    dbc.Input(id=ids.MADE_ANEW_AT, type="number", min=0.05, max=5, step=0.05, value=0.6),
                ),
                _button("Cluster them anew", ids.MADE_ANEW, "btn btn-outline-primary"),
            ],
            className="nuwa-form",
        ),
        html.Div(
            [
                _field("Colour of", dcc.Dropdown([], id=ids.MADE_GROUP, clearable=False)),
                _field("Colour", dbc.Input(id=ids.MADE_COLOUR, type="color", value="#0072b2")),
                _button("Colour it", ids.MADE_COLOUR_GO, "btn btn-outline-secondary"),
            ],
            className="nuwa-form",
        ),
        html.Div(id=ids.MADE_HISTORY),
        html.Div(
            [
                html.Button("Undo the last", id=ids.MADE_UNDO, className="btn btn-sm btn-outline-secondary"),
                html.A("Names as CSV", id=ids.MADE_CSV, href="", hidden=True),
            ],
            className="nuwa-actions",
        ),
        more(
            "Names from a table",
            html.P(
                "A CSV with a head and a line a cell: its name as in the data set, and the column 'name'."
            ),
            dcc.Upload(
                html.Div([html.I(className="bi bi-upload"), " Choose or drop a table of names (.csv)"]),
                id=ids.MADE_UPLOAD,
                max_size=LARGEST_TABLE,
                className="nuwa-drop",
                accept=".csv",
            ),
        ),
    )


def composition_card(view, run):
    """Sizes of the groups that colour the cells, and what they are made of."""
    columns = [c["name"] for c in view.datasets.folder(run["dataset"]).columns() if c["kind"] == "category"]
    options = [{"label": "sizes alone", "value": NO_COLUMN}, *({"label": c, "value": c} for c in columns)]
    return card(
        "Sizes and composition",
        html.P(
            "Of the groups chosen under 'Begin with'. A cluster of one sample may be a batch, not a cell type."
        ),
        _field("By", dcc.Dropdown(options, NO_COLUMN, id=ids.COMPOSITION_OF, clearable=False)),
        graph(ids.COMPOSITION_FIGURE, "Composition of each group", dataset=view.datasets.one(run["dataset"])),
        html.Div(id=ids.COMPOSITION_TABLE),
    )


def _button(words, id, look):
    """A button at the foot of a row of fields, as wide as its words."""
    return html.Div(html.Button(words, id=id, className=look), style={"alignSelf": "end"})


def _field(words, control):
    return html.Div([html.Label(words, htmlFor=control.id), control], className="nuwa-field")
