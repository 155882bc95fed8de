"""Proteins: those in their place, and those that hide among the genes."""

import numpy as np

from core.data.checks import hashtags
from core.data.checks.context import Case
from core.data.checks.finding import Finding
from core.data.checks.obs_columns import MAX_CLASSES
from core.data.matrix_kind import what_is
from core.data.protein_panel import ProteinReport, is_masked, unmeasured_cells
from core.data.standalone.antibodies import hidden_proteins
from core.text import few


def findings(case: Case, proteins: ProteinReport) -> list[Finding]:
    """Which proteins are trained on, whether they are counts, which hide among the genes."""
    out = []
    if hidden := hidden_proteins(case.adata):
        sentence = f"{len(hidden):,} of the genes look like antibodies (proteins): split them off, so that they are normalised as such."
        repair = "split_proteins" if len(hidden) < case.adata.n_vars else None
        out.append(Finding("proteins-hidden", "warning", sentence, few(hidden), repair))
    out += hashtags.findings(case)
    if not proteins.names:
        return [
            *out,
            Finding("no-proteins", "note", "There are no proteins: the model learns from RNA alone."),
        ]
    used, left_out = int(proteins.used.sum()), proteins.left_out
    if left_out:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        sentence = f"{used} of {len(proteins.names)} proteins are trained on, {', '.join(left_out)} left out."
        out.append(Finding("proteins-left-out", "note", sentence, reasons))
    silent = [name for name, reason in left_out.items() if "every cell" in reason]
    if silent:
        verb = "does" if len(silent) == 1 else "do"
        sentence = (
            f"{len(silent)} of the proteins {verb} not vary: check that their antibodies were in the stain."
        )
        out.append(Finding("proteins-constant", "warning", sentence, few(silent)))
    unmeasured = unmeasured_cells(case.adata)
    if unmeasured.any():
        out.append(_unmeasured(case.adata, unmeasured))
    values = np.asarray(case.adata.obsm["protein"], dtype=np.float32)
    verdict = what_is(values[~np.isnan(values).any(axis=1)])
    if verdict.kind != "counts":
        sentence = "The proteins are not raw counts, which the CLR transform expects: bring their counts."
        out.append(
            Finding(
                "proteins-not-counts",
                "warning",
                f"{sentence}",
                f"{verdict.words.capitalize()}. {verdict.evidence}",
            )
        )
    return out


def _unmeasured(adata, unmeasured) -> Finding:
    """Cells without proteins, and the values of an obs column that they make up."""
    n = int(unmeasured.sum())
    cells = "1 cell has" if n == 1 else f"{n:,} of {adata.n_obs:,} cells have"
    if is_masked(adata):
        words = f"{cells} missing protein values, which are masked: they are left out of the loss."
        return Finding("proteins-masked", "note", words)
    sentence = (
        f"{cells} no protein values: remove these cells, mask the missing values, or train on RNA alone."
    )
    evidence = "Values are missing, or 0 for every protein."
    for name in adata.obs:
        values = adata.obs[name].astype(str).to_numpy()
        here = set(values[unmeasured])
        if len(here) < len(set(values)) <= MAX_CLASSES and not here & set(values[~unmeasured]):
            evidence = f"They are all cells of {few(sorted(here))} in obs['{name}']."
            break
    others = ("mask_proteins", "drop_proteins")
    if unmeasured.all():
        return Finding("proteins-missing", "warning", sentence, evidence, "drop_proteins")
    return Finding("proteins-missing", "warning", sentence, evidence, "drop_unmeasured_cells", others)
