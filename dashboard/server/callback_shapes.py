"""The shape of a callback's request, checked in one place before any callback sees it.

What no page of this server sends is answered with 400 or 413 and a sentence: another structure, an unknown callback, other
inputs than the callback has, values of another type than the property holds, more parts or bytes than a page has.
"""

import json

from flask import abort, request

PATH = "/_dash-update-component"
MOST_BYTES = 2 * 1024**2  # a lasso of 200,000 cells takes 1.4 MB, a recipe 1 MB
MOST_PARTS = 5000  # values of inputs and states together: the legend of a column with that many categories
MOST_DEPTH = 40  # of nested values
OLD = "This page does not fit the server: load it again."
TOO_LARGE = "This request is too large: select fewer cells, or load the page again."
COUNTS = ("n_clicks", "n_intervals", "n_submit", "n_blur", "n_dismiss")
TEXTS = ("pathname", "search", "hash", "href")


def register(server, app):
    """Check the callbacks of a Dash app; must come after the gate, which answers strangers."""

    @server.before_request
    def check():
        if request.method != "POST" or request.path != PATH:
            return
        if (request.content_length or 0) > MOST_BYTES:
            abort(413, TOO_LARGE)
        problem = fault(request.get_json(silent=True), app.callback_map)
        if problem:
            abort(413 if problem == TOO_LARGE else 400, problem)


def fault(body, callbacks):
    """What is wrong with the body of a callback's request, as a sentence, or "".

    `callbacks` is {output: {"inputs", "state"}} with {"id", "property"} each, as Dash has it.
    """
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        return "A callback is a JSON object with an output."
    callback = callbacks.get(body["output"])
    if callback is None:
        return OLD
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(one, str) for one in changed):
        return OLD
    if not _names(body.get("outputs")):
        return OLD
    n = 0
    for kind in ("inputs", "state"):
        sent = body.get(kind) or []
        wanted = callback[kind]
        if not isinstance(sent, list) or len(sent) != len(wanted):
            return OLD
        for parts, one in zip(sent, wanted, strict=True):
            several = isinstance(parts, list)
            if several != _is_pattern(one["id"]):
                return OLD
            own = parts if several else [parts]
            n += len(own)
            if n > MOST_PARTS:
                return TOO_LARGE
            if not all(_is_part(part, one) for part in own):
                return OLD
    return ""


def _names(outputs):
    """Whether the outputs of a request are ids with properties."""
    own = outputs if isinstance(outputs, list) else [outputs]
    flat = [part for one in own for part in (one if isinstance(one, list) else [one])]
    return len(flat) <= MOST_PARTS and all(
        isinstance(one, dict)
        and isinstance(one.get("id"), str | dict)
        and isinstance(one.get("property"), str)
        for one in flat
    )


def _is_pattern(id):
    """Does an id of a callback stand for several components?"""
    return isinstance(id, str) and id.startswith("{") and ('["ALL"]' in id or '["ALLSMALLER"]' in id)


def _is_part(part, wanted):
    """Is this a value of the input or state of a callback?"""
    if not isinstance(part, dict) or part.get("property") != wanted["property"]:
        return False
    id = part.get("id")
    if wanted["id"].startswith("{"):
        if not isinstance(id, dict) or not all(
            isinstance(value, str | int | float | bool) for value in id.values()
        ):
            return False
        pattern = json.loads(wanted["id"])
        if id.keys() != pattern.keys() or any(
            id[k] != v for k, v in pattern.items() if not isinstance(v, list)
        ):
            return False
    elif id != wanted["id"]:
        return False
    return _fits(wanted["property"], part.get("value"))


def _fits(name, value):
    """May a property hold this value?"""
    if name in COUNTS:
        return value is None or (
            isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
        )
    if name in TEXTS:
        return value is None or isinstance(value, str)
    if name == "value":  # of a field, a picker or a set of them: never an object
        parts = value if isinstance(value, list) else [value]
        return all(part is None or isinstance(part, str | int | float | bool) for part in parts) and _small(
            value
        )
    return _small(value)


def _small(value):
    """Is a value of numbers that a machine holds, and no deeper than pages nest them?"""
    level = [value]
    for _ in range(MOST_DEPTH):
        if any(isinstance(one, int) and not isinstance(one, bool) and abs(one) >= 2**63 for one in level):
            return False
        level = [
            part
            for one in level
            if isinstance(one, dict | list)
            for part in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return True
    return False
