"""A known matrix written in a form that a random generator chooses, and what reading it gives."""

import csv
import gzip
import io
import json
import random
from pathlib import Path
from typing import NamedTuple

import formats
import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.data.count_sources import source_of
from core.data.read.context import Reading
from core.data.read.readers import load
from core.errors import Question, UserError

_SYMBOLS = (
    "CD3E CD8A MS4A1 LYZ NKG7 ACTB GAPDH B2M MALAT1 INS GCG ALB CD4 CD14 SST PTPRC MT-CO1 MT-ND1 RPL13 RPS6 HLA-A HLA-DRA "
    "NKX2-1 CD3D CD3G GNLY CST3 FCGR3A PPBP TYROBP S100A8 S100A9 FTL FTH1 VIM KRT8 KRT18 EPCAM COL1A1 DCN"
)
SYMBOLS = _SYMBOLS.split()
ODD = [
    "nan",
    "NA",
    "null",
    "None",
    "1-Mar",
    "2-Sep",
    "2.31E+19",
    "007",
    "1.10",
    "True",
    "inf",
    "a b",
    "x,y",
    'q"q',
    "3'",
    "#N",
]
FORMS = ("table",) * 6 + ("mtx", "mtx", "h5", "h5ad", "h5ad", "loom", "h5mu", "zarr")


class Case(NamedTuple):
    """A file, what is in it, and the answers to the questions that it may raise."""

    path: Path
    values: np.ndarray  # (cells, genes)
    cells: list[str] | None  # None: the file does not name them
    genes: list[str] | None
    answers: dict
    how: dict  # the choices, to repeat it


def cell_names(dice, n):
    letters = "ACGT"
    kind = dice.choice(["10x", "10x", "bare", "sample", "runs", "wells", "cells", "numbers", "odd"])
    barcode = ["".join(dice.choice(letters) for _ in range(16)) for _ in range(n)]
    names = {
        "10x": [f"{code}-1" for code in barcode],
        "bare": barcode,
        "sample": [f"S1_{code}" for code in barcode],
        "runs": [f"SRR{1234000 + i}" for i in range(n)],
        "wells": [f"P1_{'ABCDEFGH'[i // 12 % 8]}{i % 12 + 1:02}" for i in range(n)],
        "cells": [f"cell_{i}" for i in range(n)],
        "numbers": [str(i + dice.choice([0, 1, 100000])) if not i else "" for i in range(n)],
        "odd": [f"q{i}z" for i in range(n)],
    }
    if kind == "numbers":
        first = dice.choice([0, 1, 100000])
        return kind, [str(first + i) for i in range(n)]
    return kind, names[kind]


def gene_names(dice, n):
    kind = dice.choice(
        ["human", "human", "mouse", "ensembl", "version", "rice", "genome", "entrez", "odd", "unknown"]
    )
    symbols = (SYMBOLS + [f"GENE{i}" for i in range(n)])[:n]
    dice.shuffle(symbols)
    return kind, {
        "human": symbols,
        "mouse": [symbol.capitalize() for symbol in symbols],
        "ensembl": [f"ENSMUSG{i:011}" for i in range(n)],
        "version": [f"ENSG{i:011}.{1 + i % 9}" for i in range(n)],
        "rice": [f"LOC_Os{1 + i % 12:02}g{10000 + 10 * i}" for i in range(n)],
        "genome": [f"hg19_{symbol}" for symbol in symbols],
        "entrez": [str(1000 + 7 * i) for i in range(n)],
        "odd": (ODD + symbols)[:n],
        "unknown": [f"v{i}x" for i in range(n)],
    }[kind]


