"""The embeddings that a run and its dataset have, and the panel of each."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core import figures
from core.config.run_facts import RunFacts
from core.config.run_files import HARMONY
from core.errors import UserError
from core.figures import Panel
from core.store import Explored
from dashboard.pages.clusters.viewer import mapped_layer

ON_REQUEST = ("latent_umap", "latent_tsne", "input_umap", "input_tsne")  # computed by the worker
MIN_PROTEINS = {"protein_umap": 2, "protein_pca": 4}  # the same, with the proteins each needs at least
METHODS = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}
SPACES = {
    "latent": "Latent space",
    "input": "Input",
    "protein": "Proteins, preprocessed",
    "seeds": "Seeds together",
}
PAIR = re.compile(r"(latent|pca):(\d+),(\d+)")
NUMBERS = re.compile(r"\d+")


class Axes(NamedTuple):
    """The title of an embedding's panel, and the names of its axes."""

    title: str
    x: str
    y: str
    z: str = ""


def first(run):
    """The key of the embedding that shows the latent space first."""
    return "latent" if run["config"]["n_latent"] in figures.DRAWN_DIRECTLY else "latent_umap"


def default(view, run):
    """The keys of the four panels at first: the latent space, then UMAP, PCA and t-SNE of the input.

    A run with batches has Harmony in place of t-SNE.
    """
    fourth = "harmony" if view.results.array(run["id"], HARMONY) is not None else "input_tsne"
    return [first(run), "input_umap", "pca", fourth]


def options(view, run, text=""):
    """Options for the picker of a panel's embedding that match `text`.

    Two numbers in the text mean two dimensions: "latent 3 7" or "PCA 1 3".
    """
    keys = list(dict.fromkeys([first(run), "latent_umap", "latent_tsne"]))
    n = run["config"]["n_latent"]
    if n >= 2:
        keys += [f"latent:{i},{i + 1}" for i in range(1, n, 2)]
    keys += [*default(view, run)[1:], "input_tsne"]
    keys += [key for key in MIN_PROTEINS if _is_on_request(run, key)]
    keys = list(dict.fromkeys(keys))
    keys += [
        k for k in view.results.names(run["id"], "embeddings") if k not in keys and not k.endswith("_3d")
    ]
    keys += [f"obsm:{s['name']}" for s in view.datasets.folder(run["dataset"]).spaces()]
    keys += [
        f"run:{r['id']}"
        for r in view.runs.all(dataset=run["dataset"], explored=Explored.READY)
        if r["id"] != run["id"]
    ]
    keys += mapped_layer.keys(view, run)
    query = (text or "").strip().lower()
    matching = [{"label": label(view, run, key), "value": key} for key in keys]
    matching = [option for option in matching if query in option["label"].lower()]
    numbers = NUMBERS.findall(query)
    if len(numbers) == 2:
        space = "pca" if "pc" in query else "latent"
        key = f"{space}:{numbers[0]},{numbers[1]}"
        if key not in [option["value"] for option in matching]:
            matching.insert(0, {"label": label(view, run, key), "value": key})
    return matching


def label(view, run, key):
    """The name of an embedding in a picker and above its panel."""
    return axes_of(view, run, key).title


def axes_of(view, run, key):
    """The Axes of an embedding by its key, whether it exists or not."""
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
        return Axes("Proteins, preprocessed, PCA", *(f"PC {i}" for i in (1, 2, 3)))
    if kind == "obsm":
        return Axes(f"{rest} (from the file)", *(f"{rest} {i}" for i in (1, 2, 3)))
    if kind == "run":
        other = view.readable("run", rest)
        name = f"{other['name']} ({rest})" if other else rest
        own = other and first(other) == "latent"
        return Axes(f"Latent space of run {name}", *(f"{'latent' if own else 'UMAP'} {i}" for i in (1, 2, 3)))
    if kind == mapped_layer.KIND:
        return axes_of(view, run, first(run))._replace(title=mapped_layer.title(view, run, rest))
    space, _, method = key.partition("_")
    method = METHODS.get(method, method.replace("_", " "))
    space = SPACES.get(space, space.capitalize())
    return Axes(f"{space}, {method}" if method else space, *(f"{method or space} {i}" for i in (1, 2, 3)))


