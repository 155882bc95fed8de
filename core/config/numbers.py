"""Numbers that people type: what a field takes, and text to a number without a guess.

The rule, for every number field:

- A point and a comma are both decimal signs: 0.01 and 0,01 are the same. 1e-3 is a number, too.
- Digits may be grouped in threes by spaces or apostrophes (10 000), or by commas or points where these cannot be a
  decimal sign: 1,000,000 has two of them, and 1.234,5 and 1,234.5 have both signs.
- One comma or point before exactly three digits may be either (5,000): it is refused where both readings are possible.
  A whole number with it always is. A number with a fraction is where 5000 would be within the range; a point is then a
  decimal sign unless the last digit is 0, since the page itself writes 5.125.
- Nothing is rounded and nothing is moved into the range: what cannot be used is refused with a sentence.
"""

import re
import unicodedata
from typing import NamedTuple

from core.errors import UserError

_NUMBER = re.compile(r"([+-]?)([0-9.,][0-9., '’]*)(?:[eE]([+-]?[0-9]{1,4}))?")
_GROUPED = (
    re.compile(r"[0-9]{1,3}([ '’])[0-9]{3}(?:\1[0-9]{3})*(?P<fraction>[.,][0-9]+)?"),
    re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){2,}(?P<fraction>\.[0-9]+)?"),
    re.compile(r"[0-9]{1,3}(?:\.[0-9]{3}){2,}(?P<fraction>,[0-9]+)?"),
    re.compile(r"[0-9]{1,3},[0-9]{3}(?P<fraction>\.[0-9]+)"),
    re.compile(r"[0-9]{1,3}\.[0-9]{3}(?P<fraction>,[0-9]+)"),
)
_PLAIN = re.compile(r"([0-9]*)([.,]?)([0-9]*)")
_EITHER = re.compile(r"([1-9][0-9]{0,2})([.,])([0-9]{3})")  # 5,000; but 0,001 and 1234,567 are decimal
LONGEST = 40  # letters of what was typed that a message repeats


class Number(NamedTuple):
    """A number that a field takes: its label, whether it is whole, its range, unit, and whether it may be left empty."""

    label: str
    whole: bool = False
    low: float | None = None
    high: float | None = None
    low_open: bool = False  # True: above `low`, not equal
    high_open: bool = False
    unit: str = ""
    optional: bool = False

    def read(self, value):
        """The int or float of a field's value (text, or a number); None where it is empty and may be.

        Raises UserError with one sentence that names the field and says what it takes.
        """
        if value is None or (isinstance(value, str) and not value.strip()):
            if self.optional:
                return None
            raise UserError(f"{self.label} is empty. Enter {self.wanted}.")
        number, typed = self._number(value), _repeated(value)
        if self.whole and number != int(number):
            raise self._is_not_whole(value)
        if not self._is_below_high(number):
            raise UserError(f"{self.label}: {typed} is too large. Enter {self.wanted}.")
        if not self._is_above_low(number):
            raise UserError(f"{self.label}: {typed} is too small. Enter {self.wanted}.")
        return int(number) if self.whole else float(number)

    @property
    def range(self):
        """The range in words, such as "1 to 1000" or "above 0 and at most 10"; "" where there is none."""
        if self._is_closed:
            return f"{text_of(self.low)} to {text_of(self.high)}"
        ends = []
        if self.low is not None:
            ends.append(f"{'above' if self.low_open else 'at least'} {text_of(self.low)}")
        if self.high is not None:
            ends.append(f"{'below' if self.high_open else 'at most'} {text_of(self.high)}")
        return " and ".join(ends)

    @property
    def wanted(self):
        """What the field takes, for the end of a sentence: "a whole number from 1 to 1000 units"."""
        parts = [
            "a whole number" if self.whole else "a number",
            "from" if self._is_closed else "",
            self.range,
            self.unit,
        ]
        return " ".join(filter(None, parts))

    @property
    def _is_closed(self):
        return None not in (self.low, self.high) and not (self.low_open or self.high_open)

    def _number(self, value):
        """The number that a value says, of any size."""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self._is_no_number(value)
        number = value if not isinstance(value, str) else self._of_text(value)
        if number != number or number in (float("inf"), float("-inf")):
            raise self._is_no_number(value)
        return number

    def _of_text(self, text):
        plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip()
        parts = _NUMBER.fullmatch(plain)
        if parts is None or any(unicodedata.category(sign) == "No" for sign in text):  # 10² is not 102
            raise self._is_no_number(text)
        sign, digits, exponent = parts.groups()
        if (either := _EITHER.fullmatch(digits)) and not exponent:
            self._refuse_either(either, sign, text)
        mantissa = _mantissa(digits)
        if mantissa is None:
            raise self._is_no_number(text)
        if (
            self.whole and not exponent and len(mantissa.partition(".")[2]) > 2
        ):  # 5,0000 may be a slip for 50000
            raise self._is_not_whole(text)
        if "." not in mantissa and not exponent:
            return int(sign + mantissa) if len(mantissa) < 300 else float(sign + mantissa)
        return float(f"{sign}{mantissa}e{exponent or 0}")

    def _refuse_either(self, either, sign, text):
        """Raise UserError where 5,000 may be 5 as well as 5000."""
        before, mark, after = either.groups()
        grouped, decimal = int(f"{sign}{before}{after}"), float(f"{sign}{before}.{after}")
        is_possible = self._is_below_high(grouped) and self._is_above_low(grouped)
        is_ours = mark == "." and after[-1] != "0"  # as text_of writes it
        if self.whole or (is_possible and not is_ours):
            readings = f"{text_of(decimal)} or {grouped}"
            raise UserError(
                f"{self.label}: {_repeated(text)} can mean {readings}. Enter it without a thousands separator."
            )

    def _is_below_high(self, number):
        return self.high is None or (number < self.high if self.high_open else number <= self.high)

    def _is_above_low(self, number):
        return self.low is None or (number > self.low if self.low_open else number >= self.low)

    def _is_not_whole(self, value):
        return UserError(f"{self.label}: {_repeated(value)} is not a whole number. Enter {self.wanted}.")

    def _is_no_number(self, value):
        return UserError(f"{self.label}: {_repeated(value)} is not a number. Enter {self.wanted}.")


def _mantissa(digits):
    """Digits without grouping and with a point, or None where they are no number."""
    for pattern in _GROUPED:
        if grouped := pattern.fullmatch(digits):
            fraction = grouped["fraction"] or ""
            whole = digits[: len(digits) - len(fraction)]
            return re.sub(r"[^0-9]", "", whole) + fraction.replace(",", ".")
    plain = _PLAIN.fullmatch(digits)
    if plain is None or not (plain[1] or plain[3]):
        return None
    return f"{plain[1] or 0}.{plain[3] or 0}" if plain[2] else plain[1]


def _repeated(value):
    """What was typed, for a message."""
    text = (
        text_of(value)
        if isinstance(value, int | float) and not isinstance(value, bool)
        else str(value).strip()
    )
    return f"'{text if len(text) <= LONGEST else text[:LONGEST] + '…'}'"


def text_of(value):
    """A number as a field shows it, the shortest text that reads as the same number; "" for None."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)
