"""What a button does at once, without a job: call a function whose error is shown, ask first, or empty a value."""

import uuid

from dash import Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from core.errors import UserError
from dashboard.components.widgets import notice
from dashboard.server import session


def on(app, store, button, *parts, tone="bad"):
    """Decorate what a button does: a function of a View and the values of `button` (an Input) and of the States of `parts`.

    It returns the values of the Outputs of `parts`, of which the last shows a message: that of a UserError, too, in
    `tone`, while the other outputs stay as they are.
    """
    outputs = [part for part in parts if isinstance(part, Output)]
    states = [part for part in parts if isinstance(part, State)]

    def register(act):
        @app.callback(*outputs, button, *states, prevent_initial_call=True)
        def press(value, *values):
            if not pressed(value):  # the button has just been drawn
                raise PreventUpdate
            try:
                return act(store.of(session.user()), value, *values)
            except UserError as error:
                return *[no_update] * (len(outputs) - 1), notice(str(error), tone)

        return act

    return register


def pressed(value):
    """Was this button pressed? Of a pattern of buttons the values are a list."""
    return any(value) if isinstance(value, list) else value


def token(page, *what):
    """The token with which the same request of a page is carried out once; `page` is that of shared.PAGE."""
    return uuid.uuid5(uuid.NAMESPACE_OID, repr([page, *what])).hex


def confirm(app, button, dialog):
    """Ask with a ConfirmDialog when a button is pressed."""
    app.clientside_callback(
        "clicks => clicks > 0",
        Output(dialog, "displayed"),
        Input(button, "n_clicks"),
        prevent_initial_call=True,
    )


def empty(app, button, target):
    """Set the data of a dcc.Store to null when a button is pressed."""
    app.clientside_callback(
        "clicks => clicks ? null : window.dash_clientside.no_update",
        Output(target, "data", allow_duplicate=True),
        Input(button, "n_clicks"),
        prevent_initial_call=True,
    )
