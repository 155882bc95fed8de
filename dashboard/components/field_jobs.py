"""A job that follows the settings of a page: queued once they stay as they are, polled until it is over."""

from dash import Input, Output, State

from dashboard.components import job_progress
from dashboard.components.forms import SETTINGS
from dashboard.server import session


def follows(app, store, tick, request, message, *states):
    """Decorate the function that answers: of (app, view, request, values, names, states); it returns (message, request).

    `tick` is the dcc.Interval that polls, `request` the dcc.Store of what `job_progress.latest` returns, and `message`
    the place of the answer. The interval stops once there is an answer for the values of the settings.
    """
    app.clientside_callback(
        job_progress.CLOCK,
        Output(tick, "disabled"),
        Output(message, "style"),
        Input(SETTINGS, "value"),
        Input(request, "data"),
    )

    def register(answer):
        @app.callback(
            Output(message, "children"),
            Output(request, "data"),
            Input(tick, "n_intervals"),
            State(request, "data"),
            State(SETTINGS, "value"),
            State(SETTINGS, "id"),
            *states,
            prevent_initial_call=True,
        )
        def poll(_, request, values, names, *others):
            return answer(app, store.of(session.user()), request, values, names, *others)

        return answer

    return register
