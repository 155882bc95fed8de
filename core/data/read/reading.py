"""One reading under way: what the person answered, where there is room to unpack, and what is to be said."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import Question


@dataclass
class Reading:
    """Handed to every reader. `answers` are the person's, by the name of what was asked ("genome", "part", "transpose").

    `scratch` is an empty folder that is removed afterwards; `cells` are the barcodes of the first file while
    a second one is read; `ask` says whether a person is there to confirm what the file itself speaks for; matrices of
    more than `large` bytes of values are left in the file (core.data.ondisk).
    """

    scratch: Path
    answers: dict = field(default_factory=dict)
    ask: bool = False
    large: float = np.inf
    cells: pd.Index | None = None
    notes: list[str] = field(default_factory=list)

    def say(self, sentence):
        """Keep a sentence for the findings of the data set."""
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
