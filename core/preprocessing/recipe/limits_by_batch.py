"""Limits on cells, the same for all or for each batch its own, as the page edits them and "filter_cells" takes them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from core.preprocessing.recipe.qc_limits import Limits, TissueName, suggested, within_by_batch, within_limits


class Batches(NamedTuple):
    """The batches that an obs column names: `codes` (cells,) are indices into `names`, -1 for none."""

    column: str
    names: Sequence[str]
    codes: np.ndarray


class CellFilter(NamedTuple):
    """The limits of each batch and the cells within them; without batches, all cells are one."""

    names: Sequence[str]
    codes: np.ndarray  # (cells,) indices into `names`
    limits: Sequence[Limits]  # of each batch
    within: np.ndarray  # (cells,) bool


def suggested_params(
    values: Mapping[str, np.ndarray],
    batches: Batches | None = None,
    columns: dict[str, str] | None = None,
    tissue: TissueName = "any",
) -> dict[str, Any]:
    """Parameters of "filter_cells" with limits suggested from the data and the `tissue`, as JSON can hold them.

    `values` are (cells,) by measure; `columns` are those of obs that the measures come from, as `FilterCells` has them.
    """
    common = {"columns": columns, "tissue": tissue}
    if batches is None:
        return common | {"limits": suggested(values, tissue).model_dump(mode="json"), "batches": {}}
    own = {}
    for code, name in enumerate(batches.names):
        of_batch = {measure: array[batches.codes == code] for measure, array in values.items()}
        own[name] = suggested(of_batch, tissue).model_dump(mode="json")
    return common | {"limits": {}, "batch_key": batches.column, "batches": own}


def cell_filter(
    values: Mapping[str, np.ndarray], n_cells: int, params: dict[str, Any], batches: Batches | None = None
) -> CellFilter:
    """The CellFilter of such parameters; raises ValidationError where a lowest value is above its highest."""
    common = Limits(**params["limits"])
    if batches is None:
        within = within_limits(values, common, n_cells)
        return CellFilter(["all cells"], np.zeros(n_cells, dtype=int), [common], within)
    limits = [Limits(**params["batches"].get(name, {})) for name in batches.names]
    within = within_by_batch(values, common, batches.codes, dict(enumerate(limits)))
    return CellFilter(batches.names, batches.codes, limits, within)


def n_outside(values: np.ndarray, measure: str, cells: CellFilter) -> int:
    """How many cells are outside the limits of one measure, whatever the others say; `values` are (cells,)."""
    return sum(
        int((~within_limits({measure: values[cells.codes == code]}, limits)).sum())
        for code, limits in enumerate(cells.limits)
    )
