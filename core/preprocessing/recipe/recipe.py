"""A recipe: a named, ordered list of steps, and the settings to preprocess their result with."""

import json
from typing import Any

from core import config
from core.errors import UserError
from core.preprocessing.recipe.steps import Chosen, chosen, upgraded

VERSION = 1
MOST_STEPS = 100


class Recipe:
    """`steps` change the dataset, in this order; `settings` is the preprocessing part of a RunConfig as {field: value}.

    Raises UserError where a step, a parameter or a setting does not exist or is not allowed.
    """

    def __init__(self, name: str, steps=(), settings: dict[str, Any] | None = None):
        self.name = str(name).strip()[:200] or "recipe"
        self.steps: tuple[Chosen, ...] = tuple(chosen(step) for step in steps)
        known = {spec.name for spec in config.specs(config.PREPARE)}
        settings = config.upgraded(settings or {})
        if unknown := sorted(set(settings) - known):
            raise UserError(
                f"'{unknown[0]}' is not a setting of preprocessing: a recipe may set {', '.join(sorted(known))}."
            )
        parsed = config.parse(settings)
        self.settings = {name: getattr(parsed, name) for name in sorted(known)}

    def record(self) -> dict[str, Any]:
        """The recipe for JSON; `Recipe(**record)` gives it back."""
        return {"name": self.name, "steps": [step.record() for step in self.steps], "settings": self.settings}

    def to_json(self) -> str:
        """The recipe as a file."""
        return json.dumps({"nuwa_recipe": VERSION} | self.record(), indent=2) + "\n"


def from_json(text: str | bytes) -> Recipe:
    """The Recipe of a file that `to_json` wrote; raises UserError for any other file."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError(
            "This file is not a recipe: it is not JSON. Choose a recipe that was exported as .json."
        ) from None
    if not isinstance(record, dict) or record.get("nuwa_recipe") != VERSION:
        raise UserError(
            f'This file is not a recipe of this version of Nuwa: it should contain "nuwa_recipe": {VERSION}.'
        )
    if unknown := set(record) - {"nuwa_recipe", "name", "steps", "settings"}:
        raise UserError(
            f"A recipe has a name, steps and settings, but no '{sorted(unknown)[0]}': remove it from the file."
        )
    steps, settings = record.get("steps", []), record.get("settings", {})
    if not isinstance(steps, list) or not isinstance(settings, dict):
        raise UserError(
            "The steps of a recipe are a list and its settings are {name: value}: see an exported recipe."
        )
    if len(steps) > MOST_STEPS:
        raise UserError(f"A recipe has at most {MOST_STEPS} steps, but this one has {len(steps):,}.")
    steps = [
        upgraded(step) if isinstance(step, dict) and isinstance(step.get("name"), str) else step
        for step in steps
    ]
    return Recipe(record.get("name", "recipe"), steps, settings)


PRESETS = {
    "scRNA-seq": "Removes outlier cells and genes found in fewer than 3 cells, then uses the recommended settings.",
    "CITE-seq": "The same, with CLR for the proteins.",
    "as is": "All cells, all genes and unchanged values: no normalisation, log transform, gene selection or scaling.",
}


def preset(name: str, batch: str | None = None) -> Recipe:
    """One of the PRESETS; limits on cells are suggested from the data it is applied to.

    `batch` is an obs column of batches: each has its own limits, and the column is the batch covariate of the model.
    """
    if name not in PRESETS:
        raise UserError(f"There is no preset '{name}': choose one of {', '.join(PRESETS)}.")
    if name == "as is":
        off = {s.name: False for s in config.specs(config.PREPARE) if s.kind == "bool" and s.default is True}
        return Recipe(name, (), off | {"n_top_genes": 0, "protein_transform": "none"})
    by = {"batch_key": batch} if batch else {}
    steps = ({"name": "filter_cells", "params": by}, {"name": "filter_genes"})
    return Recipe(name, steps, by | {"protein_transform": "clr" if name == "CITE-seq" else "none"})
