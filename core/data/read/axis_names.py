"""Tell names of cells and samples from names of genes and of proteins."""

import re
from typing import NamedTuple

from core.data.familiar_genes import FAMILIAR, FEW_FAMILIAR
from core.data.standalone.gene_families import ENSEMBL, GENOME

# Letters of a barcode: one run of 10x, Drop-seq and inDrop, or parts as those of BD Rhapsody and SPLiT-seq.
BARCODE = re.compile(
    r"[ACGTN]{10,}|^[ACGTN]{6,9}(?:[-_.]\w{1,12})?$|(?:[ACGTN]{6,9}[-_.]){1,2}[ACGTN]{6,9}|^\d\d_\d\d_\d\d(?:__s\d+)?$",
    re.IGNORECASE,
)
# Runs, experiments and samples of the read archives (ENA, SRA, DDBJ), of BioSample and of GEO.
ACCESSION = re.compile(r"^(?:[SED]R[RXS]\d{5,}|GSM\d{5,}|SAM(?:N|D|EA)\d{5,})")
FILE = re.compile(r"\.(?:bam|sam|cram|fastq|fq|sf)(?:\.gz)?$", re.IGNORECASE)
SAMPLE = re.compile(
    r"^(?:cell|barcode|bc|droplet|spot|bead|nucle(?:us|i)|sample|patient|donor|plate|well|run|lane|rep|replicate|batch|"
    r"library|lib|subject|individual|pool)s?[ _.:-]?\d+",
    re.IGNORECASE,
)
WELL = re.compile(r"(?:^|[_.\- ])[A-P](?:0?[1-9]|1\d|2[0-4])(?:$|[_.\- ])")
MANY_WELLS = 0.9  # share of names with a well from which they are wells: a gene may be called A1 by chance
GENE_ID = re.compile(
    r"^(?:ENS[A-Z]{0,7}[GT]\d{11}|FBgn\d{7}|WBGene\d{8}|AT[1-5CM]G\d{5}|LOC_Os\d\dg\d{5}|Os\d\dg\d{7}|Zm\d{5}\w*\d+|"
    r"GRMZM\w+|Solyc\d\dg\d{6}|Glyma\.\w+|ZDB-GENE-|MGI:\d+|HGNC:\d+|RGD:\d+|Y[A-P][LR]\d{3}[WC]|SP[ABC]{2,3}\w+\.\d+|"
    r"PF3D7_\d+|TGME49_\d+|TraesCS\w+|HORVU\w+|Potri\.\w+|LOC\d+|[NX][MR]_\d+|gene[ _-]?\d+$)",
    re.IGNORECASE,
)
# Mitochondrial and ribosomal; clones such as AL645608.8; symbols with a number or hyphen: CD3E, Sox17.
SYMBOL = re.compile(
    r"^(?:MT-|RP[LS]\d|LINC\d|A[CLPF]\d{5,}\.\d|\d{7}[A-Z]\d\dRik|Gm\d{3,}|[A-Z][A-Za-z]{1,7}\d{1,3}[A-Za-z]{0,3}\d?)(?![A-Za-z\d])",
    re.IGNORECASE,
)
PROTEIN = re.compile(
    r"^(anti[- ]?)?(human[ _-]|mouse[ _-])?(CD\d+[a-z]{0,2}|HLA-?DR|PD-?1|TIGIT|TCR|Ig[GMDE])|TotalSeq|^ADT|^(prot|ab)[ _-]?\d+$",
    re.IGNORECASE,
)


class Evidence(NamedTuple):
    """How surely names are of one kind, 0 to 1, and what they are, in a word."""

    share: float
    what: str


def cells_evidence(names) -> Evidence:
    """Whether names are known patterns of cells or samples: barcodes, accessions, wells, files of reads, numbers."""
    names = _plain(names)
    kinds = {"barcodes": BARCODE, "accessions": ACCESSION, "files": FILE, "numbered cells or samples": SAMPLE}
    shares = {what: _share(pattern, names) for what, pattern in kinds.items()}
    wells = _share(WELL, names)
    shares["wells of plates"] = wells if wells >= MANY_WELLS else 0.0
    together = sum(any(pattern.search(name) for pattern in kinds.values()) for name in names) / max(
        len(names), 1
    )
    what = max(shares, key=shares.get)
    return Evidence(max(together, shares[what]), what)


def genes_evidence(names) -> Evidence:
    """Whether names are known to be genes: ids of a genome, or some that everybody measures. A symbol's look is no proof."""
    names = [GENOME.sub("", name) for name in _plain(names)]
    if len(FAMILIAR.intersection(name.upper() for name in names)) >= FEW_FAMILIAR:
        return Evidence(1.0, "known genes")
    return Evidence(_share(GENE_ID, names), "gene ids")


def like_barcodes(names):
    """Share of names that look like a cell's or a sample's."""
    return cells_evidence(names).share


def like_genes(names):
    """Share of names that look like a gene's; 1 where three of the best-known genes are among them."""
    known = genes_evidence(names).share
    if known == 1.0:
        return 1.0
    names = [GENOME.sub("", name) for name in _plain(names)]
    return sum(
        bool((SYMBOL.search(n) and not _is_sample(n)) or GENE_ID.search(n) or ENSEMBL.match(n)) for n in names
    ) / max(len(names), 1)


def like_proteins(names):
    """Share of names that look like a surface protein's."""
    return _share(PROTEIN, _plain(names))


def _is_sample(name):
    return bool(SAMPLE.search(name) or ACCESSION.search(name))


def _plain(names):
    return [str(name) for name in names]


def _share(pattern, names):
    return sum(bool(pattern.search(name)) for name in names) / max(len(names), 1)
