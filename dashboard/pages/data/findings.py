"""The findings of the data checks, the most severe first, each with the button of its repair."""

from dash import ALL, Input, Output, State, ctx, html, no_update

from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.components.widgets import card, more, notice, term, with_terms
from dashboard.pages.data import ids

TONES = {"stop": "bad", "warning": "warn"}
SEVERITIES = {"stop": "Blocks training", "warning": "Warning", "note": "Note"}
MOST_NOTES = 8  # notes beyond these are folded away


def findings_card(record):
    """The findings of a DatasetRecord, as a list; a repair of several findings has one button."""
    offered, items = dict(record.repairs_offered), []
    for finding in record.findings:
        # Each repair has one button: Dash allows no second component with the same id.
        names = [finding.repair, *finding.others]
        repairs = {name: offered.pop(name) for name in names if name in offered}
        items.append((finding.severity, _finding(finding, repairs)))
    notes = [item for severity, item in items if severity == "note"]
    grave = [item for severity, item in items if severity != "note"]
    folded = (
        [more(f"{len(notes) - MOST_NOTES} more notes", *notes[MOST_NOTES:])]
        if len(notes) > MOST_NOTES + 1
        else notes[MOST_NOTES:]
    )
    purpose = html.P(
        [
            "The ",
            term("data checks"),
            " read all names and values. What they report is a ",
            term("finding"),
            ".",
        ],
        className="help",
    )
    return card("Data checks", purpose, *grave, *notes[:MOST_NOTES], *folded)


def _finding(finding, repairs):
    parts = [html.Div(finding.evidence, className="help")]
    for name, repair in repairs.items():
        button = html.Button(
            [html.I(className="bi bi-wrench-adjustable"), f" {repair.label}"],
            id=ids.repair(name),
            className="btn btn-sm btn-outline-primary",
            title=repair.sentence,
        )
        parts.append(
            html.Div([button, html.Span(repair.sentence, className="help")], className="nuwa-repair")
        )
    return finding_notice(finding, *parts)


def finding_notice(finding, *parts):
    """The notice of a finding: its severity (of a note: for screen readers alone), then the sentence."""
    severity = finding.severity
    mark = (
        html.Strong(SEVERITIES[severity])
        if severity in TONES
        else html.Span(f"{SEVERITIES[severity]}: ", className="visually-hidden")
    )
    return notice([mark, html.Div(with_terms(finding.sentence)), *parts], TONES.get(severity, "info"))


def register(app, store):
    @buttons.on(
        app,
        store,
        Input(ids.repair(ALL), "n_clicks"),
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.DATA_MESSAGE, "children", allow_duplicate=True),
        State(ids.DATASET, "data"),
    )
    def repair(view, _, dataset):
        return f"/data?dataset={view.steps.repair(dataset, ctx.triggered_id['name'])}", no_update
