"""What is computed after training before anybody asks: markers of the clusters, suggested cell types, quality of the spaces.

Each is a job of the slow lane with the lowest priority, whose process makes way for any work that a person asks for. It is
the job that the card's button would queue, so a press finds it or its result, and nothing is computed twice. After a training
with recommended settings a page waits for the suggested cell types, so they follow at once.
"""

from contextlib import suppress

import numpy as np

from core import files
from core.analysis import cell_types
from core.analysis.marker_measures import MEASURES
from core.config import DEFAULT_RESOLUTION
from core.config.dataset_record import DatasetRecord
from core.config.job_arguments import SpacesArguments
from core.config.run_files import SUGGESTED, clusters_of
from core.errors import UserError
from core.figures import leiden_colour
from core.store import Groups, Priority
from core.worker.jobs.group_cells import ranked

NAMED = 0.5  # of the cells: a tissue whose sets name fewer is not that of the dataset
MANY_TISSUES = "general"
SLOW = {"lane": "slow", "priority": Priority.AHEAD}
AT_ONCE = {"lane": "short", "priority": Priority.FOLLOWS}


def queue(store, job, run):
    """Queue all of it for an explored run, as the owner of the job that explored it."""
    view = store.of(job["owner"])
    order = AT_ONCE if view.recommended.has_started(run) else SLOW
    with suppress(UserError):  # one cluster, or too many: there are no markers
        view.groups.find_markers(run["id"], clusters(store, run["id"]), **order)
        view.jobs.once("suggest", run["id"], **order)
    view.jobs.once("spaces", run["id"], spaces_arguments(store, run), **SLOW)


def clusters(store, run_id):
    """The Groups of the clusters at the default resolution, the same as the page's."""
    labels = np.array(files.read_array(store.run_folder(run_id) / f"{clusters_of(DEFAULT_RESOLUTION)}.npy"))
    colour = leiden_colour(labels, DEFAULT_RESOLUTION)
    return Groups(list(colour.categories), labels, f"{colour.name}, {colour.unit}")


def spaces_arguments(store, run):
    """The arguments of a comparison of the spaces by what is known: the batch covariate, and labels where one column has them."""
    columns = DatasetRecord.of(store.row("dataset", run["dataset"])).columns
    labels = [column.name for column in columns if column.role == "labels" and column.kind == "category"]
    return SpacesArguments(
        labels=labels[0] if len(labels) == 1 else None,
        batches=run["config"].get("batch_key") or None,
        resolution=DEFAULT_RESOLUTION,
    )


def suggest(store, job, say):
    """Suggested cell types of the clusters, left as suggested.json: {"set", "title", "resolution", "names"}.

    "names" has one for each cluster, "unknown" where none is sure enough.
    """
    run = store.row("run", job["target"])
    groups = clusters(store, run["id"])
    key = store.of(job["owner"]).groups.keep(run["id"], groups)
    result = ranked(store, run["id"], key, say)
    folder, n_genes = store.run_folder(run["id"]), result["n_genes"]
    auc = np.array(files.read_array(folder / "markers" / f"{key}.npy"))[MEASURES.index("auc"), :, :n_genes]
    name, suggestions = likeliest_set(
        auc, store.dataset_folder(run["dataset"]).genes()["names"], result["sizes"]
    )
    files.write_json(
        folder / SUGGESTED,
        {
            "set": name,
            "title": cell_types.SETS[name],
            "resolution": DEFAULT_RESOLUTION,
            "names": [one.name for one in suggestions],
        },
    )


def likeliest_set(auc, genes, sizes):
    """(name of one of the shipped sets, its Suggestions): the tissue that names most cells, or the set of many tissues
    where none names half of them. Raises UserError where the genes are in no set.

    `auc` (groups, genes), `sizes` (groups,) cells.
    """
    found = {}
    for name in cell_types.SETS:
        try:
            suggestions = cell_types.suggest(auc, genes, cell_types.shipped(name))
        except UserError as error:
            problem = error
            continue
        known = [size for size, one in zip(sizes, suggestions, strict=True) if one.name != cell_types.UNKNOWN]
        found[name] = sum(known) / max(sum(sizes), 1), suggestions
    if not found:
        raise problem
    tissues = [name for name in found if name != MANY_TISSUES and found[name][0] >= NAMED]
    best = max(tissues, key=lambda name: found[name][0]) if tissues else MANY_TISSUES
    best = best if best in found else max(found, key=lambda name: found[name][0])
    return best, found[best][1]
