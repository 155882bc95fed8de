"""A summary of mapped cells: confident labels, distances, agreement of labels; light enough for the web process."""

from typing import NamedTuple

import numpy as np

from core.config import SURE

FAR = 0.9  # share of the reference's own cells that lie nearer than a far cell
MANY = 3  # times as many far cells as the reference has itself: a warning
UNKNOWN = "unknown"
CONFIDENCES = (0.0, 0.5, 0.7, 0.9, 1.0)  # limits of the table of calibration


def sure(codes, confidence, threshold=SURE):
    """(cells,) int32: the codes of transferred labels, -1 where the confidence is below the threshold."""
    return np.where(np.asarray(confidence) >= threshold, codes, -1).astype(np.int32)


def labels_of(names, codes, confidence, threshold=SURE):
    """(cells,) names of the labels, "unknown" where the confidence is below the threshold."""
    return np.array([*map(str, names), UNKNOWN])[sure(codes, confidence, threshold)]


def counts_of(names, codes, confidence):
    """[(label, cells, their share, mean confidence or None)] of the labels that cells have, the largest first, then unknown."""
    codes, confidence = np.asarray(codes), np.asarray(confidence, dtype=np.float64)
    n = np.bincount(codes + 1, minlength=len(names) + 1)
    total = np.bincount(codes + 1, confidence, minlength=len(names) + 1)
    order = [k for k in np.argsort(-n[1:], kind="stable") + 1 if n[k]] + ([0] if n[0] else [])
    return [
        (str(names[k - 1]) if k else UNKNOWN, int(n[k]), n[k] / len(codes), total[k] / n[k]) for k in order
    ]


def distance_words(far):
    """(a sentence or two on how far the cells lie from the reference, is it a warning?) from their `farness`."""
    share = float((far > FAR).mean())
    usual = 1 - FAR
    words = (
        f"{share:.1%} of the new cells lie farther from the reference than {FAR:.0%} of its own cells do "
        f"({usual:.0%} would, if they were like the reference)."
    )
    if share > MANY * usual:
        return (
            f"{words} They may be of a cell type, tissue or protocol that the model has not seen: check where they lie "
            "before you trust their labels.",
            True,
        )
    return words, False


class Agreement(NamedTuple):
    """Transferred labels against those that the new cells have of their own."""

    rows: list  # names of own labels
    columns: list  # names of transferred labels, "unknown" the last where there is such a cell
    counts: np.ndarray  # (rows, columns) cells
    accuracy: (
        float | None
    )  # share of right ones among cells whose own label the reference knows; None without such
    n: int  # how many these are
    sure: float | None  # the share of right ones among those of them that are not unknown


def agreement(own, names, codes):
    """The Agreement of `own` (cells,) names, "" where there is none, with `codes` (cells,) into `names`, -1 unknown."""
    own, codes = np.asarray(own, dtype=str), np.asarray(codes)
    there = own != ""
    rows, at = np.unique(own[there], return_inverse=True)
    columns = [*map(str, names), UNKNOWN]
    counts = np.zeros((len(rows), len(columns)), dtype=int)
    np.add.at(counts, (at, codes[there]), 1)  # -1 is the last
    kept = np.flatnonzero(counts.sum(axis=0))
    known = np.isin(own, columns[:-1])
    right = known & (np.array(columns)[codes] == own)
    named = known & (codes >= 0)
    return Agreement(
        rows.tolist(),
        [columns[i] for i in kept],
        counts[:, kept],
        float(right.sum() / known.sum()) if known.any() else None,
        int(known.sum()),
        float(right.sum() / named.sum()) if named.any() else None,
    )


def calibration(own, names, codes, confidence):
    """[(lowest and highest confidence, cells, share with the right label)], the lowest first: how far a confidence is true.

    Of the cells whose `own` name is a label of the run; `codes` are those of the winners, however low their confidence.
    """
    own, codes, confidence = (
        np.asarray(own, dtype=str),
        np.asarray(codes),
        np.asarray(confidence, dtype=np.float64),
    )
    columns = np.array([*map(str, names), UNKNOWN])
    known = np.isin(own, columns[:-1])
    right = columns[codes] == own
    rows = []
    for low, high in zip(CONFIDENCES[:-1], CONFIDENCES[1:], strict=True):
        here = known & (confidence >= low) & ((confidence < high) | (high == 1))
        if here.any():
            rows.append((low, high, int(here.sum()), float(right[here].mean())))
    return rows


def agreement_words(agreement, column):
    """The Agreement with the obs column in a sentence."""
    if agreement.accuracy is None:
        return (
            f"None of the names in the cells' own {column} is a label of the run, so nothing can be compared."
        )
    words = f"Of {agreement.n:,} cells whose own {column} is a label of the run, {agreement.accuracy:.1%} got that label"
    confident = "" if agreement.sure is None else f"; of those that are not {UNKNOWN}, {agreement.sure:.1%}"
    return f"{words}{confident}."
