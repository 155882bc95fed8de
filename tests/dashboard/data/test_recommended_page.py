"""The button that trains with recommended settings: what it asks, what it shows, and where it ends."""

import time

import pytest
from app_under_test import AppUnderTest, bring, sent

from core.config.run_files import SUGGESTED
from core.files import write_json
from core.store import Explored
from core.worker.execute import drain, execute, take
from dashboard.components import location
from dashboard.components.forms import NONE
from dashboard.pages import home
from dashboard.pages.data import page as data
from dashboard.pages.data import recommended, stages

PRESS = "recommended.n_clicks"


@pytest.fixture
def nuwa(tmp_path, tiny_file):
    """An app over one dataset, whose jobs wait until a test carries them out."""
    app = AppUnderTest(tmp_path / "data")
    app.dataset = bring(app.view, "tiny.h5ad", tiny_file.read_bytes())
    drain(app.store)
    app.app.work_here = lambda: None
    return app


def press(app, column=NONE, sure=False):
    """Press the button; returns the answer."""
    values = {PRESS: 1, "dataset-id.data": app.dataset}
    values |= {"recommended-batch.value": column, "recommended-sure.value": sure}
    return app.press("recommended-message.children", values, PRESS)


def test_a_page_that_has_just_been_drawn_goes_nowhere(finished):
    drawn = {"recommended-tick.n_intervals": 0, "dataset-id.data": finished.dataset}
    assert finished.press("recommended-stages.children", drawn, "recommended-tick.n_intervals") is None


def look(app):
    """What the page shows of the work: the answer of its poll."""
    values = {"recommended-tick.n_intervals": 1, "dataset-id.data": app.dataset}
    return app.press("recommended-stages.children", values, "recommended-tick.n_intervals")


def test_the_stages_are_shown_one_after_the_other_and_end_on_the_clusters(nuwa):
    answer = press(nuwa)
    assert answer["recommended-tick"]["disabled"] is False
    assert sent(answer["recommended-stages"]).count("(done)") == 1  # the data are read
    execute(nuwa.store, take(nuwa.store, "short"))
    assert "(under way)" in sent(look(nuwa)) and sent(look(nuwa)).count("(done)") == 2
    run = nuwa.view.runs.all()[0]["id"]
    nuwa.store.move("run", run, "queued", "done", explored=Explored.WORKING)  # as the job that trains it does
    shown = look(nuwa)
    assert sent(shown).count("(done)") == 3 and "url" not in shown
    job = nuwa.store.submit("local", "short", "suggest", run)
    nuwa.store.set("run", run, explored=Explored.READY)
    shown = look(nuwa)
    assert sent(shown).count("(done)") == 4 and stages.SUGGEST in sent(shown) and "url" not in shown
    folder = nuwa.store.run_folder(run)
    write_json(folder / SUGGESTED, {"names": ["B cells", "unknown"], "title": "Blood", "resolution": 1.0})
    nuwa.store.move_job(job, "queued", "done")
    shown = look(nuwa)
    assert sent(shown["recommended-stages"]).count("(done)") == len(stages.STAGES)
    assert shown["url"]["href"] == f"/clusters?run={run}&by=suggested"
    page = sent(data.layout(nuwa.view, location.resolve(nuwa.view, f"?dataset={nuwa.dataset}")))
    assert "See the clusters" in page


def test_the_epochs_of_the_training_are_counted(nuwa):
    press(nuwa)
    execute(nuwa.store, take(nuwa.store, "short"))
    run = nuwa.view.runs.all()[0]
    nuwa.store.move("run", run["id"], "queued", "running", phase="reading the dataset")
    job = nuwa.view.recommended.last(nuwa.dataset)
    assert stages.progress_of(nuwa.view, job).text == "Reading the dataset"
    nuwa.store.set("run", run["id"], n_epochs=50)
    nuwa.store.add_epoch(run["id"], {"epoch": 1})
    progress = stages.progress_of(nuwa.view, job)
    assert (progress.text, progress.share, progress.over) == ("Epoch 1 of 50", 0.02, False)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": "failed", "message": "Memory ran out."}, "Memory ran out."),
        ({"status": "cancelled", "message": "Cancelled after epoch 3."}, "Cancelled after epoch 3."),
        ({"status": "done", "explored": Explored.FAILED}, "could not be computed"),
        (None, "The run was deleted."),
    ],
)
def test_a_run_that_fails_ends_the_stages_with_its_reason(nuwa, changes, sentence):
    press(nuwa)
    execute(nuwa.store, take(nuwa.store, "short"))
    run = nuwa.view.runs.all()[0]["id"]
    if changes is None:
        nuwa.store.forget("run", run)
    else:
        nuwa.store.move("run", run, "queued", **{"new": changes.pop("status")} | changes)
    shown = look(nuwa)
    assert sentence in sent(shown) and "url" not in shown and shown["recommended-tick"]["disabled"]
    page = sent(data.layout(nuwa.view, location.resolve(nuwa.view, f"?dataset={nuwa.dataset}")))
    assert recommended.LABEL in page  # it may be pressed again


def test_a_batch_column_beyond_doubt_is_filled_in_and_obeyed(nuwa):
    part = recommended.part(nuwa.view, nuwa.view.datasets.one(nuwa.dataset))
    field = next(c for c in part._traverse() if getattr(c, "id", None) == "recommended-batch")
    assert field.value == "sample"
    press(nuwa, "sample")
    execute(nuwa.store, take(nuwa.store, "short"))
    assert nuwa.view.runs.all()[0]["config"]["batch_key"] == "sample"


