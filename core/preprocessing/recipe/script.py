"""A recipe as a script that runs with scanpy alone and makes the matrix that a model would see."""

import json
from typing import NamedTuple

from core.config import CHOOSING
from core.config.dataset_record import DatasetRecord
from core.errors import UserError
from core.preprocessing.recipe import script_genes, script_steps
from core.preprocessing.recipe.recipe import Recipe
from core.preprocessing.recipe.script_files import in_order, text_of
from core.preprocessing.recipe.script_proteins import protein_part
from core.preprocessing.recipe.script_text import (
    BEGIN,
    CELLS,
    FORM,
    HEAD,
    OFFERED,
    OWN,
    TRAIN_CELLS,
    TRAIN_GROUPS,
    VALUES,
    VARIES,
)


class Start(NamedTuple):
    """The dataset before the steps: its file in the person's words, whether scanpy reads that, and how large it is."""

    name: str
    own: bool
    cells: int
    genes: int
    counts_where: str | None = None  # the place of the counts, which a person may have had to name


KNOWN = {
    "normalize",
    "target_sum",
    "log1p",
    "scale",
    "scale_exponent",
    "gene_transform",
    "clip",
    "modalities",
    "protein_transform",
    "batch_key",
} | {*CHOOSING}


def script(
    recipe: Recipe, record: DatasetRecord | dict, config, file: str = "recipe.py", start: Start | None = None
) -> str:
    """The script of a recipe; `record` is that of the dataset after its steps, `config` has the split and the seed.

    Raises UserError where a script with scanpy alone would not give the same matrix: the sentence says why.
    """
    record = DatasetRecord.upgraded(record)
    if not record.counts_where:
        raise UserError(
            "A script needs raw counts in the dataset, and this one has none after its steps: take the JSON."
        )
    steps = [_settled(step, record) for step in recipe.steps]
    proteins = protein_part(recipe.settings["protein_transform"], record)
    files = [
        "count_places",
        "hashtags",
        *script_steps.files(steps),
        *script_genes.files(recipe.settings),
    ]
    files += [*proteins.files, *(["held_out_groups"] if config.split_by else [])]
    head = HEAD.format(
        title=recipe.name.replace('"""', "'''").replace("\\", "/"),
        file=file,
        start=_start(start),
        shape=(start.cells, start.genes) if start else None,
        counts=repr(start.counts_where if start else None),
        settings=_literal({name: recipe.settings[name] for name in sorted(KNOWN)}),
        split=(config.seed, config.train_share, config.valid_share, config.split_by),
        left_out=_literal(list(record.proteins_left_out)),
        genes_used=script_genes.constants(recipe.settings, steps),
    )
    science = "\n\n".join(text_of(name) for name in in_order(files))
    lines = "\n".join(script_steps.calls(steps))
    return (
        f"{head}{FORM}\n\n{science}{script_steps.code(steps)}{BEGIN}{lines}{CELLS}{TRAIN_GROUPS if config.split_by else TRAIN_CELLS}{VARIES}"
        f"{script_genes.code(recipe.settings)}{proteins.code}{VALUES}"
    )


def _start(start):
    if start is None:
        return "IN is the dataset before the steps, as .h5ad."
    name = start.name.replace('"""', "'''").replace("\\", "/")
    return OWN.format(name=name) if start.own else OFFERED.format(name=f" ({name})")


def _settled(step, record):
    """The step; raises UserError where it leaves to the data what no script can know."""
    params = step.params
    open_limits = step.name == "filter_cells" and params.limits is None and not params.batches
    open_place = (step.name == "undo_log" and params.way is None) or (
        step.name == "assign_hashtags" and params.hashtags is None
    )
    if open_limits or open_place:
        raise UserError(
            "This recipe leaves its limits to the data: do its steps first, and take the script of what they make."
        )
    if step.name == "filter_cells" and params.columns is None:  # a recipe of an earlier Nuwa
        params = params.model_copy(update={"columns": record.quality_columns or {}})
    return step._replace(params=params)


def _literal(value):
    json.dumps(value)  # plain values alone: their repr is Python
    return repr(value)
