"""Which species gene names tell, and which of them are genes of the cell cycle."""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

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
SPECIES_OF_GENOME = {"GRCh38": "human", "hg19": "human", "hg38": "human"}  # the others are mouse's

# Genes that nearly every file has, or whose cells are often sequenced, in human's spelling; mouse writes Actb.
_FAMILIAR = (
    "ACTB ACTG1 B2M CCL5 CCR7 CD14 CD19 CD2 CD3D CD3E CD4 CD74 CD79A CD8A COL1A1 COL3A1 CST3 DCN EEF1A1 EPCAM FCER1A "
    "FTH1 FTL GAPDH GCG GNLY HSP90AA1 IL32 IL7R INS ISG15 JUN FOS KRT18 KRT8 LDHA LYZ MALAT1 MKI67 MS4A1 NKG7 PECAM1 "
    "PPIA PTPRC RPL3 RPLP0 RPS6 S100A8 S100A9 SST TMSB4X TOP2A TPT1 TUBA1B TYROBP VIM XIST GFAP SNAP25 APOE"
)
FAMILIAR = frozenset(_FAMILIAR.split())
FEW_FAMILIAR = 3


def species_of(names) -> str:
    """'human', 'mouse' (or another that Ensembl's ids name), 'human and mouse', or '' where the names do not tell."""
    plain = bare(names)
    told = [SPECIES_OF_GENOME.get(match[1], "mouse") for name in names if (match := GENOME.match(str(name)))]
    ids = [match[1][:-11] for name in plain if (match := ENSEMBL.match(name))]
    told += [SPECIES_OF_PREFIX[prefix] for prefix in ids if prefix in SPECIES_OF_PREFIX]
    found = pd.Series(told, dtype=object).value_counts()
    told = set(found.index[found > 0.1 * len(names)])
    if not told:
        human = len(FAMILIAR.intersection(plain))
        mouse = len({name.capitalize() for name in FAMILIAR}.intersection(plain))
        least = max(FEW_FAMILIAR, 0.1 * (human + mouse))
        told = {species for species, n in (("human", human), ("mouse", mouse)) if n >= least}
    return " and ".join(sorted(told))


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
    found = np.zeros(len(names), dtype=bool)
    found[np.concatenate(list(cycle_genes(names).values()))] = True
    return found


@lru_cache(maxsize=1)
def cycle_lists() -> dict:
    """{"source", "s", "g2m", "renamed": {old symbol: new symbol}} of Tirosh 2016."""
    return json.loads(Path(__file__).with_name("cell_cycle.json").read_text())
