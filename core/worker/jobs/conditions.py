"""The job that compares two conditions within groups of cells, over samples."""

import importlib.metadata
from contextlib import suppress

import numpy as np

from core import files
from core.analysis import conditions, pseudobulk
from core.config.job_arguments import ConditionsArguments
from core.config.run_files import CONDITIONS_RECORD, CONDITIONS_TABLE
from core.errors import UserError
from core.export import tables
from core.store import groups as saved_groups

TOP = 20  # genes of a group on the page
LEVEL = 0.05  # of adjusted p, for the number of genes that differ


def compare_conditions(store, job, say):
    """Leave conditions.csv, a row a group and gene, and conditions.json: what was compared, and the first genes of each group.

    Raises UserError without counts, and where no group has the samples for a test.
    """
    arguments = ConditionsArguments.of_job(job)
    run = store.row("run", job["target"])
    folder, dataset = store.run_folder(run["id"]), store.dataset_folder(run["dataset"])
    if not dataset.has_counts():
        raise UserError("The dataset has no raw counts to add up by sample. Add a file with counts.")
    groups = saved_groups.read(folder, arguments.groups)
    entry, codes = _column(dataset, arguments.column)
    first, second = (_place(entry, arguments.column, value) for value in (arguments.first, arguments.second))
    condition = np.where(codes == first, 0, np.where(codes == second, 1, -1))
    units, samples, of_condition = conditions.units_of(_column(dataset, arguments.samples)[1], condition)
    say(f"Adding up the counts of each {arguments.samples}.", 0.05)
    blocks = dataset.gene_blocks(counts=True)
    totals, n_cells = pseudobulk.sums(blocks, groups.codes, units, len(groups.names), len(samples))
    compared = []
    for i, name in enumerate(groups.names):
        say(f"Comparing the conditions in {name}.", 0.1 + 0.9 * i / len(groups.names))
        compared.append(conditions.compare(totals[i], n_cells[i], samples, of_condition))
    if all(one.values is None for one in compared):
        raise UserError(
            f"No group has two samples with at least {pseudobulk.FEWEST_CELLS} cells in each of '{arguments.first}' and "
            f"'{arguments.second}'. p values need replicates: choose another column of samples, or coarser groups."
        )
    genes = dataset.genes()["names"]
    table_of(groups.names, compared, genes).write(folder / CONDITIONS_TABLE)
    words = conditions.words(
        *(arguments.column, arguments.first, arguments.second, arguments.samples),
        len(genes),
        importlib.metadata.version("pydeseq2"),
    )
    records = [record_of(*pair, genes) for pair in zip(groups.names, compared, strict=True)]
    record = arguments.record() | {"words": words, "of": groups.words, "compared": records}
    files.write_json(folder / CONDITIONS_RECORD, record)


def _column(dataset, name):
    """(entry, codes (cells,)) of a column of categories; raises UserError."""
    with suppress(KeyError):
        entry, codes = dataset.column(name)
        if entry["kind"] == "category":
            return entry, codes
    raise UserError(f"There is no obs column '{name}' with names. Choose another one.")


def _place(entry, column, value):
    if value not in entry["categories"]:
        raise UserError(f"The obs column '{column}' has no value '{value}'. Choose another one.")
    return entry["categories"].index(value)


def table_of(names, compared, genes):
    """The Table of conditions.csv: a row for each tested gene of each group."""
    columns = {"group": [], "gene": [], "samples": [], "samples_other": []}
    columns |= {measure: [] for measure in conditions.MEASURES}
    for name, one in zip(names, compared, strict=True):
        if one.values is None:
            continue
        tested = np.flatnonzero(~np.isnan(one.values[0]))
        columns["group"] += [name] * len(tested)
        columns["gene"] += [genes[i] for i in tested]
        for column, n in zip(("samples", "samples_other"), one.n_samples, strict=True):
            columns[column] += [n] * len(tested)
        for measure, values in zip(conditions.MEASURES, one.values[:, tested], strict=True):
            columns[measure] += ["" if np.isnan(v) else float(f"{v:.6g}") for v in values]
    return tables.Table(list(columns), list(columns.values()))


def record_of(name, one, genes):
    """What the page shows of a group: its samples, how many genes differ, and the first of them by p."""
    record = {"group": name, "samples": list(one.n_samples), "paired": one.paired, "tested": 0, "differ": 0}
    if one.values is None:
        return record | {"reason": conditions.NO_TEST, "top": []}
    fold, p, adjusted = (one.values[conditions.MEASURES.index(m)] for m in ("log2_fold", "p", "p_adjusted"))
    first = [int(i) for i in np.argsort(p, kind="stable") if not np.isnan(adjusted[i])][:TOP]
    return record | {
        "tested": int((~np.isnan(p)).sum()),
        "differ": int((adjusted < LEVEL).sum()),
        "reason": "",
        "top": [[genes[i], float(f"{fold[i]:.4g}"), float(f"{adjusted[i]:.3g}")] for i in first],
    }
