"""The card of suggested names: what the groups whose markers were found may be, by sets of known markers."""

import base64

from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.analysis import cell_types
from core.analysis.marker_measures import MEASURES
from core.errors import UserError
from core.store import Missing
from dashboard import ids as shared
from dashboard.components.widgets import card, more, notice, number, table
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.markers.results import features
from dashboard.server import session

OWN = "own"
SHOWN = 6  # genes of a row
LARGEST = 8 * 1024**2  # bytes of a GMT


def suggesting_card(view, run):
    """The choice of a set, and a table that the callbacks fill."""
    options = [{"label": title, "value": name} for name, title in cell_types.SETS.items()]
    return card(
        "Suggested names",
        html.P(
            "Of the groups whose markers were found above, by sets of known markers. Suggestions are a beginning: look at "
            "the genes before you take them."
        ),
        html.Div(
            [
                html.Label("Sets of markers", htmlFor=ids.SUGGEST_SET),
                dcc.Dropdown(
                    [*options, {"label": "sets of my own (GMT)", "value": OWN}],
                    id=ids.SUGGEST_SET,
                    placeholder="choose a tissue",
                ),
            ],
            className="nuwa-field",
        ),
        more(
            "Sets of my own",
            html.P("A GMT file: a line a cell type, with tabs between name, description and genes."),
            dcc.Upload(
                html.Div([html.I(className="bi bi-upload"), " Choose or drop sets of markers (.gmt)"]),
                id=ids.SUGGEST_GMT,
                max_size=LARGEST,
                className="nuwa-drop",
                accept=".gmt,.txt",
            ),
        ),
        html.Div(id=ids.SUGGEST_SHOWN, role="status"),
        html.Div(
            html.Button(
                "Take these names", id=ids.SUGGEST_GO, className="btn btn-outline-primary", hidden=True
            ),
            className="nuwa-actions",
        ),
        html.Div(id=ids.SUGGEST_MESSAGE, role="status"),
        more(
            "How is this scored?",
            html.P(
                "The score of a cell type is the mean, over its genes, of 2 AUC - 1: how much more often a cell of the "
                "group has more of the gene than another cell, than less (Cliff's delta, -1 to 1). Below "
                f"{cell_types.LEAST}, or less than {cell_types.MARGIN} ahead of the next type, the answer is 'unknown'. Types of "
                "which the data have fewer than half of the genes are left out."
            ),
            html.P("The genes of the shipped sets come from:"),
            html.Ul(
                [
                    html.Li(s)
                    for s in sorted({s for name in cell_types.SETS for s in cell_types.sources(name)})
                ]
            ),
        ),
    )


def suggestions(view, run, found, chosen, gmt):
    """A Suggestion for each group of the markers found; raises UserError where none can be had."""
    if chosen != OWN:
        sets = cell_types.shipped(chosen)
    elif not gmt:
        raise UserError("Choose or drop a GMT file first.")
    else:
        try:
            sets = cell_types.from_gmt(base64.b64decode(gmt.partition(",")[2]).decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise UserError("This file is no text: save the sets as GMT (UTF-8).") from None
    names, n_genes = features(view, run)
    auc = view.results.array(run["id"], f"markers/{found['groups']}")[MEASURES.index("auc")][:, :n_genes]
    return cell_types.suggest(auc, names[:n_genes], sets)


def register(app, store):
    here = [
        Input(ids.SUGGEST_SET, "value"),
        Input(ids.SUGGEST_GMT, "contents"),
        State(ids.MARKERS.done, "data"),
        State(shared.RUN, "data"),
    ]

    def ask(chosen, gmt, job_id, run_id):
        view = store.of(session.user())
        if not job_id:
            raise UserError("Find the markers of the groups first, in the card above.")
        run, found = view.runs.one(run_id), view.jobs.one(job_id)["result"]
        return view, run, found, suggestions(view, run, found, chosen, gmt)

    @app.callback(
        Output(ids.SUGGEST_SHOWN, "children"),
        Output(ids.SUGGEST_GO, "hidden"),
        *here,
        Input(ids.MARKERS_GROUP, "options"),
        prevent_initial_call=True,
    )
    def show(chosen, gmt, job_id, run_id, _):
        if not chosen:
            raise PreventUpdate
        try:
            _, _, found, made = ask(chosen, gmt, job_id, run_id)
        except Missing:
            raise
        except UserError as error:
            return notice(str(error), "warn"), True
        rows = []
        for name, one in zip(found["names"], made, strict=True):
            scores = (
                [number(one.score, 2), f"{one.second} {number(one.second_score, 2)}"]
                if one.best
                else ["–", "–"]
            )
            said = one.name if one.name != cell_types.UNKNOWN or not one.best else f"unknown ({one.best}?)"
            rows.append([name, said, *scores, ", ".join(one.genes[:SHOWN])])
        head = ["group", "suggested", "score", "next", "its genes, the strongest first"]
        return table(head, rows, numeric=(2,)), False

    @app.callback(
        Output(ids.SUGGEST_MESSAGE, "children"),
        Output(ids.MADE_LINE, "data", allow_duplicate=True),
        Input(ids.SUGGEST_GO, "n_clicks"),
        *[State(part.component_id, part.component_property) for part in here],
        prevent_initial_call=True,
    )
    def take(clicks, chosen, gmt, job_id, run_id):
        """The groups under their suggested names, those of one name together; the unknown keep the names they had."""
        if not clicks:
            raise PreventUpdate
        try:
            view, run, found, made = ask(chosen, gmt, job_id, run_id)
        except Missing:
            raise
        except UserError as error:
            return notice(str(error), "warn"), no_update
        groups = before = view.groups.one(run["id"], found["groups"])
        for i, one in enumerate(made):
            if one.name != cell_types.UNKNOWN:
                groups = groups.renamed(before.codes == i, one.name)
        known = sum(one.name != cell_types.UNKNOWN for one in made)
        title = cell_types.SETS.get(chosen, "sets of my own")
        what = f"{known} of {len(made)} groups named as suggested by {title}"
        line = view.clusterings.keep(run["id"], groups, what, f"suggested by {title}")
        return notice(
            "These names now colour the cells; change them in the card 'Name the cells'.", "good"
        ), line
