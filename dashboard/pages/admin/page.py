"""Administration: people, storage, the queue, the state of the server, and who did what."""

from dash import html

from dashboard.pages.admin import audit, limits, people, queue, server

PATH, TITLE = "/admin", "Administration"


def layout(view, context):
    """The cards; raises NotAllowed for anybody but an administrator."""
    view.access.check_admin()
    cards = [card.layout(view) for card in (people, limits, queue, server, audit)]
    return html.Div(cards, className="d-flex flex-column gap-3")


def register(app, store):
    for card in (people, limits, queue, audit):
        card.register(app, store)
