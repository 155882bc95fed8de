"""The embeddings that a run and its data set have, and the panel of each."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core import figures
from core.errors import UserError
from core.figures import Panel
from core.store import HARMONY
from dashboard.pages.clusters.viewer import mapped_layer

MADE = ("latent_umap", "latent_tsne", "input_umap", "input_tsne")  # by the worker, when somebody asks
OF_PROTEINS = {"protein_umap": 2, "protein_pca": 4}  # the same, and how many proteins it takes at least
KNOWN = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}
PAIR = re.compile(r"(latent|pca):(\d+),(\d+)")
NUMBERS = re.compile(r"\d+")


class Axes(NamedTuple):
    """How an embedding is called: the title of its panel, and its axes."""

    title: str
    x: str
    y: str
    z: str = ""


def first(run):
    """The key of the picture of the latent space itself."""
    return "latent" if run["config"]["n_latent"] in figures.DRAWN_DIRECTLY else "latent_umap"


def default(view, run):
    """The keys of the panels that are shown first: the latent space, then PCA, t-SNE and UMAP of the input.

    Of a run with batches Harmony stands beside PCA, in place of t-SNE.
    """
    third = "harmony" if view.array(run["id"], HARMONY) is not None else "input_tsne"
    return [first(run), "pca", third, "input_umap"]


def options(view, run, text="", chosen=None):
    """Options for the picker of a panel's embedding that match `text`; the one chosen now is among them.

    Two numbers in the text are two dimensions: "latent 3 7" or "PCA 1 3".
    """
    keys = list(dict.fromkeys([first(run), "latent_umap", "latent_tsne"]))
    n = run["config"]["n_latent"]
    if n >= 2:
        keys += [f"latent:{i},{i + 1}" for i in range(1, n, 2)]
    keys += ["pca", *default(view, run)[2:], "input_tsne"]
    keys += [key for key in OF_PROTEINS if _is_made(run, key)]
    keys = list(dict.fromkeys(keys))
    keys += [k for k in view.names(run["id"], "embeddings") if k not in keys and not k.endswith("_3d")]
    keys += [f"obsm:{s['name']}" for s in view.shelf(run["dataset"]).spaces()]
    keys += [
        f"run:{r['id']}"
        for r in view.runs()
        if r["dataset"] == run["dataset"] and r["explored"] == "ready" and r["id"] != run["id"]
    ]
    keys += mapped_layer.keys(view, run)
    wanted = (text or "").strip().lower()
    found = [{"label": label(view, run, key), "value": key} for key in keys]
    found = [o for o in found if wanted in o["label"].lower()]
    numbers = NUMBERS.findall(wanted)
    if len(numbers) == 2:
        space = "pca" if "pc" in wanted else "latent"
        key = f"{space}:{numbers[0]},{numbers[1]}"
        if key not in [o["value"] for o in found]:
            found.insert(0, {"label": label(view, run, key), "value": key, "search": text})
    if chosen and chosen not in [o["value"] for o in found]:
        found.insert(0, {"label": label(view, run, chosen), "value": chosen})
    return found


def label(view, run, key):
    """What an embedding is called in a picker and over its panel."""
    return named(view, run, key).title


def named(view, run, key, k=2):
    """The Axes of an embedding by its key, whether it is there or not."""
    kind, _, rest = key.partition(":")
    if pair := PAIR.fullmatch(key):
        space, i, j = pair.groups()
        if space == "latent":
            return Axes(f"Latent dimensions {i} and {j}", f"latent {i}", f"latent {j}")
        return Axes(f"Input, PCA, axes {i} and {j}", f"PC {i}", f"PC {j}")
    if key == "latent":
        return Axes("Latent space", *(f"latent {i}" for i in (1, 2, 3)))
    if key == "pca":
        return Axes("Input, PCA", *(f"PC {i}" for i in (1, 2, 3)))
    if key == "harmony":
        return Axes("Input, PCA, Harmony", *(f"Harmony {i}" for i in (1, 2, 3)))
    if key == "protein_pca":
        return Axes("Proteins, as prepared, PCA", *(f"PC {i}" for i in (1, 2, 3)))
    if kind == "obsm":
        return Axes(f"{rest} (of the file)", *(f"{rest} {i}" for i in (1, 2, 3)))
    if kind == "run":
        other = view.readable("run", rest)
        name = f"{other['name']} ({rest})" if other else rest
        own = other and first(other) == "latent"
        return Axes(f"Latent space of run {name}", *(f"{'latent' if own else 'UMAP'} {i}" for i in (1, 2, 3)))
    if kind == mapped_layer.KIND:
        return named(view, run, first(run), k)._replace(title=mapped_layer.title(view, run, rest))
    space, _, method = key.partition("_")
    method = KNOWN.get(method, method.replace("_", " "))
    space = {"latent": "Latent space", "input": "Input", "protein": "Proteins, as prepared"}.get(
        space, space.capitalize()
    )
    return Axes(f"{space}, {method}" if method else space, *(f"{method or space} {i}" for i in (1, 2, 3)))


def points(view, run, key, k=2):
    """(cells, 2 or 3) coordinates of an embedding, mapped from its file; None where it is not drawn (yet).

    Raises UserError where there is no such embedding, in words for the panel.
    """
    kind, _, rest = key.partition(":")
    if pair := PAIR.fullmatch(key):
        space, *columns = pair.groups()
        values = view.array(run["id"], "latent" if space == "latent" else "input_axes")
        columns = [int(c) - 1 for c in columns]
        if not all(0 <= c < values.shape[1] for c in columns):
            raise UserError(
                f"There are {values.shape[1]} {'latent dimensions' if space == 'latent' else 'axes'}."
            )
        return np.stack([values[:, c] for c in columns], axis=1)
    if key == "latent":
        values = view.array(run["id"], "latent")
        return values if values.shape[1] <= 3 else values[:, :k]
    if key == "pca":
        return view.array(run["id"], "input_axes")[:, :k]
    if key == "harmony":
        if (values := view.array(run["id"], HARMONY)) is None:
            raise UserError("This run has no batches, which Harmony mixes.")
        return values[:, :k]
    if kind == "obsm":
        return _of_file(view, run, rest, k)
    if kind == "run":
        other = view.readable("run", rest)
        if other is None or other["dataset"] != run["dataset"]:
            raise UserError("This run does not exist (any more).")
        return points(view, other, first(other), k)
    if kind == mapped_layer.KIND:  # its own cells; those over them are in the panel
        if k == 3:
            raise UserError("Mapped cells have places in two dimensions.")
        return points(view, run, first(run), k)
    if key in OF_PROTEINS and not _is_made(run, key):
        raise UserError(f"This picture takes {OF_PROTEINS[key]} proteins; the run has {_n_proteins(run)}.")
    name, made = f"{key}_3d" if k == 3 else key, _is_made(run, key)
    if not made and key not in view.names(run["id"], "embeddings"):
        raise UserError("There is no such embedding here.")
    found = view.array(run["id"], f"embeddings/{name}")
    if found is None and not made:
        raise UserError("This embedding has no third dimension.")
    return found


def _is_made(run, key):
    """Does the worker draw this embedding of the run when somebody asks for it?"""
    return key in MADE or (key in OF_PROTEINS and _n_proteins(run) >= OF_PROTEINS[key])


def _n_proteins(run):
    """How many proteins a run has, those that it was trained without among them."""
    return run["facts"]["n_proteins"] + run["facts"].get("n_unseen_proteins", 0)


def _of_file(view, run, name, k):
    try:
        values = view.shelf(run["dataset"]).space(name)
    except KeyError:
        raise UserError(f"There is no obsm '{name}' in this data set.") from None
    if values.shape[1] < k:
        raise UserError(f"{name} has no third dimension.")
    return values[:, :k]


def stamp(view, run, key):
    """A word that changes with the coordinates of an embedding, so that browsers may keep them for good."""
    kind, _, rest = key.partition(":")
    if kind == "obsm":  # a data set never changes
        return "file"
    if kind == "run":
        run = view.run(rest)
        return stamp(view, run, first(run))
    if kind == mapped_layer.KIND:
        return f"{stamp(view, run, first(run))}-{mapped_layer.stamp(view, run, rest)}"
    name = {"latent": "latent", "pca": "input_axes", "harmony": HARMONY}.get(kind, f"embeddings/{key}")
    return f"{Path(view.array(run['id'], name).filename).stat().st_mtime_ns:x}"


def panel(view, run, key, k=2, theme="light"):
    """The Panel of an embedding; without points it says why there are none."""
    axes = named(view, run, key, k)
    note, found, layer = "", None, None
    try:
        found, layer = points(view, run, key, k), layer_of(view, run, key, theme)
        note = "" if found is not None else figures.WAITING
    except UserError as error:
        note = str(error)
    if found is not None and (lost := int((~placed(found)).sum())):
        if lost == len(found):
            found, note = None, "All coordinates of this embedding are missing (NaN)."
        else:
            axes = axes._replace(title=f"{axes.title}, {lost:,} cells have no place")
    elif found is not None and len(found) > 1 and (found[:, :2] == found[0, :2]).all():
        axes = axes._replace(title=f"{axes.title}, all cells in one place")
    return Panel(axes.title, found, note, axes.x, axes.y, axes.z, key, layer)


def layer_of(view, run, key, theme="light"):
    """The Over of a panel of mapped cells, None of any other."""
    kind, _, rest = key.partition(":")
    return mapped_layer.over(view, run, rest, theme) if kind == mapped_layer.KIND else None


def placed(points):
    """(cells,) bool: which cells have a place in the plane."""
    return np.isfinite(points[:, 0]) & np.isfinite(points[:, 1])


def missing(view, run, keys, k=2):
    """The names of the pictures among these embeddings that are still to be drawn by the worker."""
    names = [f"{key}_3d" if k == 3 else key for key in dict.fromkeys(keys) if _is_made(run, key)]
    return [name for name in names if view.array(run["id"], f"embeddings/{name}") is None]


def columns(panel):
    """The names of a panel's coordinates in a table, such as "input_umap_1"."""
    kind, _, rest = panel.key.partition(":")
    axes = (panel.x, panel.y, panel.z)[: panel.points.shape[1]]
    if kind in ("latent", "pca") or kind == "obsm":
        named = [a.replace("PC ", "input_pc_").replace("latent ", "latent_") for a in axes]
        return [name.replace(" ", "_") for name in named]
    if kind == "harmony":
        return [f"input_harmony_{i + 1}" for i in range(len(axes))]
    return [f"{f'run_{rest}' if kind == 'run' else panel.key}_{i + 1}" for i in range(len(axes))]
