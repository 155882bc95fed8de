"""What the main button of the Preprocess page does with the controls as they stand: its steps, settings and label."""

from typing import NamedTuple

from dash import State
from pydantic import ValidationError

from core import config
from core.config import PREPARE
from core.config.dataset_record import DatasetRecord
from core.config.numbers import Number
from core.errors import UserError
from dashboard.components.batch_questions import questions
from dashboard.components.forms import SETTINGS, read_form
from dashboard.pages.preprocess import ids
from dashboard.pages.preprocess.batches import UNANSWERED
from dashboard.pages.preprocess.limits import LIMIT_FIELDS, cells_within, refuse_unreadable

MIN_CELLS = Number("Cells with the gene, at least", whole=True, low=1, high=10**9, unit="cells")
TRANSFORMS = {"clr": "CLR", "clr_cells": "CLR within cells", "dsb": "DSB", "none": "protein counts unchanged"}

# The controls that the button obeys, and the States that name those of a pattern, in the order of Controls.
CONTROLS = (
    (SETTINGS, "value"),
    (ids.QUALITY_LIMITS, "data"),
    (LIMIT_FIELDS, "value"),
    (ids.REMOVE_CELLS, "value"),
    (ids.REMOVE_GENES, "value"),
    (ids.MIN_CELLS, "value"),
    (ids.BATCH_SURE, "value"),
)
NAMES = (State(SETTINGS, "id"), State(LIMIT_FIELDS, "id"))


class Controls(NamedTuple):
    """The values of CONTROLS and NAMES."""

    settings: list
    limits: dict
    limit_texts: list
    removes_cells: bool
    removes_genes: bool
    min_cells: str
    batch_is_sure: bool
    setting_ids: list
    limit_ids: list


class Plan(NamedTuple):
    """The steps that come first, the settings of the preprocessing, and both in words."""

    steps: list
    settings: dict
    label: str


def plan(view, dataset_id, controls):
    """The Plan of the Controls; raises UserError with all that is wrong with them."""
    record = DatasetRecord.of(view.datasets.one(dataset_id))
    errors, results = [], []
    for part in (_settings, _cell_steps, _gene_steps):
        try:
            results.append(part(view, dataset_id, controls))
        except UserError as error:
            errors.append(str(error))
    if errors:
        raise UserError(" ".join(errors))
    settings, (n_removed, cell_steps), gene_steps = results
    if questions(view, dataset_id, settings["batch_key"]) and not controls.batch_is_sure:
        raise UserError(UNANSWERED)
    least = gene_steps[0]["params"]["min_cells"] if gene_steps else None
    return Plan([*cell_steps, *gene_steps], settings, label(record, settings, n_removed, least))


def _settings(view, dataset_id, controls):
    run = config.parse(read_form(controls.settings, controls.setting_ids, PREPARE))
    return settings_of(run)


def settings_of(run):
    """The settings of the preprocessing of a RunConfig."""
    return {spec.name: getattr(run, spec.name) for spec in config.specs(PREPARE)}


def _cell_steps(view, dataset_id, controls):
    """(number of cells that are removed, the step that does it as a list)."""
    if not controls.removes_cells:
        return 0, []
    refuse_unreadable(dict(zip((id["name"] for id in controls.limit_ids), controls.limit_texts, strict=True)))
    try:
        _, cells = cells_within(view, dataset_id, controls.limits)
    except ValidationError:
        raise UserError("A lowest limit is above its highest. Change the limits of the cells.") from None
    n_removed = int((~cells.within).sum())
    if n_removed == len(cells.within):
        raise UserError("No cell is within the limits. Change the limits of the cells.")
    return n_removed, [{"name": "filter_cells", "params": controls.limits}] if n_removed else []


def _gene_steps(view, dataset_id, controls):
    if not controls.removes_genes:
        return []
    return [{"name": "filter_genes", "params": {"min_cells": MIN_CELLS.read(controls.min_cells)}}]


def label(record, settings, n_removed=0, min_cells=None):
    """What preprocessing does, such as "remove 74 cells, normalise, 2,000 genes, batch 'donor'".

    `min_cells` is the number of cells below which a gene is removed; None: no gene is.
    """
    applicable = config.steps_for(record.kind, bool(record.proteins), bool(record.protein_background))
    kept = {
        name: value for name, value in settings.items() if name not in applicable or applicable[name].applies
    }
    parts = []
    if n_removed:
        parts.append(f"remove {n_removed:,} cell{'' if n_removed == 1 else 's'}")
    if min_cells is not None:
        parts.append(f"remove genes of fewer than {min_cells:,} cells")
    done = [("normalize", "normalise"), ("log1p", "log-transform"), ("scale", "scale")]
    changes = [text for name, text in done if kept.get(name)]
    if settings["gene_transform"] == "pearson":
        changes = ["Pearson residuals"]
    elif kept.get("scale") and settings["scale_exponent"] != 1:
        changes[-1] = f"scale (exponent {settings['scale_exponent']:g})"
    parts += changes or ["values unchanged"]
    if kept.get("modalities", "both") != "protein":
        n_genes = min(kept.get("n_top_genes") or record.genes, record.genes)
        parts.append(f"{n_genes:,} genes" if n_genes < record.genes else "all genes")
    if record.proteins and kept.get("modalities") != "rna":
        parts.append(TRANSFORMS[settings["protein_transform"]])
    batch = settings["batch_key"]
    parts.append(f"batch '{batch}'" if batch else "no batch")
    return ", ".join(parts)


def differs(plan, preparation):
    """Whether a Plan gives another result than a preparation (its row) is."""
    before = settings_of(config.parse(config.upgraded(preparation["settings"])))
    return bool(plan.steps) or plan.settings != before
