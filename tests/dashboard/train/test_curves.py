"""The card of curves: only new epochs are sent, a link keeps the view, and a history is read once."""

import json

import numpy as np
import pytest
from app_under_test import sent
from dash import Patch, no_update
from store_rows import EPOCH, new_run

from core import figures
from core.config.run_facts import Baselines, Parts, RunFacts
from core.config.run_files import HISTORY
from core.store import Missing
from dashboard.components import location
from dashboard.pages.train import curve_updates, curves, history, watched
from dashboard.pages.train import page as train


def epochs(n, first=1):
    return [EPOCH | {"epoch": e, "valid_loss": 1 / e, "train_protein": None} for e in range(first, first + n)]


@pytest.fixture
def run(store):
    run = new_run(store, "running")
    store.set("run", run, n_epochs=10_000)
    return run


def add(store, run, records):
    for record in records:
        store.add_epoch(run, record)


def test_a_history_is_read_once_and_then_only_its_end(store, run, monkeypatch):
    view, asked = store.of("local"), []
    add(store, run, epochs(50))
    real = view.runs.epochs
    monkeypatch.setattr(view.runs, "epochs", lambda *a: asked.append(a[1:]) or real(*a))
    assert watched.of(view, run).rows.shape == (50, len(HISTORY))
    add(store, run, epochs(5, 51))
    rows = watched.of(view, run).rows
    assert (
        rows[:, 0].tolist() == list(range(1, 56)) and np.isnan(rows[:, HISTORY.index("train_protein")]).all()
    )
    assert asked == [(0,), (49,)]
    so_far = history.so_far(rows)
    assert (so_far.n, so_far.last["epoch"], so_far.best["epoch"]) == (55, 55, 55)
    assert [row["epoch"] for row in so_far.recent] == [51, 52, 53, 54, 55]
    assert history.so_far(rows[:0]).n == 0


def test_a_history_that_was_cut_and_written_again_is_read_again(store, run):
    from sqlalchemy import delete

    from core.store import schema

    view = store.of("local")
    add(store, run, epochs(20))
    watched.of(view, run)
    for left, more in ((10, 0), (5, 15)):
        with store.transaction() as db:
            db.execute(delete(schema.epochs).where(schema.epochs.c.run == run, schema.epochs.c.epoch > left))
        add(store, run, [row | {"train_loss": 9.0} for row in epochs(more, left + 1)])
        store.set("run", run, started=float(left))  # as its next training begins
        rows = watched.of(view, run).rows
        assert len(rows) == left + more and (rows[left:, 1] == 9.0).all()


def test_nobody_reads_the_history_of_a_run_that_is_not_theirs(store, run):
    add(store, run, epochs(3))
    watched.of(store.of("local"), run)
    with pytest.raises(Missing):
        watched.of(store.of("stranger"), run)


def drawn(store, run, before=None, **look):
    return curve_updates.drawing(store.of("local"), run, figures.Look(**look), before)


def test_a_page_gets_the_whole_curve_once_and_then_what_it_lacks(store, run):
    add(store, run, epochs(60))
    figure, state = drawn(store, run)
    assert len(figure.data[-2].x) == 60 and state["until"] == 60
    assert drawn(store, run, state) == (no_update, no_update)
    add(store, run, epochs(3, 61))
    patch, state = drawn(store, run, state)
    message = sent(patch)
    assert len(message) < 1500 and (state["until"], state["points"]) == (63, 63)
    extended = [
        one["params"]["value"] for one in json.loads(message)["operations"] if one["operation"] == "Extend"
    ]
    assert [61, 62, 63] in extended and len(extended) == 4
    add(store, run, [epochs(1, 64)[0] | {"valid_loss": 50.0}])  # beyond the axis: drawn again
    assert drawn(store, run, state)[0].data[-2].y[-1] == 50.0
    other, _ = drawn(store, run, state, view="speed")  # another view is another figure
    assert len(other.data[0].x) == 64
    store.set("run", run, n_epochs=20_000)  # an extended run has another axis
    assert drawn(store, run, state)[0].layout.xaxis.range[1] > 20_000


