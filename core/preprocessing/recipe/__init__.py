"""Recipes: the steps of a dataset and the settings it is preprocessed with; imports no scanpy or torch."""

from core.preprocessing.recipe.limits_by_batch import (
    Batches,
    CellFilter,
    cell_filter,
    n_outside,
    suggested_params,
)
from core.preprocessing.recipe.qc_limits import (
    MEASURES,
    TISSUES,
    Limits,
    mito_warning,
    suggested,
    within_by_batch,
    within_limits,
)
from core.preprocessing.recipe.recipe import PRESETS, Recipe, from_json, preset
from core.preprocessing.recipe.script import Start, script
from core.preprocessing.recipe.steps import STEPS, Chosen, chosen, made_by, offered, origin_by, upgraded

__all__ = [
    "Batches",
    "CellFilter",
    "cell_filter",
    "n_outside",
    "suggested_params",
    "MEASURES",
    "PRESETS",
    "STEPS",
    "TISSUES",
    "Chosen",
    "Limits",
    "Recipe",
    "Start",
    "chosen",
    "from_json",
    "made_by",
    "mito_warning",
    "offered",
    "origin_by",
    "preset",
    "suggested",
    "script",
    "upgraded",
    "within_limits",
    "within_by_batch",
]
