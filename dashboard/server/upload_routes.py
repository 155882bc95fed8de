"""The routes by which a file comes from a browser, part by part; assets/82-upload-transfer.js is the other end.

Each part names where it begins and its CRC-32. Whatever happened in between (a lost line, a pause, a reload, another
server process), the answer 409 says how much is here, and the page goes on from there.
"""

from flask import Blueprint, abort, jsonify, request

from core.errors import UserError
from core.store import PART, Damaged, Gap, Missing, NoRoom, TooLarge
from dashboard.server import session

CHECKSUM = "X-Nuwa-CRC32"  # of a part, or of the whole file: 8 hexadecimal digits
MOST_DIGITS = 18  # of a number of bytes
STATUS = {Missing: 404, Gap: 409, TooLarge: 413, Damaged: 422, NoRoom: 507}


def register(server, store):
    routes = Blueprint("uploads", __name__, url_prefix="/upload")

    def uploads():
        return store.of(session.user()).uploads

    @routes.before_request
    def of_this_page():
        """Another site's form cannot set such a header, and its script may not: beside the gate's own checks."""
        if request.method not in ("GET", "HEAD") and request.headers.get("X-Requested-With") != "nuwa":
            abort(403, "Uploads come from Nuwa's own page.")

    @routes.errorhandler(UserError)
    def in_words(error):
        answer = {"error": str(error)} | ({"offset": error.offset} if isinstance(error, Gap) else {})
        return jsonify(answer), STATUS.get(type(error), 400)

    @routes.get("")
    def unfinished():
        return jsonify(uploads().unfinished())

    @routes.post("")
    def begin():
        asked = request.get_json()
        try:
            joins = asked["joins"]
            joins = (str(joins["dataset"]), str(joins["what"]), joins.get("droplets")) if joins else None
            return jsonify(uploads().begin(asked["name"], asked["size"], joins))
        except (KeyError, TypeError, AttributeError, OverflowError):
            abort(400, "An upload begins with a name, a size, and what it joins.")

    @routes.get("/<id>/checksum")
    def checksum(id):
        offset, found = uploads().checksum(id)
        return jsonify(offset=offset, checksum=f"{found:08x}")

    @routes.put("/<id>")
    def put(id):
        request.max_content_length = PART
        return jsonify(offset=uploads().put(id, _offset(), request.get_data(cache=False), _checksum()))

    @routes.post("/<id>/finish")
    def finish(id):
        return jsonify(dataset=uploads().finish(id, _checksum()))

    @routes.delete("/<id>")
    def forget(id):
        uploads().forget(id)
        return "", 204

    server.register_blueprint(routes)


def _offset():
    offset = request.args.get("offset", "")
    if not offset.isdecimal() or len(offset) > MOST_DIGITS:
        abort(400, "A part says at which byte it begins.")
    return int(offset)


def _checksum():
    try:
        return int(request.headers[CHECKSUM], 16)
    except (KeyError, ValueError):
        abort(400, f"The header {CHECKSUM} is missing.")
