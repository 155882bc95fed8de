"""Proteins: those in their place, and those that hide among the genes."""

import numpy as np

from core.data.checks.context import Case
from core.data.checks.finding import Finding
from core.data.matrix_kind import what_is
from core.data.protein_panel import ProteinReport
from core.data.standalone.antibodies import hidden_proteins
from core.text import few


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
