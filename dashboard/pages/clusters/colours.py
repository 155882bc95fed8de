"""What can colour the cells of a run, and the values behind a choice such as "gene:CD3E"."""

from functools import lru_cache

import numpy as np

from core.analysis.metrics.descriptions import CELL_SCORES, CONSISTENCY
from core.config import DEFAULT_RESOLUTION, SPLIT_NAMES
from core.config.run_files import clusters_of, company_of
from core.errors import UserError
from core.figures import Colour, leiden_colour, named_colour
from core.store import Missing
from core.store.dataset_folder import DatasetFolder
from core.text import listed, near

CLUSTERS, SPLIT, MADE, KEPT = "clusters", "split", "made", "company"
SHOWN = 30  # options of a kind offered at once; typing narrows them
CELL_WORDS = {
    "counts": ("counts of a cell", "counts, all genes"),
    "genes": ("genes of a cell", "genes above 0"),
    "mito": ("mitochondrial share", "% of a cell's counts"),
    "ribo": ("ribosomal share", "% of a cell's counts"),
    "haemo": ("haemoglobin share", "% of a cell's counts"),
}
LATENT_WORDS = "the latent's own values, no unit"


def colour_options(view, run, text, chosen):
    """Options for the colour picker that match `text`: clusters, split, obs columns, numbers a cell, proteins, genes.

    Names with commas between them are offered as the mean of these genes, and where nothing matches, the nearest
    names. The option chosen now is always among them, so that the picker can show it.
    """
    shelf, wanted = view.datasets.folder(run["dataset"]), text.strip().lower()
    made = _made(view, run)
    found = [*(_option(choice) for choice in (CLUSTERS, SPLIT)), *made]
    if view.results.array(run["id"], company_of(DEFAULT_RESOLUTION)) is not None:
        found.append(_option(KEPT))
    found += [_option(f"obs:{c['name']}") for c in shelf.columns()]
    found += [_option(f"cell:{name}") for name in shelf.measured() if name in CELL_WORDS]
    found += [_option(f"score:{name}") for name in view.results.names(run["id"], "per_cell")]
    proteins = view.datasets.one(run["dataset"])["record"]["proteins"]
    found += [_option(f"protein:{name}") for name in proteins]
    found += [_option(f"latent:{i + 1}") for i in range(run["config"]["n_latent"])]
    found = [o for o in found if wanted in o["label"].lower()]
    genes = shelf.genes()["names"]
    matching = sorted(
        (g for g in genes if wanted in g.lower()), key=lambda g: (not g.lower().startswith(wanted), len(g))
    )
    found += [_option(f"gene:{name}") for name in (matching if wanted else genes)[:SHOWN]]
    if "," in text:
        found += _mean_of(text, genes)
    elif not found:
        words = text.strip()
        found = [{**_option(f"gene:{g}", f", near '{words}'"), "search": text} for g in near(words, genes)]
    if chosen not in [o["value"] for o in found]:
        found.insert(0, next((o for o in made if o["value"] == chosen), _option(chosen)))
    return found


def _option(choice, more=""):
    return {"label": label(choice) + more, "value": choice}


def groupings(view, run):
    """Options for what puts cells into groups: the clusters, and the obs columns of categories."""
    columns = [c["name"] for c in view.datasets.folder(run["dataset"]).columns() if c["kind"] == "category"]
    return [_option(CLUSTERS), *_made(view, run), *(_option(f"obs:{name}") for name in columns)]


def _made(view, run):
    """Options for the clusterings that people have made of a run's cells."""
    return [
        {"label": f"{row['title']} (clusters)", "value": f"{MADE}:{row['line']}"}
        for row in view.clusterings.all(run["id"])
    ]


def label(choice):
    """What a choice is called in a picker."""
    kind, _, name = choice.partition(":")
    if kind == CLUSTERS:
        return "Leiden clusters of the latent space"
    if kind == MADE:
        return "cluster"  # its title is known where the option is made
    if kind == SPLIT:
        return "Training, validation and test cells"
    if kind == KEPT:
        return f"{CONSISTENCY.title} (stability)"
    if kind == "mean":
        return f"Mean of {listed(name.split(','))} (genes)"
    if kind == "latent":
        return f"latent {name} (dimension)"
    if kind == "cell":
        return f"{CELL_WORDS.get(name, (name,))[0]} (quality)"
    if kind == "score" and name in CELL_SCORES:
        return f"{CELL_SCORES[name].title} (score a cell)"
    return f"{name} ({kind})"


