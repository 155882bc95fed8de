"""The Preprocess page without a browser: its fields, its job and its pictures."""

import numpy as np
from app_under_test import bring, sent
from simulated import people

from core.config import PREPARE, RunConfig, specs
from core.preprocessing.recipe import suggested
from core.worker.execute import drain
from dashboard.components import location
from dashboard.components.forms import read_form
from dashboard.pages.preprocess import page as preprocess
from dashboard.pages.preprocess.limits import ALL_CELLS


def prepare(nuwa, page, dataset=None, **settings):
    """Press Preprocess and poll once: what the page is answered."""
    values = {"setting": settings, "prepare-dataset.data": dataset or nuwa.dataset, "page-token.data": page}
    return nuwa.work("preparing", values | {"prepare.n_clicks": 1}, "prepare.n_clicks")


def test_preprocessing_is_a_job_and_the_page_goes_to_its_result(finished):
    answer = prepare(finished, "page-a", n_top_genes=50, clip=5.0)
    job = answer["preparing-done"]["data"]
    assert answer["preparing-message"]["children"] == "" and answer["preparing-tick"]["disabled"]
    link = finished.press("url.href", {"preparing-done.data": job}, "preparing-done.data")["url"]["href"]
    id = link.removeprefix("/preprocess?preparation=")
    assert finished.view.preparations.one(id)["record"]["n_genes"] == 50
    shown = preprocess.layout(finished.view, location.resolve(finished.view, f"?preparation={id}"))
    assert f"/model?preparation={id}" in sent(shown)


def test_a_step_that_cannot_be_meant_is_refused_by_name(finished):
    values = {"setting": {"clip": -1}, "prepare-dataset.data": finished.dataset, "prepare.n_clicks": 1}
    answer = finished.press("preparing-job.data", values, "prepare.n_clicks")
    assert set(answer) == {
        "preparing-message"
    } and "Clip: '-1' is too small. Enter a number from 1 to 1000 sd." in sent(answer)


def changed_limits(nuwa, tissue, **limits):
    """The limits after the tissue was chosen, and what the page says of the cells within other `limits`."""
    names = {"quality-batches.value": ALL_CELLS, "quality-tissue.value": tissue, "quality-batch.value": ""}
    values = names | {"limit": {}, "quality-limits.data": {}, "prepare-dataset.data": nuwa.dataset}
    chosen = nuwa.press("quality-limits.data", values, "quality-tissue.value")["quality-limits"]["data"]
    shown = {"quality-limits.data": chosen | {"limits": chosen["limits"] | limits}}
    answer = nuwa.press("quality-stay.children", shown | {"prepare-dataset.data": nuwa.dataset})
    return chosen, sent(answer["quality-stay"])


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
    _, job = finished.view.preparations.create(finished.dataset, {"n_top_genes": 60}, "reloaded")
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
        assert preprocess.picture(record, part, "dark").data
