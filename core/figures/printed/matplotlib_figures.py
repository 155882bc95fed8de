"""The figures of a run drawn by matplotlib: axes and words as vectors, points as dots. Pure: data to a matplotlib Figure."""

import math

import numpy as np

from core.figures.axis_range import label_positions, y_range
from core.figures.colour import OTHERS, folded, has_value, n_without_value, no_value_text
from core.figures.drawing_order import drawing_order
from core.figures.labels import free_places, text_size
from core.figures.loss import SQUARED, TITLES, lines_of, parts_of
from core.figures.markers import LARGEST, places, scaled
from core.figures.panel_labels import named_medians
from core.figures.panels import point_size
from core.figures.theme import category_colours, theme_colours
from core.text import short

FONTS = ["Arial", "Helvetica", "Liberation Sans", "DejaVu Sans"]
STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": FONTS,
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "pdf.fonttype": 42,  # TrueType, which drawing programs can edit
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "nuwa",  # the same figure is the same file
    "text.parse_math": False,  # a name with two dollar signs is a name
}
POINT = 0.75  # points of print for a pixel of CSS
LABEL = 7  # points of a name among cells
APART = 0.1  # of the height of a row: the least distance of labels of baselines


def sheet(size):
    """An empty matplotlib Figure of a core.config.bundle.Size; to be used within `styled`."""
    from matplotlib.figure import Figure

    return Figure(figsize=size.inches, dpi=size.dpi, layout="constrained")


def styled():
    """A context in which figures follow STYLE, whatever matplotlib's settings on this machine are."""
    import matplotlib

    return matplotlib.rc_context({**matplotlib.rcParamsDefault, "backend": "agg", **STYLE})


def loss(figure, epochs, baselines, best_epoch, n_latent, loss_label=SQUARED):
    """Training and validation loss by epoch, a row a part, with the baselines dashed; records as figures.loss has them."""
    parts = parts_of(epochs)
    c = theme_colours("light")
    x = [epoch["epoch"] for epoch in epochs]
    rows = figure.subplots(len(parts), sharex=True, squeeze=False)[:, 0]
    for part, axes in zip(parts, rows, strict=True):
        name = "loss" if part == "total" else part
        curves = [[epoch.get(f"{side}_{name}") for epoch in epochs] for side in ("train", "valid")]
        lines = lines_of(baselines, part, n_latent)
        low, high, _ = y_range(curves, lines)
        for _, value in lines:
            axes.axhline(value, color=c.edge, linewidth=0.8, linestyle="--")
        for label, position in label_positions(lines, low, high, apart=APART):
            axes.annotate(
                label,
                (1, position),
                xycoords="axes fraction",
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=6,
                color=c.quiet,
            )
        for label, values, opacity in (("training", curves[0], 0.5), ("validation", curves[1], 1.0)):
            finite = [np.nan if v is None else v for v in values]
            axes.plot(
                x,
                finite,
                color=c.accent,
                alpha=opacity,
                linewidth=1.2,
                label=label,
                marker="." if len(x) < 2 else None,
            )
        best = next((v for e, v in zip(x, curves[1], strict=True) if e == best_epoch), None)
        if best is not None:
            axes.plot(
                [best_epoch], [best], "o", mfc="white", mec=c.accent, ms=4, label=f"best epoch ({best_epoch})"
            )
        axes.set_ylim(low, high)
        axes.set_title(TITLES[part], loc="left")
        axes.set_ylabel(f"weighted {loss_label}" if part == "total" else loss_label)
    rows[-1].set_xlabel("epoch")
    rows[0].legend(loc="upper right", ncols=3)


def maps(figure, panels, colour, columns, named=False):
    """Panels (core.figures.Panel) of two dimensions beside one another, coloured alike; their points are dots.

    `named` writes each group's name among its cells.
    """
    whole, colour, c = colour, folded(colour), theme_colours("light")
    rows = math.ceil(len(panels) / columns)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    known = has_value(colour)
    numbers = colour.categories is None
    ends = colour.span() if numbers else None
    order = drawing_order(colour)
    paint = _paints(colour, known, ends, c)
    for axes, panel in zip(grid, panels, strict=False):
        points = np.asarray(panel.points, dtype=np.float32)
        side = point_size(len(points)) * POINT / max(1, math.sqrt(columns))
        axes.scatter(
            *points[order, :2].T,
            s=side**2,
            c=paint[order],
            alpha=0.85,
            linewidths=0,
            rasterized=True,
        )
        axes.set_title(panel.title, loc="left")
        axes.set(xticks=[], yticks=[], xlabel=panel.x, ylabel=panel.y)
        for spine in axes.spines.values():
            spine.set(visible=True, color=c.line)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    if numbers:
        _bar(figure, grid, colour, ends)
    else:
        _legend(figure, colour, known, c)
    for axes, panel in zip(grid, panels, strict=False) if named else ():
        _write_labels(figure, axes, panel, whole, c)


