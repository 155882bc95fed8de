"""Proteins on the pages: an unfiltered matrix is added, transforms are shown, and batches are counted."""

import numpy as np
import pytest
from app_under_test import bring, sent
from simulated import unfiltered

from core.data import demo
from core.worker.execute import drain
from core.worker.jobs import protein_histograms as looking
from dashboard.components import location
from dashboard.pages.data import page as data
from dashboard.pages.preprocess import batches
from dashboard.pages.preprocess import page as preprocess

TRANSFORMS = ("clr", "clr_cells", "dsb", "none")


@pytest.fixture(scope="module")
def lab(tmp_path_factory, tiny, tiny_file):
    """An app with the tiny set alone, and with its unfiltered matrix."""
    from app_under_test import AppUnderTest

    app = AppUnderTest(tmp_path_factory.mktemp("lab"))
    app.dataset = bring(app.view, "tiny.h5ad", tiny_file.read_bytes())
    drain(app.store)
    path = tmp_path_factory.mktemp("raw") / "raw.h5ad"
    unfiltered(tiny)[0].write_h5ad(path)
    app.whole = bring(app.view, "raw.h5ad", path.read_bytes(), (app.dataset, "background", {"most_rna": 400}))
    drain(app.store)
    return app


def test_an_unfiltered_matrix_is_added_on_the_data_page(lab):
    row = lab.view.datasets.one(lab.whole)
    assert row["status"] == "ready", row["message"]
    assert row["record"]["protein_background"]["droplets"] == 300
    page = sent(data.layout(lab.view, location.resolve(lab.view, f"?dataset={lab.whole}")))
    sentence = "300 empty droplets (32 protein counts or more, fewer than 400 of RNA) in 'raw.h5ad' tell the background of 8"
    assert (
        sentence in page and '"value": "316"' in page
    )  # and the fields for another file begin with the defaults
    with_it, without = (
        sent(preprocess.layout(lab.view, location.resolve(lab.view, f"?dataset={id}")))
        for id in (lab.whole, lab.dataset)
    )
    assert "DSB can use 300 empty droplets" in with_it and "add the unfiltered matrix" not in with_it
    assert "add the unfiltered matrix" in without and '"disabled": true' in without
    id, _ = lab.view.preparations.create(lab.whole, {"protein_transform": "dsb"}, "with")
    other, _ = lab.view.preparations.create(lab.dataset, {"protein_transform": "dsb"}, "without")
    drain(lab.store)
    assert lab.view.preparations.one(id)["status"] == "ready"
    assert "DSB needs empty droplets" in lab.view.preparations.one(other)["message"]


def shown_proteins(lab, transform, dataset):
    """(the id of the job that is done or None, the message) once the page has asked for a transform."""
    field = '{"name":"protein_transform","type":"setting"}.value'
    values = {field: transform, "prepare-dataset.data": dataset}
    answer = lab.work("proteins", values, field)
    return answer["proteins-done"]["data"], answer["proteins-message"]["children"]


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_proteins_are_shown_before_and_after_with_the_limit_of_the_isotypes(lab, tiny, transform):
    done, message = shown_proteins(lab, transform, lab.whole)
    result = lab.view.jobs.one(done)["result"]
    assert message == "" and result["isotypes"] == list(demo.ISOTYPES) and result["transform"] == transform
    table = tiny.obsm["protein"]
    controls = np.log10(1 + table[list(demo.ISOTYPES)].to_numpy())
    line = controls.mean() + 3 * controls.std(ddof=1)
    first = result["proteins"][0]
    assert first["limit_before"] == pytest.approx(line, rel=1e-4)
    if transform in ("clr", "none"):  # each protein for itself: who is above is the same before and after
        assert first["above"] == pytest.approx((np.log10(1 + table["ADT-01"]) > line).mean(), abs=0.005)
    assert sum(first["before"]["counts"]) == sum(first["after"]["counts"]) == 240
    answer = lab.press(
        "proteins-figure.figure",
        {"proteins-done.data": done, "proteins-shown.value": ["ADT-03", "ADT-01"], "theme.data": "dark"},
    )
    figure = answer["proteins-figure"]["figure"]
    assert len(figure["data"]) == 4 and len(figure["layout"]["shapes"]) == 4
    assert "3 standard deviations of the isotype controls" in sent(answer["proteins-notes"])


def test_no_isotypes_no_line_and_a_transform_without_background_says_why(lab, tiny):
    bare = tiny.copy()
    bare.obsm["protein"] = bare.obsm["protein"].iloc[:, :6]
    bare.uns.pop("isotype_controls")
    result = looking.of_proteins(bare, "clr")
    assert result["proteins"][0]["limit_after"] is None and result["isotypes"] == []
    done, message = shown_proteins(lab, "dsb", lab.dataset)
    assert done is None and "DSB needs empty droplets" in sent(message)


def test_batches_are_counted_and_small_ones_named(lab, tiny):
    answer = lab.press(
        "batches-cells.children",
        {'{"name":"batch_key","type":"setting"}.value': "sample", "prepare-dataset.data": lab.dataset},
    )
    sizes = tiny.obs["sample"].value_counts()
    assert all(f'"{n}"' in sent(answer["batches-cells"]) for n in sizes)
    shown = sent(batches.cells(["a", "b", "c"], np.array([0] * 50 + [1] * 7 + [-1] * 3)))
    assert "2 batches of fewer than 30 cells: b (7) and (no value) (3)" in shown
    page = sent(preprocess.layout(lab.view, location.resolve(lab.view, f"?dataset={lab.dataset}")))
    assert "These columns look like batches: sample (2)." in page
