"""The glossary page, and the links of other pages to it."""

import ast
from pathlib import Path

import pytest
from app_under_test import sent

from dashboard.components import location
from dashboard.components.documents import GLOSSARY, TECHNICAL, anchor, definition
from dashboard.components.widgets import term, with_terms
from dashboard.pages import glossary, home
from dashboard.pages.data import page as data

ROOT = Path(__file__).resolve().parents[2]
TERMS = [line.removeprefix("### ") for line in GLOSSARY.read_text().splitlines() if line.startswith("### ")]


def linked_terms():
    """[(file, heading)] of every call of widgets.term."""
    terms = []
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            is_term = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "term"
            )
            if is_term and isinstance(node.args[-1], ast.Constant):
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


def test_each_technical_term_of_a_sentence_is_explained_once():
    parts = with_terms("Isotype controls and doublets: doublets are two cells. CLR is for the latent space.")
    links = [part for part in parts if not isinstance(part, str)]
    assert [link.children for link in links] == ["Isotype controls", "doublets", "CLR", "latent space"]
    assert links[0].href == "/glossary#isotype-control" and getattr(
        links[2], "data-definition"
    ) == definition("clr")
    text = "".join(part if isinstance(part, str) else part.children for part in parts)
    assert text == "Isotype controls and doublets: doublets are two cells. CLR is for the latent space."


def test_parts_of_words_and_names_in_quotes_are_no_terms():
    for sentence in ("'PCA' is a column.", "The encoders-decoder of umaps2.", "X_pca has 50 axes.", ""):
        assert with_terms(sentence) == [sentence] * bool(sentence), sentence


def test_every_term_that_sentences_explain_is_in_the_glossary():
    assert {*TECHNICAL} <= {anchor(one) for one in TERMS}
    for name in TECHNICAL:
        assert len(with_terms(f"The {name.replace('-', ' ')} is it.")) == 3, name


@pytest.mark.parametrize("page", [home, data])
def test_the_first_pages_explain_their_terms(bare, page):
    assert '"data-definition": ' in sent(page.layout(bare.view, location.resolve(bare.view, "")))
