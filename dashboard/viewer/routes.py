"""The binary routes of large pictures: coordinates once, two bytes an axis, and colours, one byte a cell.

assets/60-viewer.js is the other end; `core.figures.packed` has the form of a message.
"""

from urllib.parse import urlencode

import numpy as np
from flask import Blueprint, Response, abort, jsonify, request

from core import figures
from core.config import DEFAULT_RESOLUTION
from core.errors import UserError
from dashboard import session
from dashboard.painting import CLUSTERS, colour_of
from dashboard.viewer import selecting, spaces

FOR_GOOD = "private, max-age=31536000, immutable"  # the address changes with what is behind it
ASK_AGAIN = "private, no-cache"


def points_link(view, run, key):
    """The address of the coordinates of an embedding."""
    return f"/cells/{run['id']}/points?" + urlencode({"space": key, "v": spaces.stamp(view, run, key)})


def colour_link(run, by, resolution, theme):
    """The address of a colour a cell."""
    asked = {"by": by, "resolution": resolution, "theme": theme}
    return f"/cells/{run['id']}/colour?{urlencode(asked)}"


def name_link(run, by, resolution):
    """The address of what hover says of a cell; the page puts the cell's number for CELL."""
    return f"/cells/{run['id']}/cell/CELL?{urlencode({'by': by, 'resolution': resolution})}"


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

    @routes.errorhandler(UserError)
    @routes.errorhandler(ValueError)
    def in_words(error):
        words = str(error) if isinstance(error, UserError) else "This address asks for what there is not."
        return jsonify(error=words), 404

    @routes.get("/points")
    def points(run_id):
        """(cells, 2) uint16 codes; the head has "n", and "low" and "high" of both axes."""
        view, run = asked_for(run_id)
        found = spaces.points(view, run, request.args.get("space", ""))
        if found is None:
            abort(404, "This embedding has not been drawn yet.")
        codes, low, high = figures.packed(found)
        head = {"n": len(codes), "low": low.tolist(), "high": high.tolist()}
        return _binary(figures.message(head, codes), FOR_GOOD if "v" in request.args else ASK_AGAIN)

    @routes.get("/colour")
    def colours(run_id):
        """(cells,) uint8 codes into the head's "palette", figures.UNKNOWN where a cell has no value."""
        view, run = asked_for(run_id)
        theme = request.args.get("theme", "light")
        values = colour(view, run)
        codes, palette = figures.coded(values, theme)
        head = {"n": len(codes), "palette": palette, "missing": figures.look(theme).missing}
        head["ordered"] = values.categories is None  # the highest are drawn last
        return _binary(figures.message(head, codes), ASK_AGAIN)

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
        values = colour(view, run)
        value = values.values[cell]
        if not figures.known(values._replace(values=values.values[cell : cell + 1]))[0]:
            shown = "not known"
        else:
            shown = f"{value:.4g}" if values.categories is None else str(values.categories[value])
        return jsonify(name=names[cell].decode(), value=f"{values.name}: {shown}")

    server.register_blueprint(routes)


def _binary(content, cache):
    response = Response(content, mimetype="application/octet-stream")
    response.headers["Cache-Control"] = cache
    response.add_etag()
    return response.make_conditional(request)