def points(view, run, key, k=2):
    """(cells, 2 or 3) coordinates of an embedding, memory-mapped; None where it is not computed yet.

    Raises UserError where it does not exist; the panel shows the message.
    """
    kind, _, rest = key.partition(":")
    if pair := PAIR.fullmatch(key):
        space, *columns = pair.groups()
        values = view.results.array(run["id"], "latent" if space == "latent" else "input_axes")
        columns = [int(c) - 1 for c in columns]
        if not all(0 <= c < values.shape[1] for c in columns):
            raise UserError(
                f"There are only {values.shape[1]} {'latent dimensions' if space == 'latent' else 'axes'}."
            )
        return np.stack([values[:, c] for c in columns], axis=1)
    if key == "latent":
        values = view.results.array(run["id"], "latent")
        return values if values.shape[1] <= 3 else values[:, :k]
    if key == "pca":
        return view.results.array(run["id"], "input_axes")[:, :k]
    if key == "harmony":
        if (values := view.results.array(run["id"], HARMONY)) is None:
            if run["config"].get("batch_key"):
                raise UserError("Harmony is not installed on this server: install requirements-harmony.txt.")
            raise UserError("This run has no batches, which Harmony would mix.")
        return values[:, :k]
    if kind == "obsm":
        return _of_file(view, run, rest, k)
    if kind == "run":
        other = view.readable("run", rest)
        if other is None or other["dataset"] != run["dataset"]:
            raise UserError("This run no longer exists.")
        return points(view, other, first(other), k)
    if kind == mapped_layer.KIND:  # the run's own cells; the mapped ones are a layer of the panel
        if k == 3:
            raise UserError("Mapped cells have two coordinates only.")
        return points(view, run, first(run), k)
    if key in MIN_PROTEINS and not _is_on_request(run, key):
        raise UserError(f"This plot needs {MIN_PROTEINS[key]} proteins; this run has {_n_proteins(run)}.")
    name, on_request = f"{key}_3d" if k == 3 else key, _is_on_request(run, key)
    if not on_request and key not in view.results.names(run["id"], "embeddings"):
        raise UserError("This embedding does not exist.")
    coordinates = view.results.array(run["id"], f"embeddings/{name}")
    if coordinates is None and not on_request:
        raise UserError("This embedding has no third dimension.")
    return coordinates


def _is_on_request(run, key):
    """Whether the worker computes this embedding of the run when a panel shows it."""
    return key in ON_REQUEST or (key in MIN_PROTEINS and _n_proteins(run) >= MIN_PROTEINS[key])


def _n_proteins(run):
    """How many proteins the run's dataset has, with those that were not used in training."""
    facts = RunFacts.upgraded(run["facts"])
    return facts.n_proteins + facts.n_unseen_proteins


def _of_file(view, run, name, k):
    try:
        values = view.datasets.folder(run["dataset"]).space(name)
    except KeyError:
        raise UserError(f"This dataset has no obsm '{name}'.") from None
    if values.shape[1] < k:
        raise UserError(f"{name} has no third dimension.")
    return values[:, :k]


def stamp(view, run, key):
    """A text that changes with the coordinates of an embedding, so that browsers may cache them."""
    kind, _, rest = key.partition(":")
    if kind == "obsm":  # a dataset never changes
        return "file"
    if kind == "run":
        run = view.runs.one(rest)
        return stamp(view, run, first(run))
    if kind == mapped_layer.KIND:
        return f"{stamp(view, run, first(run))}-{mapped_layer.stamp(view, run, rest)}"
    name = {"latent": "latent", "pca": "input_axes", "harmony": HARMONY}.get(kind, f"embeddings/{key}")
    return f"{Path(view.results.array(run['id'], name).filename).stat().st_mtime_ns:x}"


def panel(view, run, key, k=2, theme="light"):
    """The Panel of an embedding; without points, its note says why."""
    axes = axes_of(view, run, key)
    note, coordinates, layer = "", None, None
    try:
        coordinates, layer = points(view, run, key, k), layer_of(view, run, key, theme)
        note = "" if coordinates is not None else figures.WAITING
    except UserError as error:
        note = str(error)
    if coordinates is not None and (n_missing := int((~has_coordinates(coordinates)).sum())):
        if n_missing == len(coordinates):
            coordinates, note = None, "All coordinates of this embedding are missing (NaN)."
        else:
            axes = axes._replace(title=f"{axes.title}, {n_missing:,} cells without coordinates")
    elif (
        coordinates is not None and len(coordinates) > 1 and (coordinates[:, :2] == coordinates[0, :2]).all()
    ):
        axes = axes._replace(title=f"{axes.title}, all cells at one point")
    return Panel(axes.title, coordinates, note, axes.x, axes.y, axes.z, key, layer)


def layer_of(view, run, key, theme="light"):
    """The figures.Over of a panel of mapped cells, None of any other panel."""
    kind, _, rest = key.partition(":")
    return mapped_layer.layer(view, run, rest, theme) if kind == mapped_layer.KIND else None


def has_coordinates(points):
    """(cells,) bool: which cells have finite coordinates."""
    return np.isfinite(points[:, 0]) & np.isfinite(points[:, 1])


def missing(view, run, keys, k=2):
    """The names of those of these embeddings that the worker has still to compute."""
    names = [f"{key}_3d" if k == 3 else key for key in dict.fromkeys(keys) if _is_on_request(run, key)]
    return [name for name in names if view.results.array(run["id"], f"embeddings/{name}") is None]


def columns(panel):
    """The names of a panel's coordinates in a table, such as "input_umap_1"."""
    kind, _, rest = panel.key.partition(":")
    axes = (panel.x, panel.y, panel.z)[: panel.points.shape[1]]
    if kind in ("latent", "pca") or kind == "obsm":
        names = [axis.replace("PC ", "input_pc_").replace("latent ", "latent_") for axis in axes]
        return [name.replace(" ", "_") for name in names]
    if kind == "harmony":
        return [f"input_harmony_{i + 1}" for i in range(len(axes))]
    return [f"{f'run_{rest}' if kind == 'run' else panel.key}_{i + 1}" for i in range(len(axes))]
