"""Measurements of a benchmark beside their targets."""

from typing import NamedTuple


class Bar(NamedTuple):
    """One measurement, its target (a minimum, or with `at_most` a maximum) and its unit."""

    what: str
    measured: float
    aim: float
    unit: str = "times"
    at_most: bool = False

    @property
    def reached(self):
        return self.measured <= self.aim if self.at_most else self.measured >= self.aim


def threaded(n):
    """The threads of a loop as text, of which `n` do the arithmetic."""
    return f"{n} thread{'s' * (n != 1)} for arithmetic, and in Nuwa one that fills large batches (core.training.dataloader)"


def table(bars):
    """The lines of a table of Bars."""
    yield f"{'':<58} {'measured':>12} {'aim':>22}"
    for bar in bars:
        digits = ",.0f" if bar.aim >= 100 else ".2f"
        aim = f"at {'most' if bar.at_most else 'least'} {bar.aim:,.10g} {bar.unit}"
        yield f"{bar.what:<58} {bar.measured:>12{digits}} {aim:>22}{'' if bar.reached else '  not reached'}"
