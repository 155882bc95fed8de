"""The sections of a long page: a table of contents that stays visible, and cards that are loaded when somebody scrolls to them.

assets/70-sections.js is the other end: it says which sections are wanted, and which one is being read.
"""

from collections.abc import Callable
from typing import NamedTuple

from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from dashboard import ids
from dashboard.server import session


class Section(NamedTuple):
    """A part of a page: its name in a link (#name), its title, and a function of (view, run) that returns its cards."""

    name: str
    title: str
    cards: Callable


def contents(sections):
    """The links to all sections."""
    links = [html.A(s.title, href=f"#{s.name}") for s in sections]
    return html.Nav(links, className="nuwa-contents", **{"aria-label": "On this page"})


def layout(section, *first):
    """A section: `first` is drawn at once, and its cards when it is wanted."""
    waiting = html.Div("Loads when you scroll here.", className="nuwa-section-waiting")
    return html.Section(
        [
            *first,
            html.Div(waiting, id=ids.section(section.name), className="nuwa-section-cards"),
            dcc.Store(id=ids.wanted(section.name)),
        ],
        className="nuwa-section",
        tabIndex=-1,  # a link to it moves the keyboard there, too
        **{"aria-label": section.title, "data-section": section.name},
    )


def register(app, store, sections):
    """Fill each section of the page of a run with its cards, once it is wanted."""
    for section in sections:
        _fill(app, store, section)


def _fill(app, store, section):
    @app.callback(
        Output(ids.section(section.name), "children"),
        Input(ids.wanted(section.name), "data"),
        State(ids.RUN, "data"),
        prevent_initial_call=True,
    )
    def fill(is_wanted, run_id):
        if not is_wanted:
            raise PreventUpdate
        view = store.of(session.user())
        return section.cards(view, view.runs.one(run_id))
