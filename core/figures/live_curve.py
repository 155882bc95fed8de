"""The curves of a history while it grows: losses by part, learning rate, gradient norm, speed, machine.

A figure holds no more points than a screen shows, and `additions` are those that one of fewer epochs lacks.
"""

import math
from typing import NamedTuple

import numpy as np
from plotly.subplots import make_subplots

from core.config.run_files import HISTORY
from core.figures.axis_range import label_positions, y_range
from core.figures.curve_views import LOSSES, VIEWS, columns_of
from core.figures.loss import EPOCHS, WAITING, add_curve, lines_of, loss_curve
from core.figures.theme import category_colours, faded, template, theme_colours, write_on_axes
from core.figures.thin import smoothed, thinned

BUCKETS = 500  # of a curve: with the lowest and highest value of each, a point every pixel of a wide plot
# Epochs before, of which a moving average of the largest weight (0.99) keeps less than a millionth.
AVERAGED = 1500


def live_curve(history, look, n_epochs=None, best_epoch=None, baselines=None, n_latent=None, **losses):
    """A figure of a history, thinned; its axes are those of all epochs.

    `history`: (epochs, columns of HISTORY) float64, NaN where there is no value. `losses`: `loss_label` of loss_curve.
    """
    columns = [HISTORY.index(name) for name in columns_of(look.view)]
    values = history[:, columns]
    rows = thinned(values, BUCKETS)
    if best_epoch and best_epoch <= len(history):
        rows = np.union1d(rows, [best_epoch - 1])
    averages = [smoothed(column, look.smoothing)[rows] for column in values.T] if look.smoothing else None
    if look.view in LOSSES:
        limits = _loss_limits(values, lines_of(baselines, look.view, n_latent), look.log)
        figure = loss_curve(
            _records(history, rows, look.view),
            baselines,
            log=look.log,
            part=look.view,
            best_epoch=best_epoch,
            n_epochs=n_epochs,
            theme=look.theme,
            n_latent=n_latent,
            smoothed=averages and [_numbers(column) for column in averages],
            limits=limits,
            extensions=_extensions(history),
            **losses,
        )
    else:
        figure = _measures(history, rows, look, n_epochs, averages)
    return figure


class Axes(NamedTuple):
    """What of a figure depends on all its values."""

    ranges: list  # [low, high] of the vertical axis of each row
    labels: (
        list  # heights of the names of the baselines, as shares of the axis, in the order of the annotations
    )
    hidden: float | None  # the highest loss, where it is above the axis


def axes_of(history, look, baselines=None, n_latent=None):
    """The Axes of the `live_curve` of a history, without the figure."""
    if look.view not in LOSSES:
        return Axes([_row_limits(history, look, row) for row in range(len(VIEWS[look.view].rows))], [], None)
    values = history[:, [HISTORY.index(name) for name in columns_of(look.view)]]
    lines = lines_of(baselines, look.view, n_latent)
    low, high, hidden, _ = _loss_limits(values, lines, look.log)
    return Axes([[low, high]], [place for _, place in label_positions(lines, low, high, look.log)], hidden)


def _row_limits(history, look, row):
    """[low, high] of the axis of a row, counted from 0, of a view that is not a loss."""
    drawn = VIEWS[look.view]
    columns = [history[:, HISTORY.index(name)] for name in columns_of(look.view, row)]
    return _limits(columns, look.log, drawn.from_zero, drawn.limit if row == 0 else None)


def _loss_limits(values, lines, log):
    """The axis_range.y_range of all epochs, and the epoch of the highest loss."""
    limits = y_range([column[~np.isnan(column)].tolist() for column in values.T], lines, log)
    if not np.isfinite(values).any():
        return (*limits, 1)
    return (*limits, int(np.nanargmax(np.where(np.isfinite(values), values, -np.inf).max(axis=1))) + 1)


def _extensions(history):
    """The first epoch of each extension of a run."""
    segments = np.nan_to_num(history[:, HISTORY.index("segment")], nan=1.0)
    return (history[1:, 0][np.diff(segments) != 0]).astype(int).tolist()


