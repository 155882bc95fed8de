"""The search of genes and proteins finds what is typed in any spelling, and the best match stands first."""

import time

import pytest

from core.data.name_search import Rank, other_names, rank_of, search

GENES = [
    "ICD3X",
    "CD30",
    "CD3G",
    "CD3E",
    "CD3D",
    "MS4A1",
    "hg19_PDCD1",
    "HLA-DRA",
    "FCGR3A",
    "ITGAX",
    "Cd8a",
    "PTPRC",
    "CR1",  # CD35, which is not CD3
]
PROTEINS = [
    "CD30",
    "anti-human_CD20_TotalSeqB",
    "CD16_TotalSeqB",
    "PD-1",
    "CD3 (UCHT1)",
    "CD45RA",
    "ADT_CD45",
]


def found(text, names):
    return [names[match.place] for match in search(text, names)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("CD3", ["CD3E", "CD3D", "CD3G", "CD30", "ICD3X"]),  # the alias, those that start so, other numbers
        ("cd3e", ["CD3E"]),
        (" cd3e ", ["CD3E"]),
        ("CD20", ["MS4A1"]),
        ("cd-20", ["MS4A1"]),
        ("PD-1", ["hg19_PDCD1"]),
        ("pdcd1", ["hg19_PDCD1"]),
        ("hla dra", ["HLA-DRA"]),
        ("GRCh38_CD3E", ["CD3E"]),
        ("CD11", ["ITGAX"]),  # the start of an older name
        ("CD8A", ["Cd8a"]),
        ("anti-CD16", ["FCGR3A"]),
        ("nothing", []),
        ("-", []),
    ],
)
def test_a_text_finds_genes_the_best_match_first(text, names):
    assert found(text, GENES) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cd3", ["CD3 (UCHT1)", "CD30"]),
        ("MS4A1", ["anti-human_CD20_TotalSeqB"]),
        ("cd20", ["anti-human_CD20_TotalSeqB"]),
        ("FCGR3A", ["CD16_TotalSeqB"]),
        ("pdcd1", ["PD-1"]),
        ("PD1", ["PD-1"]),
        ("cd45", ["ADT_CD45", "CD45RA"]),
        ("uCHT1", ["CD3 (UCHT1)"]),
        ("PTPRC", ["ADT_CD45"]),
    ],
)
def test_a_text_finds_antibodies_by_their_target_and_by_its_gene(text, names):
    assert found(text, PROTEINS) == names


def test_without_a_text_all_names_stay_in_their_order():
    assert found("", GENES) == GENES and found("  ", PROTEINS) == PROTEINS


def test_a_rank_says_how_a_name_matches():
    ranks = {GENES[match.place]: match.rank for match in search("cd3e", ["CD3E"])}
    assert ranks == {GENES[0]: Rank.EXACT}
    assert [match.rank for match in search("cd3", ["CD3E", "CD3D", "ICD3X"])] == [
        Rank.ALIAS,
        Rank.START,
        Rank.INSIDE,
    ]


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        ("", 0),
        ("cell type (obs)", Rank.EXACT),
        ("Cell_T", Rank.START),
        ("type", Rank.INSIDE),
        ("batch", None),
    ],
)
def test_a_label_matches_in_any_case_and_punctuation(text, rank):
    assert rank_of(text, "cell_type (obs)") == rank


def test_the_other_names_of_a_protein_are_known():
    assert other_names("CD20_TotalSeqB") == ["MS4A1"] and other_names("CD3") == ["CD3E"]
    assert other_names("unheard of") == []


def test_thirty_thousand_genes_are_searched_in_a_fifth_of_a_second():
    genes = [f"GENE-{i}.{i % 7}" for i in range(30_000)]
    search("", genes)
    search("cd3", genes)  # the index is made once
    start = time.perf_counter()
    assert len(search("gene-2", genes)) > 10_000
    assert time.perf_counter() - start < 0.2