def _write_labels(figure, axes, panel, colour, c):
    """The name of each group among its cells, none over another, with a line where it was moved."""
    written = sorted(named_medians(panel, colour), key=lambda label: -label.n)
    figure.draw_without_rendering()  # lays out the axes
    to_data, frame = axes.transData.inverted(), axes.get_window_extent()
    point = figure.dpi / 72
    sizes = [text_size(label.name, LABEL * point) for label in written]
    centres = (
        axes.transData.transform([(label.x, label.y) for label in written]) - frame.p0 if written else []
    )
    at = free_places(centres, sizes, (frame.width, frame.height))
    for label, centre, place in zip(written, centres, at, strict=True):
        if np.isnan(place[0]):
            continue
        far = np.abs(place - centre).max() > LABEL * point
        box = {"facecolor": "white", "alpha": 0.65, "linewidth": 0, "pad": 1}
        line = {"arrowstyle": "-", "color": c.quiet, "linewidth": 0.5} if far else None
        text = {"ha": "center", "va": "center", "fontsize": LABEL, "color": c.text}
        x_y = to_data.transform(place + frame.p0)
        axes.annotate(label.name, (label.x, label.y), xytext=x_y, arrowprops=line, bbox=box, **text)


def _paints(colour, known, ends, c):
    """(cells, 4) float: the colour of each cell."""
    from matplotlib.colors import to_rgba_array

    paint = np.tile(to_rgba_array([c.missing]), (len(known), 1))
    if colour.categories is None:
        values = np.asarray(colour.values, dtype=float)[known]
        share = np.clip((values - ends.low) / (ends.high - ends.low), 0, 1)
        paint[known] = _scale(ends.scale)(share)
    else:
        paint[known] = to_rgba_array(colour.palette())[np.asarray(colour.values)[known]]
    return paint


def _scale(scale):
    """A scale of figures.colour as a matplotlib colour map."""
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap

    if isinstance(scale, str):
        return matplotlib.colormaps[scale.lower()]
    return LinearSegmentedColormap.from_list("nuwa", [(at, paint) for at, paint in scale])


def _bar(figure, grid, colour, ends):
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    scale = ScalarMappable(Normalize(ends.low, ends.high), _scale(ends.scale))
    n_without = n_without_value(colour)
    grey = f"grey: {no_value_text(n_without)}" if n_without else ""
    label = "\n".join(filter(None, (colour.name, colour.unit, ends.note, grey)))
    figure.colorbar(scale, ax=list(grid), label=label)


def _legend(figure, colour, known, c):
    """A dot and a name a category, in as many columns as fit beside the panels."""
    from matplotlib.lines import Line2D

    n = np.bincount(np.asarray(colour.values)[known], minlength=len(colour.categories))
    entries = [
        (name, paint) for name, paint, k in zip(colour.categories, colour.palette(), n, strict=True) if k
    ]
    entries += [] if known.all() else [(no_value_text(n_without_value(colour)), c.missing)]
    dots = [Line2D([], [], marker="o", linestyle="", ms=4, mec="none", mfc=paint) for _, paint in entries]
    high = figure.get_size_inches()[1]
    lines = max(4, int(high / 0.15) - 2)
    columns = math.ceil(len(entries) / lines)
    names = [short(name) for name, _ in entries]
    figure.legend(dots, names, title=colour.name, loc="outside right upper", ncols=columns)


def dots(figure, features, groups, means, shares, unit, n_genes=None):
    """A dot a feature and group; arguments and scale as of `core.figures.markers.dot_plot`."""
    axes = figure.subplots()
    if not len(features):
        return _nothing(axes, "no group has a marker")
    means, shares = np.asarray(means, dtype=float), np.nan_to_num(np.asarray(shares, dtype=float))
    rows = places(len(features), n_genes)
    x, y = np.meshgrid(np.arange(len(groups)), rows, indexing="ij")
    largest = LARGEST * POINT
    points = axes.scatter(
        x.ravel(), y.ravel(), s=largest**2 * shares.ravel(), c=scaled(means).ravel(), cmap="viridis"
    )
    names = [short(name) for name in groups]
    axes.set_xticks(range(len(groups)), names, rotation=90 if max(map(len, names)) > 4 else 0)
    axes.set_yticks(rows, [short(name) for name in features])
    axes.set(xlim=(-0.6, len(groups) - 0.4), ylim=(rows[-1] + 0.6, -0.6), xlabel=f"groups; {unit}")
    for row in np.setdiff1d(np.arange(rows[-1]), rows):
        axes.text(-0.5, row, "Proteins", weight="bold", va="center")
    figure.colorbar(points, ax=axes, label="mean, 0 to 1 by row", shrink=0.5)
    sizes = [
        axes.scatter([], [], s=largest**2 * at, color="gray", label=f"{at:.0%}") for at in (0.25, 0.5, 1.0)
    ]
    figure.legend(handles=sizes, title="% of cells", loc="outside right upper")


def composition(figure, names, counts, parts):
    """Horizontal bars: the composition of each group in percent, or its size where there is one part; (groups, parts)."""
    axes, counts = figure.subplots(), np.asarray(counts, dtype=float)
    if not len(counts):
        return _nothing(axes, "no groups")
    total = counts.sum(axis=1)
    several = len(parts) > 1
    share = 100 * counts / np.maximum(total, 1)[:, None] if several else counts
    left = np.zeros(len(counts))
    for part, colour in zip(range(len(parts)), category_colours(len(parts)), strict=True):
        axes.barh(range(len(names)), share[:, part], left=left, color=colour, height=0.8, label=parts[part])
        left += share[:, part]
    labels = [f"{short(name)} ({int(n):,})" for name, n in zip(names, total, strict=True)]
    axes.set_yticks(range(len(names)), labels)
    axes.set(ylim=(len(names) - 0.4, -0.6), xlabel="% of the group's cells" if several else "cells")
    if several:
        figure.legend(loc="outside upper left", ncols=min(6, len(parts)))


def _nothing(axes, reason):
    axes.set_axis_off()
    axes.text(0.5, 0.5, reason, ha="center", transform=axes.transAxes, color=OTHERS)
