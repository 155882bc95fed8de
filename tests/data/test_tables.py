"""Tables of text in the forms that people bring: the right matrix, every guess said, or a question."""

import gzip

import numpy as np
import pandas as pd
import pytest

from core.data.read.context import Reading
from core.data.read.tables import read_table
from core.errors import Question, UserError

CELLS, GENES = 12, 15
SYMBOLS = [
    "CD3E",
    "CD8A",
    "MS4A1",
    "LYZ",
    "NKG7",
    "ACTB",
    "GAPDH",
    "B2M",
    "MALAT1",
    "INS",
    "GCG",
    "ALB",
    "CD4",
    "CD14",
    "SST",
]
random = np.random.default_rng(0)
COUNTS = random.poisson(random.gamma(0.4, 2.0, (CELLS, GENES)))
COUNTS[0, 0] = 1046
COUNTS[:, 1] += 1
COUNTS[1, :] += 1
COUNTS[2, 2] = 0
BARCODES = ["".join(row) + "-1" for row in random.choice(list("ACGT"), (CELLS, 16))]


def frame(cells=BARCODES, genes=SYMBOLS):
    return pd.DataFrame(COUNTS, index=list(cells), columns=list(genes))


def turned(**names):
    return frame(**names).T


def text(table, **options):
    return table.to_csv(**options)


