"""The card of teams and projects: named people to share with, and folders of datasets and runs that their members see."""

from dash import Input, Output, State, dcc, html

from core.errors import UserError
from dashboard.components import buttons
from dashboard.components.widgets import card, notice, table
from dashboard.pages.account import ids


def layout(view):
    """The card."""
    names = _people(view)
    return card(
        "Teams and projects",
        html.P(
            "A team is a list of people to share with. A project holds datasets and runs, which all its members see. "
            "Share puts them there."
        ),
        html.Div(listing(view), id=ids.GROUPS),
        html.Label("Name of a new team or project", htmlFor=ids.GROUP_NAME),
        dcc.Input(id=ids.GROUP_NAME, className="form-control", maxLength=80),
        html.Label("Team or project whose members change", htmlFor=ids.GROUP_CHOICE),
        dcc.Dropdown(choices(view), id=ids.GROUP_CHOICE, placeholder="Choose a team or a project"),
        html.Label("Members", htmlFor=ids.GROUP_MEMBERS),
        dcc.Dropdown(
            [{"label": name, "value": user} for user, name in names.items()],
            [],
            multi=True,
            id=ids.GROUP_MEMBERS,
            placeholder="Choose people",
        ),
        html.Div(
            [
                html.Button("Create team", id=ids.CREATE_TEAM, className="btn btn-primary"),
                html.Button("Create project", id=ids.CREATE_PROJECT, className="btn btn-primary"),
                html.Button("Save members", id=ids.SAVE_MEMBERS, className="btn btn-outline-secondary"),
                html.Button("Delete the chosen one", id=ids.DELETE_GROUP, className="btn btn-outline-danger"),
            ],
            className="d-flex flex-wrap gap-2 mt-2",
        ),
        html.Div(id=ids.GROUPS_MESSAGE),
    )


def _people(view):
    return {view.user: f"{view.access.name} (you)"} | view.sharing.people()


def listing(view):
    """The table of teams and projects with their members and what is in them."""
    rows = [["Team", team["name"], _names(view, team["members"]), ""] for team in view.teams.all()]
    for project in view.projects.all():
        items = [view.readable(kind, id)["name"] for kind, id in project["items"]]
        rows.append(["Project", project["name"], _names(view, project["members"]), ", ".join(items) or "–"])
    return table(["", "Name", "Members", "Datasets and runs"], rows) if rows else None


def _names(view, users):
    return ", ".join(view.sharing.name(user) for user in users) or "–"


def choices(view):
    """The options of the dropdown of teams and projects."""
    teams = [{"label": f"Team {team['name']}", "value": f"team:{team['id']}"} for team in view.teams.all()]
    return teams + [
        {"label": f"Project {project['name']}", "value": f"project:{project['id']}"}
        for project in view.projects.all()
    ]


def register(app, store):
    drawn = Output(ids.GROUPS, "children"), Output(ids.GROUP_CHOICE, "options")
    again = tuple(Output(part.component_id, part.component_property, allow_duplicate=True) for part in drawn)
    message = Output(ids.GROUPS_MESSAGE, "children", allow_duplicate=True)
    members = State(ids.GROUP_MEMBERS, "value")

    def redrawn(view, sentence):
        return listing(view), choices(view), notice(sentence, "good")

    @buttons.on(
        app,
        store,
        Input(ids.CREATE_TEAM, "n_clicks"),
        *drawn,
        Output(ids.GROUPS_MESSAGE, "children"),
        State(ids.GROUP_NAME, "value"),
        members,
    )
    def create_team(view, _, name, users):
        view.teams.create(name, users)
        return redrawn(view, "The team was created.")

    @buttons.on(
        app,
        store,
        Input(ids.CREATE_PROJECT, "n_clicks"),
        *again,
        message,
        State(ids.GROUP_NAME, "value"),
        members,
    )
    def create_project(view, _, name, users):
        view.projects.create(name, users)
        return redrawn(view, "The project was created.")

    @buttons.on(
        app,
        store,
        Input(ids.SAVE_MEMBERS, "n_clicks"),
        *again,
        message,
        State(ids.GROUP_CHOICE, "value"),
        members,
    )
    def save_members(view, _, choice, users):
        part, id = _part(view, choice)
        part.set_members(id, users or [])
        return redrawn(view, "The members were saved.")

    @buttons.on(
        app, store, Input(ids.DELETE_GROUP, "n_clicks"), *again, message, State(ids.GROUP_CHOICE, "value")
    )
    def delete(view, _, choice):
        part, id = _part(view, choice)
        part.forget(id)
        return redrawn(view, "Deleted. The datasets and runs stay with their owners.")


def _part(view, choice):
    """(view.teams or view.projects, id) of a choice; raises UserError where there is none."""
    kind, _, id = str(choice or "").partition(":")
    part = {"team": view.teams, "project": view.projects}.get(kind)
    if part is None:
        raise UserError("Choose a team or a project first.")
    return part, id
