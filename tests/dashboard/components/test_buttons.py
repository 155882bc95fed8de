"""Buttons that act at once, by the one that creates a model."""

from app_under_test import sent

CREATE = "model-create.n_clicks"


def test_a_button_that_has_just_been_drawn_does_nothing(finished):
    values = {CREATE: None, "setting": {}, "model-preparation.data": finished.preparation}
    n_runs = len(finished.view.runs.all())
    assert finished.press("model-message.children", values, CREATE) is None
    assert len(finished.view.runs.all()) == n_runs


def test_an_error_is_shown_and_the_other_outputs_stay(finished):
    values = {CREATE: 1, "setting": {}, "model-preparation.data": "gone"}
    answer = finished.press("model-message.children", values, CREATE)
    assert set(answer) == {"model-message"}
    assert "nuwa-notice bad" in sent(answer) and "no longer exists" in sent(answer)
