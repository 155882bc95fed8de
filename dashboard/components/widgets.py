"""Pieces that pages share: notices, cards, tiles, tables, graphs with their buttons."""

import dash_bootstrap_components as dbc
from dash import dcc, html

from core.config.dataset_record import DatasetRecord
from core.figures import GRAPH_CONFIG
from dashboard import ids
from dashboard.components.documents import TECHNICAL, TERMS, anchor, definition

WIDE = 4  # columns of a table that may not fit beside the maps
# Before its first figure a graph would show axes from -1 to 6.
BLANK = {
    "data": [],
    "layout": {
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    },
}


def notice(message, tone="info", **kwargs):
    """A sentence in a box: "info", "warn", "bad" (announced at once) or "good"."""
    return html.Div(
        message, className=f"nuwa-notice {tone}", role="alert" if tone == "bad" else "status", **kwargs
    )


def empty(message, link=None, label=None, icon="bi-inbox"):
    """A page with nothing to show, and the link to continue."""
    links = [dcc.Link(label, href=link, className="btn btn-primary")] if link else []
    return html.Div([html.I(className=f"bi {icon}"), html.P(message), *links], className="nuwa-empty")


def card(title, *children, **kwargs):
    style = "nuwa-card" + (" " + kwargs.pop("className") if "className" in kwargs else "")
    return html.Section([*([html.H2(title)] if title else []), *children], className=style, **kwargs)


def term(text, heading=None):
    """Words with their definition of the glossary as a tooltip, and a link to it in a tab of its own.

    `heading` is the term's heading in docs/glossary.md, where it differs from `text` in more than case. The browser shows
    the tooltip when the words are pointed at or get the focus (assets/73-terms.js).
    """
    name = anchor(heading or text)
    return html.A(
        text,
        href=f"/glossary#{name}",
        target="_blank",
        className="nuwa-term",
        **{"data-definition": definition(name)},
    )


def with_terms(text, known=()):
    """A sentence whose technical terms are `term`s, each at its first place; but those whose anchors are in `known`."""
    parts, end, seen = [], 0, set(known)
    for match in TERMS.finditer(text):
        name = anchor(match[1].lower())
        name = name if name in TECHNICAL else name.removesuffix("s")
        if name in seen:
            continue
        seen.add(name)
        parts += [text[end : match.start()], term(match[1], name)]
        end = match.end()
    return [part for part in [*parts, text[end:]] if part]


def tile(label, value, note="", tone=""):
    """A number that matters, large; a word is a little smaller."""
    word = "" if any(c.isdigit() for c in value) or len(value) < 5 else " word"
    parts = [html.Div(label, className="label"), html.Div(value, className="value")]
    return html.Div(
        [*parts, html.Div(note, className=f"note {tone}")] if note else parts, className=f"nuwa-tile{word}"
    )


def more(summary, *children, **kwargs):
    """Text or fields that unfold from a line."""
    return html.Details([html.Summary(summary), *children], className="nuwa-more", **kwargs)


def table(head, rows, numeric=()):
    """A table of text; `numeric` are the columns that are aligned right.

    In the narrow panel of the Clusters page, rows of WIDE columns or more become blocks (assets/91-workspace.css), in
    which each cell names its column.
    """
    style = {i: "num" for i in numeric}
    top = html.Tr([html.Th(h, className=style.get(i), scope="col") for i, h in enumerate(head)])
    body = [
        html.Tr(
            [
                html.Td(c, className=style.get(i), **{"data-column": plain(h)})
                for i, (h, c) in enumerate(zip(head, row, strict=True))
            ]
        )
        for row in rows
    ]
    wide = " wide" if len(head) >= WIDE else ""
    return html.Div(
        html.Table([html.Thead(top), html.Tbody(body)], className=f"nuwa-table{wide}"),
        className="nuwa-scroll",
    )


def plain(part):
    """The text of a component or of a list of them."""
    if isinstance(part, list | tuple):
        return "".join(plain(one) for one in part)
    return part if isinstance(part, str) else plain(getattr(part, "children", None) or "")


def number(value, digits=3):
    """A float for people; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def when(seconds):
    """A time (seconds since 1970) as text that the browser turns into local time."""
    return html.Time(className="nuwa-time", **{"data-utc": str(seconds)}) if seconds else "–"


def badge(dataset):
    """A badge of what X of a dataset contains, such as "X: counts", for the header and every plot."""
    record = DatasetRecord.of(dataset) if dataset else None
    if record is None or record.badge is None:
        return None
    return html.Span(record.badge.words, className=f"nuwa-badge {record.badge.tone}", title=record.badge.why)


def graph(
    id,
    label,
    save=True,
    dataset=None,
    mark=None,
    plot_id=None,
    hidden=False,
    beside=None,
    height=None,
    **kwargs,
):
    """A plot with a name for screen readers and buttons that save it; of a dataset, with its badge.

    `mark` is a badge of the plot's own, where it shows other values than X of the dataset.
    `plot_id` is an id for the plot alone, for a page that hides it (`hidden` at first), and `beside` what it then shows in
    its place. `height`, in pixels, is that of a figure with a height of its own: it has it before its data arrive, and
    what follows is not moved, nor drawn over.
    """
    # The page's buttons save a figure with its badge; plotly's button would omit it.
    alone = {"modeBarButtonsToRemove": ["toImage"]} if save else {}
    figure = kwargs.pop("figure", BLANK)
    if height:
        kwargs["style"] = {"minHeight": f"{height}px"} | kwargs.get("style", {})
        figure = figure if figure is not BLANK else BLANK | {"layout": BLANK["layout"] | {"height": height}}
    plot = dcc.Graph(id=id, figure=figure, config=GRAPH_CONFIG | alone | kwargs.pop("config", {}), **kwargs)
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
    attributes = {"id": plot_id, "hidden": hidden} if plot_id else {}
    parts = [
        html.Div(plot, role="group", **attributes, **{"aria-label": label}),
        *([beside] if beside else []),
    ]
    plot_badge = badge(dataset) if mark is None else mark  # a component without children counts as false
    if plot_badge is not None:
        parts.insert(0, html.Div(plot_badge, className="nuwa-plot-badge"))
    if save:
        parts.append(html.Div(buttons, className="nuwa-actions"))
    return html.Div(parts, className="nuwa-plot")


def working(id, message=""):
    """The message of a job that is followed."""
    return html.Div(message, id=id, role="status", className="nuwa-progress")


def progress(message, share):
    """A message and a bar for a running job."""
    bar = dbc.Progress(value=round(100 * share), striped=True, animated=True, style={"height": "6px"})
    return html.Div(
        [html.Div(message), html.Div(bar, **{"aria-hidden": "true"})], className="nuwa-notice info"
    )
