"""How every figure looks: two templates that match the page's style sheet, and colours for groups and values."""

from functools import cache
from typing import NamedTuple

import plotly.graph_objects as go


class ThemeColours(NamedTuple):
    """The colours of one theme, the same as the variables of assets/84-theme.css (a test compares them)."""

    card: str  # the background of a plot
    sunken: str
    line: str  # grid and frames
    edge: str  # lines that must be seen
    text: str
    quiet: str
    accent: str
    tint: str
    missing: str  # a value that is not known; the style sheet has no such variable


THEME_COLOURS = {
    "light": ThemeColours(
        "#ffffff", "#f0f1f7", "#e2e4ee", "#868ca6", "#1c2033", "#5a607a", "#4f5bd5", "#eceefb", "#c9ccd8"
    ),
    "dark": ThemeColours(
        "#171a23", "#1f232f", "#2a2f3d", "#6b728c", "#e4e7f1", "#9ca3bb", "#8b93ff", "#23284a", "#454b5e"
    ),
}

FONT = 'Inter, system-ui, -apple-system, "Segoe UI", sans-serif'

# The first seven: Okabe and Ito 2008, "Color Universal Design", https://jfly.uni-koeln.de/color/, without their
# black, which would vanish in the dark theme. The rest was chosen for Nuwa after Glasbey et al. 2007
# (doi:10.1002/col.20327): each is the colour of a grid over sRGB that lies farthest from all before it, in CIELAB
# (half the distance as most people see it, a quarter each as deuteranopes and protanopes do, Machado et al. 2009,
# doi:10.1109/TVCG.2009.113), among those with lightness 40 to 84 and chroma 18 to 70, so that a point is seen on
# white and on near-black and none shouts.
_HEX = """
#0072b2 #e69f00 #009e73 #cc79a7 #56b4e9 #d55e00 #f0e442
#508f00 #bf0040 #d7cf87 #c780f7 #876838 #ff8f87 #a7208f #38e78f #0078ef #00e7cf #9fdf60 #efb7ff #ff9f60
#187028 #cf2078 #00979f #a76868 #9fcfa7 #7048b7 #a78728 #df5040 #70af60 #486848 #9f80c7 #ff78d7 #00dff7
#709fff #9f9778 #f7c7af #ff5880 #a7af20 #975008 #606800 #efc760 #875087 #ff9fb7 #8087a7 #9f4030 #c78f60
#00708f #70a797 #a73858 #107068 #a7af50 #009738 #30cf97 #688750 #ff60a7 #b7cfff #af50bf #7058a7 #58c7c7
#c758a7 #8f6880 #c79797 #9fdf97 #cf7038
"""
CATEGORIES = tuple(_HEX.split())

VALUES = "Viridis"  # even steps of lightness, also to colour-blind eyes; both ends show on both grounds
# Blue, the ground's grey, orange: colour-blind safe; zero lies in the middle and recedes.
AROUND_ZERO = {
    "light": [[0, "#1f4e9e"], [0.25, "#6f9fd8"], [0.5, "#dfe1e8"], [0.75, "#ec9a4f"], [1, "#9c3d00"]],
    "dark": [[0, "#7db8ff"], [0.25, "#3f72b5"], [0.5, "#3a3f4e"], [0.75, "#b8641f"], [1, "#ffb066"]],
}


def theme_colours(theme):
    """The Look of "light" or "dark"; ValueError for another name."""
    if theme not in THEME_COLOURS:
        raise ValueError(f"unknown theme {theme!r}; known are {', '.join(THEME_COLOURS)}")
    return THEME_COLOURS[theme]


def category_colours(n):
    """n colours for groups, distinct up to 64; beyond that they begin again."""
    return [CATEGORIES[i % len(CATEGORIES)] for i in range(n)]


def faded(colour, opacity):
    """'#rrggbb' as 'rgba(...)'."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


@cache
def template(theme="light"):
    """The plotly template of a theme: clear ground, quiet grid, one font."""
    c = theme_colours(theme)
    axis = {
        "gridcolor": c.line,
        "linecolor": c.edge,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": c.line,
        "tickfont": {"color": c.quiet, "size": 11},
        "title": {"font": {"color": c.quiet, "size": 12}, "standoff": 8},
        "automargin": True,
    }
    scene = {
        "backgroundcolor": "rgba(0,0,0,0)",
        "gridcolor": c.line,
        "showticklabels": False,
        "showspikes": False,
        "zeroline": False,
        "title": {"font": {"color": c.quiet, "size": 11}},
    }
    bar = {"thickness": 10, "outlinewidth": 0, "ticklen": 3, "tickcolor": c.line, "tickfont": {"size": 11}}
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 12, "color": c.text},
            "title": {"font": {"size": 14, "weight": 600}, "x": 0, "xref": "paper", "xanchor": "left"},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [c.accent, *CATEGORIES[1:7]],
            "colorscale": {"sequential": VALUES, "diverging": AROUND_ZERO[theme]},
            "coloraxis": {"colorbar": bar},
            "margin": {"l": 56, "r": 16, "t": 36, "b": 44},
            "xaxis": {**axis, "showgrid": False, "showline": True},
            "yaxis": axis,
            "scene": {"xaxis": scene, "yaxis": scene, "zaxis": scene},
            "legend": {"font": {"size": 12}, "bgcolor": "rgba(0,0,0,0)", "itemsizing": "constant"},
            "hoverlabel": {
                "bgcolor": c.card,
                "bordercolor": c.edge,
                "font": {"family": FONT, "size": 12, "color": c.text},
                "align": "left",
            },
            "modebar": {
                "bgcolor": "rgba(0,0,0,0)",
                "color": c.edge,
                "activecolor": c.accent,
                "remove": ["select2d", "lasso2d", "autoScale2d"],
            },
            "annotationdefaults": {"font": {"color": c.quiet, "size": 12}, "showarrow": False},
            "meta": {"theme": theme},
        }
    )


def empty(reason, theme="light", height=None):
    """An empty figure with the reason in a sentence."""
    figure = go.Figure(layout={"template": template(theme), "height": height})
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    write_on_axes(figure, reason)
    return figure


def write_on_axes(figure, sentence, x="x", y="y"):
    """A quiet sentence in the middle of the axes called x and y."""
    figure.add_annotation(
        text=sentence,
        x=0.5,
        y=0.5,
        xref=f"{x} domain",
        yref=f"{y} domain",
        xanchor="center",
        yanchor="middle",
    )
