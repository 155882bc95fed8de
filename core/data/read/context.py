"""One reading under way: what the person answered, where there is room to unpack, and what is to be said."""

import resource
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import DoesNotFit, Question
from core.text import size


@dataclass
class Reading:
    """Handed to every reader. `answers` are the person's, by the name of what was asked ("genome", "part", "transpose",
    "first_column", "numbers").

    `scratch` is an empty folder that is removed afterwards; `cells` are the barcodes of the first file while
    a second one is read; `ask` says whether a person is there to confirm what the file itself speaks for; matrices of
    more than `large` bytes of values are left in the file (core.data.backed). `most_memory` are the bytes that reading
    may take at the utmost, `soft_limit` those of RLIMIT_DATA at the start (None: this process has no limits).
    `names` are the names {path: name} that the person gave to files which lie under other ones. `archives` counts the
    archives that are open one in another, `packed` are the bytes of the outermost one, and `part` is how the answer to
    "part" begins for what lies in them.
    """

    scratch: Path
    answers: dict = field(default_factory=dict)
    ask: bool = False
    large: float = np.inf
    most_memory: float = np.inf
    soft_limit: int | None = None
    names: dict = field(default_factory=dict)
    archives: int = 0
    packed: int | None = None
    part: str = ""
    taken: float = 0
    cells: pd.Index | None = None
    notes: list[str] = field(default_factory=list)

    def name(self, path):
        """The person's name of the file at `path`, for every sentence about it."""
        return self.names.get(str(path), path.name)

    def take(self, n_bytes, name, at_most=0):
        """Make room for `n_bytes` more before they are read, or for `at_most` where it may be as many.

        Raises DoesNotFit, with the sizes, where `n_bytes` will not fit; `name` is that of the file.
        """
        self.taken += n_bytes
        if self.taken > self.most_memory:
            raise DoesNotFit(
                f"'{name}' needs about {size(self.taken)} of memory to be read, and {size(self.most_memory)} may be used for "
                "it: bring fewer cells or genes, or save it as .h5ad, 10x .h5 or .zarr, which are read block by block."
            )
        if self.soft_limit is not None:
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            self.soft_limit = min(hard, self.soft_limit + int(max(n_bytes, at_most)))
            resource.setrlimit(resource.RLIMIT_DATA, (self.soft_limit, hard))

    def say(self, sentence):
        """Keep a sentence for the findings of the dataset."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def answer(self, sentence, asks, choices, default=None, sure=False):
        """The person's answer, else the default where it is sure and nobody needs to confirm it; raises Question."""
        values = [value for value, _ in choices]
        given = self.answers.get(asks)
        if given in values:
            return given
        if sure and not self.ask:
            return default
        raise Question(sentence, asks, choices, default, sure)
