"""The legend of all panels: categories with their sizes, each a button that selects its cells, or a colour scale."""

from dash import html

from core import figures
from core.figures.colour import scale_colours
from dashboard.pages.clusters import ids


def legend(colour, selection, theme, by, resolution):
    """The legend of a Colour; `by` and, for clusters, `resolution` are the choice behind it."""
    if colour.categories is None:
        return _scale(colour, theme)
    folded = figures.folded(colour)  # rare categories as one
    sizes = figures.sizes(folded)
    selection = selection or {}
    same = selection.get("by") == by and selection.get("resolution", resolution) == resolution
    selected = selection.get("is", []) if same else []
    has_rest = len(folded.categories) < len(colour.categories)
    rows = []
    for k, (name, css) in enumerate(zip(folded.categories, folded.palette(), strict=True)):
        if sizes[k]:
            is_rest = has_rest and k == len(folded.categories) - 1
            rows.append(_entry(str(name), css, int(sizes[k]), str(name) in selected, not is_rest))
    unknown = len(colour.values) - int(sizes.sum())
    if unknown:
        rows.append(_entry("unknown", figures.theme_colours(theme).missing, unknown, False, False))
    return [
        html.Div([html.B(colour.name), " (click to select)"], className="head"),
        html.Div(rows, className="rows"),
    ]


def layer_legend(layer, theme):
    """The legend of the mapped cells of a panel (a figures.Over); they cannot be selected."""
    colour, title = layer.colour, html.Div(f"{layer.title}, mapped", className="head mt-3")
    if colour.categories is None:
        return [title, *_scale(colour, theme)]
    folded = figures.folded(colour)
    entries = zip(folded.categories, folded.palette(), figures.sizes(folded), strict=True)
    rows = [_entry(str(name), css, int(size), False, False) for name, css, size in entries if size]
    return [title, html.Div(html.B(colour.name), className="head"), html.Div(rows, className="rows")]


def _entry(name, css, n, selected, clickable):
    parts = [
        html.Span(className="swatch", style={"background": css}),
        html.Span(name, className="name", title=name),
        html.Span(f"{n:,}", className="n"),
    ]
    if not clickable:
        return html.Div(parts, className="entry")
    return html.Button(
        parts,
        id=ids.category(name),
        className=f"entry{' chosen' if selected else ''}",
        **{"aria-pressed": "true" if selected else "false"},
    )


def _scale(colour, theme):
    limits = figures.span(colour.values, theme)
    steps = scale_colours(limits.scale, 16)
    return [
        html.Div([html.B(colour.name), html.Div(colour.unit, className="help")], className="head"),
        html.Div(className="scale", style={"background": f"linear-gradient(to right, {', '.join(steps)})"}),
        html.Div([html.Span(f"{limits.low:.3g}"), html.Span(f"{limits.high:.3g}")], className="ends"),
        html.Div(limits.note, className="help"),
    ]
