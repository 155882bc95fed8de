"""The route of the counts that the card of metadata shows; assets/74-metadata.js is the client."""

import json

from flask import Blueprint, jsonify, request

from core.config import DEFAULT_RESOLUTION
from core.errors import UserError
from dashboard.pages.clusters.metadata import counts
from dashboard.pages.clusters.viewer import filters
from dashboard.server import session

MOST_COLUMNS = 200  # in one request
INVALID = "This address is not valid."


def register(server, store):
    routes = Blueprint("metadata", __name__, url_prefix="/cells/<run_id>")

    @routes.errorhandler(UserError)
    @routes.errorhandler(ValueError)
    def not_found(error):
        return jsonify(error=str(error) if isinstance(error, UserError) else INVALID), 404

    @routes.get("/metadata")
    def metadata(run_id):
        """The answer of counts.py to the query's "columns" (JSON), "filter" (JSON) and "resolution"."""
        view = store.of(session.user())
        run = view.runs.one(run_id)
        columns = json.loads(request.args.get("columns", "[]"))
        is_list = isinstance(columns, list) and len(columns) <= MOST_COLUMNS
        if not is_list or not all(isinstance(column, dict) and "by" in column for column in columns):
            raise UserError(INVALID)
        resolution = float(request.args.get("resolution", DEFAULT_RESOLUTION))
        records = filters.read(request.args.get("filter"))
        response = jsonify(counts.answer(view, run, records, resolution, columns))
        response.headers["Cache-Control"] = "private, no-store"
        return response

    server.register_blueprint(routes)
