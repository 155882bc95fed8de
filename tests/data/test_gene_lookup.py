"""The gene that a person means is found in any case, with a genome in front, by an older or common name, or not at all."""

import pytest

from core.analysis import cell_types
from core.data.gene_suggestions import similar_genes
from core.data.standalone.gene_lookup import ALIASES, find_genes, in_list

NAMES = ["CD3E", "hg19_MS4A1", "Fcgr3a", "SEPT9", "HLA-DRA", "ENSG00000141510.18", "Nfib", "NFIB"]


@pytest.mark.parametrize(
    ("typed", "gene"),
    [
        ("CD3E", "CD3E"),
        ("cd3e", "CD3E"),
        (" cd3e ", "CD3E"),
        ("GRCh38_CD3E", "CD3E"),
        ("MS4A1", "hg19_MS4A1"),
        ("CD20", "hg19_MS4A1"),
        ("cd16", "Fcgr3a"),
        ("SEPTIN9", "SEPT9"),
        ("hladra", "HLA-DRA"),
        ("ENSG00000141510", "ENSG00000141510.18"),
        ("Nfib", "Nfib"),
        ("nfib", None),  # of two species or spellings
        ("XYZ", None),
        ("", None),
    ],
)
def test_a_typed_name_means_one_gene_or_none(typed, gene):
    assert find_genes([typed], NAMES) == [gene]


def test_a_list_of_names_marks_the_genes_it_means():
    assert in_list(NAMES, ["cd20", "nothing"]).tolist() == [name == "hg19_MS4A1" for name in NAMES]
    assert find_genes([], NAMES) == []


def test_no_alias_is_an_alias_of_itself():
    assert all(alias != symbol and symbol not in ALIASES for alias, symbol in ALIASES.items())


def test_similar_names_are_offered_with_a_genome_in_front():
    assert similar_genes("MS4A2", NAMES)[0] == "hg19_MS4A1" and similar_genes("mm10___Nfib", NAMES)[:2] == [
        "Nfib",
        "NFIB",
    ]


def test_marker_sets_find_genes_with_a_genome_in_front():
    genes = [f"hg19_{gene}" for gene in ("CD3D", "CD3E", "MS4A1", "CD79A")]
    sets = {"T cells": ["CD3D", "CD3E"], "B cells": ["CD20", "CD79A"]}
    suggestions = cell_types.suggest([[0.9, 0.9, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9]], genes, sets)
    assert [one.name for one in suggestions] == ["T cells", "B cells"]
