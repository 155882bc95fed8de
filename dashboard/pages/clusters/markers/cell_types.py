"""The card of suggested names: which cell types the groups may be, by sets of known markers."""

import base64

from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.analysis import cell_types
from core.analysis.marker_measures import MEASURES
from core.errors import UserError
from core.figures import kept_colours
from core.store import Missing
from dashboard import ids as shared
from dashboard.components.picker import picker
from dashboard.components.widgets import card, more, notice, number, table
from dashboard.pages.clusters import ids as page
from dashboard.pages.clusters.colours import suggested_types
from dashboard.pages.clusters.groups import palette_of
from dashboard.pages.clusters.markers import ids
from dashboard.pages.clusters.markers.results import features
from dashboard.server import session

OWN = "own"
MOST_GENES = 6  # in a row of the table
LARGEST = 8 * 1024**2  # bytes of a GMT file


def layout(view, run):
    options = [{"label": title, "value": name} for name, title in cell_types.SETS.items()]
    suggested = suggested_types(view, run)
    return card(
        "Suggested names",
        html.P(
            "Cell types for the groups whose markers were found above, by sets of known markers. Check the genes before "
            "you use a suggestion. After training the clusters have suggestions already, by the tissue whose sets name "
            "most cells: 'Colour by' has them as suggested cell types."
        ),
        html.Div(
            [
                html.Label("Marker sets", htmlFor=ids.SUGGEST_SET),
                picker(
                    ids.SUGGEST_SET,
                    [*options, {"label": "my own sets (GMT)", "value": OWN}],
                    suggested and suggested["set"],
                    placeholder="choose a tissue",
                    clearable=True,
                ),
            ],
            className="nuwa-field",
        ),
        more(
            "Upload my own sets",
            html.P("A GMT file: one line per cell type, with tabs between name, description and genes."),
            dcc.Upload(
                html.Div([html.I(className="bi bi-upload"), " Choose or drop a file of marker sets (.gmt)"]),
                id=ids.SUGGEST_GMT,
                max_size=LARGEST,
                className="nuwa-drop",
                accept=".gmt,.txt",
            ),
        ),
        html.Div(id=ids.SUGGEST_RESULT, role="status"),
        html.Div(
            html.Button(
                "Use these names", id=ids.SUGGEST_GO, className="btn btn-outline-primary", hidden=True
            ),
            className="nuwa-actions",
        ),
        html.Div(id=ids.SUGGEST_MESSAGE, role="status"),
        more(
            "How is this scored?",
            html.P(
                "The score of a cell type is the mean of 2 AUC - 1 over its genes (Cliff's delta, -1 to 1): how much more "
                "often a cell of the group expresses the gene more than another cell does, rather than less. Below "
                f"{cell_types.LEAST}, or less than {cell_types.MARGIN} ahead of the next type, the suggestion is 'unknown'. "
                "Types are left out where the dataset has fewer than half of their genes."
            ),
            html.P("Sources of the built-in sets:"),
            html.Ul(
                [
                    html.Li(s)
                    for s in sorted({s for name in cell_types.SETS for s in cell_types.sources(name)})
                ]
            ),
        ),
    )


def suggestions(view, run, result, chosen, gmt):
    """A Suggestion for each group of a result of markers; raises UserError where the sets cannot be read."""
    if chosen != OWN:
        sets = cell_types.shipped(chosen)
    elif not gmt:
        raise UserError("Choose or drop a GMT file first.")
    else:
        try:
            sets = cell_types.from_gmt(base64.b64decode(gmt.partition(",")[2]).decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise UserError("This file is not a text file. Save the sets as GMT (UTF-8).") from None
    names, n_genes = features(view, run)
    auc = view.results.array(run["id"], f"markers/{result['groups']}")[MEASURES.index("auc")][:, :n_genes]
    return cell_types.suggest(auc, names[:n_genes], sets)


def register(app, store):
    controls = [
        Input(ids.SUGGEST_SET, "value"),
        Input(ids.SUGGEST_GMT, "contents"),
        State(ids.MARKERS.done, "data"),
        State(shared.RUN, "data"),
    ]

    def suggest(chosen, gmt, job_id, run_id):
        view = store.of(session.user())
        if not job_id:
            raise UserError("Find the markers of the groups first, in the card above.")
        run, result = view.runs.one(run_id), view.jobs.one(job_id)["result"]
        return view, run, result, suggestions(view, run, result, chosen, gmt)

    @app.callback(
        Output(ids.SUGGEST_RESULT, "children"),
        Output(ids.SUGGEST_GO, "hidden"),
        *controls,
        Input(ids.MARKERS_GROUP, "options"),
        prevent_initial_call=True,
    )
    def show(chosen, gmt, job_id, run_id, _):
        if not chosen:
            raise PreventUpdate
        try:
            _, _, result, suggested = suggest(chosen, gmt, job_id, run_id)
        except Missing:
            raise
        except UserError as error:
            return notice(str(error), "warn"), True
        rows = [[name, *_row(one)] for name, one in zip(result["names"], suggested, strict=True)]
        head = ["group", "suggestion", "score", "next best", "marker genes, the strongest first"]
        return table(head, rows, numeric=(2,)), False

    @app.callback(
        Output(ids.SUGGEST_MESSAGE, "children"),
        Output(page.CLUSTERING, "data", allow_duplicate=True),
        Input(ids.SUGGEST_GO, "n_clicks"),
        *[State(part.component_id, part.component_property) for part in controls],
        prevent_initial_call=True,
    )
    def use(clicks, chosen, gmt, job_id, run_id):
        """Name the groups as suggested, merging those of one name; unknown groups keep their names."""
        if not clicks:
            raise PreventUpdate
        try:
            view, run, result, suggested = suggest(chosen, gmt, job_id, run_id)
        except Missing:
            raise
        except UserError as error:
            return notice(str(error), "warn"), no_update
        groups = before = view.groups.one(run["id"], result["groups"])
        for i, one in enumerate(suggested):
            if one.name != cell_types.UNKNOWN:
                groups = groups.renamed(before.codes == i, one.name)
        known = sum(one.name != cell_types.UNKNOWN for one in suggested)
        title = cell_types.SETS.get(chosen, "my own sets")
        change = f"{known} of {len(suggested)} groups named as suggested by {title}"
        colours = kept_colours(
            palette_of(view, run, result["groups"]), groups.predecessors(before), groups.names
        )
        line = view.clusterings.keep(run["id"], groups, change, f"suggested by {title}", colours=colours)
        return notice(
            "The cells are now coloured by these names. Change them in the card 'Name the cells'.", "good"
        ), line


def _row(suggestion):
    """The cells of the table for one Suggestion."""
    best = suggestion.best
    if not best:
        scores = ["–", "–"]
    else:
        second = f"{suggestion.second} {number(suggestion.second_score, 2)}"
        scores = [number(suggestion.score, 2), second]
    unsure = best and suggestion.name == cell_types.UNKNOWN
    name = f"unknown ({best}?)" if unsure else suggestion.name
    return [name, *scores, ", ".join(suggestion.genes[:MOST_GENES])]
