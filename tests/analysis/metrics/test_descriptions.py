"""What a score means is said in one place."""

from conftest import ROOT

from core.analysis.metrics import descriptions

DOCS = ROOT / "docs" / "scores.md"


def test_the_documents_have_every_score_with_its_words_and_source():
    text = DOCS.read_text().casefold()
    for said in (
        *descriptions.SCORES.values(),
        *descriptions.CELL_SCORES.values(),
        descriptions.EXPLAINED,
        descriptions.COMPANY,
        descriptions.SURVIVES,
    ):
        assert f"| {said.title} | {said.range} | {said.words}. | {said.source} |".casefold() in text
        assert said.sentence.startswith(said.title) and said.sentence.endswith(".")
