"""What the matrices hold: counts, logs, logs of logs, scaled values, and what is missing."""

import numpy as np
import pandas as pd

from core.data.checks.context import Case
from core.data.checks.finding import Finding
from core.data.checks.obs_columns import MAX_CLASSES
from core.data.matrix_kind import MatrixKind
from core.data.standalone.count_places import is_velocity
from core.text import listed

MUCH_UNSPLICED = 0.2  # share of the molecules outside X from which that is a warning
# Why there are no counts, by what X holds, and the repair that leads to them.
NO_COUNTS = {
    "negative counts": (
        "set the negative values of X to 0 if they are a mistake, or bring the counts as measured.",
        None,
    ),
    "binary": (
        "X says only whether a gene was detected, from which no count can be restored: bring the counts.",
        None,
    ),
    "rounded": ("X was normalised and rounded, which cannot be undone: bring the counts.", None),
    "corrected": ("rounding the corrected values of X gives whole numbers.", "round_counts"),
    "mixed sums": ("bring the counts of the cells that were normalised.", None),
    "mixed": ("X holds them in some cells only.", None),
}
UNLOGGED_BY_REPAIR = (
    "",
    "twice",
    "log2",
    "log10",
    "log base",
    "log counts",
)  # forms of lognorm that "undo_log" knows a way back from


def findings(case: Case) -> list[Finding]:
    """X first, then what counts were found, then .raw and the layers."""
    return [*_of_x(case), *_of_trained(case), *_of_others(case), *_of_partial(case)]


def _of_x(case) -> list[Finding]:
    seen, verdict = case.sweeps["X"], case.verdicts["X"]
    if seen.not_finite:
        return [_not_finite(case, seen)]
    if not seen.numeric:
        return [
            Finding(
                "not-numbers",
                "stop",
                "X does not hold numbers: save it as a matrix of numbers.",
                verdict.evidence,
            )
        ]
    if not seen.nonzero:
        sentence = "Every value of X is 0, so there is nothing to learn from: put the counts into X."
        repair = next(iter(_usable_raw(case)), None)
        return [
            Finding(
                "all-zero", "stop" if case.where == "X" else "warning", sentence, verdict.evidence, repair
            )
        ]
    holds = f"X holds {verdict.words}"
    if case.where == "X" and case.counts_where is None:
        holds += " and is trained on as it is"
    repair = _way_back(verdict) if case.counts_where is None else None
    out = [Finding("x-holds", "note", f"{holds}.", verdict.evidence, None)]
    if verdict.form == "twice":
        sentence = "X was logged twice, which squeezes high and low genes together: undo the log."
        out.append(Finding("logged-twice", "warning", sentence, verdict.evidence, repair))
    if verdict.form == "mixed" and case.counts_where is None:
        column = _parting_column(case, seen)
        sentence = (
            f"{verdict.evidence.removesuffix('.')}; {column} parts them" if column else verdict.evidence[:-1]
        )
        sentence += ": undo the log in these cells, or remove them."
        repairs = "undo_log_in_some_cells", ("drop_cells_with_fractions",)
        out.append(
            Finding("mixed-values", "warning", sentence, "X is of one kind where all cells are.", *repairs)
        )
    if verdict.form.startswith("clr"):
        sentence = "X holds log-ratios (CLR), which suit proteins; for genes, bring the raw counts."
        out.append(Finding("clr", "warning", sentence, verdict.evidence))
    return out


def _parting_column(case, seen) -> str:
    """The first obs column whose every value has whole numbers in all of its cells or in none; "" without one."""
    filled = seen.by_cell > 0
    for name in case.adata.obs:
        values = case.adata.obs[name]
        if 2 <= values.nunique() <= MAX_CLASSES:
            whole = (
                pd.Series(seen.whole_cells[filled]).groupby(values.astype(str).to_numpy()[filled]).nunique()
            )
            if (whole == 1).all():
                return f"obs['{name}']"
    return ""


def _not_finite(case, seen) -> Finding:
    n, (cell, gene) = seen.not_finite, seen.odd_at
    names = case.adata.var_names[gene], case.adata.obs_names[cell]
    sentence = (
        f"{n:,} value{' of X is' if n == 1 else 's of X are'} missing (NaN) or infinite, for example gene '{names[0]}' in "
        f"cell '{names[1]}'"
    )
    evidence = (
        f"Of {seen.cells:,} x {seen.genes:,} values; in {int(seen.odd_cells.sum()):,} of the cells and "
        f"{int(seen.odd_genes.sum()):,} of the genes."
    )
    if case.where != "X":
        return Finding("not-finite", "warning", f"{sentence}; X is not trained on.", evidence)
    some_left = not (seen.odd_cells.all() and seen.odd_genes.all())
    first, *others = [*["drop_not_finite"] * some_left, "zero_not_finite", *_usable_raw(case)]
    sentence += ": leave those cells or genes out, or say that they mean 0."
    return Finding("not-finite", "stop", sentence, evidence, first, tuple(others))


