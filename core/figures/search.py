"""Figures of a search of settings: its history, and how much each setting matters."""

import plotly.graph_objects as go

from core.figures.theme import empty, faded, template, theme_colours
from core.figures.traces import escape


def search_history(trials, label, minimize, theme="light"):
    """The objective of each trial that was trained to its end, and the best so far as a line.

    `trials` are records of core.worker.jobs.search; pruned trials are drawn as open circles, failed ones are left out.
    """
    c = theme_colours(theme)
    points = [(i, trial) for i, trial in enumerate(trials, 1) if trial["value"] is not None]
    if not points:
        return empty("no trial has a result yet", theme, 300)
    figure = go.Figure(layout={"template": template(theme), "height": 300})
    best, line = None, []
    for i, trial in points:
        if trial["state"] == "done":
            better = best is None or (trial["value"] < best if minimize else trial["value"] > best)
            best = trial["value"] if better else best
        line.append((i, best))
    figure.add_scatter(
        x=[i for i, _ in line],
        y=[value for _, value in line],
        name="best so far",
        mode="lines",
        line={"color": faded(c.accent, 0.5), "shape": "hv", "width": 2},
        hovertemplate="%{y:.4g}",
    )
    for state, symbol in (("done", "circle"), ("pruned", "circle-open")):
        chosen = [(i, trial) for i, trial in points if trial["state"] == state]
        figure.add_scatter(
            x=[i for i, _ in chosen],
            y=[trial["value"] for _, trial in chosen],
            name="trained" if state == "done" else "pruned",
            mode="markers",
            marker={"color": c.accent, "size": 9, "symbol": symbol},
            text=[
                escape(", ".join(f"{k} {_shown(v)}" for k, v in trial["params"].items()))
                for _, trial in chosen
            ],
            hovertemplate="trial %{x}: %{y:.4g}<br>%{text}<extra></extra>",
        )
    figure.update_xaxes(title_text="trial", dtick=1 if len(trials) <= 20 else None)
    figure.update_yaxes(title_text=label)
    return figure.update_layout(
        margin={"t": 34}, legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    )


def _shown(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def search_importance(importance, labels, theme="light"):
    """Bars of {setting: share of the variation of the objective}, the largest on top; `labels` are by setting."""
    if not importance:
        return empty("known after four trials of two settings or more", theme, 200)
    c = theme_colours(theme)
    names = sorted(importance, key=importance.get)
    figure = go.Figure(
        go.Bar(
            x=[importance[name] for name in names],
            y=[escape(labels.get(name, name)) for name in names],
            orientation="h",
            marker={"color": c.accent},
            hovertemplate="%{y}: %{x:.0%}<extra></extra>",
        )
    )
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title_text="importance")
    return figure.update_layout(
        template=template(theme), height=100 + 32 * len(names), margin={"t": 20, "l": 150}
    )
