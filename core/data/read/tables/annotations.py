"""Columns and rows beside the values of a table: what is known of genes and cells, and rows that belong to no gene."""

import re

# Headers of what describes a gene, and of what describes a cell, without case, dots and underscores.
_OF_GENES = (
    "chr chrom chromosome seqname seqnames start end strand length width genelength effectivelength "
    "effectivelengths efflength bplength exonlength position genetype genebiotype biotype description "
    "genedescription band feature featuretype entrez entrezid entrezgene entrezgeneid ncbiid ncbigeneid "
    "transcriptid transcriptids hgncid mgiid genestart geneend chromosomename startposition endposition "
    "genomicregion genechr genechrom genechromosome genestrand genestartposition geneendposition copies "
    "geneloc exoncount numexons gccontent"
)
OF_GENES = frozenset(_OF_GENES.split())
_OF_CELLS = (
    "celltype celltypes cluster clusters clusterid seuratclusters leiden louvain label labels batch sample "
    "sampleid samplename donor donorid patient patientid subject condition treatment group tissue organ stage "
    "timepoint ncountrna nfeaturerna ngenes ncounts numi numis ngene totalcounts ngenesbycounts percentmt "
    "percentmito pctmito pctcountsmt origident plate plateid well wellid phase doubletscore annotation class "
    "subclass individual experiment library libraryid replicate age sex gender genotype umap1 umap2 tsne1 "
    "tsne2 xcoord ycoord dataset assignment celltypelabel"
)
OF_CELLS = frozenset(_OF_CELLS.split())
_GENE_NAMES = (
    "gene genes geneid geneids genename genenames genesymbol genesymbols symbol symbols hgnc hgncsymbol "
    "mgisymbol hugosymbol ensembl ensemblid ensemblgeneid ensemblids ensemblgene geneshortname idref probe "
    "probeid transcript feature features featureid target targetid externalgenename locus locustag "
    "genesymbolentrez protein proteins antibody adt accession entrez entrezid entrezgene entrezgeneid"
)
GENE_NAMES = frozenset(_GENE_NAMES.split())
_CELL_NAMES = (
    "cell cells cellid cellids cellname cellnames barcode barcodes cellbarcode cellbarcodes cellindex bc cb "
    "cellnumber spot spotid droplet nucleus nucleusid run samplename sample sampleid samples runaccession "
    "well wellid cellbc"
)
CELL_NAMES = frozenset(_CELL_NAMES.split())
NAMES = (
    GENE_NAMES
    | CELL_NAMES
    | {"", "index", "name", "names", "id", "ids", "rowname", "rownames", "x1", "v1", "unnamed0"}
)
# Rows of HTSeq, of STAR and of CITE-seq-Count that count what no gene or protein got.
NO_FEATURE = re.compile(
    r"^(?:__(?:no_feature|ambiguous|too_low_aqual|not_aligned|alignment_not_unique|unmapped)|"
    r"N_(?:unmapped|multimapping|noFeature|ambiguous)|unmapped|bad_struct|no_match|total_reads)$",
    re.IGNORECASE,
)
TOTAL = re.compile(r"^(?:grand[ _]?)?(?:total|sum|row[ _.]?sum|total[ _.]?count)s?$", re.IGNORECASE)
MEAN = re.compile(r"^(?:row[ _.]?)?(?:mean|average|avg)s?$", re.IGNORECASE)


def plain(header: str) -> str:
    """A header without case and punctuation: "Cell_Index" and "cell.index" are "cellindex"."""
    return re.sub(r"[\W_]+", "", header).lower()


def names_of(header: str) -> str:
    """What a column with this header names: "cells", "genes", or "" where it does not say."""
    word = plain(header)
    cells, genes = word in CELL_NAMES, word in GENE_NAMES
    return ("cells" if cells else "genes") if cells != genes else ""


def is_of_names(header: str) -> bool:
    """May a column with this header hold the names of the rows?"""
    return plain(header) in NAMES


def describes(header: str) -> str:
    """What a column with this header describes: "genes", "cells", or "" where it may hold values."""
    word = plain(header)
    if word in OF_GENES or (
        word in GENE_NAMES and word not in ("gene", "protein", "target", "antibody", "adt")
    ):
        return "genes"
    return "cells" if word in OF_CELLS or word in CELL_NAMES - {"cell", "bc", "cb", "run"} else ""
