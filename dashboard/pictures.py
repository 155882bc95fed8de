"""The pictures of a run: which there are to be, which are drawn, which are under way."""

import numpy as np

from core import figures
from core.store import HARMONY


def names(run, k):
    """The names of the pictures a run has in k dimensions, the latent's first; 2 or 3 latent dimensions are their
    own picture."""
    end = "_3d" if k == 3 else ""
    latent = [] if run["config"]["n_latent"] in figures.DRAWN_DIRECTLY else [f"latent_umap{end}"]
    return [*latent, f"input_umap{end}", f"input_tsne{end}"]


def missing(view, run, k):
    """The names of those that are not drawn (yet)."""
    return [name for name in names(run, k) if view.array(run["id"], f"embeddings/{name}") is None]


def under_way(store, run_id, wanted):
    """Is one of these pictures of this run queued or being drawn?"""
    jobs = [*store.waiting("slow"), *store.working("slow")]
    return any(j["target"] == run_id and j["arguments"].get("name") in wanted for j in jobs)


def panels(store, view, run, k):
    """The Panels of a run in k dimensions, as far as they have been drawn."""
    arrays = {name: view.array(run["id"], f"embeddings/{name}") for name in names(run, k)}
    drawn = {name: np.asarray(points) for name, points in arrays.items() if points is not None}
    waiting = [name for name in arrays if name not in drawn]
    if k == 2 and not under_way(store, run["id"], waiting):
        waiting = []
    latent, axes = (np.asarray(view.array(run["id"], name)) for name in ("latent", "input_axes"))
    harmony = view.array(run["id"], HARMONY)
    harmony = None if harmony is None else np.asarray(harmony[:, :k])
    return figures.panels_of(latent, axes, drawn, k, waiting=waiting, harmony=harmony)
