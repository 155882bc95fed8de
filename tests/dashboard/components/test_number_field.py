"""Every number field of every page, found by walking the layouts: what it refuses, and how it says so."""

import ast
import json
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from app_under_test import AppUnderTest, clusters_page, outs, sent
from constants import ROOT
from people import people, quick_passwords
from store_rows import furnish

from core import config
from core.config.search import SearchRecord
from core.errors import UserError
from dashboard import shell
from dashboard.components import location, number_field
from dashboard.components.number_field import error_id
from dashboard.pages.account import page as account
from dashboard.pages.clusters import page as clusters
from dashboard.pages.search import page as search

# What people type, and the number that it is; None: nothing, "no": it is no number, "or": 1 or 1000.
TEXTS = {"-1": -1, "1e9": 1e9, "1,5": 1.5, "abc": "no", "": None, "1e-3": 0.001, " 20 ": 20, "1.000": "or"}
TEXTS |= dict.fromkeys(("٣", "0x10", "1_000", "∞"), "no")


class Takes(NamedTuple):
    """The numbers that a field takes."""

    low: float = float("-inf")
    high: float = float("inf")
    whole: bool = False
    optional: bool = False

    def is_refused(self, number):
        """Whether a number, or what else is typed (TEXTS), is refused."""
        if number is None:
            return not self.optional
        if number == "or":
            return self.whole or not self.is_refused(1000) or self.is_refused(1)
        if number == "no" or (self.whole and number != int(number)):
            return True
        return not self.low <= number <= self.high


