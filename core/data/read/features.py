"""The lines of a feature file to a table of features: names, ids, types and genomes, however many columns it has."""

import re

import pandas as pd

# What Cell Ranger, Space Ranger, Xenium and BD call the types of features, and what others write.
TYPES = re.compile(
    r"gene expression|antibody capture|crispr guide capture|multiplexing capture|antigen capture|custom|peaks|vdj|motifs"
    r"|(negative control|blank|unassigned|deprecated|genomic) ?(probe|codeword|control|code)?|gex|rna|adt|hto|protein"
    r"|antibody|genes?",
    re.IGNORECASE,
)
ID = re.compile(r"^(ENS[A-Z]*G\d{6,}|WBGene\d+|FBgn\d+|ENSG\d+)", re.IGNORECASE)
COLUMNS = {  # of a file with a header
    "name": ("gene_name", "gene_names", "gene_symbol", "symbol", "gene_short_name", "feature_name", "name"),
    "gene_ids": ("gene_id", "gene_ids", "ensembl_id", "feature_id", "id", "ensembl"),
    "feature_types": ("feature_types", "feature_type", "type"),
    "genome": ("genome",),
}
# What BD Rhapsody puts after the names of its antibodies and sample tags; R turns the bar into a dot.
RHAPSODY = (
    (re.compile(r"[|._]pAbO$"), "Antibody Capture"),
    (re.compile(r"[|._]stAbO$"), "Multiplexing Capture"),
)
# Rows that count reads of no feature: CITE-seq-Count, HTSeq, STAR.
NOT_FEATURES = re.compile(
    r"unmapped|no_match|bad_struct|total_reads|__(no_feature|ambiguous|too_low_aQual|not_aligned|alignment_not_unique)"
    r"|N_(unmapped|multimapping|noFeature|ambiguous)"
)


def features_of(rows: list[list[str]], header: list[str] | None, symbols: list[str] | None) -> pd.DataFrame:
    """var of the features in `rows`, lists of fields: its index are the names, gene_ids the ids, and types if there are any.

    `symbols` are names from a file of their own.
    """
    width = min((len(row) for row in rows), default=0)
    columns = [[row[i] for row in rows] for i in range(width)]
    parts = (header and _by_header(header, columns)) or _by_content(columns)
    if symbols is not None:
        parts["name"] = symbols
    names = [name or other for name, other in zip(parts["name"], parts["gene_ids"], strict=True)]
    var = pd.DataFrame({"gene_ids": parts["gene_ids"]}, index=names)
    for key in ("feature_types", "genome"):
        if key in parts:
            var[key] = pd.Categorical(parts[key])
    if "feature_types" not in var and (types := types_by_name(names)):
        var["feature_types"] = pd.Categorical(types)
    return var


def types_by_name(names) -> list[str] | None:
    """The types of features whose names tell them, as those of BD Rhapsody do; None where none does."""
    types = [
        next((kind for mark, kind in RHAPSODY if mark.search(str(name))), "Gene Expression") for name in names
    ]
    return types if len(set(types)) > 1 else None


def _by_header(header, columns):
    """The columns under names we know; {} where there are none. R leaves out the name of the first column."""
    known = [*[""] * (len(columns) - len(header)), *(field.lower() for field in header)][: len(columns)]
    parts = {
        key: columns[known.index(name)]
        for key, names in COLUMNS.items()
        for name in names[::-1]
        if name in known
    }
    if parts:
        parts.setdefault("name", parts.get("gene_ids", columns[0]))
        parts.setdefault("gene_ids", parts["name"])
    return parts


def _by_content(columns):
    """Cell Ranger's order: id, name, type. A column of types may come earlier, and ids and names the other way round."""
    parts = {}
    for i, column in enumerate(columns[1:], start=1):
        if 2 * sum(bool(TYPES.fullmatch(value)) for value in column) > len(column):
            parts["feature_types"] = column
            columns = columns[:i]
            break
    first, second = (*columns[:2], *columns[:1])[:2] if columns else ([], [])
    if _ids(second) > 0.5 > _ids(first):
        first, second = second, first
    return parts | {"gene_ids": first, "name": second}


def _ids(values):
    return sum(bool(ID.match(value)) for value in values) / max(len(values), 1)
