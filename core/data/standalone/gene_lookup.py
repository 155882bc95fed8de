"""The gene that a person means by what they type: in any case, without a genome's prefix, by an older or common name."""

import re
from functools import lru_cache

import numpy as np

from core.data.standalone.gene_families import bare

# Older symbols and common names -> the symbols of today (HGNC; its list of CD molecules, and of renamed symbols).
_CD = (
    "CD3:CD3E CD8:CD8A CD11A:ITGAL CD11B:ITGAM CD11C:ITGAX CD16:FCGR3A CD18:ITGB2 CD20:MS4A1 CD21:CR2 CD23:FCER2 "
    "CD25:IL2RA CD26:DPP4 CD29:ITGB1 CD31:PECAM1 CD32:FCGR2A CD35:CR1 CD39:ENTPD1 CD41:ITGA2B CD42B:GP1BA CD45:PTPRC "
    "CD49D:ITGA4 CD49F:ITGA6 CD51:ITGAV CD54:ICAM1 CD56:NCAM1 CD57:B3GAT1 CD61:ITGB3 CD62L:SELL CD62P:SELP CD62E:SELE "
    "CD64:FCGR1A CD66B:CEACAM8 CD71:TFRC CD73:NT5E CD85J:LILRB1 CD90:THY1 CD95:FAS CD97:ADGRE5 CD102:ICAM2 CD103:ITGAE "
    "CD105:ENG CD106:VCAM1 CD107A:LAMP1 CD115:CSF1R CD117:KIT CD119:IFNGR1 CD122:IL2RB CD123:IL3RA CD126:IL6R CD127:IL7R "
    "CD132:IL2RG CD133:PROM1 CD134:TNFRSF4 CD135:FLT3 CD137:TNFRSF9 CD138:SDC1 CD140A:PDGFRA CD140B:PDGFRB CD141:THBD "
    "CD144:CDH5 CD146:MCAM CD152:CTLA4 CD154:CD40LG CD159A:KLRC1 CD161:KLRB1 CD169:SIGLEC1 CD172A:SIRPA CD178:FASLG "
    "CD183:CXCR3 CD184:CXCR4 CD185:CXCR5 CD194:CCR4 CD195:CCR5 CD196:CCR6 CD197:CCR7 CD206:MRC1 CD223:LAG3 CD235A:GYPA "
    "CD253:TNFSF10 CD254:TNFSF11 CD257:TNFSF13B CD269:TNFRSF17 CD273:PDCD1LG2 CD278:ICOS CD279:PDCD1 CD294:PTGDR2 "
    "CD303:CLEC4C CD304:NRP1 CD314:KLRK1 CD324:CDH1 CD326:EPCAM CD335:NCR1 CD357:TNFRSF18 CD366:HAVCR2"
)
_COMMON = (
    "PD1:PDCD1 PDL1:CD274 PDL2:PDCD1LG2 TIM3:HAVCR2 41BB:TNFRSF9 OX40:TNFRSF4 GITR:TNFRSF18 BCMA:TNFRSF17 OCT4:POU5F1 "
    "P53:TP53 HER2:ERBB2 NGN3:NEUROG3 MASH1:ASCL1 BLIMP1:PRDM1 TBET:TBX21 RORGT:RORC KI67:MKI67 VEGF:VEGFA IBA1:AIF1 "
    "NEUN:RBFOX3 VGLUT1:SLC17A7 VGLUT2:SLC17A6 VGAT:SLC32A1 ASMA:ACTA2 PODOPLANIN:PDPN NKP46:NCR1 TNFA:TNF IFNGAMMA:IFNG "
    "PERFORIN:PRF1 GRANULYSIN:GNLY INSULIN:INS GLUCAGON:GCG SOMATOSTATIN:SST ALBUMIN:ALB"
)
_RENAMED = (
    "MARC1:MTARC1 MARC2:MTARC2 SEP15:SELENOF DEC1:DELEC1 MLF1IP:CENPU FAM64A:PIMREG HN1:JPT1 CYR61:CCN1 CTGF:CCN2 "
    "NOV:CCN3 WISP1:CCN4 WISP2:CCN5 GPR56:ADGRG1 EMR1:ADGRE1 KIAA0101:PCLAF TMEM173:STING1 WARS:WARS1 QARS:QARS1 "
    "HIST1H4C:H4C3 H2AFZ:H2AZ1 H2AFX:H2AX H3F3A:H3-3A H3F3B:H3-3B ATP5A1:ATP5F1A ATP5B:ATP5F1B ATP5E:ATP5F1E "
    "TCEB1:ELOC TCEB2:ELOB GNB2L1:RACK1 FAM129A:NIBAN1 LINC00152:CYTOR SELM:SELENOM SEPW1:SELENOW PVRL1:NECTIN1 "
    "PVRL2:NECTIN2 DDX58:RIGI CECR1:ADA2 PLA2G16:PLAAT3 GBA:GBA1 C10ORF54:VSIR FAM46C:TENT5C"
)
ALIASES = dict(pair.split(":") for pair in f"{_CD} {_COMMON} {_RENAMED}".split())
PUNCTUATION = dict.fromkeys(map(ord, "-_./ \t\n\r\xa0"))
ALIASES |= {f"MARCH{i}": f"MARCHF{i}" for i in range(1, 12)}
ALIASES |= {f"SEPT{i}": f"SEPTIN{i}" for i in (*range(1, 13), 14)}
_OLDER: dict[str, list[str]] = {}
for _alias, _symbol in ALIASES.items():
    _OLDER.setdefault(_symbol, []).append(_alias)


