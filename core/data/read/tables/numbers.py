"""Numbers as text: which sign is the decimal one and which parts thousands, and what a text is worth."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from core.text import few

MISSING = {"", "na", "nan", "n/a", "#n/a", "<na>", "null", "none", "-", ".", "-nan"}
SPACE = "  "  # what parts thousands in French and by ISO 31-0: no-break and narrow spaces
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf(?:inity)?", re.IGNORECASE)
LIKE_NUMBER = re.compile(rf"[+-]?[.,]?\d[\d.,'’{SPACE} ]*(?:[eE][+-]?\d+)?|[+-]?inf(?:inity)?", re.IGNORECASE)
GROUPS = r"[+-]?[1-9]\d{{0,2}}(?:{0}\d{{3}})+"  # 1,046 and 12,345,678; not 0,123 nor 1234,567
EXPONENT = r"(?:[eE][+-]?\d+)?"
ASKS = "numbers"  # the name of the question that `notation_of` may leave open
DECIMAL, THOUSANDS = "decimal", "thousands"


class Notation(NamedTuple):
    """The sign before decimals and the one between thousands ("" for none)."""

    decimal: str = "."
    thousands: str = ""

    def value(self, text: str) -> float:
        """What a text is worth, NaN where it says that a value is missing; raises ValueError for anything else."""
        text = text.strip()
        if self.thousands and self.thousands in text:
            whole = text.partition(self.decimal)[0]
            if not re.fullmatch(GROUPS.format(re.escape(self.thousands)), whole):
                raise ValueError(text)
            text = text.replace(self.thousands, "")
        if self.decimal != ".":
            if "." in text and text.lower() not in MISSING:
                raise ValueError(text)
            text = text.replace(self.decimal, ".")
        if NUMBER.fullmatch(text):
            return float(text)
        if text.lower() in MISSING:
            return np.nan
        raise ValueError(text)


PLAIN = Notation()


class Doubt(NamedTuple):
    """A sign that may mean either: the two readings, and texts that have it."""

    thousands: Notation
    decimal: Notation
    examples: str


class Mixed(ValueError):
    """Commas and points that fit no notation; its text names examples."""


def like_number(text: str) -> bool:
    """Is this a number in any notation, or a missing value?"""
    text = text.strip()
    return text.lower() in MISSING or bool(LIKE_NUMBER.fullmatch(text))


def mostly_text(fields: Iterable[str]) -> bool:
    """Are most of the known fields no numbers? Such a row or column describes what the others measure."""
    known = [field for field in fields if field.strip().lower() not in MISSING]
    return bool(known) and sum(not like_number(field) for field in known) > 0.8 * len(known)


def notation_of(texts: Iterable[str], separator: str) -> Notation | Doubt:
    """The Notation of all numbers of a table; Doubt where commas or points may part thousands or decimals.

    A comma with exactly three digits behind it, beside whole numbers, parts thousands, as a decimal comma would leave
    other numbers of digits now and then; in a table with semicolons, which are written where the comma is the
    decimal sign, it is doubtful, and so is such a point anywhere. Raises Mixed where no notation fits.
    """
    texts = {text.strip() for text in texts}
    for sign in (" ", *SPACE, "'", "’"):
        if grouped := [text for text in texts if sign in text]:
            others = notation_of({text.replace(sign, "") for text in texts}, separator)
            if isinstance(others, Doubt) or others.thousands:
                raise Mixed(few(sorted(grouped)))
            return others._replace(thousands=sign)
    commas = {text for text in texts if "," in text}
    points = {text for text in texts if "." in text and text.lower() not in MISSING}
    if not commas:
        doubtful = points and all(re.fullmatch(GROUPS.format(r"\."), text) for text in points)
        twice = any(text.count(".") > 1 for text in points)
        if doubtful and twice:
            return Notation(",", ".")
        return Doubt(Notation(",", "."), PLAIN, few(sorted(points))) if doubtful else PLAIN
    american = re.compile(GROUPS.format(",") + r"(?:\.\d*)?" + EXPONENT)
    if all(american.fullmatch(text) for text in commas):
        reading = Notation(".", ",")
        if points or separator != ";" or any(text.count(",") > 1 for text in commas):
            return reading
        return Doubt(reading, Notation(",", ""), few(sorted(commas)))
    european = re.compile(rf"(?:[+-]?\d*|{GROUPS.format(chr(92) + '.')}),\d+{EXPONENT}")
    if all(european.fullmatch(text) for text in commas):
        grouped = points - commas
        if not points:
            return Notation(",", "")
        if all(re.fullmatch(GROUPS.format(r"\."), text) for text in grouped):
            return Notation(",", ".")
    shown = [next(iter(sorted(commas))), *sorted(points - commas)[:1]]
    raise Mixed(few(shown))
