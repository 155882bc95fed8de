"""Administration: people, storage, the queue, the state of the server, and who did what."""

from dash import html

from dashboard.pages.admin import audit, people, queue, server

PATH, TITLE = "/admin", "Administration"


def layout(view, context):
    """The cards; raises NotAllowed for anybody but an administrator."""
    view.access.check_admin()
    cards = [people.layout(view), queue.layout(view), server.layout(view), audit.layout(view)]
    return html.Div(cards, className="d-flex flex-column gap-3")


def register(app, store):
    for card in (people, queue, audit):
        card.register(app, store)