def _measures(history, rows, look, n_epochs, averages):
    """The figure of a view that is not a loss: a row of axes for each of its rows."""
    drawn, c = VIEWS[look.view], theme_colours(look.theme)
    figure = make_subplots(rows=len(drawn.rows), shared_xaxes=True, vertical_spacing=0.12)
    last = max(n_epochs or 0, len(history), 1)
    pad, index = 0.02 * (last - 1) or 0.5, 0
    epochs = history[rows, 0].astype(int).tolist()
    for row, (title, lines) in enumerate(drawn.rows, 1):
        shown = False
        for line, colour in zip(lines, (c.accent, *category_colours(3)[1:]), strict=False):
            values = history[:, HISTORY.index(line.column)]
            shown |= bool(np.isfinite(values).any())
            add_curve(
                figure,
                epochs,
                _numbers(values[rows]),
                line.name,
                faded(colour, 0.55) if line.name == "training" else colour,
                2,
                averages and _numbers(averages[index]),
                line.column,
                showlegend=bool(np.isfinite(values).any()),
                row=row,
                col=1,
            )
            index += 1
        limits = _row_limits(history, look, row - 1)
        kind = "log" if look.log else "linear"
        figure.update_yaxes(type=kind, range=limits, title_text=title, row=row, col=1)
        if not shown:
            axis = "" if row == 1 else str(row)
            message = "not measured in this run" if len(history) else WAITING
            write_on_axes(figure, message, f"x{axis}", f"y{axis}")
    figure.update_xaxes(range=[1 - pad, last + pad], unifiedhovertitle_text="epoch %{x}")
    figure.update_xaxes(title_text="epoch", row=len(drawn.rows), col=1)
    return figure.update_layout(
        template=template(look.theme),
        margin={"t": 34, "r": 16},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="x unified",
        uirevision=f"{look.view} {'log' if look.log else 'linear'}",
    )


def _limits(columns, log, from_zero, limit):
    """[low, high] of an axis, sensible also where there is no value."""
    values = np.concatenate(columns)
    values = values[np.isfinite(values) & ((values > 0) | (not log))]
    if log:
        ends = np.log10([values.min(), values.max()]) if len(values) else np.array([-1.0, 0.0])
        pad = 0.06 * (ends[1] - ends[0]) or 0.1
        return [float(ends[0] - pad), float(max(ends[1] + pad, math.log10(limit) if limit else -math.inf))]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    if from_zero:
        return [0.0, max(1.05 * high, limit or 0.0) or 1.0]
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 0.05
    return [low - pad, high + pad]


class Curve(NamedTuple):
    """A trace that has a point an epoch, which grows while a run trains."""

    index: int  # in the figure
    column: str
    is_smoothed: bool


def curves_of(figure):
    """The Curves of a figure."""
    kinds = [(index, trace.meta) for index, trace in enumerate(figure.data)]
    return [Curve(index, *meta[1:]) for index, meta in kinds if meta and meta[0] == EPOCHS]


def n_points(figure):
    """The points of the longest curve of a figure."""
    return max((len(figure.data[curve.index].x) for curve in curves_of(figure)), default=0)


def additions(history, curves, look, since):
    """(epochs, the values of each of `curves`): the points of `history` after the first `since`, as a figure has them.

    Builds no figure: a page that watches asks for this every second.
    """
    begin = max(0, since - AVERAGED)
    added = []
    for curve in curves:
        values = history[begin:, HISTORY.index(curve.column)]
        values = smoothed(values, look.smoothing) if curve.is_smoothed else values
        added.append(_numbers(values[since - begin :]))
    return history[since:, 0].astype(int).tolist(), added


def _records(history, rows, view):
    """The losses of a view in some rows of a history, as dicts."""
    names = columns_of(view)
    values = [_numbers(history[rows, HISTORY.index(name)]) for name in names]
    epochs = history[rows, 0].astype(int).tolist()
    return [dict(zip(("epoch", *names), row, strict=True)) for row in zip(epochs, *values, strict=True)]


def _numbers(values):
    """Floats of five digits, None where there is none: what a screen can show, in few bytes."""
    return [float(f"{value:.5g}") if math.isfinite(value) else None for value in values]
