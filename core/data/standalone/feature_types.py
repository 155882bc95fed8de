"""What the words for types of features mean: genes, proteins, hashtags or something else; and where proteins lie in obsm."""

import re

import numpy as np

# Cell Ranger's words, and those of muon, Seurat, CITE-seq-Count, BD Rhapsody and of people; without case, "_" and "-".
WORDS = {
    "genes": (
        *(
            "gene expression",
            "gex",
            "rna",
            "mrna",
            "gene",
            "genes",
            "expression",
            "transcriptome",
            "transcript",
        ),
        *("transcripts", "gene counts", "rna expression"),
    ),
    "proteins": (
        *(
            "antibody capture",
            "adt",
            "adts",
            "protein",
            "proteins",
            "prot",
            "antibody",
            "antibodies",
            "abseq",
        ),
        *(
            "surface protein",
            "surface proteins",
            "protein expression",
            "antibody derived tag",
            "cite",
        ),
        *("antibody derived tags", "protein counts", "ab"),
    ),
    "hashtags": (
        *(
            "multiplexing capture",
            "hto",
            "htos",
            "hashtag",
            "hashtags",
            "hashing",
            "cell hashing",
            "multiplexing",
        ),
        *(
            "cmo",
            "cmos",
            "hashtag oligo",
            "hashtag oligos",
            "hto counts",
            "hashtag counts",
            "sample tag",
            "sample tags",
        ),
    ),
}
# Where other people's files keep protein counts in obsm, the likeliest first; ours is "protein".
PROTEIN_KEYS = (
    *("protein", "protein_expression", "protein_counts", "adt", "adt_counts", "proteins", "antibody_capture"),
    *(
        "antibody",
        "antibodies",
        "adts",
        "prot",
        "x_adt",
        "x_protein",
        "protein_raw",
        "raw_protein",
        "prot_counts",
    ),
    *("protein_raw_counts", "adt_raw", "raw_adt", "antibody_counts", "surface_protein", "surface_proteins"),
)
# Further types that files have beside genes, without case and spaces, and a key for each.
FURTHER = {
    **dict.fromkeys(("crisprguidecapture", "crispr", "guide", "guides", "sgrna", "grna", "gdo"), "crispr"),
    **dict.fromkeys(("peaks", "peak", "atac", "chromatinaccessibility"), "peaks"),
    **dict.fromkeys(("antigencapture", "antigen", "beam"), "antigen"),
}
# Columns of var that hold types where there is no "feature_types".
TYPE_COLUMNS = (
    "feature_types",
    "feature_type",
    "featuretype",
    "modality",
    "modalities",
    "type",
    "types",
    "assay",
)
_MEANS = {word.replace(" ", ""): kind for kind, words in WORDS.items() for word in words}


def feature_kind(word) -> str:
    """ "genes", "proteins", "hashtags" or "other"."""
    return _MEANS.get(re.sub(r"[\s_-]+", "", str(word)).casefold(), "other")


def feature_kinds(types) -> np.ndarray:
    """(features,) text: the kind of each type, as of `feature_kind`."""
    words = [str(word) for word in types]
    kinds = {word: feature_kind(word) for word in set(words)}
    return np.array([kinds[word] for word in words], dtype=object)


def settle_types(adata) -> None:
    """Give var the column "feature_types" where another column has types of more than one kind, all of them known."""
    if "feature_types" in adata.var:
        return
    for column in adata.var:
        if str(column).casefold().replace(" ", "_").replace(".", "_") in TYPE_COLUMNS:
            words = {str(word) for word in adata.var[column]}
            kinds = {
                FURTHER.get(re.sub(r"[^a-z0-9]", "", word.lower()), feature_kind(word)) for word in words
            }
            if len(kinds) > 1 and "genes" in kinds and "other" not in kinds:
                adata.var["feature_types"] = adata.var[column].astype(str).to_numpy(dtype=object)
                return


def protein_keys(keys) -> list[str]:
    """Those keys of obsm that hold proteins by their name, the likeliest first."""
    known = {str(key): str(key).casefold().replace(" ", "_").replace("-", "_") for key in keys}
    return sorted(
        (key for key in known if known[key] in PROTEIN_KEYS),
        key=lambda key: (PROTEIN_KEYS.index(known[key]), key),
    )
