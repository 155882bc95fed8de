"""The diagnosis on the Train page: its sentence, its marks on the curve, and the form that its buttons fill."""

from urllib.parse import urlsplit

from app_under_test import sent

from core import figures
from core.store import Status
from core.training.diagnosis_case import Case, Diagnosis, Evidence
from dashboard.components import location
from dashboard.pages import run_diagnosis
from dashboard.pages.model import page as model
from dashboard.pages.train import curve_updates


def of(finished, **changed):
    run = finished.view.runs.one(finished.run) | changed
    return run, run_diagnosis.diagnosis_of(run, finished.view.runs.epochs(finished.run))


def drawn(nuwa, part):
    return curve_updates.drawing(nuwa.view, nuwa.run, figures.Look(part), None)[0]


def evidence_in(figure):
    return [shape for shape in figure.layout.shapes if shape.name == "evidence"]


def test_a_finished_run_has_a_sentence_and_buttons_that_fill_the_form(finished):
    run, diagnosis = of(finished)
    assert diagnosis.case == Case.TOO_SHORT and "3 epochs are too few" in diagnosis.sentence
    page = sent(run_diagnosis.shown(run, diagnosis))
    assert "Try next: " in page and "Train for 20 epochs" in page
    link = run_diagnosis.filled(run["id"], diagnosis.tries[0].changes)
    form = sent(model.layout(finished.view, location.resolve(finished.view, f"?{urlsplit(link).query}")))
    assert '"value": "20"' in form and "but: Epochs 20." in form
    assert "but: " not in sent(
        model.layout(finished.view, location.resolve(finished.view, f"?run={run['id']}"))
    )


def test_a_link_fills_in_settings_of_the_form_alone_and_only_what_they_take():
    query = {"set-lr": "0.003", "set-linear_path": "off", "set-optimizer": "sgd", "set-epochs": "many"}
    query |= {"set-log1p": "off", "set-device": "toaster", "set-nothing": "1", "lr": "1"}
    assert run_diagnosis.changes_of(query) == {"lr": 0.003, "linear_path": False, "optimizer": "sgd"}
    link = run_diagnosis.filled("abc", {"linear_path": False, "lr": 0.003})
    assert link == "/model?run=abc&set-linear_path=off&set-lr=0.003"


def test_a_run_at_work_and_one_that_failed_for_another_reason(finished):
    assert of(finished, status=Status.RUNNING)[1].case == Case.WARMING_UP
    assert of(finished, status=Status.CREATED)[1] is None
    assert of(finished, status=Status.FAILED, message="The disk is full.")[1] is None
    failed = of(finished, status=Status.FAILED, message="The loss stopped being a number in epoch 2.")[1]
    assert failed.case == Case.NOT_A_NUMBER
    assert sent(run_diagnosis.shown({"id": "x"}, None)) == "[]"


def test_a_run_that_was_resumed_is_not_said_to_have_lost_its_numbers(finished):
    """What happened in a training is also that it was interrupted, or which weights it began with."""
    run = finished.view.runs.one(finished.run)
    resumed = "Training was interrupted and continued from the checkpoint of epoch 2."
    lost = "The loss stopped being a number in epoch 1. Training went back to fresh weights."
    for happened, case in (([resumed], Case.TOO_SHORT), ([resumed, lost], Case.NOT_A_NUMBER)):
        assert of(finished, facts=run["facts"] | {"happened": happened})[1].case == case


def test_the_evidence_is_marked_on_the_curve_of_its_part(finished, monkeypatch):
    marked = drawn(finished, "total")
    shapes = evidence_in(marked)
    assert len(shapes) == 1 and (shapes[0].x0, shapes[0].x1) == (0.5, 3.5)
    assert any("epochs 1 to 3" in (note.text or "") for note in marked.layout.annotations)
    protein = Diagnosis(Case.PROTEINS_NOT_LEARNT, "They are not.", Evidence(1, 3, "protein"))
    real = curve_updates.watched.of
    monkeypatch.setattr(curve_updates.watched, "of", lambda *run: real(*run)._replace(diagnosis=protein))
    for part, n in (("total", 0), ("rna", 0), ("protein", 1)):
        assert len(evidence_in(drawn(finished, part))) == n
