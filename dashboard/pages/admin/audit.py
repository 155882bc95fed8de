"""The card of the audit log: who did what to which dataset, when and from where; filtered, and as CSV."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import dash_bootstrap_components as dbc
from dash import Input, Output, dcc, html, no_update
from flask import Response, abort, request

from core.store import NotAllowed, as_csv
from dashboard.components.number_field import error_id
from dashboard.components.widgets import card, table, when
from dashboard.pages.admin import ids
from dashboard.server import session

CSV = "/admin/audit.csv"


def layout(view):
    """The card."""
    names = view.access.accounts.names()
    fields = [
        (
            "Person",
            ids.AUDIT_PERSON,
            dcc.Dropdown({**names, "": "Everybody"}, "", id=ids.AUDIT_PERSON, clearable=False),
        ),
        (
            "Action",
            ids.AUDIT_ACTION,
            dcc.Dropdown(
                {"": "All actions"} | {action: action for action in view.admin.actions()},
                "",
                id=ids.AUDIT_ACTION,
                clearable=False,
            ),
        ),
        ("Name, id or address", ids.AUDIT_TEXT, dbc.Input(id=ids.AUDIT_TEXT, debounce=400)),
        ("From (UTC)", ids.AUDIT_SINCE, _day_field(ids.AUDIT_SINCE, "2026-01-31")),
        ("To (UTC)", ids.AUDIT_UNTIL, _day_field(ids.AUDIT_UNTIL, "2026-12-31")),
    ]
    return card(
        "Audit log",
        html.Div(
            [
                html.Div([html.Label(label, htmlFor=id), field], className="nuwa-field")
                for label, id, field in fields
            ],
            className="nuwa-form",
        ),
        html.Div(listing(view, {}), id=ids.AUDIT),
        html.A("Download CSV", href=CSV, id=ids.AUDIT_LINK, className="btn btn-outline-secondary mt-2"),
    )


def _day_field(id, example):
    control = dbc.Input(id=id, placeholder=example, debounce=True, autocomplete="off")
    error = html.Div(id=error_id(id), className="error", role="status")
    return html.Div([control, error], className="nuwa-number")


def day_error(text):
    """The sentence on a day that cannot be read, or ""; an empty field is no day."""
    if not (text or "").strip() or _seconds(text.strip()) is not None:
        return ""
    return f"'{text.strip()[:40]}' is no date. Enter it as 2026-01-31."


def filters(person, action, text, since, until):
    """The arguments of view.admin.audit; a date that is none counts as absent."""
    return {
        "user": str(person or ""),
        "action": str(action or ""),
        "text": str(text or "")[:200],
        "since": _seconds(since),
        "until": _seconds(until, days=1),
    }


def _seconds(day, days=0):
    """Seconds since 1970 of the beginning of a day such as 2026-01-31, or of one some days later; else None."""
    try:
        return (
            datetime.strptime(str(day).strip(), "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=days)
        ).timestamp()
    except (ValueError, OverflowError):
        return None


def listing(view, chosen):
    """The newest rows that the filters leave."""
    rows = [
        [
            when(row["at"]),
            row["who"] or "–",
            row["address"] or "–",
            row["action"],
            row["kind"],
            row["name"] or row["target"],
        ]
        for row in view.admin.audit(**chosen)
    ]
    return table(["When", "Who", "From", "Action", "Of a", "Name"], rows) if rows else html.P("No row fits.")


def register(app, store):
    fields = (ids.AUDIT_PERSON, ids.AUDIT_ACTION, ids.AUDIT_TEXT, ids.AUDIT_SINCE, ids.AUDIT_UNTIL)

    @app.callback(
        Output(ids.AUDIT, "children"),
        Output(ids.AUDIT_LINK, "href"),
        *(Output(error_id(id), "children") for id in (ids.AUDIT_SINCE, ids.AUDIT_UNTIL)),
        *(Input(id, "value") for id in fields),
        prevent_initial_call=True,
    )
    def show(*values):
        """With a day that cannot be read the list stays as it is."""
        errors = [day_error(day) for day in values[-2:]]
        if any(errors):
            return no_update, no_update, *errors
        query = {name: value for name, value in zip(NAMES, values, strict=True) if value}
        address = f"{CSV}?{urlencode(query)}" if query else CSV
        return listing(store.of(session.user()), filters(*values)), address, "", ""

    @app.server.get(CSV)
    def audit_log():
        """All rows that the filters leave, the newest first."""
        if wrong := next(filter(None, (day_error(request.args.get(name)) for name in NAMES[-2:])), ""):
            abort(400, wrong)
        try:
            chosen = filters(*(request.args.get(name) for name in NAMES))
            rows = store.of(session.user()).admin.audit(**chosen, n=None)
        except NotAllowed as error:
            abort(403, str(error))
        headers = {"Content-Disposition": 'attachment; filename="nuwa_audit.csv"'}
        return Response(as_csv(rows), mimetype="text/csv", headers=headers)


NAMES = ("person", "action", "text", "since", "until")  # of the filters in the address of the CSV
