"""Pieces that pages share: fields from RunConfig, notices, tiles, tables, graphs with their buttons."""

import dash_bootstrap_components as dbc
from dash import ALL, dcc, html

from core.config import BADGES, specs
from core.figures import GRAPH_CONFIG
from dashboard import ids

SETTINGS = {"type": "setting", "name": ALL}  # the pattern of all fields on a page
NONE = (
    " "  # of a list of choices: an empty value would show an empty field, and no column of obs is called so
)


def notice(words, tone="info", **kwargs):
    """A sentence with weight: "info", "warn", "bad" (announced at once) or "good"."""
    return html.Div(
        words, className=f"nuwa-notice {tone}", role="alert" if tone == "bad" else "status", **kwargs
    )


def empty(words, link=None, label=None, icon="bi-inbox"):
    """A page with nothing to show yet, and the way on."""
    way = [dcc.Link(label, href=link, className="btn btn-primary")] if link else []
    return html.Div([html.I(className=f"bi {icon}"), html.P(words), *way], className="nuwa-empty")


def card(title, *children, **kwargs):
    style = "nuwa-card" + (" " + kwargs.pop("className") if "className" in kwargs else "")
    return html.Section([*([html.H2(title)] if title else []), *children], className=style, **kwargs)


def tile(label, value, note="", tone=""):
    """A number that matters, large; a word stands a little smaller."""
    word = "" if any(c.isdigit() for c in value) or len(value) < 5 else " word"
    parts = [html.Div(label, className="label"), html.Div(value, className="value")]
    return html.Div(
        [*parts, html.Div(note, className=f"note {tone}")] if note else parts, className=f"nuwa-tile{word}"
    )


def more(summary, *children, **kwargs):
    """Text or fields folded away behind a line."""
    return html.Details([html.Summary(summary), *children], className="nuwa-more", **kwargs)


def table(head, rows, numeric=()):
    """A table of text; `numeric` are the columns whose numbers stand right."""
    style = {i: "num" for i in numeric}
    top = html.Tr([html.Th(h, className=style.get(i), scope="col") for i, h in enumerate(head)])
    body = [html.Tr([html.Td(c, className=style.get(i)) for i, c in enumerate(row)]) for row in rows]
    return html.Div(
        html.Table([html.Thead(top), html.Tbody(body)], className="nuwa-table"), className="nuwa-scroll"
    )


def number(value, digits=3):
    """A float for people; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def when(seconds):
    """A moment (seconds since 1970) as text that the page turns into local time."""
    return html.Time(className="nuwa-time", **{"data-utc": str(seconds)}) if seconds else "–"


def holds(record):
    """What X of a looked-through data set holds: {"words", such as "X: counts", "tone", and "why"}."""
    verdict = record["verdict"]
    # Read by an earlier Nuwa, a data set has the verdict alone.
    earlier = {"words": f"X: {BADGES[verdict['kind']]}", "tone": "info"}
    return {"why": verdict["evidence"]} | (record.get("badge") or earlier)


def badge(dataset):
    """What X of a data set holds, in a word, such as "X: counts"; for the header and beside every plot of it."""
    record = (dataset or {}).get("record") or {}
    if "verdict" not in record:
        return None
    known = holds(record)
    return html.Span(known["words"], className=f"nuwa-badge {known['tone']}", title=known["why"])


def graph(id, label, save=True, dataset=None, mark=None, shown=None, hidden=False, beside=None, **kwargs):
    """A plot with a name for screen readers and buttons that save it; of a data set, with its badge.

    `mark` is a badge of the plot's own, where it draws other values than X of the data set.
    `shown` is an id for the plot alone, for a page that hides it (`hidden` at first), and `beside` what it then shows in
    its place.
    """
    # Our own buttons save a figure with its badge; plotly's would leave it out.
    alone = {"modeBarButtonsToRemove": ["toImage"]} if save else {}
    plot = dcc.Graph(id=id, config=GRAPH_CONFIG | alone | kwargs.pop("config", {}), **kwargs)
    buttons = []
    if save:
        buttons = [
            html.Button(
                [html.I(className="bi bi-download"), f" {form.upper()}"],
                id=ids.save(id, form),
                className="btn btn-sm btn-outline-secondary nuwa-save",
                title=f"Save this figure as {form.upper()}",
                **{"data-graph": id, "data-form": form},
            )
            for form in ("svg", "png")
        ]
    own = {"id": shown, "hidden": hidden} if shown else {}
    parts = [html.Div(plot, role="group", **own, **{"aria-label": label}), *([beside] if beside else [])]
    what = badge(dataset) if mark is None else mark  # a component without children counts as false
    if what is not None:
        parts.insert(0, html.Div(what, className="nuwa-plot-badge"))
    if save:
        parts.append(html.Div(buttons, className="nuwa-actions"))
    return html.Div(parts, className="nuwa-plot")


def working(id, words=""):
    """Where a long callback says how far it is."""
    return html.Div(words, id=id, role="status", className="nuwa-progress")


def progress(words, share):
    """A line and a bar for work under way."""
    bar = dbc.Progress(value=round(100 * share), striped=True, animated=True, style={"height": "6px"})
    return html.Div([html.Div(words), html.Div(bar, **{"aria-hidden": "true"})], className="nuwa-notice info")


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
            placeholder=chosen_words(getattr(chosen, spec.name)) if spec.optional and chosen else None,
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


def chosen_words(value):
    """What an empty field says: the number that is taken."""
    return f"chosen: {value:,}" if isinstance(value, int) else f"chosen: {value:.3g}"


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
