"""What is sent to a page that draws the curves of a run: the figure, or the epochs, axes and marks that it lacks."""

import numpy as np
from dash import Patch, no_update

from core import figures
from core.config import RunConfig
from core.config.run_facts import RunFacts
from core.config.run_files import HISTORY
from dashboard.pages.train import watched

MOST_POINTS = 8 * figures.BUCKETS  # of a curve that grows in the page, before it is thinned again
MOST_AT_ONCE = 400  # epochs that are added one by one
GROWTH, LEAST = 1.5, 20  # a history that grew by half, and some epochs, may want narrower axes
KEPT = object()  # the axes that are drawn hold the new epochs as well


def drawing(view, run_id, look, drawn):
    """(figure or Patch, what is drawn now) of a run: all of it, or what the page lacks. `drawn` is the answer before."""
    now = watched.of(view, run_id)
    rows, run, diagnosis = now.rows, now.run, now.diagnosis
    evidence = diagnosis.evidence if diagnosis and look.view in figures.LOSSES else None
    mark = evidence if evidence and evidence.part in ("total", look.view) else None
    frame = [run_id, *look, run["n_epochs"], bool(run["facts"]), mark is not None]
    n, said = len(rows), [diagnosis.case, *mark] if mark else []
    if drawn and drawn["frame"] == frame and 1 < drawn["until"] <= n:
        if drawn["until"] == n and drawn["said"] == said:
            return no_update, no_update
        if _grows_in_place(rows, drawn) and (axes := _axes(run, rows, look, drawn)) is not None:
            patch = addition(run, rows, look, drawn)
            if axes is not KEPT:
                _set_axes(patch, axes, look)
                drawn = drawn | {"ranges": axes.ranges, "at": n}
            if drawn["said"] != said:
                _move_mark(patch, drawn, mark, diagnosis.case, look.theme)
            shown = {"until": n, "points": drawn["points"] + n - drawn["until"], "best": run["best_epoch"]}
            return patch, drawn | shown | {"said": said}
    figure = curve_of(run, rows, look)
    if mark:
        figures.mark_evidence(figure, mark, diagnosis.case, look.theme)
    axes = figures.axes_of(rows, look, **_baselines(run))
    return figure, {
        "frame": frame,
        "said": said,
        # That of a diagnosis is the last.
        "marks": [len(figure.layout.shapes) - 1, len(figure.layout.annotations) - 1],
        "until": n,
        "points": figures.n_points(figure),
        "curves": figures.curves_of(figure),
        "ranges": axes.ranges,
        "hidden": axes.hidden,
        "at": n,  # epochs for which the ranges were computed
        "best": run["best_epoch"],
        "best_index": next(
            (i for i, t in enumerate(figure.data) if (t.name or "").startswith("best epoch")), None
        ),
    }


def _grows_in_place(rows, drawn):
    """Can the new epochs be added to the figure that is drawn, as few points of the same segment?"""
    more = len(rows) - drawn["until"]
    if more > MOST_AT_ONCE or drawn["points"] + more > MOST_POINTS:
        return False
    segments = rows[drawn["until"] - 1 :, HISTORY.index("segment")]
    return bool((segments == segments[0]).all() or np.isnan(segments).all())  # an extension is marked


def _axes(run, rows, look, drawn):
    """KEPT, the figures.Axes that the figure needs now, or None where it needs more than other axes."""
    new = rows[drawn["until"] :]
    fits = True
    for row, (low, high) in enumerate(drawn["ranges"]):
        columns = [HISTORY.index(name) for name in figures.columns_of(look.view, row)]
        values = new[:, columns]
        values = values[np.isfinite(values) & ((values > 0) | (not look.log))]
        values = np.log10(values) if look.log else values
        fits &= not len(values) or bool(low <= values.min() and values.max() <= high)
    if fits and len(rows) <= GROWTH * drawn["at"] + LEAST:
        return KEPT
    axes = figures.axes_of(rows, look, **_baselines(run))
    return axes if axes.hidden == drawn["hidden"] else None


def _set_axes(patch, axes, look):
    """Give a figure other axes; the names of the baselines move along."""
    for row, limits in enumerate(axes.ranges):
        axis = f"yaxis{row + 1}" if row else "yaxis"
        patch["layout"][axis]["range"] = limits
        if look.log and look.view in figures.LOSSES:
            patch["layout"][axis]["dtick"] = figures.log_ticks(*limits)
    for index, place in enumerate(axes.labels):
        patch["layout"]["annotations"][index]["y"] = place


def _move_mark(patch, drawn, mark, case, theme):
    """Put the mark of what a diagnosis rests on where it is now."""
    parts = zip(("shapes", "annotations"), drawn["marks"], figures.mark_parts(mark, case, theme), strict=True)
    for name, index, part in parts:
        patch["layout"][name][index] = part


def addition(run, rows, look, drawn):
    """The Patch that adds the epochs that a figure lacks, and moves the mark of the best epoch."""
    curves, patch = [figures.Curve(*curve) for curve in drawn["curves"]], Patch()
    epochs, added = figures.additions(rows, curves, look, drawn["until"])
    for curve, values in zip(curves, added, strict=True):
        patch["data"][curve.index]["x"].extend(epochs)
        patch["data"][curve.index]["y"].extend(values)
    best, index = run["best_epoch"], drawn["best_index"]
    if index is not None and best and best != drawn["best"] and best <= len(rows):
        value = rows[best - 1, HISTORY.index(f"valid_{figures.LOSSES[look.view]}")]
        mark = {"x": [best], "y": [float(value)], "name": f"best epoch ({best})", "showlegend": True}
        for name, part in mark.items():
            patch["data"][index][name] = part
    return patch


def curve_of(run, rows, look):
    """The figure of a run's history."""
    return figures.live_curve(
        rows,
        look,
        n_epochs=run["n_epochs"],
        best_epoch=run["best_epoch"],
        loss_label=RunConfig(**run["config"]).loss_label,
        **_baselines(run),
    )


def _baselines(run):
    facts = RunFacts.upgraded(run["facts"])
    return {"baselines": facts and facts.valid_baselines, "n_latent": run["config"]["n_latent"]}
