"""The steps that change the cells, genes or values of a dataset: their names, labels and sentences.

The function of a step is named as text, so that the web process knows all steps without loading scanpy.
"""

from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from core.errors import UserError
from core.preprocessing.recipe.step_parameters import (
    EARLIER_RATE,
    AssignHashtags,
    FilterCells,
    FilterGenes,
    Nothing,
    ScoreCellCycle,
    ScoreDoublets,
    UndoLog,
)


class Step(NamedTuple):
    """`label` is the text of the button, `sentence` says what the step will do; `make` is "module:function"."""

    label: str
    sentence: str
    make: str  # (AnnData, **parameters) -> (a new AnnData, one sentence on the result)
    params: type[BaseModel] = Nothing
    settle: str = ""  # (AnnData, parameters) -> parameters with the open ones set from the data; "" for none
    repair: bool = False  # offered by the data checks
    whole: bool = False  # needs all values in memory; the others go over blocks of cells

    def record(self) -> dict[str, str]:
        return {"label": self.label, "sentence": self.sentence}


def _repair(label, sentence, name, module="repairs", **more):
    return Step(label, sentence, f"core.preprocessing.steps.{module}:{name}", repair=True, **more)


STEPS: dict[str, Step] = {
    "transpose": _repair(
        "Transpose", "Exchanges rows and columns, so that the rows are cells.", "transpose", whole=True
    ),
    "use_raw": _repair("Use .raw", "Replaces X by .raw, with all of its genes.", "use_raw"),
    "drop_not_finite": _repair(
        "Remove missing values",
        "Removes the genes with missing or infinite values, or the cells with them, whichever is the smaller share.",
        "drop_not_finite",
        "missing_values",
    ),
    "zero_not_finite": _repair(
        "Replace missing values with 0",
        "Sets each missing or infinite value to 0. This is right only where a missing value means that the gene was not detected.",
        "zero_not_finite",
        "missing_values",
    ),
    "undo_log": _repair(
        "Undo the log transform",
        "Inverts the log transform, and restores whole counts where possible.",
        "undo_log",
        "undo_log",
        params=UndoLog,
        settle="core.preprocessing.steps.undo_log:settle_way",
        whole=True,
    ),
    "unique_names": _repair(
        "Make names unique",
        "Renames genes that share a name to symbol-ENSG, or adds a number.",
        "unique_names",
        "gene_names",
    ),
    "use_symbols": _repair(
        "Name genes by symbol", "Names genes by the symbols in var.", "use_symbols", "gene_names"
    ),
    "drop_versions": _repair(
        "Remove Ensembl versions",
        "Changes ENSG00000141510.18 to ENSG00000141510.",
        "drop_versions",
        "gene_names",
    ),
    "drop_genomes": _repair(
        "Remove genome prefixes", "Changes GRCh38_CD3E to CD3E.", "drop_genomes", "gene_names"
    ),
    "restore_date_genes": _repair(
        "Restore genes named by dates",
        "Changes names such as 9-Sep to the likely gene, SEPTIN9. Of several genes with one date none is changed.",
        "restore_date_genes",
        "gene_names",
    ),
    "restore_dates_mtarc_first": _repair(
        "Restore dates, MTARC first",
        "Of two genes named 1-Mar the first becomes MTARC1 (MARC1), the second MARCHF1, as in a list by alphabet.",
        "restore_dates_mtarc_first",
        "gene_names",
    ),
    "restore_dates_marchf_first": _repair(
        "Restore dates, MARCHF first",
        "Of two genes named 1-Mar the first becomes MARCHF1, the second MTARC1 (MARC1).",
        "restore_dates_marchf_first",
        "gene_names",
    ),
    "drop_empty_cells": _repair("Remove empty cells", "Removes cells without any count.", "drop_empty_cells"),
    "split_proteins": _repair(
        "Move antibodies to proteins",
        "Moves antibodies from the genes to the proteins of the dataset.",
        "split_proteins",
    ),
    "restore_counts": _repair(
        "Restore counts",
        "Multiplies the values of each cell by the factor that makes all of them whole numbers.",
        "restore_counts",
        "restore_counts",
        whole=True,
    ),
    "round_counts": _repair(
        "Round to whole numbers",
        "Rounds corrected or estimated counts to whole numbers.",
        "round_counts",
        "restore_counts",
        whole=True,
    ),
    "undo_log_in_some_cells": _repair(
        "Undo the log in some cells",
        "Inverts the log transform in the cells that hold fractions, and restores their counts.",
        "undo_log_in_some_cells",
        "restore_counts",
        whole=True,
    ),
    "drop_cells_with_fractions": _repair(
        "Remove cells with fractions",
        "Keeps the cells whose values are whole numbers.",
        "drop_cells_with_fractions",
        "restore_counts",
    ),
    "drop_unmeasured_cells": _repair(
        "Remove cells without proteins",
        "Removes the cells whose protein values are missing.",
        "drop_unmeasured_cells",
    ),
    "mask_proteins": _repair(
        "Mask missing proteins",
        "Keeps all cells; protein values that are missing are left out of the loss, and the model predicts them.",
        "mask_proteins",
    ),
    "drop_proteins": _repair(
        "Remove the proteins", "Keeps all cells, and trains on RNA alone.", "drop_proteins"
    ),
    "assign_hashtags": _repair(
        "Assign samples by hashtags",
        "Names the sample of each cell, doublets between samples, and cells without a hashtag, in columns of obs.",
        "assign_hashtags",
        "hashtags",
        params=AssignHashtags,
        settle="core.preprocessing.steps.hashtags:settle_hashtags",
    ),
    "drop_hashtag_doublets": _repair(
        "Remove doublets between samples",
        "Removes the cells that hold the hashtags of two samples.",
        "drop_hashtag_doublets",
        "hashtags",
    ),
    "drop_hashtag_negatives": _repair(
        "Remove cells without a hashtag",
        "Removes the cells in which no hashtag is above its background.",
        "drop_hashtag_negatives",
        "hashtags",
    ),
    "filter_cells": Step(
        "Filter cells",
        "Removes cells outside the limits.",
        "core.preprocessing.steps.filters:filter_cells",
        FilterCells,
        "core.preprocessing.steps.filters:settle_limits",
    ),
    "filter_genes": Step(
        "Filter genes",
        "Removes genes found in fewer cells than the limit.",
        "core.preprocessing.steps.filters:filter_genes",
        FilterGenes,
    ),
    "score_doublets": Step(
        "Score doublets",
        "Scrublet simulates doublets from pairs of cells and scores how similar each cell is to them.",
        "core.preprocessing.steps.doublets_and_cycle:score_doublets",
        ScoreDoublets,
        whole=True,
    ),
    "score_cell_cycle": Step(
        "Score the cell cycle",
        "Scores S and G2/M of each cell by the genes of Tirosh 2016, and assigns a phase.",
        "core.preprocessing.steps.doublets_and_cycle:score_cell_cycle",
        ScoreCellCycle,
        whole=True,
    ),
}


