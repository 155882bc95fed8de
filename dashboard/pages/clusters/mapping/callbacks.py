"""The callbacks of the card of mapped cells: the job, which mapping is shown and how, its export and deletion."""

from dash import Input, Output, State, html
from dash.exceptions import PreventUpdate

from core import figures
from core.config import SURE
from core.config.job_arguments import MapExportArguments
from core.config.numbers import text_of
from core.errors import UserError
from dashboard import ids as shared
from dashboard.components import buttons, job_card, number_field
from dashboard.components.widgets import notice
from dashboard.pages.clusters import ids as page
from dashboard.pages.clusters import run_jobs
from dashboard.pages.clusters.groups import groups_of
from dashboard.pages.clusters.links import mapped_link
from dashboard.pages.clusters.mapping import ids, results
from dashboard.pages.clusters.mapping.card import IN_LINK, OWN_BATCH, THRESHOLD, options
from dashboard.pages.clusters.viewer.mapped_colours import BY
from dashboard.server import session

# The address holds what the card shows, beside what the viewer keeps in it.
UPDATE_ADDRESS = f"""(key, by, threshold) => {{
    const query = new URLSearchParams(location.search);
    const shown = {{
        mapped: key, mapped_by: by === "label" ? null : by, mapped_sure: threshold === "{SURE}" ? null : threshold,
    }};
    for (const [name, value] of Object.entries(shown)) {{
        if (key && value !== null && value !== undefined) query.set(name, value);
        else query.delete(name);
    }}
    if (location.pathname === "/clusters") history.replaceState(history.state, "", `?${{query}}${{location.hash}}`);
}}"""


# The dropdown of mappings, whether there are any, and the message above them.
CHOSEN = (
    Output(ids.MAP_CHOSEN, "options", allow_duplicate=True),
    Output(ids.MAP_CHOSEN, "value", allow_duplicate=True),
    Output(ids.MAP_BOX, "hidden", allow_duplicate=True),
    Output(ids.MAP_MISSING, "children", allow_duplicate=True),
)


def register(app, store):
    _job(app, store)
    _choice(app, store)
    _result(app, store)
    _export(app, store)
    _deletion(app, store)


def _job(app, store):
    @run_jobs.asks(
        app,
        store,
        ids.MAPPING,
        Input(ids.MAP_GO, "n_clicks"),
        State(ids.MAP_DATASET, "value"),
        State(ids.MAP_LABELS, "value"),
        State(ids.MAP_BATCH, "value"),
        State(page.RESOLUTION, "value"),
    )
    def map_cells(view, run, _, dataset, labels, batch, resolution):
        if not dataset:
            raise UserError("Choose the dataset to map first.")
        title, groups = groups_of(view, run, labels, resolution)
        batch = None if batch in (None, OWN_BATCH) else batch
        return view.mappings.create(run["id"], dataset, groups, title, batch)["id"]


def _choice(app, store):
    """Which mapping is shown, with which colour, threshold and own labels."""
    number_field.watch(app, {ids.MAP_THRESHOLD: THRESHOLD}, [ids.MAP_EXPORT_GO])

    @app.callback(
        Output(ids.MAP_CHOSEN, "value"),
        Output(ids.MAP_COLOUR, "value"),
        Output(ids.MAP_THRESHOLD, "value"),
        Output(ids.MAP_MISSING, "children"),
        Input(ids.MAP_QUERY, "data"),
        State(ids.MAPPING.done, "data"),
        State(shared.RUN, "data"),
    )
    def choose(query, job_id, run_id):
        """At first, show the mapping of the link, else the newest."""
        view = store.of(session.user())
        key, by, threshold = (query[name] for name in IN_LINK)
        exists = key in [option["value"] for option in options(view, run_id)]
        message = "The mapped cells of this link no longer exist."
        return (
            key if exists else job_id and view.jobs.one(job_id)["result"]["key"],
            by if by in BY else "label",
            _threshold_of_link(threshold),
            notice(message, "warn") if key and not exists else "",
        )

    @job_card.shows(app, store, ids.MAPPING, *CHOSEN, State(shared.RUN, "data"), prevent_initial_call=True)
    def choose_new(view, job, run_id):
        return *_choice_of(view, run_id, job["result"]["key"]), ""

    @app.callback(
        Output(ids.MAP_OWN, "options"),
        Output(ids.MAP_OWN, "value"),
        Input(ids.MAP_CHOSEN, "value"),
        State(shared.RUN, "data"),
    )
    def offer_own_labels(key, run_id):
        if not key:
            raise PreventUpdate
        view = store.of(session.user())
        try:
            about, _ = view.mappings.one(run_id, key)
        except UserError:
            return [], None
        columns = results.own_columns(view, about)
        return columns, about["title"] if about["title"] in columns else None

    app.clientside_callback(
        UPDATE_ADDRESS,
        Input(ids.MAP_CHOSEN, "value"),
        Input(ids.MAP_COLOUR, "value"),
        Input(ids.MAP_THRESHOLD, "value"),
    )


