"""The card of markers: the choice of groups, a table and plots; a row of the table colours the cells."""

import dash_bootstrap_components as dbc
from dash import dcc, html

from core.analysis.marker_measures import CAUTION, FEWEST
from core.config.numbers import Number
from core.text import listed
from dashboard.components import data_tables, job_card
from dashboard.components.number_field import number_field
from dashboard.components.picker import picker
from dashboard.components.widgets import card, graph, more, notice
from dashboard.pages.clusters.colours import CLUSTERS, groupings
from dashboard.pages.clusters.controls import categories, field, go, samples_of
from dashboard.pages.clusters.markers import ids

EACH, TWO = "each", "two"
MARKERS_PER_GROUP = Number("Markers per group", whole=True, low=1, high=20)
PLOTS = {"dots": "dot plot", "heat": "heat map", "violins": "violin plot of one feature"}
FOLD = {True: "log2 fold change (+1)", False: "difference of means"}
EXPLANATION = (
    "AUC: how often a cell of the group has a higher value than another cell, ties counting half. 0.5 is no difference, "
    "1 always higher, 0 always lower. It is the effect size of the Wilcoxon rank-sum test (Mann and Whitney 1947). The "
    "p value comes from its normal approximation, corrected for ties, and is adjusted over all genes and proteins of a "
    "group (Benjamini and Hochberg 1995).",
    "log2 fold change (+1): log2 of the ratio of the mean counts per 10,000, 1 added to both as in Seurat, so that genes "
    "which hardly any cell expresses do not come first. Scanpy adds 1e-9: its fold change is log_fold in the CSV. Both take "
    "the means of the logarithms out of the logarithm, as scanpy does.",
    f"{CAUTION} (Squair 2021 on replicates; Zhang, Kamath and Tse 2019 on double dipping.)",
    "With a column of samples, a sample is one observation. Its counts are added up by group, and log2 counts per million "
    "are compared by a moderated t-test, as limma has it (Smyth 2004): within each sample where samples have cells in both "
    "groups, else between samples. This mends the replicates, not the double dipping. AUC within samples compares only "
    "cells of the same sample, so differences between samples, such as batch effects, have no part in it.",
)
EXPRESSING = "A cell expresses a gene above 0, and a protein above its background: {}."
SAMPLES_HELP = (
    "An obs column of samples or donors adds p values over samples, the only ones that hold for other donors."
)


def layout(view, run):
    return card(
        "Markers",
        html.P("The genes and proteins that differ most between groups of cells."),
        _groups(view, run),
        html.Div([_samples(view, run)], className="nuwa-form"),
        go("Find markers", ids.MARKERS_GO),
        *job_card.parts(view, ids.MARKERS, view.jobs.mine(run["id"], "markers")),
        html.Div([*_table(), *_plot()], id=ids.MARKERS_BOX, hidden=True),
        more("What do these columns mean?", html.Ul([html.Li(text) for text in EXPLANATION])),
    )


def _groups(view, run):
    by = picker(ids.MARKERS_BY, groupings(view, run), CLUSTERS)
    compare = {EACH: "each group with all other cells", TWO: "two selections"}
    return html.Div(
        [
            _radio("Compare", ids.MARKERS_HOW, compare, EACH),
            html.Div(
                [
                    html.Label("Groups", htmlFor=ids.MARKERS_BY),
                    by,
                    html.Div(
                        "Leiden clusters are those of the resolution under 'Clusters and names'",
                        className="help",
                    ),
                ],
                id=ids.MARKERS_EACH,
                className="nuwa-field wide",
            ),
            html.Div(_two_selections(), id=ids.MARKERS_TWO, className="nuwa-field wide", hidden=True),
        ],
        className="nuwa-form",
    )


def _samples(view, run):
    """The choice of the obs column whose values are replicates."""
    columns = categories(view, run)
    placeholder = "none: cells are compared" if columns else "obs has no categorical columns"
    return html.Div(
        [
            html.Label("Samples (replicates)", htmlFor=ids.MARKERS_SAMPLES),
            picker(
                ids.MARKERS_SAMPLES,
                columns,
                samples_of(view, run),
                placeholder=placeholder,
                clearable=True,
            ),
            html.Div(SAMPLES_HELP, className="help"),
        ],
        className="nuwa-field wide",
    )


