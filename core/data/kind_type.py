"""What a matrix holds, as a record: the kind, why, and the numbers that other judgements go by."""

from typing import NamedTuple

from core.config.matrix_kinds import BADGES, FORM_WORDS, KIND_WORDS, Form, Kind


class MatrixKind(NamedTuple):
    """What a matrix holds, a sentence that says why we think so, and the sum its cells were brought to."""

    kind: Kind
    evidence: str
    target_sum: float | None = None
    form: Form = ""  # a finer word where there is one
    nonzero: int | None = None  # values other than 0; None in a record of an earlier version
    total: float | None = None  # sum of the values, missing ones left out
    base: float | None = None  # of a logarithm, where it was found by the values of single cells

    @property
    def words(self):
        return FORM_WORDS.get(self.form) or KIND_WORDS[self.kind]

    @property
    def badge(self):
        return BADGES[self.form or self.kind]
