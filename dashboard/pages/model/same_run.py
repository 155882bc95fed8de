"""A run that has the settings of the Create model page already: the page says so and offers it."""

from dash import dcc

from core import config
from core.store import Status
from dashboard.components.widgets import notice

AGAIN = "Create the same run again"


def same_run(view, preparation_id, run_config, source=None):
    """The newest run of a preparation with the settings of a RunConfig, failed and cancelled ones left out; or None.

    `source` is the id of the run from whose weights it starts.
    """
    run_config = run_config.model_copy(update={"start_from": source or ""})
    rows = view.runs.all(preparation=preparation_id)
    usable = (row for row in rows if row["status"] not in (Status.FAILED, Status.CANCELLED))
    return next((row for row in usable if config.parse(row["config"]) == run_config), None)


def offer(run, end=""):
    """The notice of a run that has these settings, with its link; "" where there is none."""
    if run is None:
        return ""
    link = dcc.Link("Open this run", href=f"/train?run={run['id']}", className="btn btn-sm btn-primary")
    return notice([f"The run '{run['name']}' has these settings. ", link, end], "warn")