def read(tmp_path, content, name="set.csv", cells=None, **answers):
    """(AnnData, what was said) of a file of this content, text or bytes."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    reading = Reading(tmp_path, answers, cells=cells)
    return read_table(path, reading), " ".join(reading.notes)


def same(adata, cells=BARCODES, genes=SYMBOLS):
    np.testing.assert_array_equal(adata.X.toarray(), COUNTS)
    assert list(adata.obs_names) == list(cells) and list(adata.var_names) == list(genes)
    return True


def asked(tmp_path, content, **answers):
    with pytest.raises(Question) as caught:
        read(tmp_path, content, **answers)
    return caught.value


def with_annotations(table):
    """Columns as featureCounts writes them."""
    table = table.copy()
    columns = {"Chr": "chr1;chr1", "Start": "100;200", "End": 900, "Strand": "+;+", "Length": 700}
    for at, (name, value) in enumerate(columns.items()):
        table.insert(at, name, value)
    return table


LINES = text(turned()).splitlines()
QUOTED = turned().astype(object).map(str)
QUOTED.iloc[0, 0] = "1,046"
ANNOTATED = with_annotations(turned())

# What is written, what is said about it.
WRITTEN = {
    "trailing commas, a byte order mark and CRLF": (
        "\ufeff" + "\r\n".join(f"{line}," for line in LINES),
        "without a name and without values",
    ),
    "commas at the end of the rows alone": (
        "\n".join([LINES[0], *(f"{line}," for line in LINES[1:])]),
        "without a name",
    ),
    "comment lines": (
        "## Pipeline 1.9\n#Date: 2020, a\n" + text(turned()),
        "2 lines above the table (comment) were skipped",
    ),
    "a header behind a hash": ("#gene" + text(turned()), "names of genes: known genes"),
    "a title as GEO has it": (
        "GSE123: counts of blood cells\n\n" + text(turned()),
        "1 line above the table (title)",
    ),
    "a title of a spreadsheet": (
        "Counts" + "," * CELLS + "\n" + "," * CELLS + "\n" + text(turned()),
        "title",
    ),
    "a blank first line": ("\n" + text(turned()), "separated by commas"),
    "blank lines between": (text(turned()).replace("\n", "\n\n"), "separated by commas"),
    "the first line of Excel": ("sep=;\n" + text(turned(), sep=";"), "separated by semicolons"),
    "thousands in quotes": (text(QUOTED), "thousands were removed from numbers such as 1,046"),
    "thousands and tabs": (text(QUOTED, sep="\t"), "thousands were removed"),
    "spaces between thousands": (text(QUOTED.replace("1,046", "1 046"), sep=";"), "thousands were removed"),
    "R without the corner": (
        text(turned(), quoting=1).replace('"",', "", 1),
        "lacks the name of the first column",
    ),
    "row numbers of write.csv": (text(turned().reset_index(names="gene")), "only numbers its rows"),
    "row numbers with holes": (
        text(turned().reset_index(names="gene").set_axis(range(3, 48, 3))),
        "only numbers",
    ),
    "barcodes behind row numbers": (text(frame().reset_index(names="barcode")), "only numbers its rows"),
    "tabs and spaces around": (text(turned(), sep="\t").replace("\t", " \t "), "separated by tabs"),
    "aligned columns": (turned().to_string(), "separated by runs of blanks"),
    "vertical bars": (text(frame(), sep="|"), "vertical bars"),
    "scientific notation": (text(turned().astype(float), float_format="%.6e"), "separated by commas"),
    "fractions of 0": (text(frame().astype(float)), "separated by commas"),
    "UTF-16 of a spreadsheet": (text(turned(), sep="\t").encode("utf-16"), "was read as UTF-16"),
    "UTF-16 without its mark": (text(turned(), sep="\t").encode("utf-16-le"), "was read as UTF-16"),
    "zeros left out": (text(turned().astype(object).replace(0, "")), "empty fields were read as 0"),
    "single quotes": (
        text(turned().reset_index(names="gene"), index=False, quoting=1, quotechar="'"),
        "known genes",
    ),
    "quotes inside quotes": (text(turned().rename(lambda n: f'"{n}"')), "separated by commas"),
    "HTSeq": (
        text(turned()) + "".join(f"__{w}{',7' * CELLS}\n" for w in ("no_feature", "ambiguous")),
        "__no_feature, __ambiguous",
    ),
    "STAR": (
        LINES[0]
        + "".join(f"\nN_{w}{',7' * CELLS}" for w in ("unmapped", "noFeature"))
        + "\n"
        + "\n".join(LINES[1:]),
        "N_unmapped",
    ),
    "a row of sums": (text(turned()) + "Total," + ",".join(map(str, COUNTS.sum(axis=1))) + "\n", "Total"),
    "a separator in front": ("\n".join(f",{line}" for line in LINES), "without a name and without values"),
    "GEO's last line": ('!table_begin\n"ID_REF"' + text(turned()) + "!series_matrix_table_end\n", "comment"),
    "a packed table": (gzip.compress(text(turned()).encode()), "separated by commas"),
}


@pytest.mark.parametrize("form", WRITTEN)
def test_a_table_is_the_same_however_it_is_written(tmp_path, form):
    content, said = WRITTEN[form]
    adata, notes = read(tmp_path, content, "set.csv.gz" if form == "a packed table" else "set.txt")
    assert same(adata) and said in notes, notes


def test_columns_of_featurecounts_go_to_var(tmp_path):
    table = with_annotations(turned(cells=[f"run/{name}.bam" for name in BARCODES]))
    adata, notes = read(
        tmp_path, "# Program:featureCounts v2; -T 4\n" + text(table, sep="\t", index_label="Geneid")
    )
    assert same(adata) and list(adata.var) == ["Chr", "Start", "End", "Strand", "Length"]
    assert adata.var["Length"].iloc[0] == 700 and "endings of files were removed" in notes


def test_featurecounts_on_its_side_keeps_the_same(tmp_path):
    adata, notes = read(tmp_path, text(with_annotations(turned()).T))
    assert same(adata) and "Rows that describe genes" in notes and adata.var["Length"].iloc[0] in (700, "700")


def test_ids_beside_symbols_go_to_var(tmp_path):
    table = turned().reset_index(names="symbol")
    table.insert(0, "entrez", range(1000, 1000 + GENES))
    adata, _ = read(tmp_path, text(table, index=False))
    assert same(adata) and list(adata.var["entrez"][:2]) == [1000, 1001]
    adata, _ = read(tmp_path, text(table[["entrez", *BARCODES]], index=False))
    assert same(adata, genes=map(str, range(1000, 1000 + GENES)))


def test_labels_beside_cells_go_to_obs(tmp_path):
    table = frame()
    table["cell_type"], table["cluster"] = ["T", "B"] * 6, range(CELLS)
    adata, notes = read(tmp_path, text(table))
    assert (
        same(adata)
        and list(adata.obs["cell_type"][:2]) == ["T", "B"]
        and list(adata.obs["cluster"]) == list(range(CELLS))
    )
    assert "Columns that describe cells were kept" in notes
    adata, _ = read(tmp_path, text(table.T))
    assert same(adata) and set(adata.obs) == {"cell_type", "cluster"}


@pytest.mark.parametrize(
    "names",
    [
        [
            "nan",
            "NA",
            "null",
            "None",
            "1-Mar",
            "2E5",
            "007",
            "1.10",
            "True",
            "inf",
            "N/A",
            "-",
            "é",
            "a b",
            "#N",
        ]
    ],
)
def test_names_are_text_always(tmp_path, names):
    adata, _ = read(tmp_path, text(turned(genes=names)))
    assert same(adata, genes=names)
    adata, _ = read(tmp_path, text(frame(genes=names)), transpose=False)
    assert same(adata, genes=names)


def test_windows_text_keeps_its_letters(tmp_path):
    genes = ["µ-crystallin", *SYMBOLS[1:]]
    adata, notes = read(tmp_path, text(turned(genes=genes)).encode("cp1252"))
    assert same(adata, genes=genes) and "Windows-1252" in notes
    many = pd.concat([turned()] * 30).set_axis([f"LOC{i}" for i in range(448)] + ["µ", "x"])
    adata, notes = read(tmp_path, text(many).encode("cp1252"))  # beyond the lines that are looked at first
    assert adata.var_names[448] == "µ" and "Windows-1252" in notes


@pytest.mark.parametrize("side", ["rows", "columns", "both"])
def test_a_table_without_names_is_numbered_and_that_is_said(tmp_path, side):
    if side == "rows":
        adata, notes = read(tmp_path, text(frame(), index=False))
        assert same(adata, cells=[f"cell_{i}" for i in range(1, CELLS + 1)]) and "were numbered" in notes
    elif side == "columns":
        adata, notes = read(tmp_path, text(turned(), header=False))
        assert (
            same(adata, cells=[f"cell_{i}" for i in range(1, CELLS + 1)])
            and "no line of column names" in notes
        )
    else:
        assert asked(tmp_path, text(frame(), header=False, index=False)).asks == "transpose"


def test_a_first_column_of_unknown_numbers_is_asked_about(tmp_path):
    content = text(frame(genes=[f"v{i}x" for i in range(GENES)]), index=False)
    question = asked(tmp_path, content)
    assert (question.asks, question.default) == ("first_column", "values")
    adata, _ = read(tmp_path, content, first_column="values", transpose=False)
    assert adata.shape == (CELLS, GENES)


# --- decimals and thousands


def test_a_comma_in_a_table_with_semicolons_is_asked_about(tmp_path):
    content = text(QUOTED, sep=";")
    question = asked(tmp_path, content)
    assert question.asks == "numbers" and "1,046" in str(question)
    assert same(read(tmp_path, content, numbers="thousands")[0])
    assert read(tmp_path, content, numbers="decimal")[0].X[0, 0] == np.float32(1.046)


def test_a_point_that_may_part_thousands_is_asked_about(tmp_path):
    content = text(QUOTED.replace("1,046", "1.046"), sep=";")
    assert asked(tmp_path, content).asks == "numbers"
    assert same(read(tmp_path, content, numbers="thousands")[0])


def test_decimal_commas_are_read_and_said(tmp_path):
    adata, notes = read(tmp_path, text(turned() / 8, sep=";", decimal=","))
    np.testing.assert_array_equal(adata.X.toarray(), (COUNTS / 8).astype(np.float32))
    assert "Decimal commas" in notes
    both = (turned() * 1000.5).map(lambda v: f"{v:,.1f}".translate(str.maketrans(",.", ".,")))
    adata, notes = read(tmp_path, text(both, sep=";"))
    np.testing.assert_allclose(adata.X.toarray(), COUNTS * 1000.5)


def test_thousands_far_below_the_first_rows_are_found(tmp_path):
    many = pd.concat([turned()] * 30).set_axis([f"LOC{i}" for i in range(450)]).astype(object)
    many.iloc[440, 3] = "12,345"
    adata, _ = read(tmp_path, text(many))
    assert adata.X[3, 440] == 12345
    many.iloc[430, 3] = "1,5"
    assert "Decimal commas" in read(tmp_path, text(many))[1]
    many.iloc[431, 3] = "2.5"
    with pytest.raises(UserError, match="mixes decimal commas and points"):
        read(tmp_path, text(many))


@pytest.mark.parametrize("line", ["LOC440,1,046" + ",0" * 11, "LOC440,1,2"])
def test_a_row_of_another_width_is_never_shifted(tmp_path, line):
    lines = text(pd.concat([turned()] * 30).set_axis([f"LOC{i}" for i in range(450)])).splitlines()
    lines[441] = line
    with pytest.raises(UserError, match="Line 442 of 'set.csv' has"):
        read(tmp_path, "\n".join(lines))


def test_zeros_that_are_written_further_down_leave_empty_fields_missing(tmp_path):
    many = pd.concat([turned()] * 3).set_axis([f"LOC{i}" for i in range(45)]).astype(object).replace(0, "")
    many.iloc[40, 1] = 0
    adata, notes = read(tmp_path, text(many))
    assert np.isnan(adata.X.data).any() and "read as 0" not in notes


def test_of_several_measures_of_each_sample_one_is_asked_for(tmp_path):
    measures = [
        turned().add_prefix("abundance."),
        turned().add_prefix("counts."),
        turned().add_prefix("length."),
    ]
    measures[1] += 0
    measures[0] *= 0.5
    content = text(pd.concat(measures, axis=1))
    question = asked(tmp_path, content)
    assert question.asks == "part" and [value for value, _ in question.choices] == [
        "abundance",
        "counts",
        "length",
    ]
    assert same(read(tmp_path, content, part="counts")[0])


# --- orientation


@pytest.mark.parametrize(
    ("cells", "genes"),
    [
        ([f"SRR{i}" for i in range(1234500, 1234512)], [f"LOC_Os{i:02}g10{i:03}" for i in range(15)]),
        ([f"GSM{i}_s" for i in range(1234500, 1234512)], [f"x{i}y" for i in range(15)]),
        ([f"P1_{r}{c:02}" for r in "AB" for c in range(1, 7)], [f"AT1G{i:05}" for i in range(15)]),
        ([f"s{i}z" for i in range(12)], [f"ENSDARG{i:011}" for i in range(15)]),
        ([f"s{i}z" for i in range(12)], [f"hg19_{symbol}" for symbol in SYMBOLS]),
    ],
    ids=lambda names: names[0],
)
def test_known_names_tell_where_the_cells_are(tmp_path, cells, genes):
    assert same(read(tmp_path, text(frame(cells, genes)))[0], cells, genes)
    assert same(read(tmp_path, text(turned(cells=cells, genes=genes)))[0], cells, genes)


def test_names_that_only_look_like_genes_are_asked_about(tmp_path):
    question = asked(tmp_path, text(frame([f"Xq{i}" for i in range(12)], [f"Sx{i}" for i in range(15)])))
    assert question.asks == "transpose" and not question.sure


def test_names_that_speak_for_both_are_asked_about(tmp_path):
    assert (
        asked(tmp_path, text(frame(BARCODES, [f"SRR{i}" for i in range(1234500, 1234515)]))).asks
        == "transpose"
    )


def test_barcodes_of_the_first_file_tell_the_orientation(tmp_path):
    first = pd.Index([f"S1_{name[:-2]}" for name in BARCODES])
    content = text(turned(genes=[f"v{i}x" for i in range(15)]))
    assert read(tmp_path, content, cells=first)[0].shape == (CELLS, GENES)


# --- what is no table


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 and so on", "Excel workbook"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"a,b\n\x01,2\n", "not plain text"),
        (b"gene\nCD3E\nCD4\n", "one column only"),
        (b"gene,a\n", "fewer than two lines"),
        (text(frame().astype(str) + "x").encode(), "holds text"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(tmp_path, content, words):
    with pytest.raises(UserError, match=words):
        read(tmp_path, content)


# --- labels
