"""Candidates side by side: one column for each score, one line for each candidate, the one that is kept in the accent."""

from plotly.subplots import make_subplots

from core.figures.theme import template, theme_colours
from core.text import NORMAL_95

SCORES = {  # what a column shows: its title, and the name of its standard error in a record
    "explained": ("deviance explained,<br>unseen molecules", "error"),
    "consistency": ("clusters stable<br>over seeds", None),
    "kept": ("neighbours of the<br>input kept", None),
    "knn": ("kNN accuracy<br>of labels", None),
    "ilisi": ("batches mixed<br>(iLISI)", None),
}
ROW = 30  # pixels


def candidates(choice, theme="light"):
    """The picture of a core.analysis.choose.Choice, by its record; scores that no candidate has are left out.

    A hollow mark is PCA of as many dimensions on the same values.
    """
    c, records = theme_colours(theme), choice["records"]
    shown = [name for name in SCORES if any(record[name] is not None for record in records)]
    figure = make_subplots(1, len(shown), shared_yaxes=True, horizontal_spacing=0.03)
    names = [record["name"] for record in records]
    colours = [c.accent if i == choice["best"] else c.quiet for i in range(len(records))]
    for column, name in enumerate(shown, start=1):
        title, error = SCORES[name]
        values = [record[name] for record in records]
        bars = None
        if error:
            lengths = [NORMAL_95 * record[error] for record in records]
            bars = {"type": "data", "array": lengths, "color": c.quiet, "thickness": 1}
        figure.add_scatter(
            x=values,
            y=names,
            mode="markers",
            marker={"color": colours, "size": 11},
            error_x=bars,
            showlegend=False,
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
            row=1,
            col=column,
        )
        if name == "explained":
            figure.add_scatter(
                x=[record["pca"] for record in records],
                y=names,
                mode="markers",
                marker={"color": c.edge, "size": 9, "symbol": "circle-open"},
                showlegend=False,
                hovertemplate="PCA, %{y}: %{x:.4f}<extra></extra>",
                row=1,
                col=column,
            )
        figure.update_xaxes(title_text=title, nticks=4, row=1, col=column)
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(template=template(theme), height=130 + ROW * len(records), uirevision="candidates")
    return figure
