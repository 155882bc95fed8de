"""Which species gene names tell, and which of them are genes of the cell cycle."""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from core.data.familiar_genes import FAMILIAR, FEW_FAMILIAR
from core.data.standalone.gene_families import ENSEMBL, GENOME, bare

SPECIES_OF_PREFIX = {
    "ENSG": "human",
    "ENSMUSG": "mouse",
    "ENSRNOG": "rat",
    "ENSDARG": "zebrafish",
    "ENSMMUG": "macaque",
    "ENSSSCG": "pig",
    "ENSGALG": "chicken",
}
# By the beginning of a genome's name, without case.
SPECIES_OF_GENOME = {
    **dict.fromkeys(("grch", "hg", "t2t"), "human"),
    **dict.fromkeys(("grcm", "mm9", "mm1", "mm3"), "mouse"),
    **dict.fromkeys(("rn", "mratbn"), "rat"),
    **dict.fromkeys(("grcz", "danrer"), "zebrafish"),
    **dict.fromkeys(("dm", "bdgp"), "fly"),
    "mmul": "macaque",
    "sscrofa": "pig",
    "grcg": "chicken",
}


def species_of(names) -> str:
    """'human', 'mouse' (or another that Ensembl's ids name), 'human and mouse', or '' where the names do not tell."""
    plain = bare(names)
    genomes = [match[1].casefold() for name in names if (match := GENOME.match(str(name)))]
    named = [s for genome in genomes for start, s in SPECIES_OF_GENOME.items() if genome.startswith(start)]
    ids = [match[1][:-11] for name in plain if (match := ENSEMBL.match(name))]
    named += [SPECIES_OF_PREFIX[prefix] for prefix in ids if prefix in SPECIES_OF_PREFIX]
    counts = pd.Series(named, dtype=object).value_counts()
    species = set(counts.index[counts > 0.1 * len(names)])
    if not species:
        human = len(FAMILIAR.intersection(plain))
        mouse = len({name.capitalize() for name in FAMILIAR}.intersection(plain))
        least = max(FEW_FAMILIAR, 0.1 * (human + mouse))
        species = {one for one, n in (("human", human), ("mouse", mouse)) if n >= least}
    return " and ".join(sorted(species))


def cycle_genes(names) -> dict[str, np.ndarray]:
    """{"s", "g2m": where the cell-cycle genes stand among `names`}; symbols of human or mouse, old or new."""
    upper = bare(names).str.upper()
    lists = cycle_lists()
    renamed = lists["renamed"]
    return {
        phase: np.flatnonzero(
            upper.isin({*lists[phase], *(renamed[g] for g in lists[phase] if g in renamed)})
        )
        for phase in ("s", "g2m")
    }


def in_cycle(names) -> np.ndarray:
    """(genes,) bool: the genes of both phases."""
    members = np.zeros(len(names), dtype=bool)
    members[np.concatenate(list(cycle_genes(names).values()))] = True
    return members


@lru_cache(maxsize=1)
def cycle_lists() -> dict:
    """{"source", "s", "g2m", "renamed": {old symbol: new symbol}} of Tirosh 2016."""
    return json.loads(Path(__file__).with_name("cell_cycle.json").read_text())
