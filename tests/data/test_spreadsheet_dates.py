"""Genes that a spreadsheet turned into dates are found, with the symbols that they may have had."""

import pytest

from core.data.standalone.gene_naming import without_name
from core.data.standalone.spreadsheet_dates import date_genes, numbers_for_names, restored

OTHERS = [f"GENE{i}" for i in range(100)]


@pytest.mark.parametrize(
    ("name", "genes"),
    [
        *(
            (name, ("MARCHF1", "MTARC1"))
            for name in ("1-Mar", "01-Mar", "Mar-01", "2001/3/1", "40603", "1. Mrz", "3/1/2020")
        ),
        ("2020-03-08 00:00:00", ("MARCHF8",)),
        ("9-Sep", ("SEPTIN9",)),
        ("09-sept", ("SEPTIN9",)),
        ("Sep-14", ("SEPTIN14",)),
        ("15-Sep", ("SELENOF",)),
        ("1-Dec", ("DELEC1",)),
        ("1-Dez", ("DELEC1",)),
    ],
)
def test_a_date_tells_the_genes_it_may_have_been(name, genes):
    assert date_genes([*OTHERS, name]) == {100: genes}


@pytest.mark.parametrize(
    "name", ["sep-1", "dec-1", "NKX2-1", "CD3E-1", "HLA-A", "13-Mar", "MARCH1", "12345", "1-May", ""]
)
def test_what_is_no_date_of_a_gene_is_left_alone(name):
    assert date_genes([*OTHERS, name]) == {}


def test_ids_of_genes_are_no_serials_of_dates():
    assert date_genes([str(40000 + i) for i in range(50)]) == {}


def test_genes_of_mouse_are_written_as_in_mouse():
    assert date_genes(["Actb", "Gapdh", "Xkr4", "9-Sep"]) == {3: ("Septin9",)}


def test_only_a_date_that_one_gene_has_is_restored():
    names, changed = restored(["CD4", "1-Mar", "1-Mar-1", "9-Sep", "3-Mar", "MARCHF3"])
    assert names == ["CD4", "1-Mar", "1-Mar-1", "SEPTIN9", "3-Mar", "MARCHF3"] and changed == 1


@pytest.mark.parametrize(
    "first, genes", [("MTARC", ["MTARC1", "MARCHF1"]), ("MARCHF", ["MARCHF1", "MTARC1"])]
)
def test_of_two_genes_of_one_date_a_person_says_which_comes_first(first, genes):
    names, changed = restored(["CD4", "1-Mar", "9-Sep", "1-Mar-1"], first)
    assert names == ["CD4", genes[0], "SEPTIN9", genes[1]] and changed == 3
    assert restored(["1-Mar"] * 3, first)[1] == 0  # one of three is neither


def test_numbers_with_an_exponent_are_found():
    assert numbers_for_names(["2.31E+19", "CD4", "1.5"]) == ["2.31E+19"]


def test_a_gene_may_be_called_nan():
    assert without_name(["nan", "NA", "null", "None", ""]).tolist() == [False] * 4 + [True]
    assert without_name(["nan", "nan-1", "CD4", "-1"]).tolist() == [True, True, False, True]
