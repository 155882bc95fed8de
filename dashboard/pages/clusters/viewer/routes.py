"""The binary routes of large plots: coordinates (two bytes per axis and cell) and colours (one byte per cell).

assets/60-cells-data.js is the client; `core.figures.binary` has the format of a message.
"""

from urllib.parse import urlencode

import numpy as np
from flask import Blueprint, Response, abort, jsonify, request

from core import figures
from core.config import DEFAULT_RESOLUTION
from core.errors import UserError
from dashboard.pages.clusters.colours import CLUSTERS, colour_of, version
from dashboard.pages.clusters.viewer import embeddings
from dashboard.pages.clusters.viewer import selection as selections
from dashboard.pages.clusters.viewer.clip import clip_text, read_clip
from dashboard.server import session

IMMUTABLE = "private, max-age=31536000, immutable"  # the address changes with the content
REVALIDATE = "private, no-cache"


def points_link(view, run, key):
    """The address of the coordinates of an embedding."""
    return f"/cells/{run['id']}/points?" + urlencode({"space": key, "v": embeddings.stamp(view, run, key)})


def colour_link(view, run, by, resolution, clip=figures.AUTOMATIC):
    """The address of the colours of the cells; the page adds its theme."""
    query = {"by": by, "resolution": f"{resolution:g}", "clip": clip_text(clip), "v": version(view, run, by)}
    return f"/cells/{run['id']}/colour?{urlencode({name: value for name, value in query.items() if value})}"


def layer_link(run, key):
    """The address of the colours in a panel of mapped cells; these come after the run's own cells."""
    return f"/cells/{run['id']}/layer?{urlencode({'space': key})}"


def layer_name_link(run, key):
    """The address of the tooltip of a mapped cell; the page replaces CELL by its number among the mapped cells."""
    return f"/cells/{run['id']}/layer/CELL?{urlencode({'space': key})}"


def name_link(run, by, resolution):
    """The address of the tooltip of a cell; the page replaces CELL by its number."""
    return f"/cells/{run['id']}/cell/CELL?{urlencode({'by': by, 'resolution': f'{resolution:g}'})}"


def selection_link(run, text):
    """The address of the cells of a selection, given as JSON."""
    return f"/cells/{run['id']}/selection?{urlencode({'select': text})}"


def register(server, store):
    routes = Blueprint("cells", __name__, url_prefix="/cells/<run_id>")

    def view_and_run(run_id):
        view = store.of(session.user())
        return view, view.runs.one(run_id)

    def colour(view, run):
        by, resolution = request.args.get("by", CLUSTERS), request.args.get("resolution", DEFAULT_RESOLUTION)
        clip = read_clip(request.args.get("clip"))
        return colour_of(view, run, by, float(resolution))._replace(clip=clip)

    def requested_layer(view, run, theme="light"):
        layer = embeddings.layer_of(view, run, request.args.get("space", ""), theme)
        if layer is None:
            raise UserError("This panel shows no mapped cells.")
        return layer

    @routes.errorhandler(UserError)
    @routes.errorhandler(ValueError)
    def not_found(error):
        message = str(error) if isinstance(error, UserError) else "This address is not valid."
        return jsonify(error=message), 404

    @routes.get("/points")
    def coordinates(run_id):
        """(cells, 2) uint16 codes; the head has "n", and "low" and "high" of both axes. Mapped cells come last."""
        view, run = view_and_run(run_id)
        key = request.args.get("space", "")
        points, layer = embeddings.points(view, run, key), embeddings.layer_of(view, run, key)
        if points is None:
            abort(404, "This embedding is not computed yet.")
        if layer is not None:
            points = np.concatenate([points[:, :2], layer.points])
        codes, low, high = figures.packed(points)
        head = {"n": len(codes), "low": low.tolist(), "high": high.tolist()}
        return _binary(figures.message(head, codes), IMMUTABLE if "v" in request.args else REVALIDATE)

    @routes.get("/colour")
    def colours(run_id):
        """(cells,) uint8 codes into the head's "palette", figures.UNKNOWN where a cell has no value.

        The head has the "names" of the codes as well, null for that of all small categories together.
        """
        view, run = view_and_run(run_id)
        theme = request.args.get("theme", "light")
        return _coded(colour(view, run), theme)

    @routes.get("/layer")
    def layer_colours(run_id):
        """The same for a panel of mapped cells: these come last, and the run's own cells have no value."""
        view, run = view_and_run(run_id)
        theme = request.args.get("theme", "light")
        layer = requested_layer(view, run, theme)
        return _coded(layer.colour, theme, n_below=len(view.results.array(run["id"], "latent")))

    @routes.get("/layer/<int:cell>")
    def layer_cell(run_id, cell):
        """The tooltip of a mapped cell."""
        view, run = view_and_run(run_id)
        layer = requested_layer(view, run)
        if cell >= len(layer.names):
            abort(404, "This cell does not exist.")
        return jsonify(name=f"{layer.names[cell]} ({layer.title})", value=_value(layer.colour, cell))

    @routes.get("/selection")
    def selection(run_id):
        """Which cells are selected: one bit per cell, the first cell in the lowest bit; the head has their number."""
        view, run = view_and_run(run_id)
        selected = selections.cells(view, run, selections.read(request.args.get("select")))
        if selected is None:
            abort(404, "No cells are selected.")
        head = {"n": len(selected), "selected": int(selected.sum())}
        return _binary(figures.message(head, np.packbits(selected, bitorder="little")), REVALIDATE)

    @routes.get("/cell/<int:cell>")
    def cell_tooltip(run_id, cell):
        """The tooltip of a cell: its name and its value."""
        view, run = view_and_run(run_id)
        names = view.datasets.folder(run["dataset"]).cells()
        if cell >= len(names):
            abort(404, "This cell does not exist.")
        return jsonify(name=names[cell].decode(), value=_value(colour(view, run), cell))

    server.register_blueprint(routes)


def _value(colour, cell):
    """The value of a cell as text."""
    value = colour.values[cell]
    if not figures.has_value(colour._replace(values=colour.values[cell : cell + 1]))[0]:
        return f"{colour.name}: {figures.NO_VALUE}"
    return (
        f"{colour.name}: {value:.4g}"
        if colour.categories is None
        else f"{colour.name}: {colour.categories[value]}"
    )


def _coded(colour, theme, n_below=0):
    """The response with a Colour, after `n_below` cells without a value."""
    codes, palette = figures.coded(colour, theme)
    head = {"n": n_below + len(codes), "palette": palette, "missing": figures.theme_colours(theme).missing}
    head["ordered"] = colour.categories is None  # the highest are drawn last
    head["names"] = figures.named_categories(colour) if colour.categories is not None else None
    codes = np.concatenate([np.full(n_below, figures.UNKNOWN, np.uint8), codes]) if n_below else codes
    return _binary(figures.message(head, codes), REVALIDATE)


def _binary(content, cache):
    response = Response(content, mimetype="application/octet-stream")
    response.headers["Cache-Control"] = cache
    response.add_etag()
    return response.make_conditional(request)