def _mean_of(text, genes):
    """The option of the mean of the genes that `text` names, with commas between; none below two."""
    by_lower = {name.lower(): name for name in genes}
    asked = [part.strip() for part in text.split(",") if part.strip()]
    known = list(dict.fromkeys(by_lower[a.lower()] for a in asked if a.lower() in by_lower))
    return [{**_option(f"mean:{','.join(known)}"), "search": text}] if len(known) > 1 else []


def colour_of(view, run, chosen, resolution):
    """The Colour of every cell for a choice; raises UserError where it names nothing, with the nearest names."""
    shelf = view.datasets.folder(run["dataset"])
    kind, _, name = chosen.partition(":")
    if kind == CLUSTERS:
        return leiden_colour(view.results.array(run["id"], clusters_of(resolution)), resolution)
    if kind == SPLIT:
        return Colour("set", np.asarray(view.results.array(run["id"], "split")).astype(int), SPLIT_NAMES, "")
    if kind == MADE:
        return _made_colour(view, run, name)
    if kind == KEPT:
        return company(view, run, resolution)
    if kind == "obs":
        return _obs_colour(shelf, name)
    if kind == "protein":
        proteins = view.datasets.one(run["dataset"])["record"]["proteins"]
        if name in proteins:
            return Colour(
                name, np.log1p(shelf.protein(proteins.index(name))), None, "log1p of protein counts"
            )
    if kind in ("gene", "mean"):
        return _gene_colour(shelf, name.split(",") if kind == "mean" else [name])
    if kind == "cell" and name in CELL_WORDS and (values := shelf.measured().get(name)) is not None:
        return Colour(CELL_WORDS[name][0], values, None, CELL_WORDS[name][1])
    if kind == "latent" and name.isdecimal() and 1 <= int(name) <= run["config"]["n_latent"]:
        values = view.results.array(run["id"], "latent")[:, int(name) - 1]
        return Colour(f"latent {name}", np.array(values), None, LATENT_WORDS)
    if kind == "score" and name in view.results.names(run["id"], "per_cell"):
        title, unit = CELL_SCORES[name][:2] if name in CELL_SCORES else (name, "a score a cell")
        return Colour(title, np.array(view.results.array(run["id"], f"per_cell/{name}")), None, unit)
    raise UserError(f"There is no {kind or 'colour'} '{name}' in this data set.")


def company(view, run, resolution):
    """The Colour of the company that each cell keeps over seeds; raises UserError before seeds were compared."""
    values = view.results.array(run["id"], company_of(resolution))
    if values is None:
        raise UserError("No seeds were compared for this run yet: train it with other seeds, under Judge.")
    words = f"1: the same company with every seed, at resolution {resolution:g}"
    return Colour(CONSISTENCY.title, np.array(values), None, words)


def _gene_colour(shelf, names):
    genes = shelf.genes()
    for name in names:
        if name not in genes["names"]:
            close = ", ".join(near(name, genes["names"]))
            raise UserError(f"There is no gene '{name}' here" + (f"; near: {close}." if close else "."))
    values = _gene_values(shelf.folder, tuple(genes["names"].index(name) for name in names))
    title = names[0] if len(names) == 1 else f"mean of {listed(names)}"
    return Colour(title, values, None, genes["words"])


@lru_cache(
    maxsize=2
)  # the legend of a large picture and the colours of its cells are two requests, one after the other
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


def _made_colour(view, run, line):
    """The newest version of a clustering that a person has made, in its own colours where some were chosen."""
    try:
        row = view.clusterings.one(run["id"], line)
    except Missing as gone:  # of a link, say: the run is there, and the page goes on
        raise UserError(str(gone)) from None
    groups = view.groups.one(run["id"], row["groups"])
    return named_colour(row["title"], groups.names, groups.codes, groups.words, row["colours"])


def _obs_colour(shelf, name):
    try:
        entry, values = shelf.column(name)
    except KeyError:
        raise UserError(f"There is no obs column '{name}' in this data set.") from None
    if entry["kind"] == "number":
        return Colour(name, values, None, "as in the file")
    return Colour(name, values, tuple(entry["categories"]), "as in the file")
