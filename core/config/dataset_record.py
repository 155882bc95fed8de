"""What the data checks found of a dataset and how it was made, as the database keeps it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.config.matrix_kinds import BADGES


class Record(BaseModel):
    """A part of a record: cannot be changed; keys that it does not know are left out."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)


class KnownMatrix(Record):
    """What a matrix holds, with the observation behind it; fields of core.data.matrix_kind.MatrixKind."""

    kind: str
    evidence: str = ""
    target_sum: float | None = None
    form: str = ""
    nonzero: int | None = None
    total: float | None = None
    base: float | None = None


class Badge(Record):
    """What X holds in a word for every plot; `tone` is "info" or "warn"."""

    words: str
    tone: str = "info"
    why: str = ""


class KnownFinding(Record):
    """One finding of the data checks; `repair` and `others` are names in core.preprocessing.recipe.STEPS."""

    code: str = ""
    severity: str
    sentence: str
    evidence: str = ""
    repair: str | None = None
    others: tuple[str, ...] = ()


class KnownColumn(Record):
    """A column of obs; `kind` is "category", "number" or "text", `role` "labels", "batch" or ""."""

    name: str
    kind: str
    distinct: int = 0
    examples: tuple[str, ...] = ()
    role: str = ""


class Repair(Record):
    """A repair that the findings offer, as its button shows it."""

    label: str
    sentence: str = ""


class KnownBackground(Record):
    """Mean and deviation of log(count + 10) over so many empty droplets, for each protein in `names`."""

    names: tuple[str, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    droplets: int


class Derived(Record):
    """The original (its id) of a dataset that steps made, and the steps, each with what it did."""

    of: str
    steps: tuple[dict[str, Any], ...] = ()


class JoinedSample(Record):
    """A sample of a joined dataset: the dataset it was, with its name and size then."""

    name: str
    dataset: str
    title: str = ""
    cells: int = 0
    steps: tuple[dict[str, Any], ...] = ()


class Joined(Record):
    """The samples that a dataset was joined from, the column that names them, and what was lost (sentences)."""

    batch: str
    lost: tuple[str, ...] = ()
    samples: tuple[JoinedSample, ...] = ()


class Selected(Record):
    """The selection of cells that a dataset was made from: dataset and run by id and name."""

    of: str
    of_name: str
    run: str
    run_name: str
    words: str
    cells: int
    of_cells: int
    steps: tuple[dict[str, Any], ...] = ()


class OpenQuestion(Record):
    """A question that only the owner of the file can answer; fields of core.errors.Question."""

    sentence: str
    asks: str
    choices: tuple[tuple[Any, str], ...]
    default: Any = None


class DatasetRecord(Record):
    """The record of a dataset; while it is being read all fields have defaults, while it asks only `question` is set."""

    cells: int = 0
    genes: int = 0
    proteins: tuple[str, ...] = ()
    proteins_left_out: dict[str, str] = {}  # the reason by name
    total: float | None = (
        None  # sum of the counts that are trained on; None in an earlier record, as the next four
    )
    protein_total: float | None = None
    first_cells: tuple[str, ...] = ()
    first_genes: tuple[str, ...] = ()
    first_proteins: tuple[str, ...] = ()
    sparsity: float = 0.0  # share of zeros in the matrix that is trained on
    x: KnownMatrix | None = Field(None, alias="verdict")  # what X holds; the key of the first version
    matrices: dict[str, KnownMatrix] = {}  # X, layers and .raw, by where they lie
    badge: Badge | None = None
    counts_where: str | None = None
    kind: str = ""  # of the matrix that is trained on
    trains_on: str = ""
    colours: str = ""
    species: str = ""
    findings: tuple[KnownFinding, ...] = ()  # the most severe first
    repairs_offered: dict[str, Repair] = {}
    columns: tuple[KnownColumn, ...] = ()
    batch: str | None = None  # the column that names the batches
    quality_columns: dict[str, str] | None = None  # None in a record of the first version: not looked for
    data_hash: str | None = None
    top_genes: tuple[dict[str, Any], ...] = ()  # [{"gene", "mean", "shares"}] of core.data.highest_genes
    protein_background: KnownBackground | None = None
    derived: Derived | None = None
    joined: Joined | None = None
    selected: Selected | None = None
    question: OpenQuestion | None = None

    @classmethod
    def upgraded(cls, record):
        """The DatasetRecord of a record of this version or an earlier one; an empty one where there is none yet."""
        if isinstance(record, cls):
            return record
        known = {name: value for name, value in (record or {}).items() if value is not None}
        matrix = known.get("verdict")
        if matrix and "badge" not in known:  # a record of an earlier version has the kind of X alone
            known["badge"] = {"words": f"X: {BADGES[matrix['kind']]}", "why": matrix.get("evidence", "")}
        return cls(**known)

    @classmethod
    def of(cls, row):
        """The DatasetRecord of a row of the database."""
        return cls.upgraded(row["record"])

    @property
    def isotypes(self):
        """Names of the isotype controls among the proteins."""
        return tuple(name for name, reason in self.proteins_left_out.items() if reason.startswith("isotype"))

    @property
    def stops(self):
        """The findings that forbid training."""
        return tuple(finding for finding in self.findings if finding.severity == "stop")

    @property
    def steps(self):
        """The steps that the dataset has been through, the first one first, each with what it did."""
        return self.derived.steps if self.derived else ()
