"""The card that names selected cells, on top of any clusters: it renames, merges and splits groups."""

import dash_bootstrap_components as dbc
from dash import dcc, html

from core.config.numbers import Number
from dashboard.components import job_card
from dashboard.components.number_field import number_field
from dashboard.components.picker import picker
from dashboard.components.widgets import card, more, working
from dashboard.pages.clusters.annotate import ids
from dashboard.pages.clusters.colours import CLUSTERS, groupings
from dashboard.pages.clusters.controls import button, field

RESOLUTION = Number("Resolution within the selected cells", low=0.05, high=5)
LARGEST_TABLE = 32 * 1024**2  # bytes of a table of names


def layout(view, run):
    return card(
        "Name the cells",
        html.P(
            "Select cells on the maps (lasso or legend) and name them. Naming one cluster renames it, naming several "
            "merges them, naming a part splits it off. The original clusters are kept; yours are saved beside them."
        ),
        _naming(view, run),
        working(ids.ANNOTATE_MESSAGE),
        _reclustering(),
        *job_card.parts(view, ids.RECLUSTER),
        _colouring(),
        html.Div(id=ids.ANNOTATE_HISTORY),
        html.Div(
            [
                html.Button(
                    "Undo last change", id=ids.ANNOTATE_UNDO, className="btn btn-sm btn-outline-secondary"
                ),
                html.A("Download names (CSV)", id=ids.ANNOTATE_CSV, href="", hidden=True),
            ],
            className="nuwa-actions",
        ),
        _upload(),
    )


def _naming(view, run):
    start = picker(ids.ANNOTATE_START, groupings(view, run), CLUSTERS)
    name = dbc.Input(id=ids.ANNOTATE_NAME, maxlength=80, debounce=True)
    return html.Div(
        [
            field("Start from", start),
            field("Name of the selected cells", name),
            button("Name selected cells", ids.ANNOTATE_GO, "btn-primary"),
        ],
        className="nuwa-form",
    )


def _reclustering():
    return html.Div(
        [
            number_field(ids.RECLUSTER_RESOLUTION, RESOLUTION, 0.6),
            button("Re-cluster selected cells", ids.RECLUSTER_GO),
        ],
        className="nuwa-form",
    )


def _colouring():
    colour = dbc.Input(id=ids.ANNOTATE_COLOUR, type="color", value="#0072b2")
    return html.Div(
        [
            field("Group", picker(ids.ANNOTATE_GROUP)),
            field("Colour", colour),
            button("Set colour", ids.ANNOTATE_COLOUR_GO, "btn-outline-secondary"),
        ],
        className="nuwa-form",
    )


def _upload():
    return more(
        "Upload names as a table",
        html.P(
            "A CSV file with a header and one line per cell: the cell's name as in the dataset, and a column 'name'."
        ),
        dcc.Upload(
            html.Div([html.I(className="bi bi-upload"), " Choose or drop a table of names (.csv)"]),
            id=ids.ANNOTATE_UPLOAD,
            max_size=LARGEST_TABLE,
            className="nuwa-drop",
            accept=".csv",
        ),
    )
