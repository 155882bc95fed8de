"""The card of markers: the choice of groups, a table and pictures; a row of the table colours the cells."""

import dash_bootstrap_components as dbc
from dash import dcc, html

from core.analysis.marker_measures import FEWEST
from dashboard.components import data_tables, job_card
from dashboard.components.widgets import card, graph, more, notice
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.colours import CLUSTERS, groupings

EACH, TWO = "each", "two"
PICTURES = {"dots": "Dot plot", "heat": "Heat map", "violins": "Violins of one feature"}
FOLD = {True: "log2 fold change", False: "difference of means"}
EXPLAINED = (
    "AUC: how often a cell of the group has more of it than a cell of the others, ties counting half: 0.5 is no "
    "difference, 1 always more, 0 always less. It is the effect size of the Wilcoxon rank-sum test (Mann and Whitney "
    "1947), whose p comes from its normal approximation with ties corrected, adjusted over all genes and proteins of "
    "a group (Benjamini and Hochberg 1995).",
    "Clusters were found from the same genes, so p is too small for clusters: read it as a rank, and the effect and the "
    "shares as what is there (double dipping; Zhang, Kamath and Tse 2019).",
)


def markers_card(view, run):
    """The choice of groups, and what was found the last time."""
    return card(
        "Markers",
        html.P("The genes and proteins by which groups of cells differ most."),
        html.Div(
            [
                html.Div(
                    [
                        html.Label("Compare", id=f"{ids.MARKERS_HOW}-label"),
                        dbc.RadioItems(
                            options=[
                                {"label": "each group with all others", "value": EACH},
                                {"label": "two selections", "value": TWO},
                            ],
                            value=EACH,
                            id=ids.MARKERS_HOW,
                        ),
                    ],
                    className="nuwa-field",
                    role="radiogroup",
                    **{"aria-labelledby": f"{ids.MARKERS_HOW}-label"},
                ),
                html.Div(
                    [
                        html.Label("Groups", htmlFor=ids.MARKERS_BY),
                        dcc.Dropdown(groupings(view, run), CLUSTERS, id=ids.MARKERS_BY, clearable=False),
                        html.Div("clusters go by the resolution above", className="help"),
                    ],
                    id=ids.MARKERS_EACH,
                    className="nuwa-field wide",
                ),
                html.Div(_two(), id=ids.MARKERS_TWO, className="nuwa-field wide", hidden=True),
            ],
            className="nuwa-form",
        ),
        html.Div(
            html.Button("Find markers", id=ids.MARKERS_GO, className="btn btn-outline-primary"),
            className="nuwa-actions",
        ),
        *job_card.parts(view, ids.MARKERS, view.jobs.mine(run["id"], "markers")),
        html.Div(_shown(), id=ids.MARKERS_SHOWN, hidden=True),
        more("What do these say?", html.Ul([html.Li(words) for words in EXPLAINED])),
    )


def _two():
    """Two selections, each taken from the cells that are selected above."""
    return [
        html.Div(
            [
                html.Button(words, id=id, className="btn btn-sm btn-outline-secondary")
                for id, words in (
                    (ids.MARKERS_A_TAKE, "Selection is A"),
                    (ids.MARKERS_B_TAKE, "Selection is B"),
                    (ids.MARKERS_B_REST, "B is all other cells"),
                )
            ],
            className="nuwa-actions",
        ),
        html.Div(id=ids.MARKERS_TWO_WORDS, role="status", className="help"),
        dcc.Store(id=ids.MARKERS_A),
        dcc.Store(id=ids.MARKERS_B),
    ]


def _shown():
    """The table and the pictures; a click on a row colours the cells above."""
    return [
        html.Div(id=ids.MARKERS_WORDS),
        html.Div(
            [
                html.Label("Markers of", htmlFor=ids.MARKERS_GROUP),
                dcc.Dropdown(id=ids.MARKERS_GROUP, clearable=False),
            ],
            className="nuwa-field",
        ),
        data_tables.grid(ids.MARKERS_TABLE, columns(True), "Markers of the chosen group"),
        html.P(
            "A click on a row, or the space bar, colours the cells above by that gene or protein.",
            className="help",
        ),
        html.Div(
            html.A("All markers of all groups (CSV)", id=ids.MARKERS_CSV, href=""), className="nuwa-actions"
        ),
        html.Div(
            [
                html.Div(
                    [
                        html.Label("Picture", id=f"{ids.MARKERS_PICTURE}-label"),
                        dbc.RadioItems(
                            options=[{"label": v, "value": k} for k, v in PICTURES.items()],
                            value="dots",
                            id=ids.MARKERS_PICTURE,
                            inline=True,
                        ),
                    ],
                    className="nuwa-field wide",
                    role="radiogroup",
                    **{"aria-labelledby": f"{ids.MARKERS_PICTURE}-label"},
                ),
                html.Div(
                    html.Label(
                        [
                            "Markers of each group",
                            dbc.Input(id=ids.MARKERS_TOP, type="number", min=1, max=20, step=1, value=3),
                        ],
                        className="nuwa-labelled",
                    ),
                    className="nuwa-field",
                ),
            ],
            className="nuwa-form",
        ),
        graph(
            ids.MARKERS_FIGURE,
            "Markers by group",
            # The values that are drawn may be others than X: they are named with what was found.
            mark=html.Span(id=ids.MARKERS_BADGE, className="nuwa-badge info"),
        ),
    ]


def columns(logged):
    """The columns of the table."""
    tiny = "params.value == null ? '–' : params.value < 1e-300 ? '< 1e-300' : d3.format('.2~e')(params.value)"
    return [
        data_tables.text("feature", "feature", minWidth=120),
        data_tables.text("kind", "kind"),
        data_tables.number("auc", "AUC"),
        data_tables.number("log_fold", FOLD[logged], ".2f"),
        data_tables.number("share", "% of group", ".1f"),
        data_tables.number("share_rest", "% of others", ".1f"),
        data_tables.number("p_adjusted", "adjusted p", valueFormatter={"function": tiny}),
    ]


def remarks(found):
    """What was compared, in which values, and what could not be."""
    said = [html.P(f"{found['words']}. Values: {found['values']}.", className="help")]
    if not found["logged"]:
        words = "These values are not logarithms: instead of a fold change the table has the difference of the means."
        said.append(notice(words, "warn"))
    if found["too_small"]:
        names = ", ".join(found["too_small"][:8]) + (" ..." if len(found["too_small"]) > 8 else "")
        said.append(notice(f"Not tested, as they have fewer than {FEWEST} cells: {names}.", "warn"))
    return said
