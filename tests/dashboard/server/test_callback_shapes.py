"""Requests of callbacks that no page sends are answered with 400 or 413 and a sentence, before any callback sees them."""

import copy

import pytest
from app_under_test import csrf_of, outs

from dashboard import ids
from dashboard.server import callback_shapes
from dashboard.server.callback_shapes import OLD, TOO_LARGE, fault

CALLBACKS = {
    "a.children": {
        "inputs": [
            {"id": "go", "property": "n_clicks"},
            {"id": '{"name":["ALL"],"type":"x"}', "property": "value"},
        ],
        "state": [{"id": "store", "property": "data"}, {"id": "url", "property": "pathname"}],
    }
}


def body():
    part = {"id": {"name": "a", "type": "x"}, "property": "value", "value": [1, "2", None]}
    return {
        "output": "a.children",
        "outputs": {"id": "a", "property": "children"},
        "inputs": [{"id": "go", "property": "n_clicks", "value": 1}, [part, copy.deepcopy(part)]],
        "state": [
            {"id": "store", "property": "data", "value": {"any": [{"thing": 1.5}]}},
            {"id": "url", "property": "pathname", "value": "/data"},
        ],
        "changedPropIds": ["go.n_clicks"],
    }


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def test_what_a_page_sends_passes():
    assert fault(body(), CALLBACKS) == ""
    empty = body() | {"changedPropIds": []}
    empty["inputs"][1] = []
    del empty["state"][1]["value"]
    empty["inputs"][0]["value"] = None
    assert fault(empty, CALLBACKS) == ""


CHANGES = {
    "no object": lambda b: [b],
    "no output": lambda b: b | {"output": None},
    "an unknown callback": lambda b: b | {"output": "nobody.children"},
    "other outputs": lambda b: b | {"outputs": [1]},
    "no list of inputs": lambda b: b | {"inputs": {"a": 1}},
    "too few inputs": lambda b: b | {"inputs": b["inputs"][:1]},
    "a list for one input": lambda b: b | {"inputs": [[b["inputs"][0]], b["inputs"][1]]},
    "one for a pattern": lambda b: b | {"inputs": [b["inputs"][0], b["inputs"][1][0]]},
    "another id": lambda b: b | {"state": [b["state"][0] | {"id": "other"}, b["state"][1]]},
    "another property": lambda b: b | {"state": [b["state"][0] | {"property": "children"}, b["state"][1]]},
    "an id that is a list": lambda b: b | {"state": [b["state"][0] | {"id": ["store"]}, b["state"][1]]},
    "a part that is none": lambda b: b | {"state": [None, b["state"][1]]},
    "clicks as text": lambda b: b | {"inputs": [b["inputs"][0] | {"value": "1"}, b["inputs"][1]]},
    "clicks as truth": lambda b: b | {"inputs": [b["inputs"][0] | {"value": True}, b["inputs"][1]]},
    "clicks below zero": lambda b: b | {"inputs": [b["inputs"][0] | {"value": -1}, b["inputs"][1]]},
    "a path that is a number": lambda b: b | {"state": [b["state"][0], b["state"][1] | {"value": 7}]},
    "an object in a field": lambda b: (
        b | {"inputs": [b["inputs"][0], [b["inputs"][1][0] | {"value": {"a": 1}}]]}
    ),
    "another type of the pattern": lambda b: (
        b | {"inputs": [b["inputs"][0], [b["inputs"][1][0] | {"id": {"name": "a", "type": "y"}}]]}
    ),
    "another key of the pattern": lambda b: (
        b | {"inputs": [b["inputs"][0], [b["inputs"][1][0] | {"id": {"type": "x", "other": "a"}}]]}
    ),
    "a number of 400 digits": lambda b: (
        b | {"state": [b["state"][0] | {"value": {"n": 10**400}}, b["state"][1]]}
    ),
    "values nested too deep": lambda b: b | {"state": [b["state"][0] | {"value": nested(99)}, b["state"][1]]},
    "changes that are no text": lambda b: b | {"changedPropIds": [1]},
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_no_page_sends_is_refused(what):
    assert fault(CHANGES[what](body()), CALLBACKS) in (OLD, "A callback is a JSON object with an output.")


def test_ten_thousand_parts_are_too_many():
    many = body()
    many["inputs"][1] = many["inputs"][1][:1] * 10_000
    assert fault(many, CALLBACKS) == TOO_LARGE


def test_the_server_answers_in_a_sentence(empty_nuwa):
    def send(sent, **more):
        headers = csrf_of(empty_nuwa.client)
        return empty_nuwa.client.post(callback_shapes.PATH, json=sent, headers=headers, **more)

    for odd in ({"output": "x.y"}, {"inputs": []}, {"output": 5}):
        answer = send(odd)
        assert answer.status_code == 400 and answer.get_data(as_text=True).strip()
    spec = next(s for s in empty_nuwa.dependencies() if f"{ids.ACTIVITY}.children" in outs(s))
    outputs = [dict(zip(("id", "property"), one.rsplit(".", 1), strict=True)) for one in outs(spec)]
    right = {
        "output": spec["output"],
        "outputs": outputs if len(outputs) > 1 else outputs[0],
        "inputs": [one | {"value": 1} for one in spec["inputs"]],
        "state": [one | {"value": None} for one in spec["state"]],
        "changedPropIds": [],
    }
    assert send(right).status_code == 200
    assert send(right | {"inputs": [one | {"value": [1]} for one in spec["inputs"]]}).status_code == 400
    assert send(right | {"more": "x" * callback_shapes.MOST_BYTES}).status_code == 413