def find_genes(typed, names) -> list[str | None]:
    """For each typed name the one of `names` that it means, None where there is none or more than one.

    In this order: as it is; in any case, without the genome in front and the version behind; without hyphens, points
    and spaces; by the symbol of today of an older or common name, and by an older one of a symbol.
    """
    names = tuple(names)
    known, folded, squeezed = _index(names)
    return [one if one in known else _alike(str(one), folded, squeezed) for one in typed]


def in_list(names, typed) -> np.ndarray:
    """(genes,) bool: which of `names` a typed list means."""
    return np.isin(np.asarray(names, dtype=str), [one for one in find_genes(typed, names) if one is not None])


def _alike(typed, folded, squeezed):
    plain = bare([typed.strip()])[0]
    symbol = ALIASES.get(squeeze(plain).upper())
    older = _OLDER.get(plain.upper(), ())
    for table, key in (
        (folded, plain.casefold()),
        (squeezed, squeeze(plain)),
        *((folded, one.casefold()) for one in (symbol, *older) if one),
    ):
        if len(table.get(key, ())) == 1:
            return table[key][0]
        if key in table:
            return None  # more than one: only the person knows which
    return None


def equivalents(name) -> frozenset[str]:
    """The older, newer and common names of a gene that is typed in any case and by any of them; without itself."""
    plain = bare([name.strip()])[0]
    symbol = ALIASES.get(squeeze(plain).upper(), plain.upper())
    names = {symbol, *_OLDER.get(symbol, ())}
    return (
        frozenset(one for one in names if squeeze(one) != squeeze(plain)) if len(names) > 1 else frozenset()
    )


def named_like(start) -> frozenset[str]:
    """The symbols, in one case without punctuation, of which an older or common name begins so, and not with a longer number."""
    longer = re.compile(rf"{re.escape(start)}\d") if start[-1:].isdigit() else None
    aliases = {squeeze(alias): squeeze(symbol) for alias, symbol in ALIASES.items()}
    return frozenset(
        symbol
        for alias, symbol in aliases.items()
        if alias.startswith(start) and not (longer and longer.match(alias))
    )


def squeeze(name) -> str:
    """A name in one case without hyphens, points, slashes and spaces."""
    return name.translate(PUNCTUATION).casefold()


@lru_cache(maxsize=4)
def _index(names):
    """(all names, {name in one case: names}, {the same without punctuation: names})."""
    folded: dict[str, list[str]] = {}
    squeezed: dict[str, list[str]] = {}
    for name, plain in zip(names, bare(names), strict=True):
        for table, key in ((folded, plain.casefold()), (squeezed, squeeze(plain))):
            if name not in table.setdefault(key, []):
                table[key].append(name)
    return frozenset(names), folded, squeezed
