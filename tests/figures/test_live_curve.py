"""The curves of a growing history: thinned without losing an extreme, smoothed, added to and never sent twice."""

import numpy as np
import pytest
from figure_data import BASELINES, THEMES, annotation_texts, named, sent

from core.config.run_files import HISTORY
from core.figures import VIEWS, Curve, Look, additions, curves_of, live_curve, views_of
from core.figures.loss import WAITING
from core.figures.thin import smoothed, thinned


def history_of(n, **columns):
    """(n, columns of HISTORY): losses that fall with noise, other columns between 1 and 2, and those that are given."""
    random = np.random.default_rng(0)
    rows = 1 + random.random((n, len(HISTORY)))
    rows[:, 0], rows[:, HISTORY.index("segment")] = np.arange(1, n + 1), 1
    rows[:, 1:7] = 0.6 + np.exp(-np.arange(n) / 50)[:, None] + 0.01 * random.normal(size=(n, 6))
    for name, values in columns.items():
        rows[:, HISTORY.index(name)] = values
    return rows


def test_a_thinned_curve_keeps_both_ends_and_every_extreme():
    values = np.random.default_rng(1).normal(size=(10_000, 2))
    values[4321, 0], values[77, 1], values[500:600] = 99.0, -99.0, np.nan
    rows = thinned(values, 500)
    assert {0, 9999, 4321, 77} <= set(rows) and len(rows) <= 2000
    assert (np.diff(rows) > 0).all()
    for column in values.T:  # within each bucket, the line spans what it spanned
        for start in (0, 2000, 9980):
            bucket = column[start : start + 20]
            kept = column[[row for row in rows if start <= row < start + 20]]
            assert (kept.min(), kept.max()) == (bucket.min(), bucket.max())
    assert (thinned(values[:900], 500) == np.arange(900)).all()


def test_smoothing_is_the_average_that_pandas_has():
    pandas = pytest.importorskip("pandas")
    values = np.random.default_rng(2).normal(size=50)
    expected = pandas.Series(values).ewm(alpha=0.1, adjust=True).mean()
    np.testing.assert_allclose(smoothed(values, 0.9), expected)
    assert (smoothed(values, 0.0) == values).all()
    with_gap = smoothed([1.0, np.nan, 1.0], 0.9)
    assert np.isnan(with_gap[1]) and with_gap[[0, 2]] == pytest.approx([1, 1])


def test_a_smoothed_curve_leaves_the_measured_one_visible():
    history = history_of(300)
    plain, smooth = (live_curve(history, Look(smoothing=s), baselines=BASELINES) for s in (0.0, 0.9))
    for name in ("training", "validation"):
        (raw,), (before,) = named(smooth, name), named(plain, name)
        assert raw.y == before.y and raw.visible is None and raw.opacity >= 0.5 and raw.line.width >= 1
        (over,) = named(smooth, f"{name}, smoothed")
        assert np.std(np.diff(over.y)) < 0.3 * np.std(np.diff(raw.y))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("theme", THEMES)
def test_every_view_has_sensible_axes_from_no_epoch_to_many(view, log, theme):
    for n in (0, 1, 30):
        figure = live_curve(history_of(n), Look(view, log, 0.6, theme), n_epochs=100, baselines=BASELINES)
        sent(figure)
        assert (WAITING in annotation_texts(figure)) == (n == 0)
        low, high = figure.layout.xaxis.range
        assert low < 1 and 100 < high < 110
        for axis in (figure.layout.yaxis, *([figure.layout.yaxis2] if view == "machine" else [])):
            assert (
                axis.range[0] < axis.range[1]
                and axis.title.text
                and axis.type == ("log" if log else "linear")
            )


def test_what_a_run_has_not_measured_is_said():
    """A run of an earlier version, and a machine without a GPU."""
    missing = dict.fromkeys(("gradient_norm", "gpu_percent", "gpu_memory_gb"), np.nan)
    history = history_of(20, **missing)
    assert "not measured" in annotation_texts(live_curve(history, Look("gradient_norm")))
    machine = live_curve(history, Look("machine"))
    assert [trace.name for trace in machine.data if trace.showlegend] == ["CPU", "memory"]
    assert "not measured" not in annotation_texts(machine) and machine.layout.yaxis.range == (0, 100)


def test_a_run_is_offered_the_views_it_has():
    assert {"rna", "protein", "kl"} & set(views_of(True, False, False)) == {"rna"}
    assert views_of(True, True, True) == list(VIEWS)


@pytest.mark.parametrize("smoothing", [0.0, 0.8])
@pytest.mark.parametrize("view", ["rna", "machine", "speed"])
def test_additions_to_a_figure_are_the_figure_of_all_epochs(smoothing, view):
    history, look = history_of(400), Look(view, smoothing=smoothing)
    about = {"n_epochs": 1000, "baselines": BASELINES, "n_latent": 10}
    whole, before = (live_curve(rows, look, best_epoch=290, **about) for rows in (history, history[:300]))
    curves = curves_of(before)
    assert len(curves) == {"rna": 2, "machine": 4, "speed": 1}[view] * (2 if smoothing else 1)
    epochs, added = additions(history, curves, look, 300)
    for curve, values in zip(curves, added, strict=True):
        assert list(before.data[curve.index].x) + epochs == list(whole.data[curve.index].x)
        assert list(before.data[curve.index].y) + values == list(whole.data[curve.index].y)
    assert [t.name for t in before.data] == [t.name for t in whole.data]


def test_an_average_of_a_long_history_is_added_as_if_all_of_it_were_averaged():
    history, look = history_of(4000), Look(smoothing=0.99)
    (curve,) = [
        c for c in curves_of(live_curve(history[:10], look)) if c == Curve(c.index, "valid_loss", True)
    ]
    whole = smoothed(history[:, HISTORY.index("valid_loss")], 0.99)
    np.testing.assert_allclose(additions(history, [curve], look, 3990)[1][0], whole[3990:], rtol=1e-4)


def test_an_extension_is_marked_in_a_thinned_curve():
    history = history_of(3000, segment=1 + (np.arange(3000) >= 2000))
    figure = live_curve(history, Look(), n_epochs=3000)
    assert "extension" in annotation_texts(figure) and figure.layout.shapes[0].x0 == 2000.5


def test_ten_thousand_epochs_are_drawn_with_the_points_of_a_screen():
    figure = live_curve(history_of(10_000), Look(smoothing=0.9), n_epochs=10_000, baselines=BASELINES)
    assert max(len(trace.x) for trace in figure.data) <= 2002
    assert figure.data[-2].x[-1] == 10_000
    assert len(figure.to_json()) < 400_000
