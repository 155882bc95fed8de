"""One finding, and what is told of one column of obs."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Severity = Literal["stop", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("stop", "warning", "note")  # a stop forbids training


@dataclass(frozen=True)
class Finding:
    """One thing the owner should know: a sentence, the observation behind it, and a repair where there is one.

    `others` are further repairs, where only the owner can say which of them is right.
    """

    code: str  # a short name that stays
    severity: Severity
    sentence: str
    evidence: str = ""
    repair: str | None = None  # a name in core.preprocessing.recipe.STEPS
    others: tuple[str, ...] = ()

    @property
    def repairs(self) -> tuple[str, ...]:
        """All repairs, the likeliest first."""
        return (self.repair, *self.others) if self.repair else self.others


class Column(NamedTuple):
    """A column of obs; `role` is a guess from its name: 'labels', 'batch' or ''."""

    name: str
    kind: Literal["category", "number", "text"]
    distinct: int
    examples: tuple[str, ...]
    role: str
