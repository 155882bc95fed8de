"""Tell names of cells from names of genes and of proteins."""

import re

BARCODE = re.compile(r"[ACGTN]{10,}|^(cell|barcode|bc|droplet)[ _.-]?\d+", re.IGNORECASE)
# Ensembl; mitochondrial and ribosomal; clones such as AL645608.8; symbols with a number or hyphen: CD3E, Sox17.
GENE = re.compile(
    r"^(ENS[A-Z]*G\d{6,}|MT-|RP[LS]\d|LINC\d|LOC\d|A[CLPF]\d{5,}\.\d|gene[ _-]?\d+|[A-Z][A-Za-z]{1,7}\d{1,3}[A-Za-z]{0,3}\d*)(?![A-Za-z])",
    re.IGNORECASE,
)
KNOWN = {
    "ACTB",
    "GAPDH",
    "B2M",
    "MALAT1",
    "PTPRC",
    "CD3E",
    "CD4",
    "CD8A",
    "MS4A1",
    "LYZ",
    "NKG7",
    "EPCAM",
} | {*("INS", "GCG", "SST", "TP53", "MYC", "TMSB4X", "FTL", "FTH1", "EEF1A1", "VIM", "KRT8", "COL1A1", "ALB")}
PROTEIN = re.compile(
    r"^(anti[- ]?)?(human[ _-]|mouse[ _-])?(CD\d+[a-z]{0,2}|HLA-?DR|PD-?1|TIGIT|TCR|Ig[GMDE])|TotalSeq|^ADT|^(prot|ab)[ _-]?\d+$",
    re.IGNORECASE,
)


def like_barcodes(names):
    """Share of names that look like a cell's."""
    return _share(BARCODE, names)


def like_genes(names):
    """Share of names that look like a gene's; 1 where three of the best-known genes are among them."""
    return 1.0 if len(KNOWN & {str(n).upper() for n in names}) >= 3 else _share(GENE, names)


def like_proteins(names):
    """Share of names that look like a surface protein's."""
    return _share(PROTEIN, names)


def _share(pattern, names):
    names = [str(name) for name in names]
    return sum(bool(pattern.search(name)) for name in names) / max(len(names), 1)