def _radio(label, id, options, value, inline=False):
    items = dbc.RadioItems(
        options=[{"label": text, "value": name} for name, text in options.items()],
        value=value,
        id=id,
        inline=inline,
    )
    return html.Div(
        [html.Label(label, id=f"{id}-label"), items],
        className="nuwa-field" + (" wide" if inline else ""),
        role="radiogroup",
        **{"aria-labelledby": f"{id}-label"},
    )


def _two_selections():
    """Two groups, each from the cells that are selected on the maps."""
    buttons = (
        (ids.MARKERS_A_GO, "Use selection as group A"),
        (ids.MARKERS_B_GO, "Use selection as group B"),
        (ids.MARKERS_B_REST, "Compare with all other cells"),
    )
    return [
        html.Div(
            [html.Button(text, id=id, className="btn btn-sm btn-outline-secondary") for id, text in buttons],
            className="nuwa-actions",
        ),
        html.Div(id=ids.MARKERS_TWO_NOTE, role="status", className="help"),
        dcc.Store(id=ids.MARKERS_A),
        dcc.Store(id=ids.MARKERS_B),
    ]


def _table():
    return [
        html.Div(id=ids.MARKERS_NOTES),
        field("Markers of", picker(ids.MARKERS_GROUP)),
        data_tables.grid(ids.MARKERS_TABLE, columns(True), "Markers of the chosen group"),
        html.P("Click a row, or press the space bar on it, to colour the maps.", className="help"),
        html.Div(html.A("Download all markers (CSV)", id=ids.MARKERS_CSV, href=""), className="nuwa-actions"),
    ]


def _plot():
    return [
        html.Div(
            [
                _radio("Plot", ids.MARKERS_PICTURE, PLOTS, "dots", inline=True),
                number_field(ids.MARKERS_TOP, MARKERS_PER_GROUP, 3),
            ],
            className="nuwa-form",
        ),
        graph(
            ids.MARKERS_FIGURE,
            "Markers by group",
            height=450,
            # The values in this plot may be others than X: the badge names them.
            mark=html.Span(id=ids.MARKERS_BADGE, className="nuwa-badge info"),
        ),
    ]


def columns(logged, over_samples=False):
    """The columns of the table; the fold change is a difference of means where values are not logarithms.

    `over_samples`: those over samples as well.
    """
    tiny = "params.value == null ? '–' : params.value < 1e-300 ? '< 1e-300' : d3.format('.2~e')(params.value)"
    shown = [
        data_tables.text("feature", "feature", minWidth=120),
        data_tables.text("kind", "kind"),
        data_tables.number("auc", "AUC"),
        data_tables.number("log_fold", FOLD[logged], ".2f"),
        data_tables.number("share", "% of group", ".1f"),
        data_tables.number("share_rest", "% of others", ".1f"),
        data_tables.number("p_adjusted", "adjusted p of cells", valueFormatter={"function": tiny}),
    ]
    if over_samples:
        shown += [
            data_tables.number("auc_within", "AUC within samples"),
            data_tables.number("sample_log_fold", "log2 fold over samples", ".2f"),
            data_tables.number(
                "sample_p_adjusted", "adjusted p over samples", valueFormatter={"function": tiny}
            ),
        ]
    return shown


def remarks(result):
    """What was compared, in which values, what the p values are not, and which groups were not tested."""
    parts = [html.P(f"{result['words']}. Values: {result['values']}.", className="help")]
    if result.get("background"):
        parts.append(html.P(EXPRESSING.format(result["background"]), className="help"))
    parts.append(notice(CAUTION, "warn"))
    if "sample_words" in result:
        parts.append(html.P(result["sample_words"], className="help"))
    if not result["logged"]:
        text = "These values are not logarithms, so the table has the difference of means instead of a fold change."
        parts.append(notice(text, "warn"))
    if result["too_small"]:
        names = result["too_small"]
        names = listed([*names[:8], f"{len(names) - 8} more"] if len(names) > 9 else names)
        parts.append(notice(f"Not tested, because they have fewer than {FEWEST} cells: {names}.", "warn"))
    return parts
