"""Names of antibodies: isotype controls, hashtags, and antibodies that stand among the genes."""

import re

import numpy as np

from core.data.standalone.gene_families import GENOME

# "IgG2a_control_TotalSeqB", "Rat-IgG1", "mouse IgM", "isotype_MOPC.21"; not the markers IgD, IgM, IgA or IgG-Fc.
ISOTYPE = re.compile(
    r"isotype|[ _-](?:control|ctrl)(?![a-z])"
    r"|(?<!human[ _-])(?<![a-z])[mr]?igg(?:[0-4][a-d]?)?(?![a-z0-9])(?![ _-]*fc)"
    r"|(?:mouse|rat|hamster)[ _-]*ig[gma]",
    re.IGNORECASE,
)
# Tags that mark samples, not proteins: "HTO-1", "Hashtag3_TotalSeqC", "sample-2_HTO"; BioLegend's catalogue numbers of
# human (0251 to 0265) and mouse hashtags (0301 to 0315), 10x's CellPlex (CMO301), BD's sample tags.
HASHTAG = re.compile(
    r"(?:^|[ _.-])htos?(?![a-z]{2})|hash[ _.-]?tag|(?:^|[ _.-])hash[ _.-]?\d+(?!\d)"
    r"|(?:^|[ _.-]|totalseq[ _.™-]*)[abc][ _-]?0(?:25[1-9]|26[0-5]|30[1-9]|31[0-5])(?!\d)"
    r"|(?:^|[ _.-])cmo[ _.-]?\d{1,3}(?!\d)|sample[ _.-]?tag[ _.-]?\d",
    re.IGNORECASE,
)
# Names that only antibodies have: BioLegend's TotalSeq, and the marks that people put before or behind them.
ANTIBODY = re.compile(
    r"_?TotalSeq|[|._]pAbO$|^ADT[_-]|[_-]ADT$|^anti[-_. ]|^(?:Ab|AB)[_-]|[_-](?:protein|prot)$", re.IGNORECASE
)
# Clusters of differentiation that no human or mouse gene is called by, as they are complexes, splice forms or older
# names: the gene of CD3 is CD3E, that of CD16 FCGR3A (HGNC's list of CD molecules).
CD_ANTIBODY = re.compile(
    r"^CD(?:3|8|11[abc]|16|21|23|25|29|31|32|41|42[abc]|45|45R[ABO]|49[a-f]|56|57|61|62[LPE]|64|66[a-e]?|71|95|103|107a|"
    r"115|117|122|123|127|137|138|141|152|154|158[a-z]?|161|183|185|194|195|196|197|223|278|279|294|303|304|314|335|357|366)"
    r"(?:[._-]\d+)?$"
)
CD_ANY = re.compile(r"^CD\d+[A-Za-z]{0,2}(?:[._-]\d+)?$")
ENOUGH_CDS = 3  # CD names without any other mark: fewer may be an odd spelling of a gene


def hidden_proteins(adata) -> list[str]:
    """Names among the genes that are antibodies' names, in their order; [] where there are none.

    With a mark such as TotalSeq, ADT or an isotype's, or three CD names that no gene has, the CD names that lie
    between the first and the last of them are taken along: CD4 beside CD3 and CD16 is the antibody.
    """
    names = [str(name) for name in adata.var_names]
    plain = [GENOME.sub("", name) for name in names]
    marked = [bool(ANTIBODY.search(n) or ISOTYPE.search(n) or HASHTAG.search(n)) for n in plain]
    cds = [bool(CD_ANTIBODY.match(n)) for n in plain]
    if "feature_types" in adata.var:
        kinds = adata.var["feature_types"].astype(str).str.casefold()
        marked = [one or other for one, other in zip(marked, kinds == "antibody capture", strict=True)]
    if not any(marked) and sum(cds) < ENOUGH_CDS:
        return []
    sure = np.array(marked) | np.array(cds)
    places = np.flatnonzero(sure)
    between = np.arange(len(names))
    between = (between > places[0]) & (between < places[-1]) & [bool(CD_ANY.match(n)) for n in plain]
    block = places[-1] - places[0] < 3 * len(
        places
    )  # they stand together, as when one table was put behind another
    return [name for name, one in zip(names, sure | (between if block else False), strict=True) if one]
