"""The result of training a run again: whether it is the same, else how far off and why."""

from datetime import datetime

from dash import html

from dashboard.components.widgets import notice, when


def repeat_result(result):
    """A core.export.reproduce.Repeat, as its job keeps it, as a notice."""
    lines = html.Ul([html.Li(line) for line in result["lines"]])
    reasons = []
    if result["reasons"]:
        reasons = [html.P("Possible reasons:"), html.Ul([html.Li(reason) for reason in result["reasons"]])]
    created = result["bundle"] and datetime.fromisoformat(result["bundle"]).timestamp()
    beside = [" with the zip created ", when(created)] if created else []
    head = html.Div([html.Strong(result["verdict"]), " Compared ", when(result["at"]), *beside, "."])
    return notice([head, lines, *reasons], "good" if result["same"] else "warn")
