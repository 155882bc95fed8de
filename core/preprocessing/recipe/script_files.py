"""Files of Nuwa that go into a recipe's script as they are, and the form in which a step is written there."""

from pathlib import Path
from typing import NamedTuple

CORE = Path(__file__).resolve().parents[2]
# Files that need numpy, pandas and scipy alone, and so go into the script as they are.
FILES = {
    **{
        name: CORE / "data" / "standalone" / f"{name}.py"
        for name in (
            *("gene_families", "gene_naming", "gene_lookup", "spreadsheet_dates", "antibodies"),
            *("unlog", "bimodal", "log_counts", "count_places", "feature_types", "hashtags"),
        )
    },
    "dsb": CORE / "preprocessing" / "dsb.py",
    "hashtag_mixture": CORE / "preprocessing" / "hashtag_mixture.py",
    "held_out_groups": CORE / "preprocessing" / "held_out_groups.py",
}
NEEDS = dict.fromkeys(("gene_naming", "gene_lookup", "antibodies"), ("gene_families",)) | {
    "dsb": ("log_counts",),
    "hashtags": ("gene_families", "antibodies", "feature_types"),
}


class Part(NamedTuple):
    """How a step is written: `code` once, before the first of its kind, and `call` for each; `files` go before that."""

    code: str
    call: str
    files: tuple[str, ...] = ()


def in_order(names) -> list[str]:
    """Names in FILES, each once, behind those it needs."""
    return list(dict.fromkeys(one for name in names for one in (*NEEDS.get(name, ()), name)))


def text_of(name: str) -> str:
    """A file for the script: without its imports from core, whose files stand before it."""
    lines = FILES[name].read_text().strip().splitlines()
    return "\n".join(line for line in lines if not line.startswith("from core")) + "\n"
