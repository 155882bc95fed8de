"""What happens on the cards of groups."""

from dash import Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate

from core import figures
from core.config import RESOLUTIONS
from core.errors import UserError
from core.store import Missing
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.widgets import notice, table, when
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.annotate import clusterings
from dashboard.pages.clusters.annotate.card import NO_COLUMN
from dashboard.pages.clusters.colours import CLUSTERS, MADE, colour_options, groupings
from dashboard.pages.clusters.groups import groups_of
from dashboard.pages.clusters.links import names_link
from dashboard.server import session

SHOWN = (0.2, 0.6, 1.0, 1.4, 2.0)  # resolutions written beside the slider
LAST = 8  # versions of a clustering that are listed


def register(app, store):
    _steadiness(app, store)
    _methods(app, store)
    _names(app, store)
    _shown(app, store)

    @app.callback(
        Output(ids.COMPOSITION_FIGURE, "figure"),
        Output(ids.COMPOSITION_TABLE, "children"),
        Input(ids.COMPOSITION_OF, "value"),
        Input(ids.MADE_BASE, "value"),
        Input(ids.RESOLUTION, "value"),
        Input(ids.MADE_LINE, "data"),
        Input(shared.THEME, "data"),
        State(shared.RUN, "data"),
    )
    def compose(column, base, resolution, _, theme, run_id):
        view = store.of(session.user())
        column = "" if column == NO_COLUMN else column
        try:
            names, counts, parts = clusterings.composition(
                view, view.runs.one(run_id), base, resolution, column
            )
        except Missing:
            raise
        except UserError as error:
            return figures.empty(str(error), theme, 200), notice(str(error), "warn")
        total = counts.sum()
        rows = [
            [name, f"{n.sum():,}", f"{n.sum() / max(total, 1):.1%}", *(f"{v:,}" for v in n if len(parts) > 1)]
            for name, n in zip(names, counts, strict=True)
        ]
        head = ["group", "cells", "of all", *(parts if len(parts) > 1 else [])]
        return figures.composition(names, counts, parts, theme), table(head, rows, range(1, len(head)))


def _steadiness(app, store):
    @job_card.asks(app, store, ids.STEADY, Input(ids.STEADY_GO, "n_clicks"), State(shared.RUN, "data"))
    def ask(view, clicks, run_id):
        return view.jobs.once("steadiness", run_id, {}, "slow")["id"]

    @app.callback(
        Output(ids.STEADY_SHOWN, "hidden"),
        Output(ids.STEADY_FIGURE, "figure"),
        Output(ids.STEADIEST, "data"),
        Input(ids.STEADY.done, "data"),
        Input(shared.THEME, "data"),
    )
    def show(job_id, theme):
        """Draw what was found."""
        if not job_id:
            raise PreventUpdate
        found = store.of(session.user()).jobs.one(job_id)["result"]
        return False, figures.steadiness(found, theme), found["steadiest"]

    @app.callback(Output(ids.RESOLUTION, "marks"), Input(ids.STEADIEST, "data"), prevent_initial_call=True)
    def mark(steadiest):
        """The steadiest is marked on the slider."""
        return marks(steadiest)


def marks(steadiest):
    """The slider's marks, with the steadiest resolution among them."""
    shown = {r: {"label": f"{r:g}"} for r in SHOWN}
    if steadiest is not None:
        near = min(RESOLUTIONS, key=lambda r: abs(r - steadiest))
        style = {"fontWeight": 600, "color": "var(--nuwa-accent)", "whiteSpace": "nowrap"}
        shown[near] = {"label": f"{near:g} ★", "style": style}
    return {r if r % 1 else int(r): mark for r, mark in shown.items()}


def _methods(app, store):
    @job_card.asks(
        app,
        store,
        ids.CLUSTER,
        Input(ids.METHOD_GO, "n_clicks"),
        Input(ids.MADE_ANEW, "n_clicks"),
        State(ids.METHOD, "value"),
        State(ids.METHOD_VALUE, "value"),
        State(ids.MADE_BASE, "value"),
        State(ids.RESOLUTION, "value"),
        State(ids.SELECTION, "data"),
        State(ids.MADE_ANEW_AT, "value"),
        State(shared.PAGE, "data"),
        State(shared.RUN, "data"),
    )
    def ask(view, clicks, again, method, value, base, resolution, selection, at, page, run_id):
        """All cells by another method, or the selected ones by Leiden among themselves."""
        token = f"{page}:clusters:{clicks}:{again}"
        if ctx.triggered_id == ids.MADE_ANEW:
            return clusterings.anew(view, view.runs.one(run_id), base, resolution, selection, at, token)
        if not value:
            raise UserError("A number is missing: how many clusters, or how many cells at least?")
        asked = {"method": method, "value": int(value)}
        return view.jobs.submit("clusters", run_id, asked, token, priority=1)

    @app.callback(Output(ids.MADE_LINE, "data"), Input(ids.CLUSTER.done, "data"), prevent_initial_call=True)
    def found(job_id):
        if not job_id:
            raise PreventUpdate
        return store.of(session.user()).jobs.one(job_id)["result"]["line"]