def _usable_raw(case) -> list[str]:
    """["use_raw"] where .raw holds something that one can go on with."""
    raw = case.verdicts.get("raw.X")
    return ["use_raw"] if raw and raw.kind in ("counts", "lognorm", "normalized") else []


def _of_trained(case) -> list[Finding]:
    verdict, raw = case.verdicts["X"], case.verdicts.get("raw.X")
    if case.counts_where == "X":
        return _of_spliced(case)
    if case.counts_where:
        sentence = f"Raw counts were found in {case.where} ({case.trained.genes:,} genes) and are trained on."
        repair = "use_raw" if case.where == "raw.X" else None
        return [Finding("counts-found", "note", sentence, _why_there(case), repair)]
    if not case.sweeps["X"].nonzero or case.sweeps["X"].not_finite:
        return []
    raw_helps = raw is not None and raw.kind == "lognorm" and verdict.kind in ("scaled", "other")
    back = _way_back(verdict)
    sentence = "There are no raw counts in this file, so models of counts cannot be trained:"
    if verdict.form in NO_COUNTS:
        reason, back = NO_COUNTS[verdict.form]
        sentence = f"{sentence} {reason}"
    elif verdict.kind == "normalized":
        sentence, back = (
            f"{sentence} where the values of a cell are multiples of one unit, they can be restored.",
            "restore_counts",
        )
    elif back:
        sentence = f"{sentence} undoing the log may bring them back."
    elif raw_helps:
        sentence = f"{sentence} .raw may lead back to them."
    else:
        sentence = f'{sentence} keep the counts in layers["counts"] if you can.'
    # A log that was made twice has its button beside that finding.
    repair = back if verdict.form != "twice" else None
    out = [
        Finding(
            "no-counts", "warning", sentence, verdict.evidence, repair or ("use_raw" if raw_helps else None)
        )
    ]
    if case.shown[0] == "raw.X":
        sentence = f".raw holds log-normalised values of {case.sweeps['raw.X'].genes:,} genes, which colour genes on plots."
        out.append(Finding("raw-colours", "note", sentence, raw.evidence))
    if verdict.kind == "normalized" or (verdict.kind == "other" and not verdict.form):
        sentence = "X is neither counts nor logged nor scaled, so a few high genes may rule the loss: bring the counts."
        out.append(Finding("x-unfit", "warning", sentence, verdict.evidence))
    return out


def _of_spliced(case) -> list[Finding]:
    """Whether X is the same as one layer of velocity, so that the molecules of the others are not trained on."""
    x, others = case.trained, [where for where in case.verdicts if is_velocity(where)]
    same = [where for where in others if np.array_equal(case.sweeps[where].cell_sums, x.cell_sums)]
    rest = sum(float(case.sweeps[where].cell_sums.sum()) for where in others if where not in same)
    if not same or not rest or not np.array_equal(case.sweeps[same[0]].by_gene, x.by_gene):
        return []
    share = rest / (rest + float(x.cell_sums.sum()))
    sentence = (
        f"X is {same[0]}, so {share:.0%} of the molecules ({listed([w for w in others if w not in same])}) are not trained on:"
        " to use them, save their sum as X."
    )
    evidence = "In single nuclei most molecules are unspliced; in whole cells few are."
    return [Finding("spliced-only", "warning" if share >= MUCH_UNSPLICED else "note", sentence, evidence)]


def _why_there(case) -> str:
    """Why the counts are those of one place, and why none of the others are."""
    others = [f"{where} ({case.why_not(where)})" for where in case.verdicts if where != case.where]
    return f"{case.where}: {_small(case.verdicts[case.where].evidence)} Not used: {'; '.join(others)}."


def _small(sentence):
    return sentence[0].lower() + sentence[1:]


def _of_others(case) -> list[Finding]:
    """Layers and .raw that are neither trained on nor colour plots, and what is missing in any of them."""
    out = []
    for where, verdict in case.verdicts.items():
        if where == "X":
            continue
        if n := case.sweeps[where].not_finite:
            sentence = f"{n:,} values of {where} are missing (NaN) or infinite; it is not trained on."
            out.append(
                Finding("not-finite-elsewhere", "warning", sentence, f"X is {case.verdicts['X'].badge}.")
            )
        elif where not in (case.where, case.shown[0]):
            unused = f"Not used: {case.why_not(where)}." if verdict.kind == "counts" else ""
            content = "whole numbers" if unused else verdict.words
            evidence = f"{verdict.evidence} {unused}".strip()
            out.append(Finding("also-holds", "note", f"{where} holds {content}.", evidence))
    return out


def _of_partial(case) -> list[Finding]:
    if not case.partial:
        return []
    sentence = (
        "The file holds only some of the measured genes, so library size, MT share and markers are partial"
    )
    if case.library_column:
        sentence += f"; counts and genes of a cell are taken from the obs column '{case.library_column}' and its like."
    else:
        sentence += ": bring all genes if you can."
    return [Finding("some-genes", "note" if case.library_column else "warning", sentence, case.partial)]


def _way_back(verdict: MatrixKind) -> str | None:
    return "undo_log" if verdict.kind == "lognorm" and verdict.form in UNLOGGED_BY_REPAIR else None
