"""Parts of the documents that pages show: the help of each page, and definitions."""

import pytest
from app_under_test import sent

from dashboard import shell
from dashboard.components import documents


@pytest.mark.parametrize("page", shell.PAGES, ids=lambda page: page.TITLE)
def test_every_page_has_a_part_of_the_tutorial(page):
    text = documents.tutorial(shell.HELP[page.PATH])
    for heading in shell.HELP[page.PATH]:
        assert f"#### {heading}\n\n" in text
        assert documents.sections(documents.TUTORIAL)[heading][1][:60].split("![")[0] in text
    assert "![" not in text and ".md)" not in text and len(text) > 200


def test_a_section_brings_those_below_it_and_none_beside_it():
    text = documents.tutorial(["Watching it learn"])
    assert "##### Over-fitting" in text and "##### How long" in text and "# The clusters" not in text


def test_comments_in_code_are_no_headings():
    assert not any(
        heading.startswith("Neighbours, UMAP") for heading in documents.sections(documents.TUTORIAL)
    )


def test_links_to_the_glossary_lead_to_its_page_and_others_are_text(tmp_path, monkeypatch):
    path = tmp_path / "tutorial.md"
    path.write_text(
        "## One\n\nSee [terms](glossary.md#latent-space), [more](bundle.md) and [it](http://a.b/c.md).\n"
    )
    monkeypatch.setattr(documents, "TUTORIAL", path)
    text = documents.tutorial(["One"])
    assert text.endswith("See [terms](/glossary#latent-space), more and [it](http://a.b/c.md).")


def test_the_question_mark_opens_the_part_of_the_page(bare):
    values = {"help-button.n_clicks": 1, "url.pathname": "/preprocess"}
    shown = bare.press("help.is_open", values, "help-button.n_clicks")["help"]
    assert shown["is_open"] and "Help: Preprocess" in sent(shown["children"])
    assert "Raw counts mislead a network" in sent(shown["children"])
    assert bare.press("help.is_open", values | {"help-button.n_clicks": None}) is None


def test_the_header_names_the_page_and_what_it_is_about(finished):
    answer = finished.press("content.children", {"url.pathname": "/train", "url.search": ""})
    run = finished.view.runs.all()[0]
    top = sent(answer["header"])
    assert f'"data-title": "Train · {run["name"]} ({run["id"]}) · tiny.h5ad · Nuwa"' in top
    assert '"aria-label": "Help on Train"' in top
