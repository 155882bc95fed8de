"""Downloads of a run: the files that it left, and tables made as they are sent."""

import numpy as np
from flask import Response, abort, request, send_file

from core.analysis import mapping_summary
from core.config import DEFAULT_RESOLUTION, SPLIT_NAMES, SURE
from core.config.dataset_record import DatasetRecord
from core.config.run_files import CONDITIONS_RECORD, CONDITIONS_TABLE, SEEDS_TOGETHER_RECORD, clusters_of
from core.errors import UserError
from core.export import tables
from core.export.tables import Table
from dashboard.pages.clusters.colours import CLUSTERS, colour_of, features_of, label
from dashboard.pages.clusters.links import BETWEEN
from dashboard.pages.clusters.viewer import embeddings, filters, link_state, map_files, selection
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
    "count_split.json",
    "count_split_genes.csv",
    "support.json",
    "latent_sizes.json",
    SEEDS_TOGETHER_RECORD,
    CONDITIONS_RECORD,
    CONDITIONS_TABLE,
)


def register(server, store):
    @server.get("/download/<run_id>/<name>")
    def download(run_id, name):
        view = store.of(session.user())
        try:
            run = view.runs.one(run_id)
            if name in FILES:
                path = view.results.file(run_id, name)
                return send_file(path, as_attachment=True, download_name=f"nuwa_{run_id}_{name}")
            if name == "mapped.h5ad":
                path = view.mappings.file(run_id, request.args.get("key", ""))
                return send_file(path, as_attachment=True, download_name=f"nuwa_{run_id}_{name}")
            if name in MAPS:
                make, mimetype = MAPS[name]
                content = make(view, run, link_state.from_link(request.args, view, run))
                headers = {"Content-Disposition": f'attachment; filename="nuwa_{run_id}_{name}"'}
                return Response(content, mimetype=mimetype, headers=headers)
            if name in TABLES:
                return _csv(TABLES[name](view, run, request.args), f"nuwa_{run_id}_{name}")
        except (UserError, ValueError) as error:
            abort(404, str(error))
        abort(404, "This file does not exist.")


def latent(view, run, query):
    """cell, cluster, set, latent_1 ... latent_k."""
    return _cells(view, run, query).beside(tables.axes(latent=_need(view.results.array(run["id"], "latent"))))


def panels(view, run, query):
    """cell, cluster, set, the colours, whether it is selected and passes the filter, and its coordinates in every panel."""
    table, by = _cells(view, run, query), query.get("by", CLUSTERS)
    resolution = float(query.get("resolution", DEFAULT_RESOLUTION))
    others = [choice for choice in query.get("colours", "").split(BETWEEN) if choice]
    for choice in dict.fromkeys([*(features_of(by) or [by]), *others]):
        if choice == CLUSTERS:
            continue
        colour = colour_of(view, run, choice, resolution)
        numbers = colour.categories is None
        values = colour.values if numbers else tables.named(colour.values, colour.categories)
        name = colour.name if colour.name not in table.head else label(choice)
        table = table.beside(Table([name], [values]))
    if (chosen := selection.read(query.get("select"))) is not None:
        rows = selection.cells(view, run, chosen)
        table = table.beside(Table(["nuwa_selected"], [rows.astype(int)]))
    if (shown := filters.cells(view, run, filters.read(query.get("filter")))) is not None:
        table = table.beside(Table(["nuwa_shown"], [shown.astype(int)]))
    _need(view.results.array(run["id"], "latent"))
    k = 3 if query.get("dimensions") == "3" else 2
    keys = [key for key in query.get("panels", "").split(BETWEEN) if key] or embeddings.default(view, run)
    for key in dict.fromkeys(keys):
        panel = embeddings.panel(view, run, key, k)
        if panel.points is not None:
            table = table.beside(Table(embeddings.columns(panel), list(panel.points.T)))
    return table


def profile(view, run, query):
    """feature, kind, input and reconstruction of a reconstructed profile."""
    return tables.profile(_result(view, run, query, "This profile does not exist."))


def markers(view, run, query):
    """group, feature, kind and the measures of core.analysis.marker_measures, a row a group and feature."""
    result = _result(view, run, query, "These markers do not exist.")
    values = _need(view.results.array(run["id"], f"markers/{result['groups']}"))
    names = [
        *view.datasets.folder(run["dataset"]).genes()["names"],
        *DatasetRecord.of(view.datasets.one(run["dataset"])).proteins,
    ]
    over_samples = None
    if "sample_values" in result:
        over_samples = view.results.array(run["id"], f"markers/{result['sample_values']}")
    return tables.markers(result["names"], names, result["n_genes"], values, result["logged"], over_samples)


def names(view, run, query):
    """cell, name, author and time (UTC) of the newest version of a clustering."""
    row = view.clusterings.one(run["id"], query.get("line", ""))
    groups = view.groups.one(run["id"], row["groups"])
    return tables.names(_cell_names(view, run), groups, row["author"], row["created"])


def mapped(view, run, query):
    """cell, label, confidence, farness, coordinates and latent of the cells of a mapping."""
    about, arrays = view.mappings.one(run["id"], query.get("key", ""))
    threshold = float(query.get("threshold", SURE))
    labels = mapping_summary.labels_of(about["names"], arrays["codes"], arrays["confidence"], threshold)
    return tables.mapped(arrays["cells"], labels, arrays)


TABLES = {
    "mapped.csv": mapped,
    "names.csv": names,
    "latent.csv": latent,
    "panels.csv": panels,
    "profile.csv": profile,
    "markers.csv": markers,
}


# What the maps show.
MAPS = {
    "maps.html": (map_files.page_of, "text/html"),
    "maps.pdf": (map_files.pdf_of, "application/pdf"),
}


def _need(array):
    if array is None:
        raise UserError("This run has no latent space yet.")
    return array


def _result(view, run, query, missing):
    """The result of the job that the address names, if it is one of this run; raises UserError."""
    job = view.jobs.one(query.get("job", ""))
    if job["target"] != run["id"] or not job["result"]:
        raise UserError(missing)
    return job["result"]


def _cell_names(view, run):
    return view.datasets.folder(run["dataset"]).cells()


def _cells(view, run, query):
    """The Table of cell, cluster and set."""
    resolution = float(query.get("resolution", DEFAULT_RESOLUTION))
    clusters = np.asarray(_need(view.results.array(run["id"], clusters_of(resolution))))
    split = np.array(SPLIT_NAMES)[np.asarray(_need(view.results.array(run["id"], "split")))]
    return tables.cells(_cell_names(view, run), clusters, split)


def _csv(table, filename):
    """A table sent some thousand rows at a time."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(table.lines(), mimetype="text/csv", headers=headers)
