"""A text for each choice of a colour that changes when its values change, so that these may be cached."""

from pathlib import Path

from core.config.run_files import clusters_of, company_of
from dashboard.pages.clusters.colours import CLUSTERS, MADE, SEED_CONSISTENCY, SPLIT

OF_DATASET = ("obs", "table", "cell", "protein", "gene", "mean")  # a dataset never changes


def stamp(view, run, choice, resolution):
    """The text, or None where the values do not exist or nothing is known of their changes."""
    kind, _, name = choice.partition(":")
    if kind in OF_DATASET:
        return f"{run['dataset']} {choice}"
    if kind == MADE:
        rows = (row for row in view.clusterings.all(run["id"]) if row["line"] == name)
        return next((f"{run['id']} {choice} {row['groups']}" for row in rows), None)
    arrays = {CLUSTERS: clusters_of(resolution), SPLIT: "split", SEED_CONSISTENCY: company_of(resolution)}
    arrays |= {"latent": "latent", "score": f"per_cell/{name}"}
    if kind not in arrays:
        return None
    array = view.results.array(run["id"], arrays[kind])
    return array if array is None else f"{run['id']} {choice} {arrays[kind]} {modified(array)}"


def modified(array):
    """When the file of a memory-mapped array was written, as text."""
    return f"{Path(array.filename).stat().st_mtime_ns:x}"
