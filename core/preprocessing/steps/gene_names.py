"""Repairs of the names of genes and cells; see core.preprocessing.steps.repairs for what a repair is."""

import pandas as pd
from anndata import AnnData
from anndata.utils import make_index_unique

from core.data.backed import copied
from core.data.standalone.gene_naming import (
    by_symbol,
    by_symbols_of,
    rename_genes,
    symbols_of,
    told_apart,
    without_genomes,
    without_versions,
)
from core.data.standalone.spreadsheet_dates import date_genes, restored
from core.errors import UserError
from core.text import few, genes_are


def unique_names(adata: AnnData) -> tuple[AnnData, str]:
    """Rename genes that share a name to symbol-ENSG where var has ids, else number them; number repeated cells."""
    names, renamed = told_apart(adata.var_names, adata.var)
    cells = int(adata.obs_names.duplicated().sum())
    renumbered = int(pd.Index(names).duplicated().sum())
    if not (renamed or renumbered or cells):
        raise UserError("All names are unique already, or var has no Ensembl ids to make them unique with.")
    new = copied(adata)
    rename_genes(new, lambda names, var: told_apart(names, var)[0])
    new.obs_names = make_index_unique(adata.obs_names.astype(str))
    parts = [f"{renamed:,} genes were named by symbol and Ensembl id"] if renamed else []
    parts += [f"{renumbered:,} genes got a number"] if renumbered else []
    parts += [f"{cells:,} cells got a number"] if cells else []
    return new, f"{', '.join(parts)}; var['name_before'] keeps the old gene names."


def use_symbols(adata: AnnData) -> tuple[AnnData, str]:
    """Name genes by the symbols of var; genes without one keep their id, genes that share one get their id added."""
    symbols = symbols_of(adata.var)
    if symbols is None:
        raise UserError("var has no column of gene symbols, such as 'gene_symbols' or 'feature_name'.")
    new = copied(adata)
    names, shared = by_symbol(adata.var_names, symbols)
    rename_genes(new, by_symbols_of)
    changed = int((names != adata.var_names.astype(str)).sum())
    with_ids = f"; {int(shared.sum()):,} that share a symbol have their id added" if shared.any() else ""
    return new, f"{genes_are(changed)} now named by symbol{with_ids}."


def drop_versions(adata: AnnData) -> tuple[AnnData, str]:
    """Remove the version from Ensembl ids; two versions of one id are numbered."""
    names = without_versions(adata.var_names)
    changed = int((names != adata.var_names.astype(str)).sum())
    if not changed:
        raise UserError("No gene is named by an Ensembl id with a version.")
    new = copied(adata)
    rename_genes(new, lambda names, _: without_versions(names))
    return new, f"{changed:,} Ensembl ids have no version now; var['name_before'] keeps it."


def drop_genomes(adata: AnnData) -> tuple[AnnData, str]:
    """Remove the genome in front of genes (GRCh38_CD3E); two genes that share a name then are numbered."""
    names = without_genomes(adata.var_names)
    changed = int((names != adata.var_names.astype(str)).sum())
    if not changed:
        raise UserError("No gene is named with a genome in front.")
    new = copied(adata)
    rename_genes(new, lambda names, _: without_genomes(names))
    return new, f"{genes_are(changed)} now named without the genome; var['name_before'] keeps it."


def restore_date_genes(adata: AnnData) -> tuple[AnnData, str]:
    """Name genes whose names a spreadsheet turned into dates by the likely symbol, where only one gene has that date."""
    return _restored(adata, "")


def restore_dates_marchf_first(adata: AnnData) -> tuple[AnnData, str]:
    """The same, and of two genes of one date the first is MARCHF1 (MARCHF2) and the second MTARC1 (MTARC2)."""
    return _restored(adata, "MARCHF")


def restore_dates_mtarc_first(adata: AnnData) -> tuple[AnnData, str]:
    """The same, and of two genes of one date the first is MTARC1 (MTARC2) and the second MARCHF1 (MARCHF2)."""
    return _restored(adata, "MTARC")


def _restored(adata, first):
    dates = date_genes(adata.var_names)
    names, changed = restored(adata.var_names, first)
    if not changed:
        raise UserError("No gene is named by a date that only one gene has.")
    new = copied(adata)
    rename_genes(new, lambda names, _: restored(names, first)[0])
    left = f"; {len(dates) - changed:,} that share a date keep it" if len(dates) > changed else ""
    now = few([name for name, old in zip(names, adata.var_names, strict=True) if name != old], 6)
    return new, f"{genes_are(changed)} now named {now}{left}; var['name_before'] keeps the dates."
