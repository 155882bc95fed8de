"""Every button of the Clusters page that can be pressed on a fresh page answers: with a result, a job or a sentence."""

import json

import pytest
from app_under_test import clusters_page, outs, sent


@pytest.fixture(scope="module")
def nuwa(new_finished):
    nuwa = new_finished()
    nuwa.app.work_here = lambda: None  # the jobs wait
    yield nuwa
    nuwa.store.engine.dispose()


def parts_of(text):
    """(type and props of a component, whether it or what is around it is hidden or disabled) of layouts as JSON."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        layout, at = decoder.raw_decode(text, at)
        yield from walk(layout, False)


def walk(node, off):
    if isinstance(node, list):
        for part in node:
            yield from walk(part, off)
    elif isinstance(node, dict) and "props" in node:
        props = node["props"]
        off = off or bool(props.get("hidden") or props.get("disabled"))
        if node.get("type") != "Details":
            yield node.get("type"), props, off
        yield from walk(props.get("children"), off)


def test_every_button_of_a_fresh_page_answers(nuwa):
    parts = list(parts_of(clusters_page(nuwa.view, nuwa.run)))
    values = {
        f"{props['id']}.{name}": value
        for _, props, _ in parts
        for name, value in props.items()
        if isinstance(props.get("id"), str) and name in ("value", "data", "options", "hidden", "disabled")
    }
    pressable = {
        props["id"]
        for kind, props, off in parts
        if kind == "Button" and isinstance(props.get("id"), str) and not off
    }
    pressed = {}
    for spec in nuwa.dependencies():
        inputs = [f"{one['id']}.{one['property']}" for one in spec["inputs"]]
        button = next((id for id in pressable if f"{id}.n_clicks" in inputs), None)
        if button is None or spec["clientside_function"]:
            continue
        output = outs(spec)[0].partition("@")[0]
        answer = nuwa.press(output, values | {f"{button}.n_clicks": 1}, f"{button}.n_clicks")
        pressed[button] = sent(answer) if answer else ""
    silent = sorted(button for button, answer in pressed.items() if not answer)
    assert len(pressed) > 15 and not silent, (silent, sorted(pressed))
