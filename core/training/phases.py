"""Where the time of a run goes: the names of its phases, the clock that measures them, the table that shows them."""

import time
from dataclasses import dataclass, field
from typing import NamedTuple

# In the order in which a run meets them: the name in phases.json, and what is being done, in words.
PHASES = {
    "starting": "loading the libraries",
    "reading": "reading the data set",
    "preparing": "preparing the data",
    "forecast": "forecasting time and memory",
    "yardsticks": "measuring the yardsticks",
    "training": "training",
    "encoding": "encoding the cells",
    "neighbours": "finding neighbours",
    "leiden": "clustering",
    "umap": "drawing the UMAPs",
    "tsne": "drawing t-SNE of the input",
    "harmony": "mixing the batches by Harmony, to compare with",
    "scores": "scoring",
    "writing": "writing the files",
}


class Phase(NamedTuple):
    """Work that begins now: a name in PHASES."""

    name: str

    @property
    def words(self):
        return PHASES[self.name]


@dataclass
class Clock:
    """Seconds a phase, each a stretch of the wall clock: no two overlap, so they add up to the whole."""

    seconds: dict = field(default_factory=dict)
    _name: str = ""
    _since: float = 0.0

    def start(self, name):
        """End the phase before and begin this one; returns its Phase. Raises KeyError for a name not in PHASES."""
        self.stop()
        PHASES[name]  # a name of its own would be missing from every table
        self._name, self._since = name, time.perf_counter()
        return Phase(name)

    def stop(self):
        if self._name:
            spent = time.perf_counter() - self._since
            self.seconds[self._name] = round(self.seconds.get(self._name, 0.0) + spent, 3)
        self._name = ""


def added(*records):
    """{phase: seconds} of several parts of one job, in the order of PHASES; what two of them name is added up."""
    return {
        name: round(sum(record.get(name, 0.0) for record in records), 3)
        for name in PHASES
        if any(name in record for record in records)
    }


def table(seconds):
    """Rows (phase, seconds, share of all) as text, the last one the sum."""
    total = sum(seconds.values())
    rows = [(name, f"{spent:.1f}", f"{spent / max(total, 1e-9):.0%}") for name, spent in seconds.items()]
    return [*rows, ("in all", f"{total:.1f}", "100%")]
