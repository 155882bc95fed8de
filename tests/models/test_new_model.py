"""A model is one file and one record: a toy model from outside is trained, shown, exported, described and mapped onto."""

import io
import json
import zipfile

import anndata
import numpy as np
import pytest
from app_under_test import AppUnderTest, bring, clusters_page, sent

from core import figures
from core.config import models, specs
from core.worker.execute import drain
from dashboard.components import location
from dashboard.pages.model import page as model_page
from dashboard.pages.train import curve_updates

TOY = models.ModelRecord(
    name="toy",
    module="toy_model:Toy",
    help="two linear maps with a bend between them.",
    methods="a toy autoencoder of two linear maps{branches}",
    dropout=0.25,
)
MAP = {
    "map-go.n_clicks": 1,
    "map-labels.value": "obs:cell_type",
    "map-batch.value": " ",
    "resolution.value": 1.0,
}
TAKE = {
    **{"bundle-go.n_clicks": 1, "bundle-by.value": "clusters", "resolution.value": 1.0},
    **{"bundle-parts.value": ["h5ad", "tables", "weights", "report"], "bundle-denoised.value": True},
    **{
        "bundle-width.value": 7,
        "bundle-height.value": 4,
        "bundle-dpi.value": 100,
        "bundle-unit.value": "inches",
    },
}


@pytest.fixture(scope="module")
def registered():
    models.register(TOY)
    yield
    del models.MODELS["toy"]


@pytest.fixture(scope="module")
def nuwa(registered, tmp_path_factory, tiny, tiny_file, run_quick):
    """An app with one run of the toy model, trained through the worker, and 40 further cells without two genes."""
    made = AppUnderTest(tmp_path_factory.mktemp("toy")).with_run(
        tiny_file, run_quick.model_dump() | {"model": "toy"}
    )
    path = tmp_path_factory.mktemp("new") / "new.h5ad"
    tiny[10:50, 2:].copy().write_h5ad(path)
    made.new = bring(made.view, "new.h5ad", path.read_bytes())
    drain(made.store)
    return made


@pytest.fixture(scope="module")
def bundle(nuwa):
    """The zip of all that the run leaves, made by the card on the Clusters page."""
    answer = nuwa.press("bundle-job.data", TAKE | {"run.data": nuwa.run}, "bundle-go.n_clicks")
    job = nuwa.view.jobs.one(answer["bundle-job"]["data"])
    assert job["status"] == "done", job["message"]
    return zipfile.ZipFile(io.BytesIO(nuwa.client.get(f"/download/{nuwa.run}/bundle.zip").data))


def test_it_is_trained_by_the_worker_with_its_own_defaults(nuwa):
    run = nuwa.view.runs.one(nuwa.run)
    assert (run["status"], run["explored"]) == ("done", "ready"), run["message"]
    assert run["config"]["model"] == "toy" and run["config"]["dropout"] == 0.25
    losses = [epoch["valid_loss"] for epoch in nuwa.view.runs.epochs(nuwa.run)]
    assert len(losses) == 3 and losses[-1] < losses[0]
    assert run["scores"]["variance_explained_rna"] < 1 and run["facts"]["path"] == "dense"


def test_the_form_offers_it_and_hides_what_it_does_not_obey(nuwa):
    view = nuwa.view
    page = sent(model_page.layout(view, location.resolve(view, f"?preparation={nuwa.preparation}")))
    assert '"value": "toy"' in page or '"value":"toy"' in page
    assert "Toy: two linear maps with a bend between them." in page and "0.25 for toy" in page
    assert not [spec.name for spec in specs() if "toy" in spec.models]
    values = {"setting": {s.name: s.default for s in specs() if s.part != "prepare"} | {"model": "toy"}}
    answer = nuwa.press(
        "model-drawing.figure", values | {"theme.data": "light", "model-preparation.data": nuwa.preparation}
    )
    assert answer["model-drawing"]["figure"]["layout"]["shapes"] and not answer["model-create"]["disabled"]


def test_train_and_clusters_show_it(nuwa):
    view = nuwa.view
    assert "Training complete" in sent(nuwa.press("status.children", {"run.data": nuwa.run}))
    figure, _ = curve_updates.drawing(view, nuwa.run, figures.Look(), None)
    assert "mean squared error" in figure.layout.yaxis.title.text
    page = clusters_page(view, nuwa.run)
    assert "Variance explained, RNA" in page and "Held-out" not in page
    cell = {"profile-of.value": "cell", "profile-cell.value": 3, "resolution.value": 1.0}
    values = cell | {"profile-go.n_clicks": 1, "run.data": nuwa.run}
    job = nuwa.work("profile", values, "profile-go.n_clicks")["profile-done"]["data"]
    assert np.isfinite(view.jobs.one(job)["result"]["made"]).all()


def test_it_is_exported(bundle, tmp_path):
    bundle.extract("result.h5ad", tmp_path)
    result = anndata.read_h5ad(tmp_path / "result.h5ad")
    assert result.obsm["X_nuwa"].shape == (240, 4) and np.isfinite(result.obsm["X_nuwa"]).all()
    assert result.uns["nuwa"]["model"] == "toy"
    assert {"model.pt", "config.json", "latent.npy"} <= {
        name.rsplit("/", 1)[-1] for name in bundle.namelist()
    }
    assert json.loads(bundle.read("config.json"))["model"] == "toy"


def test_the_methods_paragraph_describes_it(bundle):
    report = bundle.read("report.html").decode()
    assert (
        "The model is a toy autoencoder of two linear maps with a branch each for RNA and protein" in report
    )
    assert "minimising the mean squared error" in report and "KL weight" not in report


def test_further_cells_are_mapped_onto_it(nuwa):
    answer = nuwa.work(
        "mapping", MAP | {"map-dataset.value": nuwa.new, "run.data": nuwa.run}, "map-go.n_clicks"
    )
    key = nuwa.view.jobs.one(answer["mapping-done"]["data"])["result"]["key"]
    about, arrays = nuwa.view.mappings.one(nuwa.run, key)
    latent = np.asarray(nuwa.view.results.array(nuwa.run, "latent"))[10:50]
    assert about["cells"] == 40 and len(about["missing_genes"]) == 2
    assert np.abs(arrays["latent"] - latent).max() < 1  # two of 120 genes are missing