SHARE = Takes(0, 100, optional=True)
# What each field takes that is no setting; those of settings follow from RunConfig.
TAKEN = {
    "seeds-k": Takes(2, 10, whole=True),
    "recluster-resolution": Takes(0.05, 5),
    "method-value": Takes(2, 240, whole=True),
    "markers-top": Takes(1, 20, whole=True),
    "map-threshold": Takes(0, 1),
    "select-from": Takes(optional=True),
    "select-to": Takes(optional=True),
    "clip-low": SHARE,
    "clip-high": SHARE,
    "bundle-width": Takes(40, 500),
    "bundle-height": Takes(40, 500),
    "bundle-dpi": Takes(72, 1200, whole=True),
    "extend-epochs": Takes(1, 10_000, whole=True),
    "choose-minutes": Takes(1e-9, 1440),
    "search-n-trials": Takes(1, 1000, whole=True),
    "search-minutes": Takes(1e-9, 10_000, optional=True),
    "search-more": Takes(1, 1000, whole=True),
    "account-token-days": Takes(1, 365, whole=True),
    "admin-limit-runs": Takes(0, 100_000, whole=True, optional=True),
    "admin-limit-jobs": Takes(0, 1_000_000, whole=True, optional=True),
    "admin-limit-gigabytes": Takes(0, 1_000_000, optional=True),
    "admin-limit-weight": Takes(0.1, 100, optional=True),
    "droplets-protein": Takes(1, 1e9, whole=True, optional=True),
    "droplets-rna": Takes(1, 1e9, whole=True, optional=True),
    "doublets-rate": Takes(0, 20),
    "min-cells": Takes(1, 1e9, whole=True),
    "counts": Takes(0, whole=True, optional=True),
    "genes": Takes(0, whole=True, optional=True),
    **dict.fromkeys(("top20", "mito", "ribo", "haemo"), SHARE),
    "doublet": Takes(0, optional=True),
}
# Fields for text: a field for a number is a number_field. `id`: passwords, and days of the audit log.
OF_TEXT = {
    *("ids.MODEL_NAME", "ids.values(name)", "ids.AUDIT_TEXT", "id"),
    *("ids.TOKEN_NAME", "ids.GROUP_NAME", "ids.BAR_NAME", "ids.ANNOTATE_NAME", "ids.ANNOTATE_COLOUR"),
    *("ids.DATA_SEARCH", "ids.SAMPLES_BATCH", "ids.sample_name(row['id'])", "ids.RENAME", "ids.RECIPE_NAME"),
    *("ids.NAME", "ids.TAGS"),
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


def layouts(nuwa, folder):
    """The layout of each page, with all tabs of the Clusters page, an account and a search, as JSON."""
    pages = [page for page in shell.PAGES if page is not clusters]
    text = "".join(sent(page.layout(nuwa.view, location.resolve(nuwa.view, ""))) for page in pages)
    text += clusters_page(nuwa.view, nuwa.run)
    other = AppUnderTest(folder)
    with quick_passwords():
        people(other.store)
    text += sent(account.cards(other.view))
    record = SearchRecord(space={"n_latent": [2, 4]}, n_trials=2)
    id = other.view.searches.create(furnish(other.store)["preparation"], record)
    text += sent(search.layout(other.view, location.resolve(other.view, f"?search={id}")))
    other.store.engine.dispose()
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        layout, at = decoder.raw_decode(text, at)
        yield layout


MAKERS = ("number_field", "number_input")


def trees():
    """(path, its syntax tree) of the files of the dashboard but that of the component."""
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path.name != "number_field.py" and ("number_field" in text or ".Input(" in text):
            yield path, ast.parse(text)


def calls(tree):
    """(name of what is called, node) of all calls; names as the file imports them."""
    aliases = {
        one.asname: one.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for one in node.names
        if one.asname
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            yield aliases.get(name, name), node


@pytest.fixture(scope="module")
def walked(finished, tmp_path_factory):
    """(layouts of all pages, {(file, line)} from which number fields were drawn meanwhile)."""
    lines, makers = set(), [getattr(number_field, name) for name in MAKERS]

    def noting(make):
        def noted(*values, **named):
            frame = sys._getframe(1)
            lines.add((Path(frame.f_code.co_filename), frame.f_lineno))
            return make(*values, **named)

        return noted

    with pytest.MonkeyPatch.context() as patch:
        for module in [m for name, m in sys.modules.items() if name.startswith("dashboard.")]:
            for name, value in list(vars(module).items()):
                if any(value is maker for maker in makers):
                    patch.setattr(module, name, noting(value))
        drawn = list(layouts(finished, tmp_path_factory.mktemp("people")))
    return drawn, lines


@pytest.fixture(scope="module")
def fields(walked):
    """{id as JSON: (props of the input, the element around it)} of all number fields."""
    parts = [part for layout in walked[0] for part in walk(layout)]
    assert not [props["id"] for props, _ in parts if props.get("type") == "number"]
    return {sent(props["id"]): (props, around) for props, around in parts if "inputmode" in props}


def test_every_place_that_makes_a_number_field_is_walked(walked):
    places = [
        (path, node.lineno, node.end_lineno)
        for path, tree in trees()
        for name, node in calls(tree)
        if name in MAKERS
    ]
    assert len(places) > 15
    for path, first, last in places:
        assert any(file == path and first <= line <= last for file, line in walked[1]), f"{path}:{first}"


def test_a_field_for_a_number_is_no_field_for_text():
    ids = {
        ast.unparse(next((word.value for word in node.keywords if word.arg == "id"), node))
        for _, tree in trees()
        for name, node in calls(tree)
        if name == "Input" and getattr(getattr(node.func, "value", None), "id", "") in ("dcc", "dbc")
    }
    assert {id for id in ids if "csrf" not in id} == OF_TEXT


def test_all_fields_are_found_and_are_one_component(fields):
    numbers = {spec.name for spec in config.specs() if spec.number}
    names = {name_of(props["id"]) for props, _ in fields.values()}
    assert numbers <= names and names - numbers <= set(TAKEN)
    assert set(TAKEN) - names <= {"top20", "mito", "ribo", "haemo", "doublet"}  # of other datasets
    for props, around in fields.values():
        assert props["type"] == "text" and props["debounce"] is True, props["id"]
        errors = [part for part, _ in walk(around) if part.get("className") == "error"]
        assert [error["id"] for error in errors] == [error_id(props["id"])], props["id"]


@pytest.mark.parametrize("text", TEXTS)
def test_every_field_says_what_is_wrong_when_it_is_left(finished, fields, text):
    errors = errors_after(finished, fields, text)
    assert set(errors) == set(fields)
    for id, error in errors.items():
        is_refused = refused(fields[id][0]["id"], text)
        assert bool(error) == is_refused, (id, text, error)
        if is_refused:
            assert error.endswith(".") and ("Enter " in error), error


def test_a_field_that_may_stay_empty_says_what_is_used(fields):
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
    if not (isinstance(id, dict) and id["type"] == "setting"):
        return TAKEN[name_of(id)].is_refused(TEXTS[text])
    spec = next(spec for spec in config.specs() if spec.name == id["name"])

    def is_refused(number):
        try:
            config.parse({"model": (spec.models or ("citeseq",))[0], id["name"]: number})
        except UserError:
            return True
        return False

    if TEXTS[text] == "or":
        return spec.kind == "int" or not is_refused(1000) or is_refused(1)
    return is_refused(TEXTS[text])


def key(id):
    """An id as a key of a dictionary."""
    return json.dumps(id, sort_keys=True)


def errors_after(nuwa, fields, text):
    """{id as JSON: the error below the field} once all fields are left with a text, as the server answers the page."""
    values = {"run.data": nuwa.run, "method.value": "kmeans", "join-what.value": "background"}
    values |= {"bundle-parts.value": ["figures"], "bundle-unit.value": "mm", "quality-batch.value": ""}
    values |= {"clip-unit.value": "percentile", "quality-limits.data": {"limits": {}, "batches": {}}}
    by_error = {key(error_id(props["id"])): id for id, (props, _) in fields.items()}
    patterns = {}
    for props, _ in fields.values():
        if isinstance(props["id"], dict):
            patterns.setdefault(props["id"]["type"], []).append(props["id"])
            patterns.setdefault(error_id(props["id"])["type"], []).append(error_id(props["id"]))

    def part(of):
        if not of["id"].startswith("{"):
            own = text if sent(of["id"]) in fields else values.get(f"{of['id']}.{of['property']}", "1")
            return {**of, "value": own}
        return [
            {"id": id, "property": of["property"], "value": id if of["property"] == "id" else text}
            for id in patterns[json.loads(of["id"])["type"]]
        ]

    def place(output):
        id, of = output.partition("@")[0].rsplit(".", 1)
        if '"ALL"' in id:
            return [{"id": one, "property": of} for one in patterns[json.loads(id)["type"]]]
        return {"id": id, "property": of}

    def shows_errors(output):
        id, of = output.partition("@")[0].rsplit(".", 1)
        if of != "children" or "@" in output:
            return False
        return key(id) in by_error or (
            '"ALL"' in id and json.loads(id)["type"].removesuffix("-error") in patterns
        )

    errors = {}
    for spec in nuwa.dependencies():
        if spec["clientside_function"] or not any(shows_errors(one) for one in outs(spec)):
            continue
        outputs = [place(one) for one in outs(spec)]
        body = {"output": spec["output"], "changedPropIds": []}
        body["outputs"] = outputs if ".." in spec["output"] else outputs[0]
        body |= {kind: [part(of) for of in spec[kind]] for kind in ("inputs", "state")}
        answer = nuwa.client.post("/_dash-update-component", json=body)
        assert answer.status_code == 200, answer.text
        for id, shown in answer.json["response"].items():
            place_key = key(json.loads(id) if id.startswith("{") else id)
            if place_key in by_error:
                errors[by_error[place_key]] = shown["children"]
    return errors
