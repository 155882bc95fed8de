"""Documents and code describe every score alike."""

from constants import ROOT

from core.analysis.metrics import descriptions

DOCS = ROOT / "docs" / "scores.md"


def test_a_column_of_clusters_is_known_by_its_name():
    for name in ("leiden", "louvain_r1", "seurat_clusters", "Cluster"):
        assert descriptions.is_clustering(name)
    for name in ("cell_type", "bulk_labels", "donor", ""):
        assert not descriptions.is_clustering(name)


def test_the_documents_have_every_score_with_its_meaning_and_source():
    text = DOCS.read_text().casefold()
    for score in (
        *descriptions.SCORES.values(),
        *descriptions.CELL_SCORES.values(),
        descriptions.EXPLAINED,
        descriptions.COUNT_SPLIT,
        descriptions.CONSISTENCY,
        descriptions.BEST_MATCH,
        *descriptions.SPLIT_HALF.values(),
    ):
        assert (
            score.cells
            and f"| {score.title} | {score.cells} | {score.circular} |".casefold()
            in text.replace("of each cell: ", "")
        )
        assert f"Computed on {score.cells}." in score.sentence
        if score in descriptions.SPLIT_HALF.values():
            continue  # their table says the same in other words
        assert f"| {score.title} | {score.range} | {score.meaning}. | {score.source} |".casefold() in text
        assert score.sentence.startswith(score.title) and score.sentence.endswith(".")
