"""Account: the password, sessions and API tokens of the person who has signed in, and teams and projects."""

from dash import ALL, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.config.numbers import Number
from core.errors import UserError
from core.store import MOST_DAYS
from dashboard.components import buttons
from dashboard.components.number_field import number_field, watch
from dashboard.components.widgets import card, notice, table, when
from dashboard.pages.account import groups, ids
from dashboard.server import session

PATH, TITLE = "/account", "Account"
TOKEN_DAYS = Number("Days until it expires", whole=True, low=1, high=MOST_DAYS, unit="days")
NO_ACCOUNTS = (
    "This server has no accounts: whoever reaches it sees everything. Start it on another address, or with NUWA_ACCOUNTS=1, "
    "to create them."
)


def layout(view, context):
    if not view.account.exists():
        return notice(NO_ACCOUNTS, "info")
    return html.Div(cards(view), className="nuwa-grid top")


def cards(view):
    """The cards of a person with an account."""
    row = view.account.one()
    return [
        card(
            "Your account",
            table(["", ""], [["Name", row["name"]], ["Login name", row["login"]], ["Role", row["role"]]]),
            html.H3("Change the password", className="h6 mt-3"),
            _password("Old password", ids.OLD_PASSWORD, "current-password"),
            _password("New password, at least 10 characters", ids.NEW_PASSWORD, "new-password"),
            _password("New password again", ids.PASSWORD_AGAIN, "new-password"),
            html.Button("Change password", id=ids.CHANGE_PASSWORD, className="btn btn-primary mt-2"),
            html.Div(id=ids.PASSWORD_MESSAGE),
        ),
        card(
            "Sessions",
            html.P("Where you are signed in. A session ends seven days after the last visit."),
            html.Div(sessions(view), id=ids.SESSIONS),
            html.Button(
                "Sign out everywhere", id=ids.SIGN_OUT_EVERYWHERE, className="btn btn-outline-danger mt-2"
            ),
            html.Div(id=ids.SESSIONS_MESSAGE),
        ),
        card(
            "API tokens",
            html.P("A program sends a token in place of your password: Authorization: Bearer TOKEN."),
            html.Div(tokens(view), id=ids.TOKENS),
            html.Label("Name of a new token", htmlFor=ids.TOKEN_NAME),
            dcc.Input(id=ids.TOKEN_NAME, className="form-control", maxLength=80),
            number_field(ids.TOKEN_DAYS, TOKEN_DAYS, 90),
            html.Button("Create token", id=ids.CREATE_TOKEN, className="btn btn-primary mt-2"),
            html.Div(id=ids.TOKENS_MESSAGE),
        ),
        groups.layout(view),
    ]


def _password(label, id, kind):
    field = dcc.Input(id=id, type="password", className="form-control", autoComplete=kind, maxLength=1000)
    return html.Div([html.Label(label, htmlFor=id), field])


def sessions(view):
    """The table of open sessions."""
    rows = [[one["browser"] or "–", one["address"], when(one["seen"])] for one in view.account.sessions()]
    return table(["Browser", "Address", "Last visit"], rows)


def tokens(view):
    """The table of API tokens, each with a button that revokes it."""
    rows = []
    for one in view.account.tokens():
        label = f"Revoke {one['name']}"
        button = html.Button(
            "Revoke",
            id=ids.revoke(one["id"]),
            className="btn btn-sm btn-outline-danger",
            **{"aria-label": label},
        )
        rows.append([one["name"], when(one["created"]), when(one["expires"]), when(one["used"]), button])
    return table(["Name", "Created", "Expires", "Last used", ""], rows)


def register(app, store):
    groups.register(app, store)
    watch(app, {ids.TOKEN_DAYS: TOKEN_DAYS}, [ids.CREATE_TOKEN])

    @buttons.on(
        app,
        store,
        Input(ids.CHANGE_PASSWORD, "n_clicks"),
        Output(ids.PASSWORD_MESSAGE, "children"),
        State(ids.OLD_PASSWORD, "value"),
        State(ids.NEW_PASSWORD, "value"),
        State(ids.PASSWORD_AGAIN, "value"),
    )
    def change_password(view, _, old, new, again):
        if new != again:
            raise UserError("The two new passwords differ: type the same one twice.")
        view.account.change_password(old, new)
        return notice("The password was changed and all sessions ended: sign in with the new one.", "good")

    @buttons.on(
        app,
        store,
        Input(ids.SIGN_OUT_EVERYWHERE, "n_clicks"),
        Output(ids.SESSIONS, "children"),
        Output(ids.SESSIONS_MESSAGE, "children"),
    )
    def sign_out_everywhere(view, _):
        n = view.account.sign_out_everywhere()
        return [], notice(f"{n} session{'s' if n != 1 else ''} ended: sign in again.", "good")

    @buttons.on(
        app,
        store,
        Input(ids.CREATE_TOKEN, "n_clicks"),
        Output(ids.TOKENS, "children"),
        Output(ids.TOKENS_MESSAGE, "children"),
        State(ids.TOKEN_NAME, "value"),
        State(ids.TOKEN_DAYS, "value"),
    )
    def create_token(view, _, name, days):
        secret = view.account.create_token(name, TOKEN_DAYS.read(days))
        words = ["Copy the token now, it is shown once: ", html.Code(secret)]
        return tokens(view), notice(words, "good")

    @app.callback(
        Output(ids.TOKENS, "children", allow_duplicate=True),
        Output(ids.TOKENS_MESSAGE, "children", allow_duplicate=True),
        Input(ids.revoke(ALL), "n_clicks"),
        prevent_initial_call=True,
    )
    def revoke(clicks):
        if not any(clicks or ()):
            raise PreventUpdate
        view = store.of(session.user())
        try:
            view.account.revoke_token(ctx.triggered_id["token"])
        except UserError as error:
            return no_update, notice(str(error), "bad")
        return tokens(view), notice("The token was revoked.", "good")