def case(seed: int, folder: Path) -> Case:
    """The form that the seed chooses."""
    dice = random.Random(seed)
    generator = np.random.default_rng(seed)
    n_cells, n_genes = dice.randint(12, 40), dice.randint(12, 50)
    values = generator.poisson(generator.gamma(0.4, dice.choice([1.0, 4.0]), (n_cells, n_genes)))
    values[0, :], values[:, 0] = values[0, :] + 1, values[:, 0] + 1
    cell_kind, cells = cell_names(dice, n_cells)
    gene_kind, genes = gene_names(dice, n_genes)
    form = dice.choice(FORMS)
    how = {"seed": seed, "form": form, "cells": cell_kind, "genes": gene_kind}
    if form == "table":
        return table(dice, folder, values.astype(float), cells, genes, how)
    adata = AnnData(
        sparse.csr_matrix(values, dtype=np.float32), pd.DataFrame(index=cells), pd.DataFrame(index=genes)
    )
    adata.obs["group"] = pd.Categorical(["a", "b"] * (n_cells // 2) + ["a"] * (n_cells % 2))
    proteins = [f"CD{i}" for i in range(1, 5)]
    adata.obsm["protein"] = pd.DataFrame(
        generator.poisson(20, (n_cells, 4)).astype(np.float32), cells, proteins
    )
    return binary(dice, folder, adata, values, how)


def binary(dice, folder, adata, values, how):
    """The matrix in a format that is no table."""
    form, cells, genes = how["form"], list(adata.obs_names), list(adata.var_names)
    if form == "mtx":
        version, prefix = dice.choice([2, 3]), dice.choice(["", "GSM1_S1_"])
        how |= {"version": version, "prefix": prefix}
        path = formats.tenx_folder(adata, folder, version, prefix)
        if dice.random() < 0.3:
            path = formats.packed(path, dice.choice(["zip", "tar.gz"]))
    elif form == "h5":
        how["version"] = dice.choice([2, 3])
        path = formats.tenx_h5(adata, folder, how["version"])
    elif form == "h5ad":
        how["counts"] = dice.choice(["X", "dense", "layer", "raw"])
        logged = (
            adata.X.log1p()
            if dice.random() < 0.5
            else adata.X.multiply(1 / adata.X.sum(axis=1)).tocsr().log1p()
        )
        if how["counts"] == "dense":
            adata.X = adata.X.toarray()
        elif how["counts"] == "layer":
            adata.layers[dice.choice(["counts", "raw_counts", "umi"])], adata.X = adata.X, logged
        elif how["counts"] == "raw":
            adata.raw, adata.X = adata.copy(), logged
        path = formats.h5ad(adata, folder)
    elif form == "h5mu":
        how["typed"] = dice.random() < 0.5
        path = formats.h5mu(adata, folder, dice.choice([("rna", "prot"), ("gex", "adt")]), how["typed"])
    elif form == "zarr":
        path = dice.choice([formats.zarr, formats.zarr_zip])(adata, folder)
    else:
        path = formats.loom(adata, folder)
    return Case(path, values, cells, genes, {"transpose": False}, how)


def number(value, how):
    """A value as the table writes it."""
    if how["numbers"] == "blank" and not value:
        return ""
    if how["numbers"] == "scientific":
        return f"{value:.6e}"
    if how["numbers"] == "float":
        return repr(float(value))
    if how["numbers"] == "decimal comma":
        return f"{value:g}".replace(".", ",")
    if how["numbers"] == "thousands":
        return f"{value:,.0f}"
    if how["numbers"] == "padded":
        return f" {value:g} "
    return f"{value:g}"


def table(dice, folder, values, cells, genes, how):
    """The matrix as text, written by csv.writer from choices that are each possible with the others."""
    turned = dice.random() < 0.5  # rows are genes
    how |= {
        "turned": turned,
        "sep": dice.choice([",", ",", "\t", "\t", ";", "|", " "]),
        "quote": dice.choice(["minimal", "minimal", "all", "escaped"]),
        "header": dice.choice(["corner", "corner", "empty", "missing", "none"]),
        "names": dice.choice(["first", "first", "first", "behind numbers", "none"]),
        "numbers": dice.choice(
            ["plain", "plain", "float", "scientific", "thousands", "decimal comma", "padded", "blank"]
        ),
        "aside": dice.choice(["", "", "features", "labels"]),
        "above": dice.choice(["", "", "comment", "title", "blank", "sep="]),
        "encoding": dice.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"]),
        "end": dice.choice(["\n", "\n", "\r\n"]),
        "trailing": dice.random() < 0.15,
        "below": dice.random() < 0.1,
        "name": dice.choice(["set.csv", "set.txt", "set.tsv", "set.tab", "set.csv.gz", "set.tsv.gz"]),
    }
    if how["names"] == "behind numbers" and (genes if turned else cells)[0].isdecimal():
        how["names"] = "first"  # nobody can tell two columns of numbers apart
    if how["sep"] == " " and how["numbers"] == "padded":
        how["numbers"] = "plain"
    if how["header"] == "none" or how["names"] == "none":
        how["aside"] = ""
    if how["names"] == "none" and how["header"] in ("missing", "none", "empty"):
        how["header"] = "corner"
    if how["trailing"] and how["header"] == "missing":
        how["trailing"] = False
    if how["above"] == "title" and how["sep"] == " ":
        how["above"] = ""
    if how["numbers"] == "decimal comma":
        values = values / 8
    if how["numbers"] == "thousands":
        values = values.copy()
        values[0, 0], values[-1, -1] = 1046, 12345678
    body = values.T if turned else values
    rows, columns = (genes, cells) if turned else (cells, genes)
    lines = [[number(value, how) for value in line] for line in body]
    header = list(columns)
    if how["names"] != "none":
        lines = [[name, *line] for name, line in zip(rows, lines, strict=True)]
        corner = {"corner": dice.choice(["gene", "gene_id"] if turned else ["cell", "barcode"]), "empty": ""}
        header = [corner.get(how["header"], ""), *header]
        aside = {"features": ("Chr", "Length"), "labels": ("cell_type", "cluster")}.get(how["aside"], ())
        if (how["aside"] == "features") == turned:
            for name, field in zip(
                aside, (lambda i: "ch" + "xy"[i % 2], lambda i: str(700 + i)), strict=False
            ):
                header.insert(1, name)
                lines = [[line[0], field(i), *line[1:]] for i, line in enumerate(lines)]
    if how["below"] and turned and how["names"] != "none":
        lines.append(["__no_feature", *(["chx"] * 0), *("7" for _ in lines[0][1:])])
    if how["names"] == "behind numbers":
        header = ["", *header]
        lines = [[str(i), *line] for i, line in enumerate(lines, start=1)]
    if how["header"] == "missing":
        header = header[1:]
    if how["trailing"]:
        header, lines = [*header, ""], [[*line, ""] for line in lines]
    path = folder / how["name"]
    content = written([header] * (how["header"] != "none") + lines, how)
    try:
        content = content.encode(how["encoding"])
    except UnicodeEncodeError:
        content = content.encode("utf-8")
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    named = how["header"] != "none", how["names"] != "none"
    cells_named, genes_named = named if turned else named[::-1]
    answers = {"transpose": turned, "numbers": "thousands" if how["numbers"] == "thousands" else "decimal"}
    answers["first_column"] = "values" if how["names"] == "none" else "names"
    return Case(path, values, cells if cells_named else None, genes if genes_named else None, answers, how)


def written(lines, how):
    """The lines as text, with what stands above them."""
    file = io.StringIO()
    options = {
        "minimal": {"quoting": csv.QUOTE_MINIMAL},
        "all": {"quoting": csv.QUOTE_ALL},
        "escaped": {"quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\"},
    }[how["quote"]]
    csv.writer(file, delimiter=how["sep"], lineterminator=how["end"], **options).writerows(lines)
    above = {
        "comment": f"# made by a program, version 2{how['end']}## of 2020{how['end']}",
        "title": f"GSE1: counts of cells{how['end']}{how['end']}",
        "blank": how["end"],
        "sep=": f"sep={how['sep']}{how['end']}",
    }.get(how["above"], "")
    return above + file.getvalue()


def outcome(one: Case, folder: Path) -> tuple[str, str]:
    """("same", "question", "refused" or "wrong"; what was said). A question is answered, and then must give the same."""
    given, question = {}, ""
    for _ in range(4):
        try:
            adata = load(one.path, Reading(folder, dict(given)))
            break
        except Question as asked:
            question = str(asked)
            if asked.asks not in one.answers or asked.asks in given:
                return "question", question
            given[asked.asks] = one.answers[asked.asks]
        except UserError as error:
            return "refused", str(error)
    notes = " ".join(adata.uns["nuwa_read"])
    source = source_of(adata)
    values = source.values.toarray() if sparse.issparse(source.values) else np.asarray(source.values)
    same = values.shape == one.values.shape and np.allclose(values, one.values, rtol=1e-6)
    for names, known in ((adata.obs_names, one.cells), (source.genes, one.genes)):
        same = same and (list(names) == [name.strip() for name in known] if known is not None else True)
    if not same:
        shown = {"shape": values.shape, "cells": list(adata.obs_names[:3]), "genes": list(source.genes[:3])}
        return "wrong", f"{shown} {notes}"
    return ("question" if question else "same"), notes


def report(one: Case, result: str, said: str) -> str:
    """A line for a case that is not as it should be."""
    return f"{result}: {json.dumps(one.how)}: {said[:600]}"
