"""A figure as an HTML file that opens without the internet, and the configuration of all graphs."""

import html
from pathlib import Path

import plotly.graph_objects as go

from core.figures.theme import FONT, theme_colours

# plotly.js 4 offers to upload a chart to an outside server: never.
GRAPH_CONFIG = {
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    "scrollZoom": True,
    # A responsive plot without an explicit height has none after a resize; dcc.Graph resizes its plot by itself.
    "responsive": False,
    "toImageButtonOptions": {"format": "svg", "filename": "nuwa"},
}

BADGE = (
    22  # pixels above a figure for a line of text; assets/nuwa.js has the same for figures that a page saves
)

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0 auto; padding: 20px 24px; max-width: 1400px; background: {ground}; color: {text}; font-family: {font}; }}
h1 {{ font-size: 1.15rem; font-weight: 600; margin: 0 0 12px; }}
</style>
</head>
<body>
<h1>{title}</h1>
{figure}
</body>
</html>
"""


def badged(figure, text):
    """A copy of a figure with a line above it, such as what X of its dataset holds: "X: counts"."""
    figure = go.Figure(figure)
    margin = figure.layout.margin.t
    margin = figure.layout.template.layout.margin.t if margin is None else margin
    if figure.layout.height:
        figure.layout.height += BADGE
    figure.layout.margin.t = margin + BADGE
    figure.add_annotation(
        text=text,
        name="badge",
        xref="paper",
        yref="paper",
        x=1,
        y=1,
        xanchor="right",
        yanchor="bottom",
        yshift=margin,
    )
    return figure


def html_page(figure, title):
    """The text of one HTML file with plotly.js inside; its ground follows the figure's theme."""
    c = theme_colours((figure.layout.template.layout.meta or {}).get("theme", "light"))
    inner = figure.to_html(
        config=GRAPH_CONFIG | {"responsive": True},
        include_plotlyjs=True,
        include_mathjax=False,
        full_html=False,
    )
    return PAGE.format(title=html.escape(title), figure=inner, ground=c.card, text=c.text, font=FONT)


def write_html(figure, path, title):
    """Write a figure as one HTML file; gives back the Path."""
    path = Path(path)
    path.write_text(html_page(figure, title), encoding="utf-8")
    return path
