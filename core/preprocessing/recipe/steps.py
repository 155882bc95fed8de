"""The steps that change which cells, genes or values a dataset holds: names, words, parameters.

What a step does is a function elsewhere, named as text, so that the page knows all steps without the science.
"""

from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import UserError
from core.preprocessing.recipe.qc_limits import Limits


class Nothing(BaseModel):
    """A step without parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class UndoLog(Nothing):
    """`way` back; None: as the values tell."""

    way: Literal["expm1", "expm1 twice", "base 2", "base 10"] | None = None


class FilterCells(Nothing):
    """`limits` of all cells, or of batches their own; None: as proposed from the data at hand.

    `columns` are those of obs that tell a measure of a cell in place of the matrix, by measure, as where only some
    genes are in the file; None: as found in the data.
    """

    limits: Limits | None = None
    batch_key: str | None = Field(None, max_length=200)
    batches: dict[str, Limits] = {}
    columns: dict[str, str] | None = None


class FilterGenes(Nothing):
    min_cells: int = Field(3, ge=1, le=1_000_000)


class ScoreDoublets(Nothing):
    expected_rate: float = Field(0.05, gt=0, lt=0.5)  # scanpy's default
    batch_key: str | None = Field(None, max_length=200)
    seed: int = Field(0, ge=0, le=2**31 - 1)


class ScoreCellCycle(Nothing):
    seed: int = Field(0, ge=0, le=2**31 - 1)


class Step(NamedTuple):
    """`label` stands on the button, `sentence` says beforehand what it does; `make` is "module:function"."""

    label: str
    sentence: str
    make: str  # (AnnData, **parameters) -> (a new AnnData, one sentence on what was done)
    params: type[BaseModel] = Nothing
    settle: str = ""  # (AnnData, parameters) -> parameters, for what is left to the data; "" where nothing is
    repair: bool = False  # the doctor offers it
    whole: bool = False  # it needs all values in memory; the others go over blocks of cells

    def record(self) -> dict[str, str]:
        return {"label": self.label, "sentence": self.sentence}


def _repair(label, sentence, name, module="repairs", **more):
    return Step(label, sentence, f"core.preprocessing.steps.{module}:{name}", repair=True, **more)


STEPS: dict[str, Step] = {
    "transpose": _repair(
        "Transpose", "Rows and columns are exchanged, so that the rows are cells.", "transpose", whole=True
    ),
    "use_raw": _repair("Use .raw", "What .raw holds becomes X, with all of its genes.", "use_raw"),
    "drop_not_finite": _repair(
        "Leave out missing values",
        "The genes with missing or infinite values are left out, or such cells, where they are the smaller share.",
        "drop_not_finite",
        "missing_values",
    ),
    "zero_not_finite": _repair(
        "Take them as 0",
        "Each missing or infinite value becomes 0, as if the gene had not been seen: right only where a gap means that.",
        "zero_not_finite",
        "missing_values",
    ),
    "undo_log": _repair(
        "Undo the log",
        "Values go back before the logarithm, and to whole counts where they can be told.",
        "undo_log",
        "undo_log",
        params=UndoLog,
        settle="core.preprocessing.steps.undo_log:settle_way",
        whole=True,
    ),
    "unique_names": _repair(
        "Make names unique",
        "Genes that share a name are called symbol-ENSG, or get a number.",
        "unique_names",
    ),
    "use_symbols": _repair(
        "Name genes by symbol", "Genes are called by the symbols that var holds.", "use_symbols"
    ),
    "drop_versions": _repair(
        "Drop the versions", "ENSG00000141510.18 becomes ENSG00000141510.", "drop_versions"
    ),
    "drop_empty_cells": _repair(
        "Drop empty cells", "Cells without any count are left out.", "drop_empty_cells"
    ),
    "split_proteins": _repair(
        "Split proteins off",
        "Antibodies leave the genes and become the dataset's proteins.",
        "split_proteins",
    ),
    "filter_cells": Step(
        "Filter cells",
        "Cells outside the limits are left out.",
        "core.preprocessing.steps.filters:filter_cells",
        FilterCells,
        "core.preprocessing.steps.filters:settle_limits",
    ),
    "filter_genes": Step(
        "Filter genes",
        "Genes that are above 0 in too few cells are left out.",
        "core.preprocessing.steps.filters:filter_genes",
        FilterGenes,
    ),
    "score_doublets": Step(
        "Score doublets",
        "Scrublet adds cells together in pairs and asks which cells look like such a sum.",
        "core.preprocessing.steps.doublets_and_cycle:score_doublets",
        ScoreDoublets,
        whole=True,
    ),
    "score_cell_cycle": Step(
        "Score the cell cycle",
        "Each cell gets a score for S and for G2/M, and a phase, from genes of Tirosh 2016.",
        "core.preprocessing.steps.doublets_and_cycle:score_cell_cycle",
        ScoreCellCycle,
        whole=True,
    ),
}


class Chosen(NamedTuple):
    """A step with its parameters, checked."""

    name: str
    params: BaseModel

    def record(self) -> dict[str, Any]:
        """{"name", "params"} as JSON can hold it; what stands at its default is left out."""
        return {"name": self.name, "params": self.params.model_dump(mode="json", exclude_defaults=True)}


def chosen(record: Any) -> Chosen:
    """A Chosen from {"name", "params"}; raises UserError, one sentence, for a step or parameter there is none of."""
    if not isinstance(record, dict) or not isinstance(record.get("name"), str):
        raise UserError('A step is written {"name": ..., "params": {...}}: look at an exported recipe.')
    if record["name"] not in STEPS:
        raise UserError(f"There is no step '{record['name']}': choose one of {', '.join(STEPS)}.")
    params = STEPS[record["name"]].params
    try:
        return Chosen(record["name"], params.model_validate(record.get("params") or {}))
    except ValidationError as error:
        raise UserError(_sentence(STEPS[record["name"]], error)) from None


def offered(names) -> dict[str, dict[str, Any]]:
    """What the record of a dataset keeps of the repairs that its findings offer, by name ("repairs_offered")."""
    return {name: STEPS[name].record() for name in names}


def origin_by(names, origin: str) -> str:
    """Where a dataset is from that steps of these names have made of one from `origin`."""
    return f"{made_by(names)} by {', '.join(names)} from {origin}"


def made_by(names) -> str:
    """What such steps do in a word: "repaired" or "filtered"."""
    return "repaired" if all(STEPS[name].repair for name in names) else "filtered"


def _sentence(step, error):
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    words = first["msg"].removeprefix("Value error, ")
    return f"{step.label}: {f'{where}: ' if where else ''}{words[:1].lower()}{words[1:]}."
