"""Mitochondrial, ribosomal and haemoglobin genes of human and mouse, by symbol or Ensembl id."""

import re

import numpy as np
import pandas as pd

# Ensembl's stable ids: a prefix for each species (https://www.ensembl.org/info/genome/stable_ids), then G and 11 digits.
ENSEMBL = re.compile(r"^(ENS[A-Z]{0,6}G\d{11})(\.\d+)?(?:_PAR_Y)?$")
# The genome in front of a gene, as Cell Ranger names the references of two species; Seurat turns _ into -.
GENOME = re.compile(
    r"^(GRCh3[78]|hg1[89]|hg38|T2T|mm9|mm10|mm39|GRCm3[89]|rn[67]|Rnor_6\.0|mRatBN7\.2|GRCz1[01]|danRer11|dm[36]|BDGP6|"
    r"Mmul_10|Sscrofa11\.1|GRCg[67]a?)[_-]+(?=\w)",
    re.IGNORECASE,
)

# The 13 proteins that the mitochondrion codes for itself (HGNC and MGI; ids of Ensembl, the same since release 54).
MITO_HUMAN = {
    "MT-ND1": "ENSG00000198888",
    "MT-ND2": "ENSG00000198763",
    "MT-CO1": "ENSG00000198804",
    "MT-CO2": "ENSG00000198712",
    "MT-ATP8": "ENSG00000228253",
    "MT-ATP6": "ENSG00000198899",
    "MT-CO3": "ENSG00000198938",
    "MT-ND3": "ENSG00000198840",
    "MT-ND4L": "ENSG00000212907",
    "MT-ND4": "ENSG00000198886",
    "MT-ND5": "ENSG00000198786",
    "MT-ND6": "ENSG00000198695",
    "MT-CYB": "ENSG00000198727",
}
MITO_MOUSE = {
    "mt-Nd1": "ENSMUSG00000064341",
    "mt-Nd2": "ENSMUSG00000064345",
    "mt-Co1": "ENSMUSG00000064351",
    "mt-Co2": "ENSMUSG00000064354",
    "mt-Atp8": "ENSMUSG00000064356",
    "mt-Atp6": "ENSMUSG00000064357",
    "mt-Co3": "ENSMUSG00000064358",
    "mt-Nd3": "ENSMUSG00000064360",
    "mt-Nd4l": "ENSMUSG00000065947",
    "mt-Nd4": "ENSMUSG00000064363",
    "mt-Nd5": "ENSMUSG00000064367",
    "mt-Nd6": "ENSMUSG00000064368",
    "mt-Cytb": "ENSMUSG00000064370",
}
# Globins of red cells. Spelled out: scanpy's pattern "^HB[^(P)]" also takes HBEGF and HBS1L, which are none.
HAEMO_HUMAN = {
    "HBA1": "ENSG00000206172",
    "HBA2": "ENSG00000188536",
    "HBB": "ENSG00000244734",
    "HBD": "ENSG00000223609",
    "HBE1": "ENSG00000213931",
    "HBG1": "ENSG00000213934",
    "HBG2": "ENSG00000196565",
    "HBM": "ENSG00000206177",
    "HBQ1": "ENSG00000086506",
    "HBZ": "ENSG00000130656",
}
HAEMO_MOUSE = {
    "Hba-a1": "ENSMUSG00000069919",
    "Hba-a2": "ENSMUSG00000069917",
    "Hbb-bs": "ENSMUSG00000052305",
    "Hbb-bt": "ENSMUSG00000073940",
    "Hba-x": "ENSMUSG00000055609",
    "Hbb-y": "ENSMUSG00000052187",
    "Hbb-b1": "",  # older names of Hbb-bs and Hbb-bt
    "Hbb-b2": "",
}

MITO = re.compile(r"^mt[-.]", re.IGNORECASE)  # scanpy's "MT-" and "mt-"; R turns the dash into a dot
# The proteins of the ribosome itself: RPS6 and RPLP0, not the kinase RPS6KA1 nor pseudogenes such as RPL7P1.
RIBO = re.compile(r"^RP(?:[SL]\d+(?:A|A1|AL|L|L1|X|Y1|Y2)?|LP[012]|SA)$", re.IGNORECASE)


SETS = ("mito", "ribo", "haemo")


def bare(names) -> pd.Index:
    """Names without the genome that Cell Ranger puts before them and without the version of an Ensembl id."""
    return pd.Index([ENSEMBL.sub(r"\1", GENOME.sub("", str(name))) for name in names])


def members(names) -> dict[str, np.ndarray]:
    """{"mito", "ribo", "haemo": (genes,) bool}: which names belong to each set, by symbol or Ensembl id."""
    plain = bare(names)
    upper = plain.str.upper()
    ids = {"mito": {*MITO_HUMAN.values(), *MITO_MOUSE.values()}}
    ids["haemo"] = {*HAEMO_HUMAN.values(), *HAEMO_MOUSE.values()} - {""}
    globins = {name.upper() for name in (*HAEMO_HUMAN, *HAEMO_MOUSE)}
    return {
        "mito": np.array([bool(MITO.match(name)) for name in plain], dtype=bool) | plain.isin(ids["mito"]),
        "ribo": np.array([bool(RIBO.match(name)) for name in plain], dtype=bool),
        "haemo": upper.isin(globins) | plain.isin(ids["haemo"]),
    }
