"""The line over the maps on batches, and its way to the Preprocess page."""

from app_under_test import sent

from core.config.run_facts import BatchMixing, RunFacts
from dashboard.components import location
from dashboard.pages.clusters import batch_note
from dashboard.pages.clusters import page as clusters
from dashboard.pages.preprocess import page as preprocess


def run_with(finished, mixing=(), batch=None, **scores):
    row = finished.view.runs.one(finished.run)
    facts = RunFacts.upgraded(row["facts"]).model_copy(update={"mixing": mixing})
    config = row["config"] | {"batch_key": batch}
    return row | {"facts": facts.record(), "config": config, "scores": row["scores"] | scores}


def test_batches_that_stay_apart_are_named_with_the_number_and_the_way_on(finished):
    run = run_with(finished, (BatchMixing("sample", 1.104, 2, 2.0), BatchMixing("lane", 1.9, 2, 2.0)))
    line = sent(batch_note.line(run))
    assert "Cells of one 'sample' stay together" in line and " 1.10 of 2 in the latent space" in line
    assert f"/preprocess?dataset={finished.dataset}&batch=sample" in line and "lane" not in line


def test_mixed_batches_and_runs_of_earlier_versions_get_no_line(finished):
    assert batch_note.line(run_with(finished, (BatchMixing("sample", 1.9, 2, 2.0),))) is None
    assert batch_note.line(run_with(finished)) is None
    assert batch_note.line(run_with(finished, batch="sample") | {"scores": {}}) is None


def test_with_a_batch_covariate_the_mixing_stands_beside_harmony(finished):
    scores = {"ilisi": 1.3, "ilisi_input": 1.1, "ilisi_harmony": 1.68, "batches": 2}
    line = sent(batch_note.line(run_with(finished, batch="sample", **scores)))
    assert "of 'sample'" in line and " 1.30 of 2" in line and "(input 1.10, Harmony 1.68)" in line


def test_the_line_is_computed_when_a_run_is_explored_and_stands_over_the_maps(finished):
    row = finished.view.runs.one(finished.run)
    (found,) = RunFacts.upgraded(row["facts"]).mixing
    assert (found.column, found.batches) == ("sample", 2) and not found.apart
    apart = run_with(finished, (BatchMixing("sample", 1.1, 2, 2.0),))
    context = location.resolve(finished.view, f"?run={finished.run}")._replace(run=apart)
    page = sent(clusters.layout(finished.view, context))
    assert page.index("stay together") < page.index('"id": "panels"')


def test_the_link_fills_the_batch_field_of_the_preprocess_page(finished):
    plain = f"?dataset={finished.dataset}"
    for search, value in (
        (plain, "none"),
        (f"{plain}&batch=sample", "sample"),
        (f"{plain}&batch=wish", "none"),
    ):
        page = sent(preprocess.layout(finished.view, location.resolve(finished.view, search)))
        field = page.partition('"id": {"type": "setting", "name": "batch_key"}')
        assert f'"value": "{value}"' in field[0][-3000:] + field[2][:300] or value == "none", value
