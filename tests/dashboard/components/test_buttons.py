"""Buttons that act at once, by the one that deletes a run."""

from app_under_test import sent

CONFIRM = "runs-confirm.submit_n_clicks"


def test_a_button_that_has_just_been_drawn_does_nothing(finished):
    assert (
        finished.press("runs-message.children", {CONFIRM: None, "runs-chosen.data": finished.run}, CONFIRM)
        is None
    )
    assert finished.view.runs.one(finished.run)


def test_an_error_is_shown_and_the_other_outputs_stay(finished):
    answer = finished.press("runs-message.children", {CONFIRM: 1, "runs-chosen.data": "gone"}, CONFIRM)
    assert set(answer) == {"runs-message"}
    assert "nuwa-notice bad" in sent(answer) and "no longer exists" in sent(answer)
