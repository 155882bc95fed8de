"""Each technical term in the prose of a page is a link with its definition, once."""

import json

import pytest
from app_under_test import sent
from dash import dcc, html

from dashboard import shell
from dashboard.components import location
from dashboard.components.documents import TECHNICAL, TERMS, anchor
from dashboard.components.explained import anchors, explain
from dashboard.components.widgets import notice, plain, term
from dashboard.pages.clusters import page as clusters


def test_a_term_is_explained_at_its_first_place_in_prose():
    layout = html.Div(
        [
            html.H2("PCA"),
            html.Button("Draw UMAP"),
            html.P(["PCA and ", html.B("UMAP"), ", and PCA again"]),
            html.Div("A doublet, and its CLR.", className="help"),
            notice("The doublets are removed.", "warn"),
            html.P([dcc.Link("Harmony", href="/"), " and ", term("CLR")]),
        ]
    )
    text = plain(layout)
    explain(layout)
    assert list(anchors(layout)) == ["pca", "umap", "doublet", "clr"]
    assert plain(layout) == text
    assert list(anchors(explain(layout))) == ["pca", "umap", "doublet", "clr"]  # again changes nothing


def prose_and_terms(node, is_prose=False):
    """(text of prose, "") and ("", anchor of a term) of a layout as JSON."""
    if isinstance(node, list):
        for part in node:
            yield from prose_and_terms(part, is_prose)
    elif isinstance(node, dict) and "props" in node:
        props, classes = node["props"], (node["props"].get("className") or "").split()
        if "nuwa-term" in classes:
            yield "", props["href"].partition("#")[2]
        elif node["type"] not in (
            "A",
            "Button",
            "Label",
            "Link",
            "Summary",
            "H2",
            "H3",
            "Markdown",
            "Code",
            "Pre",
            "Table",
        ):
            inside = is_prose or node["type"] in ("P", "Li") or bool({"help", "nuwa-notice"} & {*classes})
            yield from prose_and_terms(props.get("children"), inside)
    elif isinstance(node, str) and is_prose:
        yield node, ""


@pytest.mark.parametrize("page", shell.PAGES, ids=lambda page: page.TITLE)
def test_no_page_uses_a_technical_term_without_its_definition(finished, page):
    context = location.resolve(finished.view, "")
    layouts = [shell.content(finished.view, context, page.PATH)[1]]
    if page is clusters:
        run = finished.view.runs.one(finished.run)
        layouts += [explain(tab.cards(finished.view, run)) for tab in clusters.TABS]
    for layout in layouts:
        parts = list(prose_and_terms(json.loads(sent(layout))))
        explained = {name for _, name in parts if name}
        for text, _ in parts:
            for match in TERMS.finditer(text):
                name = anchor(match[1].lower())
                name = name if name in TECHNICAL else name.removesuffix("s")
                assert name in explained, text
