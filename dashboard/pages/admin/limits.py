"""The card of limits: how many runs and jobs of a person may wait, how much each may store, and whose turn comes how often."""

from dash import Input, Output, State, dcc, html

from core.errors import UserError
from core.store import LIMITS
from dashboard.components import buttons
from dashboard.components.number_field import number_field, watch
from dashboard.components.widgets import card, notice, table
from dashboard.pages.admin import ids, people

FIELDS = {
    "runs": ids.LIMIT_RUNS,
    "jobs": ids.LIMIT_JOBS,
    "gigabytes": ids.LIMIT_GIGABYTES,
    "weight": ids.LIMIT_WEIGHT,
}
DEFAULT = "as the server"  # what an empty field means


def layout(view):
    """The card."""
    person = dcc.Dropdown(people.options(view), id=ids.LIMITS_PERSON, placeholder="Choose a person")
    fields = [number_field(FIELDS[name], LIMITS[name], placeholder=DEFAULT) for name in FIELDS]
    return card(
        "Limits",
        html.Div(listing(view), id=ids.LIMITS),
        html.Div(
            [html.Div([html.Label("Person"), person], style={"minWidth": "220px"}), *fields],
            className="nuwa-form mt-3",
        ),
        html.Button("Set limits", id=ids.LIMITS_SET, className="btn btn-outline-primary"),
        html.P(
            "An empty field means the limit of the server (NUWA_MAX_QUEUED_RUNS, NUWA_MAX_JOBS, NUWA_MAX_STORAGE_GB). People "
            "take turns in the queue; a person with weight 2 gets two turns for each turn of others.",
            className="help mt-2",
        ),
        html.Div(id=ids.LIMITS_MESSAGE),
    )


def listing(view):
    """The table of people with what they use of their limits."""
    rows = [
        [
            row["name"],
            f"{row['used']['runs']} of {row['of'].runs}",
            f"{row['used']['jobs']} of {row['of'].jobs}",
            _storage(row["used"]["gigabytes"], row["of"].gigabytes),
            f"{row['of'].weight:g}",
        ]
        for row in view.admin.limits()
    ]
    if not rows:
        return notice("This server has no accounts: the limits of the server hold.", "info")
    return table(["Person", "Waiting runs", "Waiting jobs", "Storage", "Weight"], rows)


def _storage(used, most):
    return f"{used:,.1f} GB" if most is None else f"{used:,.1f} of {most:g} GB"


def register(app, store):
    watch(app, {FIELDS[name]: LIMITS[name] for name in FIELDS}, [ids.LIMITS_SET])

    @buttons.on(
        app,
        store,
        Input(ids.LIMITS_SET, "n_clicks"),
        Output(ids.LIMITS, "children"),
        Output(ids.LIMITS_MESSAGE, "children"),
        State(ids.LIMITS_PERSON, "value"),
        *(State(id, "value") for id in FIELDS.values()),
    )
    def set_limits(view, _, user, *values):
        if not user:
            raise UserError("Choose a person first.")
        view.admin.set_limits(user, **dict(zip(FIELDS, values, strict=True)))
        return listing(view), notice("The limits were set.", "good")