def _names(app, store):
    @app.callback(
        Output(ids.MADE_MESSAGE, "children"),
        Output(ids.MADE_LINE, "data", allow_duplicate=True),
        Input(ids.MADE_GO, "n_clicks"),
        Input(ids.MADE_COLOUR_GO, "n_clicks"),
        Input(ids.MADE_UNDO, "n_clicks"),
        Input(ids.MADE_UPLOAD, "contents"),
        State(ids.MADE_UPLOAD, "filename"),
        State(ids.MADE_BASE, "value"),
        State(ids.RESOLUTION, "value"),
        State(ids.SELECTION, "data"),
        State(ids.MADE_NAME, "value"),
        State(ids.MADE_GROUP, "value"),
        State(ids.MADE_COLOUR, "value"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def change(*given):
        """Every change by hand makes a new version, which then colours the cells."""
        *causes, filename, base, resolution, selection, name, group, colour, run_id = given
        if not any(causes):
            raise PreventUpdate
        view = store.of(session.user())
        run, remark = view.runs.one(run_id), ""
        try:
            if ctx.triggered_id == ids.MADE_GO:
                line = clusterings.name_cells(view, run, base, resolution, selection, name)
            elif ctx.triggered_id == ids.MADE_COLOUR_GO:
                line = clusterings.colour_group(view, run, base, resolution, group, colour)
            elif ctx.triggered_id == ids.MADE_UPLOAD:
                line, remark = clusterings.bring_names(view, run, filename, causes[-1])
            elif clusterings.line_of(base) is None:
                raise UserError("Nothing was done by hand to these clusters: there is nothing to undo.")
            else:
                line = view.clusterings.undo(run_id, clusterings.line_of(base)) or ""
        except UserError as error:
            return notice(str(error), "warn"), no_update
        return notice(remark, "good") if remark else "", line


def _shown(app, store):
    @app.callback(
        Output(ids.COLOUR, "options", allow_duplicate=True),
        Output(ids.COLOUR, "value", allow_duplicate=True),
        Output(ids.SELECTION, "data", allow_duplicate=True),
        Input(ids.MADE_LINE, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def show(line, run_id):
        """A clustering that was made or changed colours the cells."""
        if line is None:
            raise PreventUpdate
        view, choice = store.of(session.user()), _choice(line)
        return colour_options(view, view.runs.one(run_id), "", choice), choice, None

    @app.callback(
        Output(ids.MADE_BASE, "options"),
        Output(ids.MADE_BASE, "value"),
        Input(ids.MADE_LINE, "data"),
        State(shared.RUN, "data"),
    )
    def go_on(line, run_id):
        """It is what one goes on with."""
        if line is None:
            raise PreventUpdate
        view = store.of(session.user())
        return groupings(view, view.runs.one(run_id)), _choice(line)

    @app.callback(
        Output(ids.MARKERS_BY, "options"),
        Input(ids.MADE_LINE, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def offer(_, run_id):
        """Its groups can have markers."""
        view = store.of(session.user())
        return groupings(view, view.runs.one(run_id))

    @app.callback(
        Output(ids.MADE_HISTORY, "children"),
        Output(ids.MADE_GROUP, "options"),
        Output(ids.MADE_GROUP, "value"),
        Output(ids.MADE_CSV, "href"),
        Output(ids.MADE_CSV, "hidden"),
        Input(ids.MADE_BASE, "value"),
        Input(ids.RESOLUTION, "value"),
        Input(ids.MADE_LINE, "data"),
        State(shared.RUN, "data"),
    )
    def tell(base, resolution, _, run_id):
        """Who did what and when, and the groups that can be coloured."""
        view = store.of(session.user())
        try:
            _, groups = groups_of(view, view.runs.one(run_id), base, resolution)
        except Missing:
            raise
        except UserError as error:  # somebody has undone these clusters in the meantime
            return notice(str(error), "warn"), [], None, "", True
        line = clusterings.line_of(base)
        if line is None:
            return "", groups.names, None, "", True
        versions = view.clusterings.history(run_id, line)
        rows = [[when(v["created"]), v["author"], v["what"]] for v in versions[::-1][:LAST]]
        words = [table(["time", "by", "what"], rows)]
        if len(versions) > LAST:
            words.append(html.P(f"and {len(versions) - LAST} before", className="help"))
        return words, groups.names, None, names_link(run_id, line), False


def _choice(line):
    """What colours the cells by a clustering that was made; "" is none."""
    return f"{MADE}:{line}" if line else CLUSTERS
