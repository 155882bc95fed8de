"""Tabs whose cards are loaded when a tab is first opened.

assets/70-workspace.js is the other end: it requests the cards of a tab, and keeps the open tab in the address (#name).
"""

from collections.abc import Callable
from typing import NamedTuple

import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from dashboard import ids
from dashboard.server import session


class Tab(NamedTuple):
    """A tab: its name in a link (#name), its title, and a function of (view, run) that returns its cards."""

    name: str
    title: str
    cards: Callable


def layout(tabs, at_once):
    """The tabs; `at_once` is {name: components} that are there before the cards of that tab."""
    return html.Div(
        [
            dbc.Tabs(
                [_tab(tab, at_once.get(tab.name, ())) for tab in tabs],
                id=ids.TABS,
                active_tab=tabs[0].name,
                class_name="nuwa-tabs",
            ),
            *[dcc.Store(id=ids.wanted(tab.name)) for tab in tabs],
        ],
        className="nuwa-tabbed",
    )


def _tab(tab, at_once):
    waiting = html.Div("Loading ...", className="nuwa-tab-waiting", role="status")
    cards = html.Div(waiting, id=ids.tab_cards(tab.name), className="nuwa-tab-cards")
    return dbc.Tab(
        [*at_once, cards], label=tab.title, tab_id=tab.name, label_class_name=f"nuwa-tab-{tab.name}"
    )


def register(app, store, tabs):
    """Fill each tab of the page of a run with its cards, once it is wanted."""
    for tab in tabs:
        _fill(app, store, tab)
    app.clientside_callback(
        ClientsideFunction("nuwaTabs", "opened"), Input(ids.TABS, "active_tab"), State(ids.PAGE, "data")
    )


def _fill(app, store, tab):
    @app.callback(
        Output(ids.tab_cards(tab.name), "children"),
        Input(ids.wanted(tab.name), "data"),
        State(ids.RUN, "data"),
        prevent_initial_call=True,
    )
    def fill(is_wanted, run_id):
        if not is_wanted:
            raise PreventUpdate
        view = store.of(session.user())
        return tab.cards(view, view.runs.one(run_id))
