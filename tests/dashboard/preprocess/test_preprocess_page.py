"""The Preprocess page without a browser: what its main button says and does, its job and its pictures."""

import numpy as np
import pytest
from app_under_test import bring, fields, sent
from simulated import people

from core.config import PREPARE, RunConfig, specs
from core.preprocessing.recipe import suggested
from core.worker.execute import drain
from dashboard.components import location
from dashboard.components.forms import read_form
from dashboard.pages.preprocess import page as preprocess
from dashboard.pages.preprocess import result
from dashboard.pages.preprocess.limits import ALL_CELLS, suggest


def controls(nuwa, **changed):
    """The controls of the page as they are at first, some settings changed."""
    values = fields(PREPARE, **changed) | {
        "limit": {},
        "quality-limits.data": None,
        "page-token.data": "page",
    }
    values |= {"min-cells.value": "3", "remove-cells.value": False, "remove-genes.value": False}
    return values | {"prepare-dataset.data": nuwa.dataset, "batch-sure.value": False}


def prepare(nuwa, page, **settings):
    """Press the main button and poll once: what the page is answered."""
    values = controls(nuwa, **settings) | {"page-token.data": page, "prepare.n_clicks": 1}
    return nuwa.work("apply-recipe", values, "prepare.n_clicks")


def described(nuwa, values, shown=None, idle=True):
    """What the bar and the result show of the controls."""
    values = values | {"prepare-shown.data": shown, "apply-recipe-tick.disabled": idle}
    answer = nuwa.press("result-state.children", values)
    return {name: next(iter(part.values())) if len(part) == 1 else part for name, part in answer.items()}


def test_preprocess_is_work_of_the_worker_and_the_page_goes_to_its_result(finished):
    answer = prepare(finished, "page-a", n_top_genes="50", clip="5,0")
    job = answer["apply-recipe-done"]["data"]
    assert answer["apply-recipe-message"]["children"] == "" and answer["apply-recipe-tick"]["disabled"]
    link = finished.press("url.href", {"apply-recipe-done.data": job}, "apply-recipe-done.data")
    id = link["url"]["href"].removeprefix("/preprocess?preparation=")
    row = finished.view.preparations.one(id)
    assert (
        row["record"]["n_genes"] == 50 and row["settings"]["clip"] == 5 and row["dataset"] == finished.dataset
    )
    shown = described(finished, controls(finished, n_top_genes="50", clip="5"), id)
    assert f"/model?preparation={id}" in sent(shown["result-forward"])


def test_the_button_says_what_will_happen_and_does_it(finished):
    limits = suggest(finished.view, finished.dataset, ALL_CELLS)
    limits["limits"]["counts"] = [3500, None]
    values = controls(finished, n_top_genes="60", batch_key="sample") | {"quality-limits.data": limits}
    values |= {"remove-cells.value": True, "remove-genes.value": True, "page-token.data": "page-b"}
    label = described(finished, values)["prepare"]["children"]
    n_removed = int(label.split("remove ")[1].split(" cell")[0])
    assert 0 < n_removed < 240
    assert label.endswith(
        "remove genes of fewer than 3 cells, normalise, log-transform, scale, 60 genes, CLR, batch 'sample'"
    )
    answer = finished.work("apply-recipe", values | {"prepare.n_clicks": 1}, "prepare.n_clicks")
    outcome = finished.view.jobs.one(answer["apply-recipe-done"]["data"])["result"]
    row = finished.view.preparations.one(outcome["preparation"])
    assert row["record"]["n_cells"] == 240 - n_removed and row["settings"]["batch_key"] == "sample"


def test_another_setting_than_that_of_the_result_steps_back_its_button(finished):
    same = described(finished, controls(finished), finished.preparation)
    assert same["result-state"] == "" and "btn-primary" in sent(same["result-forward"])
    assert same["prepare"]["className"] == "btn btn-outline-primary"
    other = described(finished, controls(finished, n_top_genes="50"), finished.preparation)
    assert result.OTHER_SETTINGS in sent(other["result-state"])
    assert "btn-outline-secondary" in sent(other["result-forward"])
    assert other["prepare"]["className"] == "btn btn-primary"
    assert other["prepare"]["children"].startswith("Preprocess again: normalise")


def other_value(spec):
    """A value of a setting that is not its default, as its control has it."""
    if spec.kind == "bool":
        return not spec.default
    if spec.kind == "choice":
        return next(choice for choice in spec.choices if choice != spec.default)
    if spec.kind in ("genes", "column"):
        return {"genes": "SIM-0007", "column": "sample"}[spec.kind]
    return "3" if spec.default != 3 else "2"


@pytest.mark.parametrize("spec", specs(PREPARE), ids=lambda spec: spec.name)
def test_each_setting_alone_makes_the_result_one_of_other_settings(finished, spec):
    other = described(finished, controls(finished, **{spec.name: other_value(spec)}), finished.preparation)
    assert result.OTHER_SETTINGS in sent(other["result-state"])
    assert "btn-outline-secondary" in sent(other["result-forward"])
    assert other["prepare"]["className"] == "btn btn-primary"


@pytest.mark.parametrize(
    "changed",
    [
        {"remove-genes.value": True},
        {
            "remove-cells.value": True,
            "quality-limits.data": {"limits": {"counts": [3500, None]}, "batches": {}},
        },
    ],
    ids=["genes", "cells"],
)
def test_what_the_button_would_remove_makes_the_result_one_of_other_settings(finished, changed):
    other = described(finished, controls(finished) | changed, finished.preparation)
    assert result.OTHER_SETTINGS in sent(other["result-state"])
    assert "remove" in other["prepare"]["children"]


