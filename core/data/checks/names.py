"""The names of cells and genes: repeated, empty, mixed, with versions, on the wrong axis."""

import re

import numpy as np

from core.data.checks import gene_sets, species
from core.data.checks.context import Case
from core.data.checks.finding import Finding
from core.data.standalone.gene_families import ENSEMBL, GENOME
from core.data.standalone.gene_naming import ids_of, numbered, symbols_of, without_name
from core.data.standalone.spreadsheet_dates import date_genes, numbers_for_names, restored, shared_dates
from core.text import few, genes_are, listed

# 10x has 16 letters, Drop-seq 12, inDrop 16 to 21.
BARCODE = re.compile(r"(?:^|[^A-Z])[ACGT]{10,}(?:-\d+)?(?:$|[^A-Z])")
# The words of the reader, which has made names unique.
GOT_A_NUMBER = "occurred more than once and got a number"
MIXED = 0.02  # share of the rarer kind of name from which symbols and ids count as mixed


def findings(case: Case) -> list[Finding]:
    """What the names of cells and genes tell, that of the file before what was left out of it."""
    if transposed := _transposed(case):
        return [*_read(case.adata), *transposed]  # anything else would be said of the wrong axis
    return [
        *_read(case.adata),
        *_cells(case.adata.obs_names),
        *_genes(case.adata),
        *gene_sets.findings(case),
    ]


def _read(adata) -> list[Finding]:
    """What the reader changed; of gene names that it numbered, `_genes` says more."""
    notes = [str(sentence) for sentence in adata.uns.get("nuwa_read", [])]
    return [Finding("read", "note", note) for note in notes if not _tells_of_numbers(note, "gene")]


def _tells_of_numbers(note, axis):
    return GOT_A_NUMBER in note and f" {axis} name" in note


def _transposed(case) -> list[Finding]:
    """Genes named like cells and cells named like genes: the matrix lies on its side."""
    cells, columns = case.adata.obs_names, case.adata.var_names
    genes_of = case.species if case.where != "raw.X" else species.species_of(columns)
    # The slowest check comes last, as it is rarely needed.
    if genes_of or _like_barcodes(cells) or not species.species_of(cells):
        return []
    sure = "named like barcodes" if _like_barcodes(columns) else "not named like genes"
    words = "The matrix lies on its side: its rows are genes and its columns are cells. Transpose it."
    shown = ", ".join(map(str, cells[:3]))
    return [Finding("transposed", "stop", words, f"Rows: {shown} ...; the columns are {sure}.", "transpose")]


def _like_barcodes(names) -> bool:
    """Whether most of 2,000 of the names look like barcodes."""
    some = names[np.linspace(0, len(names) - 1, min(len(names), 2000)).astype(int)] if len(names) else names
    return bool(len(some)) and bool(np.mean([bool(BARCODE.search(str(name))) for name in some]) > 0.5)


def _cells(names) -> list[Finding]:
    if names.is_unique:
        return []
    twice = names[names.duplicated()].unique()
    names_are = "1 cell name is" if len(twice) == 1 else f"{len(twice):,} cell names are"
    words = f"{names_are} repeated, so tables of these cells cannot be joined: number them."
    return [Finding("cell-names-repeated", "warning", words, few(twice), "unique_names")]


