"""One legend for all panels: the categories with their sizes, each a button that selects its cells, or a scale of numbers."""

from dash import html

from core import figures
from core.figures.colour import scale_colours
from dashboard.pages.clusters import ids


def legend(colour, selection, theme, by, resolution):
    """What stands beside the panels, for a Colour that the choice `by` (and of clusters the resolution) names."""
    if colour.categories is None:
        return _scale(colour, theme)
    few, n = figures.folded(colour), figures.sizes(figures.folded(colour))
    chosen = selection or {}
    same = chosen.get("by") == by and chosen.get("resolution", resolution) == resolution
    names = chosen.get("is", []) if same else []
    folded = len(few.categories) < len(colour.categories)
    rows = []
    for k, (name, paint) in enumerate(zip(few.categories, few.palette(), strict=True)):
        if n[k]:
            last = folded and k == len(few.categories) - 1
            rows.append(_entry(str(name), paint, int(n[k]), str(name) in names, not last))
    unknown = len(colour.values) - int(n.sum())
    if unknown:
        rows.append(_entry("not known", figures.look(theme).missing, unknown, False, False))
    return [
        html.Div([html.B(colour.name), " (click selects)"], className="head"),
        html.Div(rows, className="rows"),
    ]


def legend_over(over, theme):
    """The same for an Over of one panel: its cells are in no other panel, so nothing is selected by it."""
    colour, title = over.colour, html.Div(f"{over.title}, mapped", className="head mt-3")
    if colour.categories is None:
        return [title, *_scale(colour, theme)]
    few, n = figures.folded(colour), figures.sizes(figures.folded(colour))
    rows = zip(few.categories, few.palette(), n, strict=True)
    rows = [_entry(str(name), paint, int(size), False, False) for name, paint, size in rows if size]
    return [title, html.Div(html.B(colour.name), className="head"), html.Div(rows, className="rows")]


def _entry(name, paint, n, chosen, clickable):
    parts = [
        html.Span(className="swatch", style={"background": paint}),
        html.Span(name, className="name", title=name),
        html.Span(f"{n:,}", className="n"),
    ]
    if not clickable:
        return html.Div(parts, className="entry")
    return html.Button(
        parts,
        id=ids.category(name),
        className=f"entry{' chosen' if chosen else ''}",
        **{"aria-pressed": "true" if chosen else "false"},
    )


def _scale(colour, theme):
    ends = figures.span(colour.values, theme)
    steps = scale_colours(ends.scale, 16)
    return [
        html.Div([html.B(colour.name), html.Div(colour.words, className="help")], className="head"),
        html.Div(className="scale", style={"background": f"linear-gradient(to right, {', '.join(steps)})"}),
        html.Div([html.Span(f"{ends.low:.3g}"), html.Span(f"{ends.high:.3g}")], className="ends"),
        html.Div(ends.note, className="help"),
    ]
