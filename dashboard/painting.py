"""What can colour the cells of a run, and the values behind a choice such as "gene:CD3E"."""

import numpy as np

from core.errors import UserError
from core.figures import Colour
from core.store import clusters_of
from core.words import near

CLUSTERS, SPLIT = "clusters", "split"
SPLIT_NAMES = ("train", "valid", "test")  # in the order of split.npy
SHOWN = 30  # options of a kind offered at once; typing narrows them


def colour_options(view, run, text, chosen):
    """Options for the colour picker that match `text`: the clusters and the split, obs columns, proteins, genes.

    The option chosen now is always among them, so that the picker can show it.
    """
    shelf, wanted = view.shelf(run["dataset"]), text.strip().lower()
    found = [{"label": "Leiden clusters of the latent space", "value": CLUSTERS}]
    found.append({"label": "Training, validation and test cells", "value": SPLIT})
    found += [{"label": f"{c['name']} (obs)", "value": f"obs:{c['name']}"} for c in shelf.columns()]
    proteins = view.dataset(run["dataset"])["record"]["proteins"]
    found += [{"label": f"{name} (protein)", "value": f"protein:{name}"} for name in proteins]
    found = [o for o in found if wanted in o["label"].lower()]
    genes = shelf.genes()["names"]
    matching = sorted(
        (g for g in genes if wanted in g.lower()), key=lambda g: (not g.lower().startswith(wanted), len(g))
    )
    found += [
        {"label": f"{name} (gene)", "value": f"gene:{name}"}
        for name in (matching if wanted else genes)[:SHOWN]
    ]
    if chosen not in [o["value"] for o in found]:
        kind, _, name = chosen.partition(":")
        found.insert(
            0,
            {"label": f"{name} ({kind})" if name else "Leiden clusters of the latent space", "value": chosen},
        )
    return found


def colour_of(view, run, chosen, resolution):
    """The Colour of every cell for a choice; raises UserError where it names nothing, with the nearest names."""
    shelf = view.shelf(run["dataset"])
    kind, _, name = chosen.partition(":")
    if kind == CLUSTERS:
        labels = np.asarray(view.array(run["id"], clusters_of(resolution)))
        names = tuple(str(i) for i in range(int(labels.max()) + 1))
        return Colour(
            "cluster", labels, names, f"Leiden on the latent's neighbours, resolution {resolution:g}"
        )
    if kind == SPLIT:
        return Colour("set", np.asarray(view.array(run["id"], "split")).astype(int), SPLIT_NAMES, "")
    if kind == "obs":
        return _obs_colour(shelf, name)
    if kind == "protein":
        proteins = view.dataset(run["dataset"])["record"]["proteins"]
        if name in proteins:
            return Colour(
                name, np.log1p(shelf.protein(proteins.index(name))), None, "log1p of protein counts"
            )
    if kind == "gene":
        genes = shelf.genes()
        if name in genes["names"]:
            return Colour(name, shelf.gene(genes["names"].index(name)), None, genes["words"])
        close = ", ".join(near(name, genes["names"]))
        raise UserError(f"There is no gene '{name}' here" + (f"; near: {close}." if close else "."))
    raise UserError(f"There is no {kind or 'colour'} '{name}' in this data set.")


def _obs_colour(shelf, name):
    try:
        entry, values = shelf.column(name)
    except KeyError:
        raise UserError(f"There is no obs column '{name}' in this data set.") from None
    if entry["kind"] == "number":
        return Colour(name, values, None, "as in the file")
    return Colour(name, values, tuple(entry["categories"]), "as in the file")
