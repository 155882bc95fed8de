"""The card of people: accounts with their role, last visit and storage; links that create accounts and set passwords."""

from dash import Input, Output, State, dcc, html

from core.errors import UserError
from core.store import Role
from core.text import size
from dashboard.components import buttons
from dashboard.components.widgets import card, notice, table, when
from dashboard.pages.admin import ids


def layout(view):
    """The card."""
    return card(
        "People",
        html.Div(listing(view), id=ids.PEOPLE),
        html.Div(
            [
                html.Div(
                    [
                        html.Label("Person", htmlFor=ids.PERSON),
                        dcc.Dropdown(options(view), id=ids.PERSON, placeholder="Choose a person"),
                    ],
                    className="nuwa-field",
                ),
                html.Div(
                    [
                        html.Label("Role", htmlFor=ids.ROLE),
                        dcc.Dropdown(
                            [role.value for role in Role], Role.MEMBER.value, id=ids.ROLE, clearable=False
                        ),
                    ],
                    className="nuwa-field",
                ),
            ],
            className="nuwa-form mt-3",
        ),
        html.Div(
            [
                html.Button("Create invitation", id=ids.INVITE, className="btn btn-primary"),
                html.Button("Change role", id=ids.SET_ROLE, className="btn btn-outline-secondary"),
                html.Button("Create password link", id=ids.RESET, className="btn btn-outline-secondary"),
                html.Button("Sign out everywhere", id=ids.SIGN_OUT, className="btn btn-outline-secondary"),
                html.Button("Deactivate account", id=ids.DEACTIVATE, className="btn btn-outline-danger"),
                html.Button("Activate account", id=ids.ACTIVATE, className="btn btn-outline-secondary"),
            ],
            className="d-flex flex-wrap gap-2 mt-2",
        ),
        html.P(
            "A viewer sees what is shared, changes nothing and downloads no counts. A member adds datasets and trains. An "
            "administrator sees this page as well, and no data of others that is not shared.",
            className="help mt-2",
        ),
        html.Div(id=ids.PEOPLE_MESSAGE),
    )


def options(view):
    """The people to choose from."""
    return [{"label": f"{p['name']} ({p['login']})", "value": p["user"]} for p in view.access.accounts.all()]


def listing(view):
    """The table of accounts."""
    rows = [
        [
            [person["name"], html.Div(person["login"], className="help")],
            person["role"] if person["active"] else f"{person['role']}, deactivated",
            when(person["seen"]),
            person["datasets"],
            person["runs"],
            size(person["bytes"]) if person["bytes"] else "–",
        ]
        for person in view.admin.people()
    ]
    if not rows:
        return notice("This server has no accounts.", "info")
    head = ["Person", "Role", "Last visit", "Datasets", "Runs", "Storage"]
    return table(head, rows, numeric=(3, 4, 5))


def register(app, store):
    def on(button, *states, first=False):
        outputs = Output(ids.PEOPLE, "children", allow_duplicate=not first)
        message = Output(ids.PEOPLE_MESSAGE, "children", allow_duplicate=not first)
        return buttons.on(app, store, Input(button, "n_clicks"), outputs, message, *states)

    person, role = State(ids.PERSON, "value"), State(ids.ROLE, "value")

    @on(ids.INVITE, role, first=True)
    def invite(view, _, role):
        link = view.admin.invite(role)
        return listing(view), notice([f"Send this link to the new {role}: ", html.Code(link)], "good")

    @on(ids.RESET, person)
    def reset(view, _, user):
        link = view.admin.reset(_chosen(user))
        words = ["Send this link to the person, who sets a new password there: ", html.Code(link)]
        return listing(view), notice(words, "good")

    @on(ids.SET_ROLE, person, role)
    def set_role(view, _, user, role):
        view.admin.set_role(_chosen(user), role)
        return listing(view), notice("The role was changed.", "good")

    @on(ids.SIGN_OUT, person)
    def sign_out(view, _, user):
        n = view.admin.sign_out(_chosen(user))
        return listing(view), notice(f"{n} session{'s' if n != 1 else ''} ended.", "good")

    @on(ids.DEACTIVATE, person)
    def deactivate(view, _, user):
        view.admin.set_active(_chosen(user), False)
        return listing(view), notice("The account was deactivated. Its datasets and runs stay.", "good")

    @on(ids.ACTIVATE, person)
    def activate(view, _, user):
        view.admin.set_active(_chosen(user), True)
        return listing(view), notice("The account was activated.", "good")


def _chosen(user):
    if not user:
        raise UserError("Choose a person first.")
    return user
