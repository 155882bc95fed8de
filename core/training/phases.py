"""The phases of a run: their names, the clock that measures them, and the table of their seconds."""

import time
from dataclasses import dataclass, field
from typing import NamedTuple

# In the order of a run: the name in phases.json, and a description for progress messages.
PHASES = {
    "starting": "loading the libraries",
    "reading": "reading the dataset",
    "preparing": "preparing the data",
    "forecast": "forecasting time and memory",
    "yardsticks": "measuring the baselines",  # the key of earlier versions, so it stays on disk
    "training": "training",
    "encoding": "encoding the cells",
    "neighbours": "finding neighbours",
    "leiden": "clustering",
    "umap": "computing the UMAPs",
    "tsne": "computing t-SNE of the input",
    "harmony": "correcting the batches by Harmony, for comparison",
    "scores": "scoring",
    "writing": "writing the files",
}


class Phase(NamedTuple):
    """A phase that begins now: a name in PHASES."""

    name: str

    @property
    def description(self):
        return PHASES[self.name]


@dataclass
class Clock:
    """Seconds of each phase by the wall clock: no two overlap, so they add up to the total."""

    seconds: dict = field(default_factory=dict)
    _name: str = ""
    _since: float = 0.0

    def start(self, name):
        """End the previous phase and begin this one; returns its Phase. Raises KeyError for a name not in PHASES."""
        self.stop()
        PHASES[name]  # another name would be missing from every table
        self._name, self._since = name, time.perf_counter()
        return Phase(name)

    def so_far(self):
        """{phase: seconds} until now, that of the phase at work included."""
        now = Clock(dict(self.seconds), self._name, self._since)
        now.stop()
        return now.seconds

    def stop(self):
        if self._name:
            spent = time.perf_counter() - self._since
            self.seconds[self._name] = round(self.seconds.get(self._name, 0.0) + spent, 3)
        self._name = ""


def added(*records):
    """{phase: seconds} summed over several parts of one job, in the order of PHASES."""
    return {
        name: round(sum(record.get(name, 0.0) for record in records), 3)
        for name in PHASES
        if any(name in record for record in records)
    }


def table(seconds):
    """Rows (phase, seconds, share of the total) as text, the last one the total."""
    total = sum(seconds.values())
    labels = {"yardsticks": "baselines"}
    rows = [
        (labels.get(name, name), f"{spent:.1f}", f"{spent / max(total, 1e-9):.0%}")
        for name, spent in seconds.items()
    ]
    return [*rows, ("in all", f"{total:.1f}", "100%")]
