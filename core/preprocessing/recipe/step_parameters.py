"""The parameters of the steps, and what they may be."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.preprocessing.recipe.qc_limits import Limits, TissueName


class Nothing(BaseModel):
    """A step without parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def record(self) -> dict[str, Any]:
        """The parameters for JSON, without those that have their default."""
        return self.model_dump(mode="json", exclude_defaults=True)


class UndoLog(Nothing):
    """`way` is the inverse of the log; None: found from the values."""

    way: str | None = Field(None, pattern=r"^(expm1|expm1 twice|base \d+(\.\d+)?)$")


class FilterCells(Nothing):
    """`limits` for all cells, and `batches` with limits of their own; None: suggested from the data and the `tissue`.

    `columns` are the obs columns that a measure is read from instead of the matrix, by measure: useful where the
    file has only some genes. None: found in the data.
    """

    limits: Limits | None = None
    batch_key: str | None = Field(None, max_length=200)
    batches: dict[str, Limits] = {}
    columns: dict[str, str] | None = None
    tissue: TissueName = "any"


class FilterGenes(Nothing):
    min_cells: int = Field(3, ge=1, le=1_000_000)


MOST_RATE = 0.3  # of doublets: the rule by the number of cells holds for the loads of one channel
EARLIER_RATE = (
    0.05  # of doublets, scanpy's default, which earlier versions expected whatever the number of cells
)


class ScoreDoublets(Nothing):
    """`expected_rate` of doublets, a share; None: `per_thousand` percent for each thousand cells of a batch.

    0.8 % is 10x Genomics' multiplet rate for a thousand recovered cells.
    """

    expected_rate: float | None = Field(None, gt=0, lt=0.5)
    per_thousand: float = Field(0.8, gt=0, le=20)
    batch_key: str | None = Field(None, max_length=200)
    seed: int = Field(0, ge=0, le=2**31 - 1)

    def record(self) -> dict[str, Any]:
        """The same, always with the rate: a record without any is of an earlier version (`upgraded`)."""
        rate = {} if self.expected_rate else {"per_thousand": self.per_thousand}
        return super().record() | rate


class ScoreCellCycle(Nothing):
    seed: int = Field(0, ge=0, le=2**31 - 1)


class AssignHashtags(Nothing):
    """`key` of obsm and the names of the `hashtags` in it ("protein": those among the proteins); None: found in the data."""

    key: str | None = Field(None, max_length=200)
    hashtags: tuple[str, ...] | None = None
