"""Proteins: those in their place, and those that hide among the genes."""

import re

import numpy as np
from anndata import AnnData

from core.data.doctor.case import Case
from core.data.doctor.finding import Finding, few
from core.data.proteins import HASHTAG, ISOTYPE, ProteinReport
from core.data.verdict import what_is

# Names that only antibodies have: BioLegend's TotalSeq, and the marks that people put before or behind them.
ANTIBODY = re.compile(
    r"_?TotalSeq|^ADT[_-]|[_-]ADT$|^anti[-_. ]|^(?:Ab|AB)[_-]|[_-](?:protein|prot)$", re.IGNORECASE
)
# Clusters of differentiation that no human or mouse gene is called by, as they are complexes, splice forms or older
# names: the gene of CD3 is CD3E, that of CD16 FCGR3A (HGNC's list of CD molecules).
CD_ANTIBODY = re.compile(
    r"^CD(?:3|8|11[abc]|16|21|23|25|29|31|32|41|42[abc]|45|45R[ABO]|49[a-f]|56|57|61|62[LPE]|64|66[a-e]?|71|95|103|107a|"
    r"115|117|122|123|127|137|138|141|152|154|158[a-z]?|161|183|185|194|195|196|197|223|278|279|294|303|304|314|335|357|366)"
    r"(?:[._-]\d+)?$"
)
CD_ANY = re.compile(r"^CD\d+[A-Za-z]{0,2}(?:[._-]\d+)?$")
ENOUGH = 3  # CD names without any other mark: fewer may be an odd spelling of a gene


def findings(case: Case, proteins: ProteinReport) -> list[Finding]:
    """Which proteins are trained on, whether they are counts, which hide among the genes."""
    out = []
    if hidden := hidden_proteins(case.adata):
        words = f"{len(hidden):,} of the genes look like antibodies (proteins): split them off, so that they are normalised as such."
        repair = "split_proteins" if len(hidden) < case.adata.n_vars else None
        out.append(Finding("proteins-hidden", "warning", words, few(hidden), repair))
    if not proteins.names:
        return [
            *out,
            Finding("no-proteins", "note", "There are no proteins: the model learns from RNA alone."),
        ]
    used, left_out = int(proteins.used.sum()), proteins.left_out
    if left_out:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        words = f"{used} of {len(proteins.names)} proteins are trained on, {', '.join(left_out)} left out."
        out.append(Finding("proteins-left-out", "note", words, reasons))
    tags = [name for name, reason in left_out.items() if reason.startswith("hashtag")]
    if tags:
        words = (
            "1 hashtag is among the proteins; it tells samples apart and is not trained on."
            if len(tags) == 1
            else f"{len(tags)} hashtags are among the proteins; they tell samples apart and are not trained on."
        )
        out.append(Finding("hashtags", "note", words, few(tags)))
    silent = [name for name, reason in left_out.items() if "every cell" in reason]
    if silent:
        verb = "does" if len(silent) == 1 else "do"
        words = (
            f"{len(silent)} of the proteins {verb} not vary: check that their antibodies were in the stain."
        )
        out.append(Finding("proteins-constant", "warning", words, few(silent)))
    verdict = what_is(np.asarray(case.adata.obsm["protein"], dtype=np.float32))
    if verdict.kind != "counts":
        words = "The proteins are not raw counts, which the CLR transform expects: bring their counts."
        out.append(
            Finding(
                "proteins-not-counts",
                "warning",
                f"{words}",
                f"{verdict.words.capitalize()}. {verdict.evidence}",
            )
        )
    return out


def hidden_proteins(adata: AnnData) -> list[str]:
    """Names among the genes that are antibodies' names, in their order; [] where there are none.

    With a mark such as TotalSeq, ADT or an isotype's, or three CD names that no gene has, the CD names that lie
    between the first and the last of them are taken along: CD4 beside CD3 and CD16 is the antibody.
    """
    names = [str(name) for name in adata.var_names]
    marked = [bool(ANTIBODY.search(n) or ISOTYPE.search(n) or HASHTAG.search(n)) for n in names]
    cds = [bool(CD_ANTIBODY.match(n)) for n in names]
    if "feature_types" in adata.var:
        plain = adata.var["feature_types"].astype(str).str.casefold()
        marked = [one or other for one, other in zip(marked, plain == "antibody capture", strict=True)]
    if not any(marked) and sum(cds) < ENOUGH:
        return []
    sure = np.array(marked) | np.array(cds)
    places = np.flatnonzero(sure)
    between = np.arange(len(names))
    between = (between > places[0]) & (between < places[-1]) & [bool(CD_ANY.match(n)) for n in names]
    block = places[-1] - places[0] < 3 * len(
        places
    )  # they stand together, as when one table was put behind another
    return [name for name, one in zip(names, sure | (between if block else False), strict=True) if one]
