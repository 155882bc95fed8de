"""The fields of a RunConfig: drawn from its specs, and read back in the types that they have."""

import dash_bootstrap_components as dbc
from dash import ALL, html

from core.config import specs
from dashboard import ids
from dashboard.components.widgets import more

SETTINGS = {"type": "setting", "name": ALL}  # the pattern of all fields on a page
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
    id, name = ids.setting(spec.name), f"setting-{spec.name}"
    if spec.kind == "bool":
        control = dbc.Switch(id=id, value=bool(value), disabled=off, label=spec.label)
        label = None
    elif spec.kind in ("choice", "column"):
        closed = step.closed if step else {}
        options = [
            {"label": f"{c} ({closed[c]})", "value": c, "disabled": True}
            if c in closed
            else {"label": c, "value": c}
            for c in spec.choices or columns
        ]
        if spec.optional:
            options.insert(0, {"label": "none", "value": NONE})
        control = dbc.Select(id=id, options=options, value=NONE if value is None else value, disabled=off)
        label = html.Label(spec.label)
    elif spec.kind == "genes":
        control = dbc.Textarea(
            id=id,
            value=value,
            disabled=off,
            debounce=True,
            rows=2,
            placeholder="none",
            spellcheck=False,
            submit_on_enter=False,  # names may stand on lines of their own
        )
        label = html.Label(spec.label)
    else:
        step_size = (
            1 if spec.kind == "int" else "any"
        )  # a coarser step would make the browser drop values between
        control = dbc.Input(
            id=id,
            type="number",
            value=value,
            min=spec.low,
            max=spec.high,
            step=step_size,
            disabled=off,
            debounce=True,
            placeholder=automatic(getattr(chosen, spec.name)) if spec.optional and chosen else None,
        )
        label = html.Label(spec.label)
    parts = [html.Label([label.children, control], className="nuwa-labelled") if label else control]
    bounds = _bounds(spec)
    if spec.unit or bounds:
        parts.append(html.Span(" ".join(filter(None, (spec.unit, bounds))), className="unit"))
    help = f"{step.reason[0].upper()}{step.reason[1:]}." if off else spec.help
    parts.append(html.Div(help, className="help", id=f"help-{name}"))
    known = {"id": ids.obeyed(spec.name, spec.models)} if spec.models else {}
    return html.Div(parts, className="nuwa-field", title=spec.help, **known, **{"data-setting": spec.name})


def automatic(value):
    """What an empty field shows: the number that is used."""
    return f"automatic: {value:,}" if isinstance(value, int) else f"automatic: {value:.3g}"


def _bounds(spec):
    """The allowed range in words."""
    if spec.kind not in ("int", "float") or spec.high is None:
        return ""
    low = f"above {spec.low:,.10g}" if spec.low_open else f"{spec.low:,.10g}"
    return f"({low} to {'below ' if spec.high_open else ''}{spec.high:,.10g})"


def read_form(values, names, part):
    """{field: value} from a page's controls, in the types the fields have; empty ones left to their default."""
    kinds = {spec.name: spec for spec in specs(part)}
    out = {}
    for id, value in zip(names, values, strict=True):
        spec = kinds.get(id["name"])
        if spec is None or (value in (None, "", NONE) and spec.optional):
            continue
        if value is None and spec.kind == "genes":  # a field that was emptied
            value = ""
        whole = spec.kind == "int" and isinstance(value, float) and value.is_integer()
        out[spec.name] = int(value) if whole else value
    return out
