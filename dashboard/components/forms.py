"""The fields of a RunConfig: drawn from its specs, and read back in the types that they have."""

import dash_bootstrap_components as dbc
from dash import ALL, Input, Output, State, html

from core.config import specs
from core.config.numbers import text_of
from core.errors import UserError
from dashboard import ids
from dashboard.components.number_field import error_id, error_of, number_field
from dashboard.components.widgets import more

SETTINGS = ids.setting(ALL)  # the pattern of all fields on a page
ERRORS = error_id(SETTINGS)
NONE = (
    " "  # of a list of choices: an empty value would show an empty field, and no column of obs has this name
)


def form(part, values=None, steps=None, columns=(), chosen=None, names=None):
    """The fields of one part of RunConfig, the advanced ones folded; `steps` says which do not apply, and why.

    `columns` are the obs columns that a field of that kind may name; `chosen` is the RunConfig whose numbers are taken
    where a field is left empty; `names` are the fields drawn, None: all.
    """
    values, steps = values or {}, steps or {}

    def drawn(folded):
        wanted = [s for s in specs(part) if s.folded == folded and (names is None or s.name in names)]
        return [field(s, values.get(s.name, s.default), steps.get(s.name), columns, chosen) for s in wanted]

    shown, folded = drawn(False), drawn(True)
    parts = [html.Div(shown, className="nuwa-form")]
    if folded:
        parts.append(more("More settings", html.Div(folded, className="nuwa-form")))
    return html.Div(parts)


def field(spec, value, step=None, columns=(), chosen=None):
    """One setting: label, control, unit, help; a step that does not apply is switched off and says why."""
    off = step is not None and not step.applies
    help = f"{step.reason[0].upper()}{step.reason[1:]}." if off else spec.help
    attributes = {"title": spec.help, "data-setting": spec.name}
    if spec.models:
        attributes["id"] = ids.obeyed(spec.name, spec.models)
    if spec.number:
        empty = automatic(getattr(chosen, spec.name)) if spec.optional and chosen else None
        return number_field(
            ids.setting(spec.name),
            spec.number,
            value,
            help,
            placeholder=empty,
            disabled=off,
            attributes=attributes,
        )
    control = _control(spec, value, step, columns, off)
    labelled = (
        [control] if spec.kind == "bool" else [html.Label([spec.label, control], className="nuwa-labelled")]
    )
    explanation = html.Div(help, className="help", id=f"help-setting-{spec.name}")
    return html.Div([*labelled, explanation], className="nuwa-field", **attributes)


def _control(spec, value, step, columns, off):
    """The control of a setting that is no number."""
    id = ids.setting(spec.name)
    if spec.kind == "bool":
        return dbc.Switch(id=id, value=bool(value), disabled=off, label=spec.label)
    if spec.kind == "genes":
        return dbc.Textarea(
            id=id,
            value=value,
            disabled=off,
            debounce=True,
            rows=2,
            placeholder="none",
            spellcheck=False,
            submit_on_enter=False,  # names may stand on lines of their own
        )
    closed = step.closed if step else {}
    options = [
        {"label": f"{c} ({closed[c]})", "value": c, "disabled": True}
        if c in closed
        else {"label": c, "value": c}
        for c in spec.choices or columns
    ]
    if spec.optional:
        options.insert(0, {"label": "none", "value": NONE})
    return dbc.Select(id=id, options=options, value=NONE if value is None else value, disabled=off)


def automatic(value):
    """What an empty field shows: the number that is used."""
    return f"automatic: {text_of(value) if isinstance(value, int) else f'{value:.3g}'}"


def read_form(values, names, *parts, skip=()):
    """{field: value} of the `parts` of RunConfig from a page's controls, in the types the fields have; empty ones are left out.

    Fields named in `skip` are not read. Raises UserError with a sentence for each number that cannot be used.
    """
    fields = {spec.name: spec for part in parts for spec in specs(part) if spec.name not in skip}
    settings, errors = {}, []
    for id, value in zip(names, values, strict=True):
        spec = fields.get(id["name"])
        if spec is None or (value in (None, "", NONE) and spec.optional):
            continue
        if spec.number:
            try:
                value = spec.number.read(value)
            except UserError as error:
                errors.append(str(error))
        elif value is None and spec.kind == "genes":  # a field that was emptied
            value = ""
        settings[spec.name] = value
    if errors:
        raise UserError(" ".join(errors))
    return settings


def register(app):
    """The error below each number field of a form, when the field is left."""
    numbers = {spec.name: spec.number for spec in specs() if spec.number}

    @app.callback(
        Output(ERRORS, "children"),
        Input(SETTINGS, "value"),
        State(SETTINGS, "id"),
        State(ERRORS, "id"),
        prevent_initial_call=True,
    )
    def check(values, names, errors):
        by_name = {id["name"]: value for id, value in zip(names, values, strict=True)}
        return [error_of(numbers[id["name"]], by_name[id["name"]]) for id in errors]
