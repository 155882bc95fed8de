"""The card of metadata: a host that assets/74-metadata.js fills, and the form that selects by any other value."""

from dash import dcc, html

from dashboard.components.widgets import card, more
from dashboard.pages.clusters.metadata import ids
from dashboard.pages.clusters.metadata.columns import columns
from dashboard.pages.clusters.viewer import selection_form


def layout(view, run):
    return card(
        "Metadata",
        html.P(
            "Click a name to colour the cells by it. Click a category, or drag over a histogram, to select cells. "
            "Uncheck a category to leave its cells out of the plots.",
            className="help",
        ),
        html.Div(
            id=ids.METADATA_HOST,
            className="nuwa-metadata",
            role="group",
            **{"aria-label": "Columns of metadata"},
        ),
        more("Select or filter by a gene, a protein or another value", selection_form.layout(view, run)),
        dcc.Store(id=ids.METADATA_COLUMNS, data=columns(view, run)),
        dcc.Store(id=ids.METADATA_DRAWN),
        dcc.Store(id=ids.METADATA_CLICKED),
        dcc.Store(id=ids.METADATA_COLOUR),
        dcc.Store(id=ids.METADATA_TYPED),
        dcc.Store(id=ids.METADATA_ERRORS),
    )
