"""The diagnosis of a run on pages: its sentence, and links that fill the form of the next run."""

from urllib.parse import urlencode

from dash import dcc, html

from core import config as configs
from core.config import specs
from core.config.run_facts import RunFacts
from core.errors import UserError
from core.store import ACTIVE, Status
from core.training.diagnosis import diagnose
from core.training.diagnosis_case import Case, State, trouble_of

CHANGE = "set-"  # in a link to Create model, before the name of a setting to fill in
TONES = {
    Case.CONVERGED: "good",
    Case.OVER_FITTING: "warn",
    Case.RATE_TOO_HIGH: "warn",
    Case.RATE_TOO_LOW: "warn",
    Case.NO_BETTER_THAN_MEAN: "warn",
    Case.PROTEINS_NOT_LEARNT: "warn",
    Case.NOT_A_NUMBER: "bad",
}


def diagnosis_of(run, epochs):
    """The Diagnosis of a run from its row and its epochs so far, in a form of `diagnose`; None before its training begins."""
    facts = RunFacts.upgraded(run["facts"])
    if facts is None or run["status"] in (Status.CREATED, Status.QUEUED):
        return None
    is_over = run["status"] not in ACTIVE
    trouble = trouble_of(facts.happened)
    if run["status"] == Status.FAILED:
        if "not a number" not in run["message"] and "being a number" not in run["message"]:
            return None  # the message of the run has the reason
        trouble = run["message"]
    state = State(
        config=configs.parse(run["config"]),
        baselines=facts.valid_baselines,
        n_epochs=run["n_epochs"] or facts.n_epochs,
        n_train=facts.n_train,
        n_valid=facts.n_valid,
        is_over=is_over,
        difference=facts.loss_difference,
        trouble=trouble,
    )
    diagnosis = diagnose(epochs, state)
    return None if is_over and diagnosis.case == Case.WAITING else diagnosis


def shown(run, diagnosis):
    """The sentence of a Diagnosis as a notice, with a button for each thing to try; [] for None."""
    if diagnosis is None:
        return []
    parts = [html.P([html.Strong(f"{diagnosis.case[0].upper()}{diagnosis.case[1:]}. "), diagnosis.sentence])]
    if diagnosis.tries:
        buttons = [_button(run, each) for each in diagnosis.tries]
        parts.append(html.Div([html.Span("Try next: "), *buttons], className="nuwa-actions"))
    return [html.Div(parts, className=f"nuwa-notice {TONES.get(diagnosis.case, 'info')}", role="status")]


def extend_button(n_epochs):
    """The id of the button that extends the run of the Train page at a constant rate; "ALL" is dash's pattern."""
    return {"type": "extend-constant", "name": n_epochs}


def _button(run, each):
    if each.extension:
        return html.Button(
            each.label, id=extend_button(each.extension), className="btn btn-sm btn-outline-primary"
        )
    if not each.changes:
        return html.Span(each.label)
    return dcc.Link(
        each.label, href=filled(run["id"], each.changes), className="btn btn-sm btn-outline-primary"
    )


def filled(run_id, changes):
    """The link to Create model with the settings of a run and these changes."""
    query = {"run": run_id} | {
        f"{CHANGE}{name}": ("on" if value else "off") if isinstance(value, bool) else value
        for name, value in changes.items()
    }
    return f"/model?{urlencode(query)}"


def changes_of(query):
    """{setting: value} that a link fills in; what is no setting, or cannot be its value, is left out."""
    changes = {}
    for spec in specs():
        text = query.get(f"{CHANGE}{spec.name}")
        if text is None or spec.part == configs.PREPARE:
            continue
        if spec.number:
            try:
                changes[spec.name] = spec.number.read(text)
            except UserError:
                continue
        elif spec.kind == "bool" and text in ("on", "off"):
            changes[spec.name] = text == "on"
        elif text in spec.choices:
            changes[spec.name] = text
    return changes
