"""What can colour the cells of a run, and the values behind a choice such as "gene:CD3E"."""

import json
from functools import lru_cache

import numpy as np

from core.analysis.cell_types import UNKNOWN
from core.analysis.metrics.descriptions import CELL_SCORES, CONSISTENCY
from core.config import RESOLUTIONS, SPLIT_NAMES, run_files
from core.config.dataset_record import DatasetRecord
from core.config.run_files import clusters_of, company_of
from core.data.gene_suggestions import similar_genes
from core.data.standalone.gene_lookup import find_genes
from core.errors import UserError
from core.figures import Colour, leiden_colour, named_colour, theme_colours
from core.store import Missing
from core.store.dataset_folder import DatasetFolder
from core.text import listed
from dashboard.pages.clusters.links import BETWEEN

# The words are in links and saved bundles, so they stay.
CLUSTERS, SPLIT, MADE, SEED_CONSISTENCY = "clusters", "split", "made", "company"
SUGGESTED = "suggested"
EACH = "each"  # several features, each on a map of its own: "each:gene:CD3E~protein:CD3"
MOST_FEATURES = 9  # of them
CELL_MEASURES = {
    "counts": ("counts per cell", "counts, all genes"),
    "genes": ("genes per cell", "genes above 0"),
    "top20": ("share of the 20 highest genes", "% of a cell's counts"),
    "mito": ("mitochondrial share", "% of a cell's counts"),
    "ribo": ("ribosomal share", "% of a cell's counts"),
    "haemo": ("haemoglobin share", "% of a cell's counts"),
}
NO_CLUSTERS = (
    f"There are no clusters at this resolution. Choose one from {RESOLUTIONS[0]:g} to {RESOLUTIONS[-1]:g}."
)
NO_SEEDS = "No seeds were compared for this run yet. Train it with other seeds under Scores."
LATENT_UNIT = "latent coordinate, no unit"


def _option(choice):
    return {"label": label(choice), "value": choice}


def groupings(view, run):
    """Options for groups of cells: Leiden clusters, clusterings made by people, and categorical obs columns."""
    columns = [c["name"] for c in view.datasets.folder(run["dataset"]).columns() if c["kind"] == "category"]
    suggested = [_option(SUGGESTED)] if suggested_types(view, run) else []
    return [
        _option(CLUSTERS),
        *suggested,
        *clusterings(view, run),
        *(_option(f"obs:{name}") for name in columns),
    ]


def clusterings(view, run):
    """Options for the clusterings that people have made of a run's cells."""
    return [
        {"label": f"{row['title']} (clusters)", "value": f"{MADE}:{row['line']}"}
        for row in view.clusterings.all(run["id"])
    ]


def label(choice):
    """The label of a choice in a picker."""
    kind, _, name = choice.partition(":")
    if kind == CLUSTERS:
        return "Leiden clusters of the latent space"
    if kind == MADE:
        return "cluster"  # `clusterings` knows its title
    if kind == SUGGESTED:
        return "Suggested cell types (clusters)"
    if kind == SPLIT:
        return "Training, validation and test cells"
    if kind == SEED_CONSISTENCY:
        return f"{CONSISTENCY.title} (stability)"
    if kind == "mean":
        return f"Mean of {listed(name.split(','))} (genes)"
    if kind == EACH:
        return f"One map each of {listed([label(feature) for feature in features_of(choice)])}"
    if kind == "latent":
        return f"latent {name} (dimension)"
    if kind == "table":
        key, _, column = name.partition(":")
        return f"{column} ({key})"
    if kind == "cell":
        return f"{CELL_MEASURES.get(name, (name,))[0]} (quality)"
    if kind == "score" and name in CELL_SCORES:
        return f"{CELL_SCORES[name].title} (score per cell)"
    return f"{name} ({kind})"


def features_of(choice):
    """The choices of a choice of several features that have a map each; none of any other choice."""
    kind, _, features = choice.partition(":")
    return [one for one in features.split(BETWEEN) if one][:MOST_FEATURES] if kind == EACH else []


def colour_of(view, run, chosen, resolution):
    """The Colour of the cells for a choice; raises UserError where it does not exist, with similar names."""
    dataset = view.datasets.folder(run["dataset"])
    kind, _, name = chosen.partition(":")
    if kind == CLUSTERS:
        return leiden_colour(_at(view, run, clusters_of, resolution, NO_CLUSTERS), resolution)
    if kind == SUGGESTED:
        return _suggested_colour(view, run)
    if kind == SPLIT:
        return Colour("set", np.asarray(view.results.array(run["id"], "split")).astype(int), SPLIT_NAMES, "")
    if kind == MADE:
        return _clustering_colour(view, run, name)
    if kind == SEED_CONSISTENCY:
        return consistency(view, run, resolution)
    if kind == "obs":
        return _obs_colour(dataset, name)
    if kind == "protein":
        proteins = DatasetRecord.of(view.datasets.one(run["dataset"])).proteins
        if name in proteins:
            return Colour(
                name, np.log1p(dataset.protein(proteins.index(name))), None, "log1p of protein counts"
            )
    if kind == "table":
        return _table_colour(dataset, name)
    if kind in ("gene", "mean"):
        return _gene_colour(dataset, name.split(",") if kind == "mean" else [name])
    if kind == "cell" and name in CELL_MEASURES and (values := dataset.measured().get(name)) is not None:
        return Colour(CELL_MEASURES[name][0], values, None, CELL_MEASURES[name][1])
    if kind == "latent" and name.isdecimal() and 1 <= int(name) <= run["config"]["n_latent"]:
        values = view.results.array(run["id"], "latent")[:, int(name) - 1]
        return Colour(f"latent {name}", np.array(values), None, LATENT_UNIT)
    if kind == "score" and name in view.results.names(run["id"], "per_cell"):
        title, unit = CELL_SCORES[name][:2] if name in CELL_SCORES else (name, "score per cell")
        return Colour(title, np.array(view.results.array(run["id"], f"per_cell/{name}")), None, unit)
    if kind == EACH:
        raise UserError("These are several features. Choose one of them.")
    raise UserError(f"There is no {kind or 'colour'} '{name}' in this dataset.")


