"""Files to take away: what a run left, and tables made on the way out."""

import csv
import io

import numpy as np
from flask import Response, abort, request, send_file

from core.config import DEFAULT_RESOLUTION
from core.errors import UserError
from dashboard import session
from dashboard.painting import CLUSTERS, SPLIT_NAMES, colour_of

FILES = ("config.json", "history.csv", "scores.json", "model.pt", "result.h5ad")
ROWS = 2000  # lines of a table sent at once


def table_link(run_id, by, resolution):
    """The address of the table behind the panels."""
    from urllib.parse import urlencode

    return f"/download/{run_id}/panels.csv?{urlencode({'by': by, 'resolution': resolution})}"


def register(server, store):
    @server.get("/download/<run_id>/<name>")
    def download(run_id, name):
        view = store.of(session.user())
        try:
            run = view.run(run_id)
            if name in FILES:
                path = view.file(run_id, name)
                return send_file(path, as_attachment=True, download_name=f"nuwa_{run_id}_{name}")
            if name in TABLES:
                head, columns = TABLES[name](view, run, request.args)
                return _csv(head, columns, f"nuwa_{run_id}_{name}")
        except (UserError, ValueError) as error:
            abort(404, str(error))
        abort(404, "There is no such file.")


def latent(view, run, asked):
    """cell, cluster, set, latent_1 ... latent_k."""
    points = np.asarray(_need(view.array(run["id"], "latent")))
    head = ["cell", "nuwa_cluster", "nuwa_split", *(f"latent_{i + 1}" for i in range(points.shape[1]))]
    return head, [_cells(view, run), _clusters(view, run, asked), _split(view, run), *points.T]


def panels(view, run, asked):
    """cell, cluster, set, the chosen colour, and the coordinates of every panel that has been drawn."""
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
    for name in ("latent_umap", "input_umap", "input_tsne"):
        points = view.array(run["id"], f"embeddings/{name}")
        if points is not None:
            head += [f"{name}_1", f"{name}_2"]
            columns += list(np.asarray(points).T)
    axes = np.asarray(_need(view.array(run["id"], "input_axes")))[:, :2]
    return [*head, "input_pca_1", "input_pca_2"], [*columns, *axes.T]


TABLES = {"latent.csv": latent, "panels.csv": panels}


def _need(array):
    if array is None:
        raise UserError("This run has no latent space (yet).")
    return array


def _cells(view, run):
    return [name.decode() for name in view.shelf(run["dataset"]).cells()]


def _clusters(view, run, asked):
    resolution = float(asked.get("resolution", DEFAULT_RESOLUTION))
    return np.asarray(_need(view.array(run["id"], f"clusters/leiden_{resolution}")))


def _split(view, run):
    return np.array(SPLIT_NAMES)[np.asarray(_need(view.array(run["id"], "split")))]


def _csv(head, columns, filename):
    """A table sent a few thousand lines at a time."""

    def lines():
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(head)
        for start in range(0, len(columns[0]), ROWS):
            writer.writerows(zip(*(c[start : start + ROWS] for c in columns), strict=True))
            yield text.getvalue()
            text.seek(0)
            text.truncate()

    return Response(
        lines(), mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{filename}"'}
    )