class Chosen(NamedTuple):
    """A step with checked parameters."""

    name: str
    params: BaseModel

    def record(self) -> dict[str, Any]:
        """{"name", "params"} for JSON, without parameters that have their default."""
        return {"name": self.name, "params": self.params.record()}


def upgraded(record: dict[str, Any]) -> dict[str, Any]:
    """A recorded step of this version or an earlier one as {"name", "params"} that give the same result."""
    name, params = record["name"], record.get("params") or {}
    if (
        name == "score_doublets"
        and isinstance(params, dict)
        and not {"expected_rate", "per_thousand"} & params.keys()
    ):
        params = params | {"expected_rate": EARLIER_RATE}
    return {"name": name, "params": params}


def chosen(record: Any) -> Chosen:
    """A Chosen from {"name", "params"}; raises UserError for an unknown step or parameter."""
    if not isinstance(record, dict) or not isinstance(record.get("name"), str):
        raise UserError('A step is written as {"name": ..., "params": {...}}: see an exported recipe.')
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
    """The origin of a dataset that these steps made from one of `origin`."""
    return f"{made_by(names)} by {', '.join(names)} from {origin}"


def made_by(names) -> str:
    """What these steps do: "repaired" or "filtered"."""
    return "repaired" if all(STEPS[name].repair for name in names) else "filtered"


def _sentence(step, error):
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{step.label}: {f'{where}: ' if where else ''}{message[:1].lower()}{message[1:]}."
