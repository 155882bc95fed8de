"""The header of a page: its title, what it is about, and the buttons to share that and to read the help."""

from dash import html

from dashboard import ids
from dashboard.components import share
from dashboard.components.widgets import badge


def header(title, context, visit="", shared=None):
    """The page's title, which dataset and run the page is about, the button to share them, and the page's help.

    The browser reads the title of its tab from here; it moves the focus to the heading where `visit` is new.
    """
    parts, names = [], []
    if context.dataset:
        names.append(context.dataset["name"])
        parts += ["Data ", html.B(context.dataset["name"]), " ", badge(context.dataset)]
    if context.run:
        names.insert(0, f"{context.run['name']} ({context.run['id']})")
        parts += [" · Run ", html.B(f"{context.run['name']} ({context.run['id']})")]
    button = html.Button(
        html.I(className="bi bi-question-lg", **{"aria-hidden": "true"}),
        id=ids.HELP_BUTTON,
        className="btn btn-sm btn-outline-secondary",
        title=f"Help on {title}",
        **{"aria-label": f"Help on {title}"},
    )
    return html.Header(
        [
            html.H1(title, tabIndex=-1),
            html.Div(parts, className="context"),
            html.Div([shared or share.button(), button], className="end"),
        ],
        className="nuwa-header",
        **{"data-title": " · ".join([title, *names, "Nuwa"]), "data-visit": visit},
    )
