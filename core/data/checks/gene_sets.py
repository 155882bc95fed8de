"""The species, and its mitochondrial, ribosomal and haemoglobin genes: there, or lost."""

import numpy as np
import pandas as pd

from core.data.checks.context import MITO_COLUMNS, Case
from core.data.checks.finding import Finding
from core.data.standalone.gene_families import ENSEMBL
from core.text import few, genes_are


def findings(case: Case) -> list[Finding]:
    """Which species the names tell, and whether its mitochondrial, ribosomal and haemoglobin genes are there."""
    return [*_species(case), *_sets(case)]


def _species(case) -> list[Finding]:
    if not case.species:
        return [
            Finding(
                "species-unknown",
                "note",
                "The gene names do not tell the species, so MT and ribosomal genes cannot be found by name.",
                f"Such as {few(case.gene_names)}",
            )
        ]
    if " and " in case.species:
        words = f"Genes of {case.species} are in one file: cells may be of either, or two cells in one drop."
        return [Finding("species-mixed", "warning", words, "By the gene names.")]
    return [
        Finding("species", "note", f"The genes are named as those of {case.species}.", "By the gene names.")
    ]


def _sets(case) -> list[Finding]:
    """Mitochondrial, ribosomal and haemoglobin genes: there, or lost."""
    if case.species not in ("human", "mouse"):
        return []
    out, found = [], {name: int(rows.sum()) for name, rows in case.members.items()}
    ids_only = np.mean([bool(ENSEMBL.match(str(name))) for name in case.gene_names]) > 0.9
    if found["mito"]:
        if "mito" in case.shares:
            share = float(np.median(case.shares["mito"]))
            partial = " (of the genes in this file)" if case.partial else ""
            words = f"Mitochondrial genes make {share:.1f} % of a typical cell's counts{partial}."
        else:
            words = f"{genes_are(found['mito'])} mitochondrial."
        shown = few(case.gene_names[case.members["mito"]])
        out.append(Finding("mito", "note", words, f"{found['mito']} genes: {shown}"))
    column = next((name for name in MITO_COLUMNS if name in case.adata.obs), None)
    if column and (case.partial or not found["mito"]):
        words = f"The share of mitochondrial counts over all genes is known from the obs column '{column}'."
        out.append(Finding("mito-column", "note", words, _median_words(case.adata.obs[column])))
    elif not found["mito"]:
        words = "No mitochondrial gene is in the file, so dying cells cannot be told by their MT share."
        evidence = f"None of {len(case.gene_names):,} genes is an MT gene of {case.species}."
        out.append(Finding("mito-lost", "warning", words, evidence))
    for name, title, least in (("ribo", "ribosomal", 20), ("haemo", "haemoglobin", 1)):
        if name == "ribo" and ids_only:
            continue  # a table of 160 ids for a share that little depends on
        if found[name] >= least:
            if name in case.shares:
                share = float(np.mean(case.shares[name]))
                share = f"{share:.1f}" if share >= 0.05 else "under 0.1"
                words = f"{title.capitalize()} genes make {share} % of the counts of a cell on average."
            else:
                ones = f"a {title} one" if found[name] == 1 else f"{title} ones"
                words = f"{genes_are(found[name])} {ones}."
            shown = few(case.gene_names[case.members[name]])
            out.append(Finding(name, "note", words, f"{found[name]} genes: {shown}"))
        else:
            seen = "None" if not found[name] else f"Only {found[name]}"
            words = f"The {title} genes are not in this file, so their share of the counts cannot be told."
            out.append(
                Finding(
                    f"{name}-lost",
                    "note",
                    words,
                    f"{seen} of them {'are' if found[name] > 1 else 'is'} among the genes.",
                )
            )
    return out


def _median_words(values) -> str:
    numbers = pd.to_numeric(values, errors="coerce")
    return f"Median {numbers.median():.3g}." if numbers.notna().any() else ""
