"""Apply the steps of a recipe: each makes a new AnnData with a record of the step; the source is never changed."""

import json
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from anndata import AnnData

from core import device
from core.data.backed import loaded
from core.errors import UserError
from core.preprocessing.recipe import STEPS, chosen

KEY = "nuwa_steps"  # in uns: one JSON object for each step, {"name", "params", "said", "before", "after"}, in order


def apply(adata: AnnData, steps: Iterable[Any], before_step: Callable[[int], None] | None = None) -> AnnData:
    """A new AnnData after the steps ({"name", "params"} each), with a record of each in `uns`; `adata` is not changed.

    Parameters that are left to the data are recorded with their values, so that the recorded steps give the same
    result. `before_step` is called with the index of each step. Raises UserError for an unknown step or parameter, and
    where a step does not apply.
    """
    done = made_before(adata)
    for index, (name, params) in enumerate([chosen(step) for step in steps]):
        if before_step:
            before_step(index)
        step, before = STEPS[name], numbers(adata)
        if step.whole:
            adata = loaded(adata, device.free_memory(), step.label)
        if step.settle:
            params = _named(step.settle)(adata, params)
        adata, sentence = _named(step.make)(adata, **dict(params))
        if not (adata.n_obs and adata.n_vars):
            raise UserError(
                f"{step.label}: no {'gene' if adata.n_obs else 'cell'} would be left. Choose wider limits."
            )
        # "said" is the name in files: the sentence on the result.
        record = {
            "name": name,
            "params": params.record(),
            "said": sentence,
        }
        done.append(record | {"before": before, "after": numbers(adata)})
    if done:
        adata.uns[KEY] = [json.dumps(one) for one in done]
    return adata


def made_before(adata: AnnData) -> list[dict[str, Any]]:
    """The steps that an AnnData has been through: [{"name", "params", "said", "before", "after"}]."""
    return [json.loads(str(one)) for one in adata.uns.get(KEY, [])]


def numbers(adata: AnnData) -> dict[str, int]:
    """The size of an AnnData, as shown before and after each step: {"cells", "genes", "proteins"}."""
    proteins = adata.obsm["protein"].shape[1] if "protein" in adata.obsm else 0
    return {"cells": adata.n_obs, "genes": adata.n_vars, "proteins": proteins}


def _named(text):
    module, _, name = text.partition(":")
    return getattr(import_module(module), name)
