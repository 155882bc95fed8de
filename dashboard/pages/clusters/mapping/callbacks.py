"""What happens on the card of mapped cells: asking, showing what came of it, taking it away."""

from dash import Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate

from core import figures
from core.config import SURE
from core.errors import UserError
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.widgets import notice
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.groups import groups_of
from dashboard.pages.clusters.links import mapped_link
from dashboard.pages.clusters.mapping import results as shown
from dashboard.pages.clusters.mapping.card import ASKED, OWN_BATCH, options
from dashboard.pages.clusters.viewer.mapped_colours import BY
from dashboard.server import session


def register(app, store):
    @job_card.asks(
        app,
        store,
        ids.MAPPING,
        Input(ids.MAP_GO, "n_clicks"),
        State(ids.MAP_DATASET, "value"),
        State(ids.MAP_LABELS, "value"),
        State(ids.MAP_BATCH, "value"),
        State(ids.RESOLUTION, "value"),
        State(shared.RUN, "data"),
    )
    def ask(view, clicks, dataset, labels, batch, resolution, run_id):
        if not dataset:
            raise UserError("Choose the data set to map first.")
        title, groups = groups_of(view, view.runs.one(run_id), labels, resolution)
        batch = None if batch in (None, OWN_BATCH) else batch
        return view.mappings.create(run_id, dataset, groups, title, batch)["id"]

    @app.callback(
        Output(ids.MAP_CHOSEN, "options"),
        Output(ids.MAP_CHOSEN, "value"),
        Output(ids.MAP_SHOWN, "hidden"),
        Output(ids.MAP_BY, "value"),
        Output(ids.MAP_SURE, "value"),
        Output(ids.MAP_LOST, "children"),
        Input(ids.MAPPING.done, "data"),
        State(ids.MAP_ASKED, "data"),
        State(shared.RUN, "data"),
    )
    def done(job_id, asked, run_id):
        """What has just been mapped is shown; when the card comes, what the link says, else the last."""
        view = store.of(session.user())
        found = options(view, run_id)
        last = view.jobs.one(job_id)["result"]["key"] if job_id else None
        if ctx.triggered_id:
            return found, last, not found, no_update, no_update, ""
        key, by, sure = (asked[name] for name in ASKED)
        known = key in [option["value"] for option in found]
        lost = "" if known or not key else notice("The mapped cells of this link no longer exist.", "warn")
        by = by if by in BY else "label"
        return found, key if known else last, not found, by, _share(sure), lost

    app.clientside_callback(
        "n => n > 0",
        Output(ids.MAP_CONFIRM, "displayed"),
        Input(ids.MAP_DELETE, "n_clicks"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(ids.MAP_CHOSEN, "options", allow_duplicate=True),
        Output(ids.MAP_CHOSEN, "value", allow_duplicate=True),
        Output(ids.MAP_SHOWN, "hidden", allow_duplicate=True),
        Output(ids.MAP_LOST, "children", allow_duplicate=True),
        Input(ids.MAP_CONFIRM, "submit_n_clicks"),
        State(ids.MAP_CHOSEN, "value"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def delete(clicks, key, run_id):
        """What is shown is gone, and the newest of the others is shown instead."""
        if not clicks or not key:
            raise PreventUpdate
        view = store.of(session.user())
        try:
            view.mappings.forget(run_id, key)
        except UserError as error:
            return no_update, no_update, no_update, notice(str(error), "warn")
        left = options(view, run_id)
        return (
            left,
            left[0]["value"] if left else None,
            not left,
            notice("The mapped cells are deleted.", "good"),
        )

    @app.callback(
        Output(ids.MAP_OWN, "options"),
        Output(ids.MAP_OWN, "value"),
        Input(ids.MAP_CHOSEN, "value"),
        State(shared.RUN, "data"),
    )
    def own(key, run_id):
        if not key:
            raise PreventUpdate
        view = store.of(session.user())
        try:
            about, _ = view.mappings.one(run_id, key)
        except UserError:
            return [], None
        columns = shown.own_columns(view, about)
        return columns, about["title"] if about["title"] in columns else None

    @app.callback(
        Output(ids.MAP_FIGURE, "figure"),
        Output(ids.MAP_WORDS, "children"),
        Output(ids.MAP_TABLE, "children"),
        Output(ids.MAP_CSV, "href"),
        Output(ids.MAP_EXPORTED, "children", allow_duplicate=True),
        Input(ids.MAP_CHOSEN, "value"),
        Input(ids.MAP_BY, "value"),
        Input(ids.MAP_SURE, "value"),
        Input(ids.MAP_OWN, "value"),
        Input(shared.THEME, "data"),
        State(ids.WEBGL, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call="initial_duplicate",
    )
    def show(key, by, sure, column, theme, webgl, run_id):
        if not key:
            raise PreventUpdate
        view = store.of(session.user())
        run = view.runs.one(run_id)
        try:
            threshold = _threshold(sure)
            about, arrays = view.mappings.one(run_id, key)
        except UserError as wrong:
            return figures.empty(str(wrong), theme), notice(str(wrong), "warn"), [], "", ""
        labels = shown.own_labels(view, about, column)
        words = shown.words(about, arrays)
        try:
            figure = shown.picture(view, run, about, arrays, by, threshold, labels, theme, webgl is not False)
        except UserError as error:
            figure = figures.empty(str(error), theme)
        link = mapped_link(run_id, "csv", key, threshold)
        return figure, words, shown.tables(about, arrays, threshold, labels, column), link, ""

    # The address holds what is shown here, beside what the viewer keeps in it.
    app.clientside_callback(
        f"""(key, by, sure) => {{
            const query = new URLSearchParams(location.search);
            const said = {{ mapped: key, mapped_by: by === "label" ? null : by, mapped_sure: sure === {SURE} ? null : sure }};
            for (const [name, value] of Object.entries(said)) {{
                if (key && value !== null && value !== undefined) query.set(name, value);
                else query.delete(name);
            }}
            if (location.pathname === "/clusters") history.replaceState(history.state, "", `?${{query}}${{location.hash}}`);
        }}""",
        Input(ids.MAP_CHOSEN, "value"),
        Input(ids.MAP_BY, "value"),
        Input(ids.MAP_SURE, "value"),
    )

    @job_card.asks(
        app,
        store,
        ids.MAP_EXPORT,
        Input(ids.MAP_EXPORT_GO, "n_clicks"),
        State(ids.MAP_CHOSEN, "value"),
        State(ids.MAP_SURE, "value"),
        State(shared.PAGE, "data"),
        State(shared.RUN, "data"),
    )
    def export(view, clicks, key, sure, page, run_id):
        if not key:
            raise UserError("Choose what was mapped first.")
        return view.mappings.export(run_id, key, _threshold(sure), f"{page}:mapped:{clicks}")

    @app.callback(
        Output(ids.MAP_EXPORTED, "children"),
        Input(ids.MAP_EXPORT.done, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def exported(job_id, run_id):
        if not job_id:
            return no_update
        asked = store.of(session.user()).jobs.one(job_id)["arguments"]
        link = mapped_link(run_id, "h5ad", asked["key"], asked["threshold"])
        words = f"Ready, with labels unknown below a confidence of {asked['threshold']:g}."
        return [
            notice(words, "good"),
            html.A("Download mapped.h5ad", href=link, className="btn btn-primary"),
        ]


def _threshold(value):
    """The number of the field; raises UserError where the browser has found none in its bounds."""
    if value is None:
        raise UserError("The confidence below which a label is unknown is a number from 0 to 1.")
    return value


def _share(text):
    """The threshold that a link asks for, or the usual one."""
    try:
        return min(max(float(text), 0), 1)
    except (TypeError, ValueError):
        return SURE
