"""Tabs whose cards are loaded when a tab is first opened.

The look is Bootstrap's; dbc.Tabs names its tabs wrongly for screen readers and knows no arrow keys, so the tabs are buttons
with the roles that the ARIA guide asks for. assets/71-tabs.js is the other end: it opens a tab, requests its cards, and
keeps its name in the address (#name).
"""

from collections.abc import Callable
from typing import NamedTuple

from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from dashboard import ids
from dashboard.components.explained import explain
from dashboard.server import session


class Tab(NamedTuple):
    """A tab: its name in a link (#name), its title, and a function of (view, run) that returns its cards."""

    name: str
    title: str
    cards: Callable


def layout(tabs, label, before, after, beside=()):
    """The tabs, the first one open; the components `beside` them are in the same bar.

    `before` and `after` are {name: components} that are there at once, above and below the cards of that tab.
    """
    buttons = [_button(tab, is_open=tab is tabs[0]) for tab in tabs]
    panes = [
        _pane(tab, before.get(tab.name, ()), after.get(tab.name, ()), is_open=tab is tabs[0]) for tab in tabs
    ]
    tab_list = html.Div(buttons, className="nuwa-tabs nav", role="tablist", **{"aria-label": label})
    return html.Div(
        [
            html.Div([tab_list, *beside], className="nuwa-tab-bar"),
            *panes,
            *[dcc.Store(id=ids.wanted(tab.name)) for tab in tabs],
        ],
        className="nuwa-tabbed",
    )


def _button(tab, is_open):
    return html.Button(
        tab.title,
        id=ids.tab(tab.name),
        className="nav-link",
        role="tab",
        tabIndex=0 if is_open else -1,
        **{
            "aria-controls": ids.tab_pane(tab.name),
            "aria-selected": "true" if is_open else "false",
            "data-tab": tab.name,
        },
    )


def _pane(tab, before, after, is_open):
    waiting = html.Div("Loading ...", className="nuwa-tab-waiting", role="status")
    return html.Div(
        [*before, html.Div(waiting, id=ids.tab_cards(tab.name), className="nuwa-tab-cards"), *after],
        id=ids.tab_pane(tab.name),
        className="nuwa-tab-pane",
        role="tabpanel",
        tabIndex=0,
        hidden=not is_open,
        **{"aria-labelledby": ids.tab(tab.name)},
    )


def register(app, store, tabs):
    """Fill each tab of the page of a run with its cards, once it is wanted."""
    for tab in tabs:
        _fill(app, store, tab)


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
        return explain(tab.cards(view, view.runs.one(run_id)))
