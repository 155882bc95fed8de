"""Every number field of every page, found by walking the layouts: what it refuses, and how it says so."""

import json

import pytest
from app_under_test import clusters_page, outs, sent

from core import config
from core.errors import UserError
from dashboard import shell
from dashboard.components import location
from dashboard.components.number_field import error_id
from dashboard.pages.clusters import page as clusters

TEXTS = {"-1": -1, "1e9": 1e9, "1,5": 1.5, "abc": "abc", "": None}
ALL = ("-1", "1e9", "1,5", "abc", "")
# The texts that each field refuses which is no setting; those of settings follow from RunConfig.
REFUSED = {
    "seeds-k": ALL,
    "recluster-resolution": ("-1", "1e9", "abc", ""),
    "method-value": ALL,
    "markers-top": ALL,
    "map-threshold": ALL,
    "select-from": ("abc",),
    "select-to": ("abc",),
    "clip-low": ("-1", "1e9", "abc"),
    "clip-high": ("-1", "1e9", "abc"),
    "bundle-width": ALL,
    "bundle-height": ALL,
    "bundle-dpi": ALL,
    "extend-epochs": ALL,
    "choose-minutes": ("-1", "1e9", "abc", ""),
    "search-n-trials": ALL,
    "search-minutes": ("-1", "1e9", "abc"),
    "droplets-protein": ("-1", "1,5", "abc"),
    "droplets-rna": ("-1", "1,5", "abc"),
    "doublets-rate": ("-1", "1e9", "abc", ""),
    "min-cells": ("-1", "1,5", "abc", ""),
    "counts": ("-1", "1,5", "abc"),
    "genes": ("-1", "1,5", "abc"),
    "top20": ("-1", "1e9", "abc"),
    "mito": ("-1", "1e9", "abc"),
    "ribo": ("-1", "1e9", "abc"),
    "haemo": ("-1", "1e9", "abc"),
    "doublet": ("-1", "abc"),
}


def walk(node, around=None):
    """(props of a component, the nearest component around it of class "nuwa-number") of a layout as JSON."""
    if isinstance(node, list):
        for part in node:
            yield from walk(part, around)
    elif isinstance(node, dict) and "props" in node:
        if "nuwa-number" in str(node["props"].get("className")):
            around = node
        yield node["props"], around
        yield from walk(node["props"].get("children"), around)


def layouts(nuwa):
    """The layout of each page, with all tabs of the Clusters page, as JSON."""
    pages = [page for page in shell.PAGES if page is not clusters]
    text = "".join(sent(page.layout(nuwa.view, location.resolve(nuwa.view, ""))) for page in pages)
    text += clusters_page(nuwa.view, nuwa.run)
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        layout, at = decoder.raw_decode(text, at)
        yield layout


@pytest.fixture(scope="module")
def fields(finished):
    """[(props of the input, the element around it)] of all number fields, those of one id once."""
    parts = [part for layout in layouts(finished) for part in walk(layout)]
    assert not [props["id"] for props, _ in parts if props.get("type") == "number"]
    return {sent(props["id"]): (props, around) for props, around in parts if "inputmode" in props}


def test_all_fields_are_found_and_are_one_component(fields):
    numbers = {spec.name for spec in config.specs() if spec.number}
    names = {name_of(props["id"]) for props, _ in fields.values()}
    assert numbers <= names and names - numbers <= set(REFUSED)
    assert {"seeds-k", "method-value", "bundle-dpi", "counts", "min-cells", "droplets-rna"} <= names
    for props, around in fields.values():
        assert props["type"] == "text" and props["debounce"] is True, props["id"]
        errors = [part for part, _ in walk(around) if part.get("className") == "error"]
        assert [error["id"] for error in errors] == [error_id(props["id"])], props["id"]


def test_every_field_says_what_is_wrong_when_it_is_left(finished, fields):
    for props, _ in fields.values():
        for text in TEXTS:
            error, is_refused = error_after(finished, fields, props["id"], text), refused(props["id"], text)
            assert bool(error) == is_refused, (props["id"], text, error)
            if is_refused:
                assert error.endswith(".") and ("Enter " in error), error


def test_a_field_that_may_stay_empty_says_what_is_used(finished, fields):
    for props, _ in fields.values():
        if (
            isinstance(props["id"], dict)
            and props["id"]["type"] == "setting"
            and not refused(props["id"], "")
        ):
            assert props["placeholder"].startswith("automatic: "), props["id"]


def name_of(id):
    """The name of a setting, the measure of a limit, or the id."""
    return id if isinstance(id, str) else id["name"].removesuffix("_low").removesuffix("_high")


def refused(id, text):
    """Whether a field refuses a text: by RunConfig for a setting, else by the table."""
    if isinstance(id, dict) and id["type"] == "setting":
        try:
            models = next(spec.models for spec in config.specs() if spec.name == id["name"])
            config.parse({"model": (models or ("citeseq",))[0], id["name"]: TEXTS[text]})
        except UserError:
            return True
        return False
    return text in REFUSED[name_of(id)]


def error_after(nuwa, fields, id, text):
    """The error below a field once it is left with a text, as the server answers the page."""
    error, values = (
        error_id(id),
        {"run.data": nuwa.run, "method.value": "kmeans", "join-what.value": "background"},
    )
    values |= {"bundle-parts.value": ["figures"], "bundle-unit.value": "mm", "quality-batch.value": ""}
    values |= {"clip-unit.value": "percentile"}
    values |= {"quality-limits.data": {"limits": {}, "batches": {}}}
    same = [
        props for props, _ in fields.values() if isinstance(id, dict) and is_kind(props["id"], id["type"])
    ]
    key = json.dumps({"name": ["ALL"], "type": error["type"]}, separators=(",", ":")) if same else error
    callback = next(
        spec
        for spec in nuwa.dependencies()
        if any(one.partition("@")[0] == f"{key}.children" for one in outs(spec))
    )
    assert not callback["clientside_function"]

    def part(of):
        kind = json.loads(of["id"])["type"] if of["id"].startswith("{") else None
        if kind is None:
            own = text if of["id"] == id else values.get(f"{of['id']}.{of['property']}", "1")
            return {**of, "value": own}
        ids = [props["id"] for props in same]
        if kind == error.get("type"):
            ids = [error_id(one) for one in ids]
        if of["property"] == "id":
            return [{"id": one, "property": "id", "value": one} for one in ids]
        # The other end of a limit stays empty: which of two ends is wrong is not the question here.
        others = {sent(props["id"]): props["value"] if kind == "setting" else "" for props in same}
        by_id = others | {sent(id): text}
        return [{"id": one, "property": of["property"], "value": by_id[sent(one)]} for one in ids]

    outputs = []
    for one in outs(callback):
        place, of = one.partition("@")[0].rsplit(".", 1)
        errors = [{"id": error_id(props["id"]), "property": of} for props in same]
        outputs.append(errors if '"ALL"' in place else {"id": place, "property": of})
    body = {"output": callback["output"], "changedPropIds": []}
    body["outputs"] = outputs if ".." in callback["output"] else outputs[0]
    body |= {kind: [part(of) for of in callback[kind]] for kind in ("inputs", "state")}
    answer = nuwa.client.post("/_dash-update-component", json=body)
    assert answer.status_code == 200, answer.text
    place = json.dumps(error, sort_keys=True, separators=(",", ":")) if same else error
    return answer.json["response"][place]["children"]


def is_kind(id, kind):
    return isinstance(id, dict) and id["type"] == kind
