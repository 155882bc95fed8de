"""Recipes: which steps a data set goes through, and with which settings it is prepared; loads no science."""

from core.preprocessing.recipe.qc_limits import MEASURES, Limits, proposed, stays, stays_by_batch
from core.preprocessing.recipe.recipe import PRESETS, Recipe, from_json, preset
from core.preprocessing.recipe.script import Start, script
from core.preprocessing.recipe.steps import STEPS, Chosen, chosen, made_by, origin_by

__all__ = [
    "MEASURES",
    "PRESETS",
    "STEPS",
    "Chosen",
    "Limits",
    "Recipe",
    "Start",
    "chosen",
    "from_json",
    "made_by",
    "origin_by",
    "preset",
    "proposed",
    "script",
    "stays",
    "stays_by_batch",
]
