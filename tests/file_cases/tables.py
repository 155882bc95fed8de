"""Text tables: separators, quotes, annotation columns, orientation, names."""

import numpy as np
import pandas as pd

from file_cases import Case

GENES = ["CD3E", "CD8A", "MS4A1", "LYZ", "NKG7", "ACTB", "GAPDH", "B2M", "MALAT1", "INS", "GCG", "ALB"]


def counts(folder):
    """(40 cells x 12 genes) counts with a total of 5,000, and where to write them."""
    random = np.random.default_rng(0)
    values = random.integers(0, 9, (40, len(GENES)))
    values[0, 0] += 5000 - values.sum()
    cells = ["".join(row) + "-1" for row in random.choice(list("ACGT"), (40, 14))]
    return pd.DataFrame(values, index=cells, columns=GENES), folder / "set.csv"


def with_thousands(folder, sep, sign):
    table, path = counts(folder)
    text = table.map(lambda value: f"{value:,}".replace(",", sign))
    text.T.to_csv(path, sep=sep)
    return path


def thousands_with_points(folder):
    return with_thousands(folder, ";", ".")


def thousands_with_tabs(folder):
    return with_thousands(folder, "\t", ",")


def htseq(folder):
    table, path = counts(folder)
    rest = pd.DataFrame(7, index=table.index, columns=["__no_feature", "__ambiguous"])
    pd.concat([table, rest], axis=1).T.to_csv(path, sep="\t")
    return path


def genomes(folder):
    table, path = counts(folder)
    table.rename(columns=lambda name: f"hg19_{name}").to_csv(path)
    return path


def nobody_knows(folder):
    table, path = counts(folder)
    table.set_axis([f"q{i}z" for i in range(40)]).set_axis([f"v{i}x" for i in range(12)], axis=1).to_csv(path)
    return path


def windows(folder):
    table, path = counts(folder)
    table.rename(columns={"ALB": "µ-crystallin"}).T.to_csv(path, encoding="cp1252")
    return path


def whole_lines_in_quotes(folder):
    table, path = counts(folder)
    table.T.to_csv(path)
    path.write_text("".join(f'"{line}"\n' for line in path.read_text().splitlines()))
    return path


def fields_and_lines_in_quotes(folder):
    table, path = counts(folder)
    table.T.to_csv(path, quoting=1)
    lines = (line.replace('"', '""') for line in path.read_text().splitlines())
    path.write_text("".join(f'"{line}"\n' for line in lines))
    return path


def detected_or_not(folder):
    table, path = counts(folder)
    (table.T > 2).to_csv(path)
    return path


def rhapsody_with_antibodies(folder):
    table, path = counts(folder)
    for name in ("CD4:SK3|CD4|AHS0032|pAbO", "CD8:RPA-T8|CD8A|AHS0027|pAbO"):
        table[name] = 5
    table["SampleTag01_hs|stAbO"] = 1
    table.index = range(100, 140)
    table.rename_axis("Cell_Index").to_csv(path)
    return path


def with_means(folder):
    table, path = counts(folder)
    turned = table.T.astype(float)
    turned.assign(Mean=turned.mean(axis=1)).to_csv(path)
    return path


SAME = {"cells": 40, "genes": 12, "total": 5000.0, "gene_names": tuple(GENES[:5])}
CASES = [
    Case("c02_thousands_in_quotes.csv", sentence="such as 1,046"),
    Case("c04_bom_crlf_trailing_comma.csv"),
    Case("c07_featurecounts.txt", sentence="Chr, Start, End, Strand, Length"),
    Case("c08_rhapsody.csv", sentence="4 lines above the table"),
    Case("c09_genes_nan_rows.csv", absent="without a name"),
    Case("c11_excel_dates.csv", sentence=("MARCHF1", "SEPTIN9", "DELEC1")),
    Case("c12_no_cell_names.csv", sentence="were numbered"),
    Case("c13_blank_first_line.csv"),
    Case("c15_runs_by_rice.csv", sentence="names of cells: accessions"),
    Case("c28_counts_of_labels.csv"),
    Case(
        "c28_counts_of_labels.csv",
        ("--annotations", "c26_labels_other_prefix.csv"),
        name="c28_with_c26",
        sentence="by their barcodes",
    ),
    Case(thousands_with_points, exit=2, sentence="--numbers"),
    Case(thousands_with_points, ("--numbers", "thousands"), name="thousands_answered", **SAME),
    Case(thousands_with_tabs, **SAME),
    Case(htseq, sentence="__no_feature, __ambiguous", **SAME),
    Case(genomes, sentence="genome in front", **SAME | {"gene_names": ("hg19_CD3E",)}),
    Case(whole_lines_in_quotes, sentence="is within quotation marks, which were removed", **SAME),
    Case(fields_and_lines_in_quotes, **SAME),
    Case(detected_or_not, exit=2, sentence="holds TRUE and FALSE"),
    Case(rhapsody_with_antibodies, proteins=2, protein_total=400.0, **SAME),
    Case(with_means, sentence="was left out: Mean", **SAME),
    Case(windows, sentence="Windows-1252", **SAME),
    Case(nobody_knows, exit=2, sentence="which are the cells?"),
    Case(nobody_knows, ("--no-transpose",), name="nobody_knows_answered", cells=40, genes=12, total=5000.0),
]
