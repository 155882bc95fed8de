"""A recipe: a named, ordered list of steps, and the settings with which what they leave is prepared."""

import json
from typing import Any

from core import config
from core.errors import UserError
from core.preprocessing.recipe.steps import Chosen, chosen

VERSION = 1
MOST_STEPS = 100


class Recipe:
    """`steps` change the dataset, in this order; `settings` is the prepare part of a RunConfig as {field: value}.

    Raises UserError where a step, a parameter or a setting does not exist or is not allowed.
    """

    def __init__(self, name: str, steps=(), settings: dict[str, Any] | None = None):
        self.name = str(name).strip()[:200] or "recipe"
        self.steps: tuple[Chosen, ...] = tuple(chosen(step) for step in steps)
        known = {spec.name for spec in config.specs(config.PREPARE)}
        settings = config.upgraded(settings or {})
        if strange := sorted(set(settings) - known):
            raise UserError(
                f"'{strange[0]}' is no setting of preprocessing: a recipe may set {', '.join(sorted(known))}."
            )
        parsed = config.parse(settings)
        self.settings = {name: getattr(parsed, name) for name in sorted(known)}

    def record(self) -> dict[str, Any]:
        """The recipe as JSON can hold it, the same again by `Recipe(**)` of its parts."""
        return {"name": self.name, "steps": [step.record() for step in self.steps], "settings": self.settings}

    def to_json(self) -> str:
        """The recipe as a file."""
        return json.dumps({"nuwa_recipe": VERSION} | self.record(), indent=2) + "\n"


def from_json(text: str | bytes) -> Recipe:
    """The Recipe of a file that `to_json` wrote; raises UserError, one sentence, where it is none."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError("This file is no recipe: it does not hold JSON.") from None
    if not isinstance(told, dict) or told.get("nuwa_recipe") != VERSION:
        raise UserError(
            f'This file is no recipe that this Nuwa knows: it should begin with "nuwa_recipe": {VERSION}.'
        )
    if strange := set(told) - {"nuwa_recipe", "name", "steps", "settings"}:
        raise UserError(
            f"A recipe has a name, steps and settings, and no '{sorted(strange)[0]}': leave it out."
        )
    steps, settings = told.get("steps", []), told.get("settings", {})
    if not isinstance(steps, list) or not isinstance(settings, dict):
        raise UserError(
            "The steps of a recipe are a list and its settings are {name: value}: export one to see."
        )
    if len(steps) > MOST_STEPS:
        raise UserError(f"A recipe has at most {MOST_STEPS} steps, and this one has {len(steps):,}.")
    return Recipe(told.get("name", "recipe"), steps, settings)


PRESETS = {
    "scRNA-seq": "Leaves out cells far from the others and genes in fewer than 3 cells; then the recommended settings.",
    "CITE-seq": "The same, and CLR for the proteins.",
    "as is": "All cells, all genes, and the values as they are: nothing is normalised, logged, chosen or scaled.",
}


def preset(name: str, batch: str | None = None) -> Recipe:
    """One of the PRESETS; limits on cells are left to the data it meets.

    `batch` is an obs column of batches: each then has limits of its own, and the model is told of it.
    """
    if name not in PRESETS:
        raise UserError(f"There is no preset '{name}': choose one of {', '.join(PRESETS)}.")
    if name == "as is":
        off = {s.name: False for s in config.specs(config.PREPARE) if s.kind == "bool" and s.default is True}
        return Recipe(name, (), off | {"n_top_genes": 0, "protein_transform": "none"})
    by = {"batch_key": batch} if batch else {}
    steps = ({"name": "filter_cells", "params": by}, {"name": "filter_genes"})
    return Recipe(name, steps, by | {"protein_transform": "clr" if name == "CITE-seq" else "none"})
