"""Cells of two files matched by name: exactly, without the lane's ending, by barcode, or with what one of them adds."""

from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.errors import UserError

ENDS = r"[-.]\d+$"  # the "-1" that Cell Ranger adds to a barcode for its lane, and R turns into ".1"
BARCODE = r"((?:[ACGT]{6,9}[-_.]){1,2}[ACGT]{6,9}|[ACGT]{10,})"
MOST_TRIED = 50  # names by which a common prefix or suffix is looked for
COMMON = (
    0.9  # share of the names that must have a barcode, or that the prefix and suffix of the tried ones fit
)


class Match(NamedTuple):
    """For each cell of the first file its row in the second, -1 where it has none; `how` says what was ignored."""

    rows: np.ndarray
    how: str

    @property
    def n(self) -> int:
        """How many cells were found."""
        return int((self.rows >= 0).sum())


def match(cells, others, unique=True) -> Match:
    """Find `cells` among `others` by name; where that finds more, endings, prefixes and suffixes are ignored.

    Tried in this order: the whole name; the name without the lane's ending ("-1"); the barcode in it; the name with the
    prefix or suffix that all names of one side have. Names that are no longer unique then are not compared that way.
    Raises UserError where `others` names cells twice, unless `unique` is False.
    """
    cells, others = (pd.Index(names).astype(str).str.strip() for names in (cells, others))
    if unique and not others.is_unique:
        raise UserError(f"The second file names cells twice, such as '{others[others.duplicated()][0]}'.")
    if not len(cells) or not len(others):
        return Match(np.full(len(cells), -1), "")
    best = Match(_places(cells, others), "") if others.is_unique else Match(np.full(len(cells), -1), "")
    for way in (_without_ends, _by_barcode, _by_affixes, _by_group):
        if best.n == len(cells):
            break
        other = way(cells, others)
        if other is not None and other.n > best.n:
            best = other
    return best


def _places(cells, others):
    return others.get_indexer(cells)


def _short(names):
    return names.str.replace(ENDS, "", regex=True)


def _without_ends(cells, others):
    short, short_others = _short(cells), _short(others)
    if short.is_unique and short_others.is_unique:
        return Match(_places(short, short_others), ", the endings such as '-1' ignored")
    return None


def _by_barcode(cells, others):
    """By the letters A, C, G and T, where nearly all names have them and they differ from cell to cell."""
    parts = [names.str.extract(BARCODE, expand=False) for names in (cells, others)]
    if any(part.notna().mean() < COMMON or not part.dropna().is_unique for part in parts):
        return None
    known = parts[1].fillna("")
    if known.duplicated().any():  # several without a barcode
        known = pd.Index([name or f"\0{i}" for i, name in enumerate(known)])
    rows = _places(parts[0].fillna("\1"), known)
    if not (rows >= 0).any():
        return None
    first = int(np.flatnonzero(rows >= 0)[0])
    return Match(rows, f", by their barcodes ('{cells[first]}' here is '{others[rows[first]]}' there)")


def _by_affixes(cells, others):
    """By the prefix and suffix that the names of one side have and those of the other do not."""
    for turned in (False, True):
        inner, outer = (_short(others), _short(cells)) if turned else (_short(cells), _short(others))
        if not (inner.is_unique and outer.is_unique):
            continue
        affixes = _affixes(inner, outer)
        if affixes is None:
            continue
        prefix, suffix = affixes
        longer = prefix + inner + suffix
        rows = _places(outer, longer) if turned else _places(longer, outer)
        shown = " and ".join(
            f"the {word} '{text}'" for word, text in (("prefix", prefix), ("suffix", suffix)) if text
        )
        return Match(rows, f", {shown} of the names {'here' if turned else 'there'} ignored")
    return None


def _affixes(inner, outer):
    """(prefix, suffix) with which most of some `inner` names are `outer` names; None without such."""
    text = "\n".join(["", *outer, ""])
    seen: Counter = Counter()
    some = inner[:: max(1, len(inner) // MOST_TRIED)][:MOST_TRIED]
    for name in some:
        seen.update(set(_around(name, text)))
    if not seen:
        return None
    affixes, n = seen.most_common(1)[0]
    return affixes if affixes != ("", "") and n > 0.5 * len(some) else None


def _around(name, text):
    """(what stands before, what stands behind) a name in the first lines of `text` that hold it."""
    at, lines = -1, 0
    while name and lines < 10 and (at := text.find(name, at + 1)) >= 0:
        start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
        if end >= 0:
            yield text[start:at], text[at + len(name) : end]
        lines += 1


def _by_group(cells, others):
    """By barcode within samples, where the lane's number here and the sample's name there stand for each other."""
    tables = []
    for names in (cells, others):
        barcode = names.str.extract(BARCODE, expand=False)
        if barcode.notna().mean() < COMMON:
            return None
        sample = [name.replace(str(code), "*") for name, code in zip(names, barcode, strict=True)]
        table = pd.DataFrame({"barcode": barcode, "sample": sample})
        if table.duplicated().any() or table["sample"].nunique() > 100:
            return None
        tables.append(table)
    here, there = ({s: set(t["barcode"]) for s, t in table.groupby("sample")} for table in tables)
    if len(here) < 2 or len(there) < 2:
        return None
    pairs = {}
    for sample, codes in here.items():
        shares = sorted(
            ((len(codes & other) / len(codes), name) for name, other in there.items()), reverse=True
        )
        if shares[0][0] > 0.5 and shares[1][0] < 0.5 * shares[0][0]:
            pairs[sample] = shares[0][1]
    if not pairs or len(set(pairs.values())) < len(pairs):
        return None
    wanted = pd.MultiIndex.from_arrays([tables[0]["barcode"], tables[0]["sample"].map(pairs).fillna("\0")])
    rows = pd.MultiIndex.from_frame(tables[1]).get_indexer(wanted)
    shown = ", ".join(f"'{a}' here is '{b}' there" for a, b in list(pairs.items())[:3])
    return Match(rows, f", by barcode and sample ({shown})")
