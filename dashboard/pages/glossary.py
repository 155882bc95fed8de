"""Glossary: the terms of docs/glossary.md, each with an address such as /glossary#latent-space."""

import re
from functools import cache

from dash import Input, Output, State, dcc, html

from dashboard import ids
from dashboard.components.documents import GLOSSARY, anchor
from dashboard.components.widgets import card

PATH, TITLE = "/glossary", "Glossary"
TEXT = "glossary-text"
AT = "glossary-at"

# The text is drawn after its address is known, so the browser does not scroll to the term by itself.
SCROLL = """(id, hash, path) => {
    const look = (tries) => {
        const term = path === "/glossary" && hash && document.getElementById(hash.slice(1));
        if (term) term.scrollIntoView({ behavior: "instant" });
        else if (tries) setTimeout(() => look(tries - 1), 100);
    };
    if (hash) look(50);
    return hash;
}"""


@cache
def sections():
    """{section: Markdown} of the glossary; each term is a heading with its anchor as id."""
    parts = GLOSSARY.read_text(encoding="utf-8").split("\n## ")[1:]
    titles = [part.partition("\n")[0] for part in parts]
    texts = [re.sub(r"^### (.*)$", heading, part.partition("\n")[2], flags=re.MULTILINE) for part in parts]
    return dict(zip(titles, texts, strict=True))


def heading(match):
    return f'<h3 id="{anchor(match[1])}">{match[1]}</h3>'


def layout(view, context):
    cards = [
        card(title, dcc.Markdown(text, dangerously_allow_html=True)) for title, text in sections().items()
    ]
    introduction = html.P("The terms of the pages, the command line and the documents.")
    return html.Div([introduction, html.Div(cards, id=TEXT), dcc.Store(id=AT)], className="nuwa-glossary")


def register(app, store):
    app.clientside_callback(
        SCROLL,
        Output(AT, "data"),
        Input(TEXT, "id"),
        Input(ids.URL, "hash"),
        State(ids.URL, "pathname"),
    )