def _result(app, store):
    @app.callback(
        Output(ids.MAP_FIGURE, "figure"),
        Output(ids.MAP_NOTES, "children"),
        Output(ids.MAP_TABLE, "children"),
        Output(ids.MAP_CSV, "href"),
        Output(ids.MAP_EXPORTED, "children", allow_duplicate=True),
        Input(ids.MAP_CHOSEN, "value"),
        Input(ids.MAP_COLOUR, "value"),
        Input(ids.MAP_THRESHOLD, "value"),
        Input(ids.MAP_OWN, "value"),
        Input(shared.THEME, "data"),
        State(page.WEBGL, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call="initial_duplicate",
    )
    def show(key, by, threshold, column, theme, webgl, run_id):
        if not key:
            raise PreventUpdate
        view = store.of(session.user())
        run = view.runs.one(run_id)
        try:
            threshold = THRESHOLD.read(threshold)
            about, arrays = view.mappings.one(run_id, key)
        except UserError as error:
            return figures.empty(str(error), theme), notice(str(error), "warn"), [], "", ""
        own_labels = results.own_labels(view, about, column)
        try:
            figure = results.figure(
                view, run, about, arrays, by, threshold, own_labels, theme, webgl is not False
            )
        except UserError as error:
            figure = figures.empty(str(error), theme)
        tables = results.tables(about, arrays, threshold, own_labels, column)
        return figure, results.notices(about, arrays), tables, mapped_link(run_id, "csv", key, threshold), ""


def _export(app, store):
    @run_jobs.asks(
        app,
        store,
        ids.MAP_EXPORT,
        Input(ids.MAP_EXPORT_GO, "n_clicks"),
        State(ids.MAP_CHOSEN, "value"),
        State(ids.MAP_THRESHOLD, "value"),
    )
    def export(view, run, token, key, threshold):
        if not key:
            raise UserError("Choose mapped cells first.")
        return view.mappings.export(run["id"], key, THRESHOLD.read(threshold), token)

    @job_card.shows(
        app,
        store,
        ids.MAP_EXPORT,
        Output(ids.MAP_EXPORTED, "children"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def offer_download(view, job, run_id):
        mapping = MapExportArguments.of_job(job)
        link = mapped_link(run_id, "h5ad", mapping.key, mapping.threshold)
        message = f"The file is ready. Labels with a confidence below {mapping.threshold:g} are unknown."
        return [
            notice(message, "good"),
            html.A("Download mapped.h5ad", href=link, className="btn btn-primary"),
        ]


def _deletion(app, store):
    buttons.confirm(app, ids.MAP_DELETE, ids.MAP_CONFIRM)
    app.clientside_callback("key => !key", Output(ids.MAP_DELETE, "disabled"), Input(ids.MAP_CHOSEN, "value"))

    @buttons.on(
        app,
        store,
        Input(ids.MAP_CONFIRM, "submit_n_clicks"),
        *CHOSEN,
        State(ids.MAP_CHOSEN, "value"),
        State(shared.RUN, "data"),
        tone="warn",
    )
    def delete(view, _, key, run_id):
        """Delete the mapping that is shown, and show the newest of the others."""
        if not key:
            raise PreventUpdate
        view.mappings.forget(run_id, key)
        return *_choice_of(view, run_id), notice("Mapped cells deleted.", "good")


def _choice_of(view, run_id, key=None):
    """(options, chosen one, whether there are none) of the mappings onto a run; without a key, the newest is chosen."""
    mappings = options(view, run_id)
    return mappings, key or (mappings[0]["value"] if mappings else None), not mappings


def _threshold_of_link(text):
    """What a link says of the threshold, as the field shows it; the default where it says nothing."""
    return text_of(SURE) if text is None else str(text)
