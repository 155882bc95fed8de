"""The choice of genes on the Preprocess page follows its fields."""

import pytest
from app_under_test import sent

from core.config import PREPARE, parse, specs
from core.errors import UserError
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.worker import execute
from core.worker.execute import drain
from core.worker.jobs import prepare as preparing
from dashboard.components import location
from dashboard.pages.preprocess import page as preprocess


@pytest.fixture
def asking(finished):
    """A function of settings: the job of their choice of genes, as yet undone, none of other tests waiting."""
    yield lambda **changed: finished.view.preparations.choose_genes(finished.dataset, changed)
    drain(finished.store)


def page(nuwa, request=None, **changed):
    """What the page answers once its fields have said this for a moment: (what it shows, the request)."""
    values = {"setting": {s.name: s.default for s in specs(PREPARE)} | changed}
    values |= {"prepare-dataset.data": nuwa.dataset, "genes-request.data": request}
    answer = nuwa.press("genes-message.children", values, "genes-tick.n_intervals")
    return sent(answer["genes-message"]), answer["genes-request"]["data"]


def drawn(nuwa, request, theme="light"):
    values = {"genes-request.data": request, "theme.data": theme}
    return nuwa.press("genes-picture.figure", values)["genes-picture"]["figure"]


def test_the_count_and_the_picture_follow_the_fields(finished, tiny):
    shown, request = page(finished, n_top_genes=40, hvg_flavor="cell_ranger", keep_genes="SIM-0007")
    assert request["over"]
    used = finished.view.jobs.one(request["job"])["result"]["used"]
    assert used in (40, 41) and f"{used} of 120 genes would be used." in shown
    figure = drawn(finished, request)
    names = [trace["name"] for trace in figure["data"]]
    assert "always used (1)" in names and figure["data"][names.index("always used (1)")]["text"] == [
        "SIM-0007"
    ]
    assert "dispersion of the logged values" in figure["layout"]["yaxis"]["title"]["text"]
    config = parse({"n_top_genes": 40, "hvg_flavor": "cell_ranger", "keep_genes": "SIM-0007"})
    assert prepare(tiny, config, split_cells(240, config)).n_genes == used  # what Preprocess would make


def test_genes_that_would_be_left_out_are_counted_under_that_condition(finished):
    shown, _ = page(finished, modalities="protein")
    assert "120 of 120 genes would be used, if the run were not trained on proteins alone." in shown


def test_impossible_choices_give_a_message_and_all_genes_are_drawn_where_none_is_chosen(finished):
    shown, request = page(finished, keep_genes="SIM-0001", drop_genes="SIM-0001")
    assert "SIM-0001 is in both lists" in shown and request["over"] and request["job"] is None
    shown, request = page(finished, keep_genes="SIM-1")
    assert "has no gene 'SIM-1'" in shown and request["over"]
    shown, request = page(finished, n_top_genes=0)
    assert "120 of 120 genes" in shown
    assert "used (120)" in [trace["name"] for trace in drawn(finished, request)["data"]]


def test_only_the_last_choice_waits_and_few_answers_are_kept(finished, asking):
    first, second = asking(n_top_genes=21), asking(n_top_genes=22)
    assert [job["id"] for job in finished.store.waiting("short")] == [second["id"]]
    assert finished.view.jobs.one(first["id"])["status"] == "cancelled"
    execute.drain(finished.store)
    for n in range(30, 37):
        asking(n_top_genes=n)
        execute.drain(finished.store)
    kept = [job for job in finished.store.jobs() if job["kind"] == "genes" and job["status"] == "done"]
    assert len(kept) <= 6
    assert asking(n_top_genes=36)["status"] == "done"  # the same again is not made again
    with pytest.raises(UserError, match="Variable genes"):
        asking(n_top_genes=-1)


def test_the_values_are_looked_at_once_for_many_choices(finished, asking, monkeypatch):
    preparing._surveyed.cache_clear()
    looked, real = [], preparing.survey
    monkeypatch.setattr(preparing, "survey", lambda *a: looked.append(1) or real(*a))
    for flavor in ("seurat", "cell_ranger", "seurat_v3"):
        asking(hvg_flavor=flavor, n_top_genes=23)
        execute.drain(finished.store)
    assert len(looked) == 1


def test_the_columns_of_batches_and_the_lists_are_offered(finished):
    shown = sent(
        preprocess.layout(finished.view, location.resolve(finished.view, f"?dataset={finished.dataset}"))
    )
    assert '"label": "sample", "value": "sample"' in shown
    assert shown.count('"Textarea"') == 2