def with_record(app, **fields):
    """The row of the dataset after its record was changed."""
    record = app.store.row("dataset", app.dataset)["record"]
    app.store.set("dataset", app.dataset, record=record | fields)
    return app.view.datasets.one(app.dataset)


def button(app):
    part = recommended.part(app.view, app.view.datasets.one(app.dataset))
    return next(c for c in part._traverse() if getattr(c, "id", None) == "recommended")


def test_several_columns_that_may_name_batches_are_asked_about(nuwa):
    assert not button(nuwa).disabled
    with_record(nuwa, batch=None)
    assert button(nuwa).disabled
    assert recommended.CHOOSE_BATCH in sent(press(nuwa, None)) and not nuwa.store.waiting()
    assert "(done)" in sent(press(nuwa, NONE)) and nuwa.store.waiting()


def test_a_batch_column_that_removes_more_than_batches_is_confirmed_first(nuwa):
    values = {"recommended-batch.value": "cell_type", "dataset-id.data": nuwa.dataset}
    answer = nuwa.press("recommended-questions.children", values, "recommended-batch.value")
    assert "looks like labels" in sent(answer) and answer["recommended-sure-part"]["hidden"] is False
    assert answer["recommended-sure"]["value"] is False
    idle = {"recommended-tick.disabled": True}
    for sure in (False, True):
        allowed = nuwa.press("recommended.disabled", values | idle | {"recommended-sure.value": sure})
        assert allowed["recommended"]["disabled"] is not sure
    assert recommended.CONFIRM in sent(press(nuwa, "cell_type")) and not nuwa.store.waiting()
    press(nuwa, "cell_type", sure=True)
    assert nuwa.store.waiting()


def test_a_repair_that_is_offered_is_asked_about(nuwa):
    finding = {
        "code": "x",
        "severity": "warning",
        "sentence": "Two cells share a name.",
        "repair": "unique_names",
    }
    offered = {"unique_names": {"label": "Make names unique", "sentence": ""}}
    with_record(nuwa, findings=[finding], repairs_offered=offered)
    assert button(nuwa).disabled
    assert recommended.CONFIRM in sent(press(nuwa)) and not nuwa.store.waiting()
    press(nuwa, sure=True)
    assert nuwa.store.waiting()


def test_a_finding_that_forbids_training_forbids_the_button(nuwa):
    stop = {"code": "x", "severity": "stop", "sentence": "It lies on its side."}
    row = with_record(nuwa, findings=[stop])
    assert button(nuwa).disabled and "Repair this first: It lies on its side." in sent(
        recommended.part(nuwa.view, row)
    )
    assert "It lies on its side." in sent(press(nuwa, sure=True)) and not nuwa.store.waiting()


def test_an_existing_run_with_these_settings_is_offered(nuwa):
    press(nuwa, "sample")
    execute(nuwa.store, take(nuwa.store, "short"))
    assert button(nuwa).disabled and button(nuwa).children == recommended.LABEL  # it is under way
    run = nuwa.view.runs.all()[0]["id"]
    nuwa.store.move("run", run, "queued", "done", explored=Explored.READY)
    part = sent(recommended.part(nuwa.view, nuwa.view.datasets.one(nuwa.dataset)))
    assert "has the recommended settings" in part and f"/clusters?run={run}" in part
    assert button(nuwa).children == recommended.AGAIN


def test_an_existing_run_of_values_that_are_no_counts_is_offered_too(nuwa):
    press(nuwa)
    execute(nuwa.store, take(nuwa.store, "short"))
    run = nuwa.view.runs.all()[0]
    record = nuwa.view.preparations.one(run["preparation"])["record"] | {"kind": "lognorm"}
    nuwa.store.set("preparation", run["preparation"], record=record)
    nuwa.store.set("run", run["id"], config=run["config"] | {"target": "whole"})
    assert nuwa.view.recommended.existing(nuwa.dataset)["id"] == run["id"]


def test_the_work_is_cancelled_by_its_button(nuwa):
    press(nuwa)
    values = {"recommended-cancel.n_clicks": 1, "dataset-id.data": nuwa.dataset}
    nuwa.press("recommended-tick.n_intervals", values, "recommended-cancel.n_clicks")
    assert "Cancelled." in sent(look(nuwa)) and not nuwa.store.waiting()


def test_the_example_is_added_read_and_trained_by_one_click(nuwa):
    answer = nuwa.press("try-example-message.children", {"try-example.n_clicks": 1}, "try-example.n_clicks")
    dataset = nuwa.view.recommended.example()
    assert answer["url"]["href"] == f"/data?dataset={dataset}"
    waiting = data.layout(nuwa.view, location.resolve(nuwa.view, f"?dataset={dataset}"))
    assert stages.READ in sent(waiting)
    execute(nuwa.store, take(nuwa.store, "read"))
    assert nuwa.view.runs.all()[0]["dataset"] == dataset
    begun = time.time()
    nuwa.store.set("run", nuwa.view.runs.all()[0]["id"], explored=Explored.READY, ended=begun)
    assert home.try_example(nuwa.view) == f"/clusters?run={nuwa.view.runs.all()[0]['id']}"


def test_the_page_of_the_example_names_its_origin_and_licence(nuwa):
    row = nuwa.view.datasets.one(nuwa.view.recommended.example())
    record = nuwa.view.datasets.one(nuwa.dataset)["record"]
    page = sent(data.detail(nuwa.view, nuwa.view.datasets.one(nuwa.dataset) | {"origin": row["origin"]}))
    assert record and "CC BY 4.0" in page and "10x Genomics" in page
