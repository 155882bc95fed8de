"""Loss convergence: training and validation loss by epoch, with the baselines."""

import math

import plotly.graph_objects as go

from core.figures.axis_range import LABEL_SHARE, label_positions, y_range
from core.figures.theme import faded, template, theme_colours, write_on_axes

WAITING = "waiting for the first epoch"
MOST_HOVERED = 500  # epochs in which a baseline is in the hover, whether they are there or to come
EPOCHS = "epochs"  # the mark of a trace that has a point an epoch, which grows while a run trains
SQUARED = "mean squared error"  # the default name of the loss
TITLES = {"total": "Total", "rna": "RNA", "protein": "Protein"}


def loss_curve(
    epochs,
    baselines=None,
    log=False,
    part="total",
    best_epoch=None,
    n_epochs=None,
    theme="light",
    n_latent=None,
    height=None,
    loss_label=SQUARED,
    smoothed=None,
    limits=None,
    extensions=None,
):
    """Training and validation loss of one part ("total", "rna", "protein") with the baselines as dashed lines.

    `epochs` are dicts with `epoch`, `train_loss`, `valid_loss`, `train_rna` and so on; `baselines` is
    core.config.run_facts.Baselines, measured on the same validation cells. `smoothed` are two lists of the same
    epochs, drawn over the curves, which stay as thin lines. `limits` is the axis_range.y_range of a longer history, of
    which these epochs are some, and the epoch of its highest loss; `extensions` are the first epochs of its extensions.
    """
    figure = go.Figure(layout={"template": template(theme), "height": height})
    arguments = epochs, baselines, log, part, best_epoch, n_epochs, theme, n_latent, loss_label
    draw(figure, *arguments, smoothed=smoothed, limits=limits, extensions=extensions)
    figure.update_layout(
        margin={"t": 34, "r": 128 if baselines else 16},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="x unified",
        uirevision=f"loss {part} {'log' if log else 'linear'}",  # a zoom survives new epochs, not a new axis
    )
    figure.update_xaxes(title_text="epoch", unifiedhovertitle_text="epoch %{x}")
    return figure


def _axis(loss_label, part):
    return (
        f"weighted {loss_label}"
        if part == "total"
        else f"{loss_label}, {TITLES[part] if part == 'rna' else part}"
    )


def lines_of(baselines, part, n_latent=None):
    """The baselines of a part as (label, value) pairs, without those that are unknown."""
    if not baselines:
        return []
    size = baselines.pca_size or n_latent
    pca = f"PCA, {size} dimensions" if size else "PCA"
    lines = [("training mean", getattr(baselines.mean, part))]
    lines.append((pca, getattr(baselines.pca, part)))
    if baselines.regression:
        lines.append(("linear regression", getattr(baselines.regression, part)))
    if part == "rna":
        lines.append(("PCA of RNA alone", baselines.pca_rna))
    return [(label, float(value)) for label, value in lines if value is not None and math.isfinite(value)]