def _genes(adata) -> list[Finding]:
    names, out = adata.var_names, []
    plain = names.astype(str)
    empty = without_name(plain)
    if empty.any():
        repair = "unique_names" if ids_of(adata.var) is not None else None
        n = int(empty.sum())
        words = f"{genes_are(n)} without a name, so {'it' if n == 1 else 'they'} cannot be looked up."
        out.append(Finding("gene-names-empty", "warning", words, "Empty, or several times 'nan'.", repair))
    notes = [str(note) for note in adata.uns.get("nuwa_read", [])]
    note = next((note for note in notes if _tells_of_numbers(note, "gene")), None)
    if not names.is_unique or note:
        groups = {name: places for name, places in numbered(names).items() if not empty[places[0]]}
        ids = ids_of(adata.var) is not None
        way = "their Ensembl ids can tell them apart" if ids else "a number tells them apart"
        names_stand = "1 gene name stands" if len(groups) == 1 else f"{len(groups):,} gene names stand"
        words = f"{names_stand} for more than one gene; {way}."
        if groups:
            repair = "unique_names" if ids or not names.is_unique else None
            out.append(
                Finding("gene-names-repeated", "warning" if repair else "note", words, few(groups), repair)
            )
    out += [*_genomes(plain), *_dates(plain)]
    ensembl = [ENSEMBL.match(GENOME.sub("", name)) for name in plain]
    is_id = np.array([bool(match) for match in ensembl], dtype=bool)
    share = float(is_id.mean()) if len(is_id) else 0.0
    has_symbols = symbols_of(adata.var) is not None
    if MIXED < share < 1 - MIXED:
        words = (
            "Some genes are named by symbol and others by Ensembl id, so a search finds only some of them."
        )
        evidence = f"{is_id.sum():,} ids such as {plain[is_id][0]}, {(~is_id).sum():,} symbols such as {plain[~is_id][0]}."
        repair = "use_symbols" if has_symbols else None
        out.append(Finding("gene-names-mixed", "warning" if repair else "note", words, evidence, repair))
    elif share >= 1 - MIXED:
        column = "; var has their symbols" if has_symbols else ""
        words = f"Genes are named by Ensembl id{column}."
        repair = "use_symbols" if has_symbols else None
        out.append(Finding("gene-names-ids", "note", words, f"Such as {plain[is_id][0]}.", repair))
    versions = [bool(match and match[2]) for match in ensembl]
    if any(versions):
        words = f"{sum(versions):,} Ensembl ids carry a version, by which other tables will not know them."
        shown = plain[np.array(versions)][0]
        out.append(Finding("gene-versions", "note", words, f"Such as {shown}.", "drop_versions"))
    return out


def _genomes(names) -> list[Finding]:
    """Names with the genome in front, of one genome; of two they tell the species apart."""
    genomes = [match[1] for name in names if (match := GENOME.match(name))]
    if not genomes or len({genome.casefold() for genome in genomes}) > 1:
        return []
    n = (
        "The genes"
        if len(genomes) == len(names)
        else genes_are(len(genomes)).removesuffix(" are").removesuffix(" is")
    )
    words = (
        f"{n} are named with the genome in front ({genomes[0]}): remove it, so that other tables know them."
    )
    shown = few([name for name in names if GENOME.match(name)])
    return [Finding("gene-genomes", "note", words, f"Such as {shown}", "drop_genomes")]


def _dates(names) -> list[Finding]:
    """Genes that a spreadsheet turned into dates or numbers."""
    out = []
    if dates := date_genes(names):
        n = len(dates)
        words = f"{genes_are(n)} named by a date: a spreadsheet changed {'its name' if n == 1 else 'their names'}."
        shown = [f"{names[place]} was {' or '.join(genes)}" for place, genes in dates.items()]
        repairs = ["restore_date_genes"] * bool(restored(names)[1])
        evidence = few(shown, 12)
        if pairs := shared_dates(names):
            repairs += ["restore_dates_mtarc_first", "restore_dates_marchf_first"]
            evidence += f". Two genes each were {listed([' and '.join(pair) for pair in pairs])}: a list by alphabet has MTARC (MARC) first."
        first, *others = repairs or [None]
        out.append(Finding("gene-dates", "warning", words, evidence, first, tuple(others)))
    if numbers := numbers_for_names(names):
        n = len(numbers)
        words = f"{genes_are(n)} named by a number with an exponent: a spreadsheet changed {'its name' if n == 1 else 'their names'}."
        out.append(
            Finding("gene-numbers", "note", words, f"Such as {few(numbers)}; clones of RIKEN look like this.")
        )
    return out
