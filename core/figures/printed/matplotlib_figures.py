"""The figures of a run drawn by matplotlib but its maps: all of vectors. Pure: data to a matplotlib Figure."""

import numpy as np

from core.figures.axis_range import label_positions, y_range
from core.figures.colour import OTHERS
from core.figures.loss import SQUARED, TITLES, lines_of
from core.figures.loss_page import parts_of
from core.figures.markers import LARGEST, places, scaled
from core.figures.printed.matplotlib_maps import POINT
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
