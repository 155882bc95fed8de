"""The dataset as it was before its first step, as a file."""

from flask import abort, send_file

from core.errors import UserError
from dashboard.server import session


def before_steps_link(dataset_id):
    """The address of the dataset that the steps of this one began with."""
    return f"/download/dataset/{dataset_id}.h5ad"


def register(server, store):
    @server.get("/download/dataset/<dataset_id>.h5ad")
    def before_steps(dataset_id):
        try:
            path = store.of(session.user()).steps.original_file(dataset_id)
            return send_file(path, as_attachment=True, download_name=f"nuwa_{dataset_id}.h5ad")
        except UserError as error:
            abort(404, str(error))