def test_while_a_job_runs_the_buttons_of_the_old_result_are_disabled(finished):
    busy = described(finished, controls(finished), finished.preparation, idle=False)
    assert busy["prepare"]["disabled"] and '"disabled": true' in sent(busy["result-forward"])
    assert "href" not in sent(busy["result-forward"])


@pytest.mark.parametrize(
    "changed, sentence",
    [
        ({"clip": "-1"}, "Clip: '-1' is too small. Enter a number from 1 to 1000 sd."),
        ({"batch_key": "cell_type"}, "The question about the batch column is open."),
    ],
)
def test_a_control_that_cannot_be_used_disables_the_button_and_is_refused_when_pressed(
    finished, changed, sentence
):
    values = controls(finished, **changed)
    shown = described(finished, values)
    assert shown["prepare"]["disabled"] and sentence in sent(shown["prepare-message"])
    answer = finished.press("apply-recipe-job.data", values | {"prepare.n_clicks": 1}, "prepare.n_clicks")
    assert set(answer) == {"apply-recipe-message"} and sentence in sent(answer)


def test_a_question_that_is_answered_lets_the_button_work(finished):
    values = controls(finished, batch_key="cell_type") | {"batch-sure.value": True}
    assert not described(finished, values)["prepare"]["disabled"]


def changed_limits(nuwa, tissue, **limits):
    """The limits after the tissue was chosen, and what the page says of the cells within other `limits`."""
    names = {"quality-batches.value": ALL_CELLS, "quality-tissue.value": tissue, "quality-batch.value": ""}
    values = names | {"limit": {}, "quality-limits.data": {}, "prepare-dataset.data": nuwa.dataset}
    chosen = nuwa.press("quality-limits.data", values, "quality-tissue.value")["quality-limits"]["data"]
    shown = {"quality-limits.data": chosen | {"limits": chosen["limits"] | limits}}
    answer = nuwa.press("quality-stay.children", shown | {"prepare-dataset.data": nuwa.dataset})
    return chosen, sent(answer["quality-stay"])


def test_another_batch_fills_the_limits_and_the_shown_one_leaves_what_is_typed(finished):
    """The answer for the batch that is shown already would come after a number that was typed meanwhile."""
    field = '{"name":["ALL"],"type":"limit"}.value'
    limits = {
        "limits": {"counts": [500, None]},
        "batches": {"a": {"counts": [700, None]}},
        "batch_key": "sample",
    }
    values = {"quality-batch.value": "a", "quality-limits.data": limits}
    answer = finished.press(field, values | {"limit": {"counts_low": "500"}}, "quality-batch.value")
    assert [part["value"] for part in answer.values()] == [["700"]]
    assert finished.press(field, values | {"limit": {"counts_low": "700"}}, "quality-batch.value") is None


def test_the_tissue_changes_the_mt_limit_and_a_large_share_outside_it_is_a_warning(empty_nuwa, tmp_path):
    path = tmp_path / "people.h5ad"
    people().write_h5ad(path)
    empty_nuwa.dataset = bring(empty_nuwa.view, path.name, path.read_bytes())
    drain(empty_nuwa.store)
    measured = empty_nuwa.view.datasets.folder(empty_nuwa.dataset).measured()
    for tissue in ("muscle", "nuclei"):
        chosen, words = changed_limits(empty_nuwa, tissue)
        expected = suggested(measured, tissue)
        assert chosen["limits"]["mito"] == list(expected.mito) and chosen["tissue"] == tissue
        n_outside = int((measured["mito"] > expected.mito[1]).sum())
        assert ("mitochondrial share alone removes" in words) == (n_outside > 11)
    low = float(np.median(measured["mito"]))
    _, words = changed_limits(empty_nuwa, "any", mito=[None, low])
    assert "removes 110 of 220 cells (50.0%)" in words


def test_a_reloaded_page_goes_on_with_the_preprocessing(finished):
    job = finished.view.recipes.apply(finished.dataset, [], "reloaded", {"n_top_genes": 61}, "everything")[
        "id"
    ]
    here = location.resolve(finished.view, f"?dataset={finished.dataset}")
    assert job in sent(preprocess.layout(finished.view, here))
    drain(finished.store)
    assert job not in sent(preprocess.layout(finished.view, here))


def test_steps_that_do_not_apply_are_shown_as_such(with_demo):
    pbmc = next(d for d in with_demo.view.datasets.all() if d["origin"] == "demo:pbmc68k_reduced")
    shown = sent(
        preprocess.layout(with_demo.view, location.resolve(with_demo.view, f"?dataset={pbmc['id']}"))
    )
    assert shown.count("Does not apply: X already holds scaled values.") >= 4
    assert "Does not apply: the dataset has no proteins." in shown
    # What is switched off keeps its value: the page and the command line train alike on such data.
    switches = {}

    def look(part):
        for child in part if isinstance(part, list) else [part]:
            if hasattr(child, "id") and isinstance(child.id, dict) and child.id["type"] == "setting":
                switches[child.id["name"]] = child.value
            look(getattr(child, "children", None) or [])

    look(preprocess.layout(with_demo.view, location.resolve(with_demo.view, f"?dataset={pbmc['id']}")))
    assert {*switches} == {spec.name for spec in specs(PREPARE)}
    names = [{"name": name} for name in switches]
    assert RunConfig(**read_form(switches.values(), names, PREPARE)) == RunConfig()


def test_the_pictures_of_a_preparation_are_drawn(finished):
    record = finished.view.preparations.one(finished.preparation)["record"]
    assert len(record["histograms"]) == 2
    for part in range(2):
        assert result.picture(record, part, "dark").data
