"""The legend beside the maps: for each colour its categories with their sizes, which are buttons, or a colour scale.

Sizes are of the cells that pass the filter, as (cells,) bool `inside`, or of all without one.
"""

import numpy as np
from dash import html

from core import figures
from core.figures.colour import scale_colours
from dashboard.pages.clusters import ids


def legends(shown, state, inside=None):
    """The legends of all distinct colours of viewer.maps.Shown, each with the maps that it belongs to where they differ."""
    parts, several = [], len(shown.colours) > 1
    for by, colour in shown.colours.items():
        titles = [str(i + 1) for i, one in enumerate(shown.maps) if one.by == by]
        if not titles:
            continue
        where = f"map {titles[0]}" if len(titles) == 1 else f"maps {', '.join(titles)}"
        where = where if several else ""
        parts += legend(colour, state.selection, state.theme, by, state.resolution, where, inside)
    if shown.split is not None:
        parts.append(html.Div(f"Split by {shown.split.name}: other cells are grey.", className="help clip"))
    return parts


def legend(colour, selection, theme, by, resolution, where="", inside=None):
    """The legend of a Colour; `by` and, for clusters, `resolution` are the choice behind it.

    A category whose cells are all outside the filter keeps its row.
    """
    if colour.categories is None:
        return [*_scale(colour, theme, where, inside), _change_ends()]
    folded = figures.folded(colour)  # rare categories as one
    sizes, shown = figures.sizes(folded), figures.sizes(_within(folded, inside))
    selection = selection or {}
    same = selection.get("by") == by and selection.get("resolution", resolution) == resolution
    selected = selection.get("is", []) if same else []
    rows = []
    names = figures.named_categories(colour)
    for k, (name, css) in enumerate(zip(folded.categories, folded.palette(), strict=True)):
        if sizes[k]:
            category = None if names[k] is None else {"by": by, "resolution": resolution, "name": names[k]}
            rows.append(_entry(str(name), css, f"{shown[k]:,}", str(name) in selected, category))
    rows += _no_value(_within(colour, inside), theme)
    return [
        html.Div([html.B(colour.name), " (click to select)", _where(where)], className="head"),
        html.Div(rows, className="rows"),
    ]


def layer_legend(layer, theme):
    """The legend of the mapped cells of a panel (a figures.Over); they cannot be selected."""
    colour, title = layer.colour, html.Div(f"{layer.title}, mapped", className="head mt-3")
    if colour.categories is None:
        return [title, *_scale(colour, theme)]
    folded = figures.folded(colour)
    entries = zip(folded.categories, folded.palette(), figures.sizes(folded), strict=True)
    rows = [_entry(str(name), css, f"{size:,}", False) for name, css, size in entries if size]
    return [
        title,
        html.Div(html.B(colour.name), className="head"),
        html.Div([*rows, *_no_value(colour, theme)], className="rows"),
    ]


def _entry(name, css, n, selected, category=None, look="entry"):
    """A row of the legend; a button where `category` says which cells it selects and what a double click renames."""
    parts = [
        html.Span(className="swatch", style={"background": css}),
        html.Span(name, className="name", title=name),
        html.Span(n, className="n"),
    ]
    if category is None:
        return html.Div(parts, className=look)
    return html.Button(
        parts,
        id=ids.category(name, category["by"]),
        className=f"entry{' chosen' if selected else ''}",
        title="Click to select, double click to rename",
        **{"aria-pressed": "true" if selected else "false"},
        **{f"data-{key}": str(value) for key, value in category.items()},
    )


def _no_value(colour, theme):
    """The row for cells without a value, "no value, 12 cells"; none where all cells have one."""
    n = figures.n_without_value(colour)
    css = figures.theme_colours(theme).missing
    cells = f"{n:,} cell{'s' if n != 1 else ''}"
    return [_entry(figures.NO_VALUE, css, cells, False, look="entry none")] if n else []


def _within(colour, inside):
    """The Colour of the cells that pass the filter."""
    return colour if inside is None else colour._replace(values=np.asarray(colour.values)[inside])


def _scale(colour, theme, where="", inside=None):
    limits = colour.span(theme)
    steps = scale_colours(limits.scale, 16)
    return [
        html.Div(
            [html.B(colour.name), _where(where), html.Div(colour.unit, className="help")], className="head"
        ),
        html.Div(className="scale", style={"background": f"linear-gradient(to right, {', '.join(steps)})"}),
        html.Div([html.Span(figures.number_text(end)) for end in limits[:2]], className="ends"),
        html.Div(limits.note, className="help clip"),
        *_no_value(_within(colour, inside), theme),
    ]


def _change_ends():
    """The button that opens the fields for the ends of the scale (assets/69-maps.js)."""
    return html.Button("Change ends", className="nuwa-change-ends", title="Set the ends of the colour scale")


def _where(where):
    return html.Span(f" {where}") if where else ""