@pytest.mark.parametrize("look", [{}, {"log": True}, {"view": "speed"}, {"view": "machine", "log": True}])
def test_epochs_beyond_the_axes_move_the_axes_and_send_no_curve(store, run, look):
    """As a loss that falls does in most of its epochs: names of baselines move along."""
    losses = Baselines(Parts(0.5, 0.4), Parts(0.3, 0.2))
    facts = RunFacts(valid_baselines=losses, test_baselines=losses, n_train=100, n_valid=50)
    store.set("run", run, facts=facts.record())
    add(store, run, epochs(30))
    _, state = drawn(store, run, **look)
    columns = ("train_loss", "valid_loss", "cells_per_second", "memory_gb")
    add(store, run, [row | dict.fromkeys(columns, 0.001 * row["epoch"]) for row in epochs(15, 31)])
    add(store, run, [row | dict.fromkeys(columns, 3.0) for row in epochs(4, 46)])
    patch, after = drawn(store, run, state, **look)
    assert isinstance(patch, Patch) and after["ranges"] != state["ranges"] and after["at"] == 49
    operations = json.loads(sent(patch))["operations"]
    changed = {tuple(one["location"]): one["params"].get("value") for one in operations}
    whole, _ = drawn(store, run, **look)
    axes = list(whole.select_yaxes())
    for k, axis in enumerate(axes):
        assert changed["layout", f"yaxis{k + 1}" if k else "yaxis", "range"] == list(axis.range)
    if "view" not in look:
        places = [note.y for note in whole.layout.annotations[:2]]
        assert [changed["layout", "annotations", k, "y"] for k in (0, 1)] == places
        assert changed.get(("layout", "yaxis", "dtick")) == whole.layout.yaxis.dtick


def test_the_first_epoch_of_an_extension_is_marked_at_once(store, run):
    add(store, run, epochs(30))
    _, state = drawn(store, run)
    add(store, run, [row | {"segment": 2} for row in epochs(2, 31)])
    figure, _ = drawn(store, run, state)
    assert any(shape.x0 == 30.5 for shape in figure.layout.shapes)


def test_a_long_curve_in_the_page_is_thinned_again(store, run, monkeypatch):
    monkeypatch.setattr(curve_updates, "MOST_POINTS", 100)
    add(store, run, epochs(60))
    _, state = drawn(store, run)
    add(store, run, epochs(50, 61))
    figure, state = drawn(store, run, state)
    assert len(figure.data[-2].x) == 110 and state["points"] == 110


@pytest.mark.parametrize(
    "query, look",
    [
        ({}, ("total", False, 0.0)),
        ({"curve": "machine", "log": "1", "smooth": "0.6"}, ("machine", True, 0.6)),
        ({"curve": "nonsense", "log": "x", "smooth": "nan"}, ("total", False, 0.0)),
        ({"curve": "kl", "smooth": "7"}, ("total", False, 0.99)),
        ({"smooth": "-1"}, ("total", False, 0.0)),
    ],
)
def test_a_link_keeps_the_view(query, look):
    assert curves.from_link(query, ["total", "machine"])[:3] == look


def test_the_page_of_a_link_opens_with_its_view(finished):
    context = location.resolve(finished.view, f"?run={finished.run}&curve=gradient_norm&log=1&smooth=0.5")
    page = sent(train.layout(finished.view, context))
    assert '"id": "smoothing"' in page and '"value": 0.5' in page and '"value": "gradient_norm"' in page
    values = {"loss-part.value": "gradient_norm", "loss-log.value": True, "smoothing.value": 0.5}
    answer = finished.press("loss.figure", values | {"run.data": finished.run})
    assert [trace["name"] for trace in answer["loss"]["figure"]["data"]][1].endswith("smoothed")
    assert answer["drawn"]["data"]["until"] == 3


def test_without_a_gpu_the_machine_has_no_empty_curve_of_one(finished):
    answer = finished.press("loss.figure", {"loss-part.value": "machine", "run.data": finished.run})
    figure = answer["loss"]["figure"]
    measured = {trace["name"] for trace in figure["data"] if any(y is not None for y in trace["y"])}
    shown = {trace["name"] for trace in figure["data"] if trace["showlegend"]}
    assert {"CPU", "memory"} <= shown == measured
    assert not any("not measured" in note["text"] for note in figure["layout"].get("annotations", []))


def test_the_mark_of_a_diagnosis_moves_without_the_curve(store, run, monkeypatch):
    from core.training.diagnosis_case import Case, Diagnosis, Evidence

    real = watched.of

    def said(last):
        diagnosis = Diagnosis(Case.LEARNING, "It learns.", Evidence(1, last))
        monkeypatch.setattr(watched, "of", lambda *run: real(*run)._replace(diagnosis=diagnosis))

    said(60)
    add(store, run, epochs(60))
    figure, state = drawn(store, run)
    assert figure.layout.shapes[-1].x1 == 60.5
    said(62)
    add(store, run, epochs(2, 61))
    patch, state = drawn(store, run, state)
    moved = {str(one["location"]): one["params"] for one in json.loads(sent(patch))["operations"]}
    assert moved["['layout', 'shapes', 0]"]["value"]["x1"] == 62.5
    assert any("epochs 1 to 62" in str(params) for params in moved.values())
    assert drawn(store, run, state) == (no_update, no_update)
