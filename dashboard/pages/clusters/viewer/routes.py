"""The binary routes of large pictures: coordinates once, two bytes an axis, and colours, one byte a cell.

assets/60-cells-feed.js is the other end; `core.figures.binary` has the form of a message.
"""

from urllib.parse import urlencode

import numpy as np
from flask import Blueprint, Response, abort, jsonify, request

from core import figures
from core.config import DEFAULT_RESOLUTION
from core.errors import UserError
from dashboard.pages.clusters.colours import CLUSTERS, colour_of
from dashboard.pages.clusters.viewer import embeddings
from dashboard.pages.clusters.viewer import selection as selecting
from dashboard.server import session

FOR_GOOD = "private, max-age=31536000, immutable"  # the address changes with what is behind it
ASK_AGAIN = "private, no-cache"


def points_link(view, run, key):
    """The address of the coordinates of an embedding."""
    return f"/cells/{run['id']}/points?" + urlencode({"space": key, "v": embeddings.stamp(view, run, key)})


def colour_link(run, by, resolution):
    """The address of a colour a cell; the page adds its theme."""
    asked = {"by": by, "resolution": f"{resolution:g}"}
    return f"/cells/{run['id']}/colour?{urlencode(asked)}"


def over_link(run, key):
    """The address of the colours in a panel with further cells over its own, which come after these."""
    return f"/cells/{run['id']}/over?{urlencode({'space': key})}"


def over_name_link(run, key):
    """The address of what hover says of one of those further cells; the page puts its number among them for CELL."""
    return f"/cells/{run['id']}/over/CELL?{urlencode({'space': key})}"


def name_link(run, by, resolution):
    """The address of what hover says of a cell; the page puts the cell's number for CELL."""
    return f"/cells/{run['id']}/cell/CELL?{urlencode({'by': by, 'resolution': f'{resolution:g}'})}"


def selection_link(run, text):
    """The address of the cells that a selection, given as JSON, means."""
    return f"/cells/{run['id']}/selection?{urlencode({'select': text})}"


def register(server, store):
    routes = Blueprint("cells", __name__, url_prefix="/cells/<run_id>")

    def asked_for(run_id):
        view = store.of(session.user())
        return view, view.run(run_id)

    def colour(view, run):
        by, resolution = request.args.get("by", CLUSTERS), request.args.get("resolution", DEFAULT_RESOLUTION)
        return colour_of(view, run, by, float(resolution))

    def layer_asked_for(view, run, theme="light"):
        layer = embeddings.layer_of(view, run, request.args.get("space", ""), theme)
        if layer is None:
            raise UserError("There are no further cells in this panel.")
        return layer

    @routes.errorhandler(UserError)
    @routes.errorhandler(ValueError)
    def in_words(error):
        words = str(error) if isinstance(error, UserError) else "This address asks for what there is not."
        return jsonify(error=words), 404

    @routes.get("/points")
    def points(run_id):
        """(cells, 2) uint16 codes; the head has "n", and "low" and "high" of both axes. Further cells come last."""
        view, run = asked_for(run_id)
        key = request.args.get("space", "")
        found, layer = embeddings.points(view, run, key), embeddings.layer_of(view, run, key)
        if found is None:
            abort(404, "This embedding has not been drawn yet.")
        if layer is not None:
            found = np.concatenate([found[:, :2], layer.points])
        codes, low, high = figures.packed(found)
        head = {"n": len(codes), "low": low.tolist(), "high": high.tolist()}
        return _binary(figures.message(head, codes), FOR_GOOD if "v" in request.args else ASK_AGAIN)

    @routes.get("/colour")
    def colours(run_id):
        """(cells,) uint8 codes into the head's "palette", figures.UNKNOWN where a cell has no value."""
        view, run = asked_for(run_id)
        theme = request.args.get("theme", "light")
        return _coded(colour(view, run), theme)

    @routes.get("/over")
    def colours_over(run_id):
        """The same of a panel with further cells over its own: these come last, and the panel's have no value."""
        view, run = asked_for(run_id)
        theme = request.args.get("theme", "light")
        layer = layer_asked_for(view, run, theme)
        return _coded(layer.colour, theme, beneath=len(view.array(run["id"], "latent")))

    @routes.get("/over/<int:cell>")
    def one_over(run_id, cell):
        """What hover says of such a cell."""
        view, run = asked_for(run_id)
        layer = layer_asked_for(view, run)
        if cell >= len(layer.names):
            abort(404, "There is no such cell.")
        return jsonify(name=f"{layer.names[cell]} ({layer.title})", value=_said(layer.colour, cell))

    @routes.get("/selection")
    def selection(run_id):
        """Which cells are selected: a bit a cell, the first cell in the lowest bit; the head counts them."""
        view, run = asked_for(run_id)
        found = selecting.cells(view, run, selecting.read(request.args.get("select")))
        if found is None:
            abort(404, "No cells are selected.")
        head = {"n": len(found), "selected": int(found.sum())}
        return _binary(figures.message(head, np.packbits(found, bitorder="little")), ASK_AGAIN)

    @routes.get("/cell/<int:cell>")
    def one(run_id, cell):
        """What hover says of a cell: its name and its value."""
        view, run = asked_for(run_id)
        names = view.shelf(run["dataset"]).cells()
        if cell >= len(names):
            abort(404, "There is no such cell.")
        return jsonify(name=names[cell].decode(), value=_said(colour(view, run), cell))

    server.register_blueprint(routes)


def _said(colour, cell):
    """The value of a cell in words."""
    value = colour.values[cell]
    if not figures.known(colour._replace(values=colour.values[cell : cell + 1]))[0]:
        return f"{colour.name}: not known"
    return (
        f"{colour.name}: {value:.4g}"
        if colour.categories is None
        else f"{colour.name}: {colour.categories[value]}"
    )


def _coded(colour, theme, beneath=0):
    """The answer with a Colour, after so many cells without a value."""
    codes, palette = figures.coded(colour, theme)
    head = {"n": beneath + len(codes), "palette": palette, "missing": figures.look(theme).missing}
    head["ordered"] = colour.categories is None  # the highest are drawn last
    codes = np.concatenate([np.full(beneath, figures.UNKNOWN, np.uint8), codes]) if beneath else codes
    return _binary(figures.message(head, codes), ASK_AGAIN)


def _binary(content, cache):
    response = Response(content, mimetype="application/octet-stream")
    response.headers["Cache-Control"] = cache
    response.add_etag()
    return response.make_conditional(request)
