"""A dropdown whose list opens with the focus in its search: options in groups, the best match and recent choices first.

It is a dcc.Dropdown of its `id`, so callbacks read and write its `value` and `options` as ever; assets/73-picker.js opens
the list in place of Dash's own, which gives the focus to the chosen option and loses keys that are typed quickly.
"""

from dash import dcc, html
from flask import jsonify, request

from core.errors import UserError
from dashboard.server import session

MOST_RECENT = 20  # values of earlier choices that a browser may name


def picker(id, options=(), value=None, source=None, recent=None, **dropdown):
    """The dropdown. Its options may have a "group" (a heading), a "search" (other names) and "disabled".

    With `source`, an address as `answers` gives, the server searches, and `options` need to hold the present choice
    only. `recent` names the place in the browser that keeps the latest choices; they come first. `dropdown` has further
    arguments of dcc.Dropdown, such as `multi`.
    """
    if isinstance(options, dict):
        options = [{"label": label, "value": value} for value, label in options.items()]
    attributes = {"data-source": source, "data-recent": recent}
    return html.Div(
        dcc.Dropdown(options, value, id=id, **{"clearable": False, **dropdown}),
        className="nuwa-picker",
        **{name: text for name, text in attributes.items() if text},
    )


def picker_field(label, id, *arguments, help=None, wide=False, **keywords):
    """A picker below its label; `arguments` and `keywords` are those of `picker`."""
    parts = [html.Label(label, htmlFor=id), picker(id, *arguments, **keywords)]
    parts += [html.Div(help, className="help")] if help else []
    return html.Div(parts, className=f"nuwa-field{' wide' if wide else ''}")


def group(title, options, n_more=0, what=""):
    """A group of the list as the server sends it; `n_more` options of a kind (`what`) are found by typing only."""
    note = f"{n_more:,} more {what}: type to search" if n_more > 0 else ""
    return {"title": title, "options": options, "note": note}


def answers(app, store, address, groups_of):
    """Serve the groups of options of pickers; `groups_of(view, text, recent, **parts of the address)` gives them."""

    def answer(**parts):
        text, recent = request.args.get("text", "")[:500], request.args.getlist("recent")[:MOST_RECENT]
        try:
            groups = groups_of(store.of(session.user()), text, recent, **parts)
        except UserError as error:
            return jsonify(error=str(error)), 404
        return jsonify(groups=[one for one in groups if one["options"]])

    app.server.add_url_rule(address, f"picker:{address}", answer, methods=["GET"])
