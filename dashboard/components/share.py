"""The dialog that says who else sees the dataset and the run of a page: nobody, named people, teams, projects, the lab."""

import dash_bootstrap_components as dbc
from dash import MATCH, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.errors import UserError
from core.store import LAB, PRIVATE, Audience
from dashboard import ids
from dashboard.components.widgets import notice
from dashboard.server import session

KINDS = ("dataset", "run")
NAMED = "named"
HINTS = {
    "dataset": "Who sees the dataset may train runs on it. Only you can change or delete it.",
    "run": "Who sees a run sees its dataset as well: every figure of the run shows its cells.",
}
CHOICES = {PRIVATE: "Nobody else", NAMED: "These people and teams", LAB: "The whole lab"}


def button(view=None, context=None):
    """The button that opens the dialog; hidden where there is nobody to share with, or nothing of one's own."""
    rows = [row for row in (context.dataset, context.run) if row] if view else []
    shown = any(view.sharing.may_share(row) for row in rows) and view.sharing.people()
    return html.Button(
        [html.I(className="bi bi-people", **{"aria-hidden": "true"}), " Share"],
        id=ids.SHARE_BUTTON,
        className="btn btn-sm btn-outline-secondary",
        title="Choose who else sees this dataset and this run",
        style={} if shown else {"display": "none"},
    )


def dialog():
    """The dialog, which is filled when it is opened."""
    head = dbc.ModalHeader(dbc.ModalTitle("Who sees this?"))
    empty = [_form(kind, "", Audience(PRIVATE), [], [], []) for kind in KINDS]
    return dbc.Modal([head, dbc.ModalBody(empty, id=ids.SHARE_BODY)], id=ids.SHARE, is_open=False)


def body(view, drawn):
    """A form for the dataset and a form for the run, of those that are one's own."""
    rows = [(kind, view.readable(kind, (drawn or {}).get(kind))) for kind in KINDS]
    forms = [_filled(view, kind, row) for kind, row in rows if row and view.sharing.may_share(row)]
    return forms or notice("This dataset and this run belong to somebody else: ask their owner.", "info")


def _filled(view, kind, row):
    people, projects = view.sharing.people(), view.projects.all()
    options = [{"label": name, "value": f"user:{user}"} for user, name in people.items()]
    options += [{"label": f"Team {t['name']}", "value": f"team:{t['id']}"} for t in view.teams.all()]
    inside = [project["id"] for project in projects if (kind, row["id"]) in project["items"]]
    return _form(kind, row["name"], view.sharing.audience(kind, row["id"]), options, projects, inside)


def _form(kind, name, audience, options, projects, inside):
    named = [*(f"user:{who}" for who in audience.users), *(f"team:{who}" for who in audience.teams)]
    choices = [{"label": f" {text}", "value": value} for value, text in CHOICES.items()]
    return html.Section(
        [
            html.H3(f"{kind.capitalize()} {name}", className="h6"),
            dcc.RadioItems(
                choices,
                NAMED if named else audience.visibility,
                id=ids.share("with", kind),
                labelStyle={"display": "block"},
            ),
            html.Label("People and teams"),
            dcc.Dropdown(
                options, named, multi=True, id=ids.share("named", kind), placeholder="Choose people"
            ),
            html.Label("Projects"),
            dcc.Dropdown(
                [{"label": project["name"], "value": project["id"]} for project in projects],
                inside,
                multi=True,
                id=ids.share("projects", kind),
                placeholder="Choose projects whose members see it" if projects else "You are in no project",
            ),
            html.P(HINTS[kind], className="help"),
            html.Button(f"Save who sees the {kind}", id=ids.share("save", kind), className="btn btn-primary"),
            html.Div(id=ids.share("message", kind)),
        ],
        className="mb-4",
    )


def register(app, store):
    @app.callback(
        Output(ids.SHARE, "is_open"),
        Output(ids.SHARE_BODY, "children"),
        Input(ids.SHARE_BUTTON, "n_clicks"),
        State(ids.CONTEXT, "data"),
        prevent_initial_call=True,
    )
    def show_dialog(clicks, drawn):
        if not clicks:
            raise PreventUpdate
        return True, body(store.of(session.user()), drawn)

    @app.callback(
        Output(ids.share("message", MATCH), "children"),
        Input(ids.share("save", MATCH), "n_clicks"),
        State(ids.share("with", MATCH), "value"),
        State(ids.share("named", MATCH), "value"),
        State(ids.share("projects", MATCH), "value"),
        State(ids.share("save", MATCH), "id"),
        State(ids.CONTEXT, "data"),
        prevent_initial_call=True,
    )
    def save(clicks, choice, named, projects, id, drawn):
        if not clicks:
            return no_update
        kind = id["kind"]
        return saved(store.of(session.user()), kind, drawn[kind], choice, named or [], projects or [])


def saved(view, kind, id, choice, named, projects):
    """Share one's own row as the dialog says; returns the message."""
    pairs = [str(one).partition(":") for one in named] if choice == NAMED else []
    users, teams = ([who for audience, _, who in pairs if audience == a] for a in ("user", "team"))
    try:
        if choice == NAMED and not pairs:
            raise UserError("Choose people or teams first.")
        view.sharing.set(kind, id, LAB if choice == LAB else PRIVATE, users, teams)
        for project in view.projects.all():
            inside = (kind, id) in project["items"]
            if project["id"] in projects and not inside:
                view.projects.put(project["id"], kind, id)
            elif inside and project["id"] not in projects:
                view.projects.take_out(project["id"], kind, id)
    except UserError as error:
        return notice(str(error), "bad")
    if choice == LAB:
        return notice("The whole lab sees it now.", "good")
    n = len(users) + len(teams) + len(projects)
    return notice("Saved." if n else "Nobody else sees it now.", "good")
