"""The glossary page, and the links of other pages to it."""

import ast
from pathlib import Path

import pytest
from app_under_test import sent

from dashboard.components.documents import GLOSSARY, anchor, definition
from dashboard.components.widgets import term
from dashboard.pages import glossary

ROOT = Path(__file__).resolve().parents[2]
TERMS = [line.removeprefix("### ") for line in GLOSSARY.read_text().splitlines() if line.startswith("### ")]


def linked_terms():
    """[(file, heading)] of every call of widgets.term."""
    terms = []
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "term":
                terms.append((path.relative_to(ROOT).as_posix(), ast.literal_eval(node.args[-1])))
    return terms


@pytest.mark.parametrize(("file", "heading"), linked_terms())
def test_every_linked_term_is_in_the_glossary(file, heading):
    assert anchor(heading) in [anchor(one) for one in TERMS], file


@pytest.mark.parametrize("room", ["preprocess", "model", "train", "clusters"])
def test_the_pages_of_the_steps_link_to_the_glossary(room):
    assert any(file.startswith(f"dashboard/pages/{room}/") for file, _ in linked_terms())


def test_the_page_has_an_id_for_each_term(bare):
    page = sent(glossary.layout(bare.view, None))
    assert len(TERMS) > 50
    for one in TERMS:
        assert f'<h3 id=\\"{anchor(one)}\\">{one}</h3>' in page


def test_terms_link_to_their_heading():
    assert term("Latent space").href == "/glossary#latent-space"
    assert term("variable genes", "Variable gene").href == "/glossary#variable-gene"


def test_terms_carry_their_definition_as_plain_text():
    shown = getattr(term("latent space"), "data-definition")
    assert shown == definition("latent-space") and shown.endswith(".") and len(shown) > 30
    for one in TERMS:
        text = definition(anchor(one))
        assert text and not set("*`[]") & set(text), one
    with pytest.raises(KeyError):
        definition("no-such-term")


def test_the_sidebar_links_to_the_glossary(bare):
    answer = bare.press("sidebar.children", {"url.pathname": "/glossary", "url.search": ""})
    assert '"href": "/glossary"' in sent(answer["sidebar"]) and "Latent space" in sent(answer["content"])
