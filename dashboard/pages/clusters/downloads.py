"""Files to take away: what a run left, and tables made on the way out."""

import io
from datetime import UTC, datetime

import numpy as np
from flask import Response, abort, request, send_file

from core import safe_csv
from core.analysis import mapping_summary
from core.analysis.marker_measures import columns_of
from core.config import DEFAULT_RESOLUTION, SURE
from core.errors import UserError
from core.store import clusters_of
from dashboard.pages.clusters.colours import CLUSTERS, SPLIT_NAMES, colour_of
from dashboard.pages.clusters.links import BETWEEN
from dashboard.pages.clusters.viewer import embeddings, selection
from dashboard.server import session

FILES = (
    "config.json",
    "history.csv",
    "scores.json",
    "model.pt",
    "bundle.zip",
    "loadings.csv",
    "effects.csv",
    "explained.csv",
    "spaces.json",
)
ROWS = 2000  # lines of a table sent at once


def register(server, store):
    @server.get("/download/<run_id>/<name>")
    def download(run_id, name):
        view = store.of(session.user())
        try:
            run = view.run(run_id)
            if name in FILES:
                path = view.file(run_id, name)
                return send_file(path, as_attachment=True, download_name=f"nuwa_{run_id}_{name}")
            if name == "mapped.h5ad":
                path = view.mapped_file(run_id, request.args.get("key", ""))
                return send_file(path, as_attachment=True, download_name=f"nuwa_{run_id}_{name}")
            if name in TABLES:
                head, columns = TABLES[name](store, view, run, request.args)
                return _csv(head, columns, f"nuwa_{run_id}_{name}")
        except (UserError, ValueError) as error:
            abort(404, str(error))
        abort(404, "There is no such file.")


def latent(store, view, run, asked):
    """cell, cluster, set, latent_1 ... latent_k."""
    points = np.asarray(_need(view.array(run["id"], "latent")))
    head = ["cell", "nuwa_cluster", "nuwa_split", *(f"latent_{i + 1}" for i in range(points.shape[1]))]
    return head, [_cells(view, run), _clusters(view, run, asked), _split(view, run), *points.T]


def panels(store, view, run, asked):
    """cell, cluster, set, the chosen colour, whether it is selected, and the coordinates of every panel that is drawn."""
    by = asked.get("by", CLUSTERS)
    head, columns = (
        ["cell", "nuwa_cluster", "nuwa_split"],
        [_cells(view, run), _clusters(view, run, asked), _split(view, run)],
    )
    if by != CLUSTERS:
        colour = colour_of(view, run, by, DEFAULT_RESOLUTION)
        values = colour.values
        if colour.categories is not None:
            values = np.array([*colour.categories, ""], dtype=object)[np.asarray(values)]
        head.append(colour.name)
        columns.append(values)
    if (chosen := selection.read(asked.get("select"))) is not None:
        head.append("nuwa_selected")
        columns.append(selection.cells(view, run, chosen).astype(int))
    _need(view.array(run["id"], "latent"))
    k = 3 if asked.get("dimensions") == "3" else 2
    keys = [key for key in asked.get("panels", "").split(BETWEEN) if key] or embeddings.default(view, run)
    for key in dict.fromkeys(keys):
        panel = embeddings.panel(view, run, key, k)
        if panel.points is not None:
            head += embeddings.columns(panel)
            columns += list(panel.points.T)
    return head, columns


def profile(store, view, run, asked):
    """feature, kind, input and reconstruction, as the profile that was asked for has them."""
    job = view.job(asked.get("job", ""))
    if job["target"] != run["id"] or not job["result"]:
        raise UserError("There is no such profile.")
    found = job["result"]
    kinds = ["gene" if i < found["n_genes"] else "protein" for i in range(len(found["names"]))]
    return ["feature", "kind", "input", "reconstruction"], [
        found["names"],
        kinds,
        found["given"],
        found["made"],
    ]


def markers(store, view, run, asked):
    """group, feature, kind and the measures of core.analysis.marker_measures, a line a group and feature."""
    job = view.job(asked.get("job", ""))
    if job["target"] != run["id"] or not job["result"]:
        raise UserError("There are no such markers.")
    found = job["result"]
    values = _need(view.array(run["id"], f"markers/{found['groups']}"))
    names = [
        *view.shelf(run["dataset"]).genes()["names"],
        *view.dataset(run["dataset"])["record"]["proteins"],
    ]
    return columns_of(found["names"], names, found["n_genes"], values)


def names(store, view, run, asked):
    """cell, name, author and time (UTC) of the newest version of a clustering."""
    row = view.clustering(run["id"], asked.get("line", ""))
    groups = view.groups(run["id"], row["groups"])
    named = np.array([*groups.names, ""], dtype=object)[np.asarray(groups.codes)]
    at = datetime.fromtimestamp(row["created"], UTC).isoformat(timespec="seconds")
    columns = [_cells(view, run), named, *(np.full(len(named), v, dtype=object) for v in (row["author"], at))]
    return ["cell", "name", "author", "time"], columns


def mapped(store, view, run, asked):
    """cell, label, confidence, farness, places and latent of the cells of a mapping."""
    about, arrays = view.mapping(run["id"], asked.get("key", ""))
    threshold = float(asked.get("threshold", SURE))
    labels = mapping_summary.labels_of(about["names"], arrays["codes"], arrays["confidence"], threshold)
    return mapping_summary.table_of(arrays["cells"], labels, arrays)


TABLES = {
    "mapped.csv": mapped,
    "names.csv": names,
    "latent.csv": latent,
    "panels.csv": panels,
    "profile.csv": profile,
    "markers.csv": markers,
}


def _need(array):
    if array is None:
        raise UserError("This run has no latent space (yet).")
    return array


def _cells(view, run):
    return view.shelf(run["dataset"]).cells()


def _clusters(view, run, asked):
    resolution = float(asked.get("resolution", DEFAULT_RESOLUTION))
    return np.asarray(_need(view.array(run["id"], clusters_of(resolution))))


def _split(view, run):
    return np.array(SPLIT_NAMES)[np.asarray(_need(view.array(run["id"], "split")))]


def _csv(head, columns, filename):
    """A table sent a few thousand lines at a time."""

    def lines():
        text = io.StringIO()
        writer = safe_csv.Writer(text)
        writer.writerow(head)
        for start in range(0, len(columns[0]), ROWS):
            writer.writerows(zip(*(_text(c[start : start + ROWS]) for c in columns), strict=True))
            yield text.getvalue()
            text.seek(0)
            text.truncate()

    return Response(
        lines(), mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{filename}"'}
    )


def _text(values):
    """Names come as bytes from the shelf, and are decoded as they leave."""
    return (
        np.char.decode(values, "utf-8")
        if getattr(values, "dtype", None) and values.dtype.kind == "S"
        else values
    )