def draw(
    figure,
    epochs,
    baselines,
    log,
    part,
    best_epoch,
    n_epochs,
    theme,
    n_latent,
    loss_label,
    row=None,
    apart=LABEL_SHARE,
    smoothed=None,
    limits=None,
    extensions=None,
):
    """One part's curves, baselines, best epoch and ranges, in a row of a page or as the whole figure."""
    c = theme_colours(theme)
    at = {} if row is None else {"row": row, "col": 1}
    axis = "" if row in (None, 1) else str(row)
    name = "loss" if part == "total" else part
    x = [epoch["epoch"] for epoch in epochs]
    train = [_finite(epoch.get(f"train_{name}")) for epoch in epochs]
    valid = [_finite(epoch.get(f"valid_{name}")) for epoch in epochs]
    lines = lines_of(baselines, part, n_latent)
    low, high, hidden, *where = limits or y_range([train, valid], lines, log)
    last = max([n_epochs or 0, *x], default=0) or 1
    first = min([1, *x])
    pad = 0.02 * (last - first) or 0.5
    left, right = first - pad, last + pad

    # The line is in the hover of every epoch, of those to come as well.
    ends = [left, *(range(first, last + 1) if last <= MOST_HOVERED else x), right]
    for label, value in lines:
        figure.add_scatter(
            x=ends,
            y=[value] * len(ends),
            name=label,
            mode="lines",
            line={"color": c.edge, "width": 1.5, "dash": "dash"},
            showlegend=False,
            hovertemplate="%{y:.4g}",
            **at,
        )
    _label_ends(figure, label_positions(lines, low, high, log, apart), axis, c)
    named = {"training": (train, faded(c.accent, 0.45), 1.75), "validation": (valid, c.accent, 2.5)}
    for index, (label, (values, colour, width)) in enumerate(named.items()):
        add_curve(
            figure,
            x,
            values,
            label,
            colour,
            width,
            smoothed and smoothed[index],
            f"{'train' if label == 'training' else 'valid'}_{name}",
            legendgroup=label,
            showlegend=row in (None, 1),
            **at,
        )
    best = next((v for e, v in zip(x, valid, strict=True) if e == best_epoch and v is not None), None)
    figure.add_scatter(  # always there, so that the number of traces is the same in every update
        x=[best_epoch] if best is not None else [],
        y=[best] if best is not None else [],
        name=f"best epoch ({best_epoch})" if best is not None else "best epoch",
        mode="markers",
        marker={"color": c.card, "size": 10, "line": {"color": c.accent, "width": 2.5}},
        legendgroup="best",
        showlegend=best is not None and row in (None, 1),
        hovertemplate="%{y:.4g}<extra>best epoch</extra>",
        **at,
    )
    for first in segment_starts(epochs) if extensions is None else extensions:
        figure.add_shape(
            type="line",
            **{"x0": first - 0.5, "x1": first - 0.5, "xref": f"x{axis}", "y0": 0, "y1": 1},
            **{"yref": f"y{axis} domain", "line": {"color": c.edge, "width": 1.5, "dash": "dot"}},
        )
        figure.add_annotation(
            text="extension",
            **{"x": first - 0.5, "y": 1, "xref": f"x{axis}", "yref": f"y{axis} domain", "xanchor": "left"},
            **{"yanchor": "top", "showarrow": False, "font": {"size": 11, "color": c.quiet}},
        )
    if not any(v is not None for v in train + valid):
        write_on_axes(figure, WAITING if not x else "the loss is not a number", f"x{axis}", f"y{axis}")
    if hidden is not None:
        where = where or [e for e, a, b in zip(x, train, valid, strict=True) if hidden in (a, b)]
        where = where[0]
        side = "left" if where < (left + right) / 2 else "right"
        figure.add_annotation(
            text=f"▲ up to {hidden:.3g}",
            **{"x": where, "y": 1, "xref": f"x{axis}", "yref": f"y{axis} domain", "xanchor": side},
            **{"yanchor": "top", "xshift": 8 if side == "left" else -8},
            **{"font": {"size": 11}, "bgcolor": c.card, "borderpad": 1},
        )
    figure.update_xaxes(range=[left, right], **at)
    figure.update_yaxes(
        type="log" if log else "linear", range=[low, high], title_text=_axis(loss_label, part), **at
    )
    if log:
        figure.update_yaxes(dtick=log_ticks(low, high), **at)


def log_ticks(low, high):
    """The `dtick` of a logarithmic axis from 10^low to 10^high: numbers at 1, 2 and 5 where it spans about a decade."""
    return "D2" if 0.6 < high - low < 2.5 else None


def add_curve(figure, x, values, label, colour, width, smoothed, column, **kwargs):
    """Add the measured curve of a column; with `smoothed` values it is a thin line behind theirs, never hidden."""
    figure.add_scatter(
        x=x,
        y=values,
        name=label,
        mode="lines" if len(x) > 1 else "markers",
        line={"color": colour, "width": 1 if smoothed else width},
        opacity=0.5 if smoothed else None,
        marker={"color": colour, "size": 7},
        hovertemplate="%{y:.4g}",
        meta=[EPOCHS, column, False],
        **kwargs,
    )
    if smoothed:
        figure.add_scatter(
            x=x,
            y=smoothed,
            name=f"{label}, smoothed",
            mode="lines",
            line={"color": colour, "width": width},
            hovertemplate="%{y:.4g}",
            meta=[EPOCHS, column, True],
            **kwargs | {"showlegend": False},
        )


def segment_starts(epochs):
    """The first epoch of each extension of a run."""
    pairs = zip(epochs, epochs[1:], strict=False)
    return [b["epoch"] for a, b in pairs if (a.get("segment") or 1) != (b.get("segment") or 1)]


def _finite(value):
    """A finite float or None, which plotly draws as a gap."""
    return float(value) if value is not None and math.isfinite(value) else None


def _label_ends(figure, positions, axis, c):
    """Names at the right end of the dashed lines."""
    for label, position in positions:
        figure.add_annotation(
            text=label,
            **{"x": 1, "y": position, "xref": f"x{axis} domain", "yref": f"y{axis} domain"},
            **{"xanchor": "left", "yanchor": "middle", "xshift": 6, "font": {"size": 11, "color": c.quiet}},
        )
