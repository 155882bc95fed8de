"""Names of genes that a person may have meant; light enough for the page."""

from core.data.standalone.gene_families import bare
from core.text import near


def similar_genes(typed: str, names, n: int = 3) -> list[str]:
    """Up to `n` of `names` that a typed name may be a mistake for, whatever genome stands in front of them."""
    full: dict[str, list[str]] = {}
    for name, plain in zip(names, bare(names), strict=True):
        full.setdefault(plain, []).append(name)
    close = near(bare([typed])[0], list(full), n)
    return [name for plain in close for name in full[plain]][:n]
