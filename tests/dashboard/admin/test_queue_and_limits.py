"""The cards of the queue and of limits on the Administration page, pressed without a browser."""

import json

import pytest
from app_under_test import AppUnderTest, csrf_of, sent
from people import people, quick_passwords

from dashboard.pages.admin import ids, limits, queue


@pytest.fixture
def nuwa(tmp_path):
    nuwa = AppUnderTest(tmp_path / "data")
    with quick_passwords():
        people(nuwa.store)
    nuwa.jobs = [nuwa.store.submit("bob", "train", "train", "x") for _ in range(2)]
    return nuwa


def press(nuwa, id):
    """The answer after a press on one of the buttons of the queue, by the id of the button."""
    spec = next(s for s in nuwa.dependencies() if f"{ids.QUEUE_MESSAGE}.children" in s["output"])
    inputs = [
        [{"id": id, "property": "n_clicks", "value": 1}]
        if json.loads(part["id"])["type"] == id["type"]
        else []
        for part in spec["inputs"]
    ]
    outputs = [
        {"id": id, "property": of}
        for id, of in (one.partition("@")[0].rsplit(".", 1) for one in spec["output"].strip(".").split("..."))
    ]
    key = json.dumps(id, sort_keys=True, separators=(",", ":"))
    body = {"output": spec["output"], "outputs": outputs, "inputs": inputs, "state": []}
    body["changedPropIds"] = [f"{key}.n_clicks"]
    answer = nuwa.client.post("/_dash-update-component", json=body, headers=csrf_of(nuwa.client))
    assert answer.status_code == 200, answer.text
    return json.dumps(answer.json)


def test_the_queue_is_paused_and_resumed_and_its_jobs_moved_and_stopped(nuwa):
    page = sent(queue.layout(nuwa.view))
    assert "Pause queue" in page and page.count("Move to front") == 4  # the label, and its description
    answer = press(nuwa, ids.pause(True))
    assert "Resume queue" in answer and nuwa.store.is_paused("train")
    assert "Pause queue" in press(nuwa, ids.pause(False)) and not nuwa.store.is_paused("train")
    assert "next of its lane" in press(nuwa, ids.front(nuwa.jobs[1]))
    assert [job["id"] for job in nuwa.store.waiting("train")] == nuwa.jobs[::-1]
    nuwa.store.start_job(nuwa.jobs[1])
    assert "does not wait" in press(nuwa, ids.front(nuwa.jobs[1]))
    assert "no longer exists" in press(nuwa, ids.front("nothing"))


def test_limits_are_set_for_a_person_and_shown(nuwa):
    assert "2 of 100" in sent(limits.listing(nuwa.view))
    values = {
        f"{ids.LIMITS_PERSON}.value": "bob",
        f"{ids.LIMIT_RUNS}.value": "7",
        f"{ids.LIMITS_SET}.n_clicks": 1,
    }
    answer = nuwa.press(f"{ids.LIMITS}.children", values, f"{ids.LIMITS_SET}.n_clicks")
    assert "2 of 7" in json.dumps(answer[ids.LIMITS]) and "were set" in json.dumps(answer[ids.LIMITS_MESSAGE])
    wrong = values | {f"{ids.LIMIT_WEIGHT}.value": "-1"}
    answer = nuwa.press(f"{ids.LIMITS}.children", wrong, f"{ids.LIMITS_SET}.n_clicks")
    assert "too small" in json.dumps(answer[ids.LIMITS_MESSAGE]) and ids.LIMITS not in answer
    nobody = values | {f"{ids.LIMITS_PERSON}.value": None}
    answer = nuwa.press(f"{ids.LIMITS}.children", nobody, f"{ids.LIMITS_SET}.n_clicks")
    assert "Choose a person first." in json.dumps(answer[ids.LIMITS_MESSAGE])
