"""The card of the server: device, workers, versions and the end of the worker's log."""

from dash import html

from core.text import duration
from dashboard.components.widgets import card, more, table
from dashboard.pages.admin import ids


def layout(view):
    """The card."""
    device, workers = view.admin.device(), view.admin.workers()
    if device is None:
        words = "The worker has not reported its device yet."
    else:
        words = f"{device['name']}. {device.get('why', '')}"
    beat = workers["heartbeat"]
    heartbeat = (
        "The worker was never started." if beat is None else f"Last sign of life: {duration(beat)} ago."
    )
    rows = [
        [one["lane"], one["pid"], one["job"] or "–", "runs" if one["alive"] else "has ended"]
        for one in workers["processes"]
    ]
    return card(
        "Server",
        html.H3("Device", className="h6"),
        html.P(words),
        html.H3("Workers", className="h6"),
        html.P(heartbeat),
        table(["Lane", "Process", "Job", "State"], rows)
        if rows
        else html.P("No process of the worker runs."),
        more(
            "Versions", table(["", ""], [[name, version] for name, version in view.admin.versions().items()])
        ),
        more("Log of the worker", html.Pre(view.admin.log() or "The log is empty.")),
        id=ids.SERVER,
    )