def version(view, run, choice):
    """A text that changes with the values behind a choice, where people can change them; "" where they stay."""
    kind, _, line = choice.partition(":")
    try:
        return view.clusterings.one(run["id"], line)["id"] if kind == MADE else ""
    except Missing:
        return ""


def _at(view, run, name_of, resolution, message):
    """The array of a run at a resolution; raises UserError with `message` for a resolution that was not computed."""
    values = view.results.array(run["id"], name_of(resolution))
    if values is None:
        raise UserError(message)
    return values


def consistency(view, run, resolution):
    """The Colour of each cell's co-clustering consistency across seeds; raises UserError before seeds are compared."""
    values = _at(view, run, company_of, resolution, NO_SEEDS)
    unit = f"1: same cluster members with every seed, at resolution {resolution:g}"
    return Colour(CONSISTENCY.title, np.array(values), None, unit)


def _gene_colour(dataset, names):
    genes = dataset.genes()
    for name, gene in zip(names, find_genes(names, genes["names"]), strict=True):
        if gene is None:
            close = ", ".join(similar_genes(name, genes["names"]))
            raise UserError(
                f"There is no gene '{name}' in this dataset"
                + (f". Similar names: {close}." if close else ".")
            )
    names = find_genes(names, genes["names"])
    values = _gene_values(dataset.folder, tuple(genes["names"].index(name) for name in names))
    title = names[0] if len(names) == 1 else f"mean of {listed(names)}"
    return Colour(title, values, None, genes["words"])


# The legends of a large plot and the colours of its cells are requests one after the other.
@lru_cache(maxsize=MOST_FEATURES + 1)
def _gene_values(folder, genes):
    """(cells,) float32, read-only: the values of a gene of a dataset folder, or the mean of several (their columns)."""
    first, *others = genes
    values = DatasetFolder(folder).gene(first)
    for gene in others:
        values += DatasetFolder(folder).gene(gene)
    if others:
        values = values / len(genes)
    values.flags.writeable = False
    return values


def suggested_types(view, run):
    """What the worker suggests for the clusters after training (core.worker.jobs.after_training), or None."""
    try:
        return json.loads(view.results.file(run["id"], run_files.SUGGESTED).read_text())
    except Missing:
        return None


def _suggested_colour(view, run):
    """The suggested cell type of each cell's cluster; clusters of the same type have one colour, unknown ones are grey."""
    record = suggested_types(view, run)
    if record is None:
        raise UserError(
            "There are no suggested cell types for this run yet. Wait for them, or find markers first."
        )
    clusters = _at(view, run, clusters_of, record["resolution"], NO_CLUSTERS)
    names = sorted({*record["names"]} - {UNKNOWN}) + [UNKNOWN] * (UNKNOWN in record["names"])
    codes = np.array([names.index(name) for name in record["names"]])[np.asarray(clusters)]
    unit = f"markers of {record['title']}"
    return named_colour("suggested cell type", names, codes, unit, {UNKNOWN: theme_colours("light").missing})


def _clustering_colour(view, run, line):
    """The newest version of a clustering made by a person, with the colours chosen for its groups."""
    try:
        row = view.clusterings.one(run["id"], line)
    except Missing as gone:  # in a link, for example: the run exists, so its page is shown
        raise UserError(str(gone)) from None
    groups = view.groups.one(run["id"], row["groups"])
    return named_colour(row["title"], groups.names, groups.codes, groups.words, row["colours"])


def _table_colour(dataset, name):
    """The Colour of a column of a table in obsm, such as "HTO:HTO-1": log1p of counts, other values as they are."""
    places = [(t["name"], column) for t in dataset.tables() for column in t["columns"]]
    for key, column in places:
        if f"{key}:{column}" == name:
            entry, values = dataset.table_column(key, column)
            if entry["counts"]:
                return Colour(column, np.log1p(values), None, f"log1p of counts in obsm['{key}']")
            return Colour(column, values, None, f"obsm['{key}'] of the file")
    raise UserError(f"No table in obsm of this dataset has a column '{name}'.")


def _obs_colour(dataset, name):
    try:
        entry, values = dataset.column(name)
    except KeyError:
        raise UserError(f"There is no obs column '{name}' in this dataset.") from None
    if entry["kind"] == "number":
        return Colour(name, values, None, "from the file")
    return Colour(name, values, tuple(entry["categories"]), "from the file")
