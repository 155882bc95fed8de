"""A number that cannot be used is refused by the server as well, in the sentence below the field, whatever the page does."""

import pytest
from app_under_test import fields, sent

from core.config import NETWORK, TRAINING


def pressed(nuwa, output, button, **values):
    """What the page is answered, as text, after a button was pressed."""
    here = {"run.data": nuwa.run, "prepare-dataset.data": nuwa.dataset, "dataset-id.data": nuwa.dataset}
    here |= {
        "limit": {},
        "min-cells.value": "3",
        "model-preparation.data": nuwa.preparation,
        "page-token.data": "page",
        "resolution.value": 1.0,
    }
    n_jobs, n_runs = len(nuwa.store.jobs()), len(nuwa.view.runs.all())
    answer = nuwa.press(output, here | {button: 1} | values, button)
    assert (len(nuwa.store.jobs()), len(nuwa.view.runs.all())) == (n_jobs, n_runs)
    return sent(answer)


@pytest.mark.parametrize(
    "name, text, sentence",
    [
        ("epochs", "20.5", "Epochs: '20.5' is not a whole number. Enter a whole number from 1 to 10000."),
        ("lr", "abc", "Learning rate: 'abc' is not a number. Enter a number above 0 and at most 10."),
        ("n_latent", "5000", "Latent dimensions: '5000' is too large. Enter a whole number from 1 to 1000."),
        ("batch_size", "5,000", "Batch size: '5,000' can mean 5 or 5000."),
    ],
)
def test_no_run_is_created_with_another_number(finished, name, text, sentence):
    settings = fields(NETWORK)["setting"] | fields(TRAINING)["setting"] | {name: text}
    shown = pressed(finished, "model-message.children", "model-create.n_clicks", setting=settings)
    assert sentence in shown


def test_a_decimal_comma_is_the_learning_rate_of_the_run(finished):
    settings = fields(NETWORK)["setting"] | fields(TRAINING)["setting"] | {"lr": "0,02", "epochs": "1e1"}
    values = {"setting": settings, "model-preparation.data": finished.preparation, "model-create.n_clicks": 1}
    link = finished.press("url.href", values, "model-create.n_clicks")["url"]["href"]
    run = finished.view.runs.one(link.removeprefix("/train?run="))
    assert (run["config"]["lr"], run["config"]["epochs"]) == (0.02, 10)
    finished.view.removals.remove([run["id"]])


def test_a_number_of_a_model_that_is_not_chosen_does_no_harm(finished):
    settings = fields(NETWORK)["setting"] | fields(TRAINING)["setting"] | {"beta": "abc"}
    values = {"setting": settings, "model-preparation.data": finished.preparation}
    assert finished.press("model-message.children", values)["model-create"]["disabled"] is False


@pytest.mark.parametrize("text", ["-1", "1,5", "abc", "70000", "2,000"])
def test_no_preprocessing_starts_with_another_number(finished, text):
    settings = {"setting": {"n_top_genes": text}}
    assert "Variable genes: '" in pressed(
        finished, "apply-recipe-message.children", "prepare.n_clicks", **settings
    )
    assert "Variable genes: '" in pressed(
        finished, "recipe-message.children", "recipe-json.n_clicks", **settings
    )


@pytest.mark.parametrize(
    "step, values, sentence",
    [
        (
            "filter_genes",
            {"min-cells.value": "1,5"},
            "Cells with the gene, at least: '1,5' is not a whole number",
        ),
        ("filter_genes", {"min-cells.value": ""}, "Cells with the gene, at least is empty."),
        ("filter_cells", {"limit": {"counts_low": "abc"}}, "Counts, lowest: 'abc' is not a number."),
        ("filter_cells", {"limit": {"mito_high": "200"}}, "Mitochondrial, highest: '200' is too large."),
        (
            "filter_cells",
            {"limit": {"genes_low": "9", "genes_high": "3"}},
            "Genes: the lowest (9) is above the highest (3). Swap them.",
        ),
    ],
)
def test_no_step_is_taken_with_another_number(finished, step, values, sentence):
    values = {"quality-limits.data": {"limits": {}, "batches": {}}} | values
    assert sentence in pressed(finished, "apply-recipe-message.children", f"take-{step}.n_clicks", **values)


@pytest.mark.parametrize(
    "output, button, values, sentence",
    [
        ("seeds-message.children", "seeds-go", {"seeds-k.value": "1,5"}, "is not a whole number"),
        ("seeds-message.children", "seeds-go", {"seeds-k.value": "11"}, "Enter a whole number from 2 to 10."),
        (
            "recluster-message.children",
            "recluster-go",
            {"recluster-resolution.value": "9"},
            "Resolution within the selected cells: '9' is too large. Enter a number from 0.05 to 5.",
        ),
        (
            "cluster-message.children",
            "method-go",
            {"method.value": "kmeans", "method-value.value": "241"},
            "Number of clusters: '241' is too large. Enter a whole number from 2 to 240.",
        ),
        (
            "cluster-message.children",
            "method-go",
            {"method.value": "hdbscan", "method-value.value": "1"},
            "Cells in the smallest cluster: '1' is too small.",
        ),
        (
            "selected.children",
            "select-go",
            {"select-by.value": "gene:SIM-0007", "select-from.value": "abc"},
            "At least: 'abc' is not a number. Enter a number.",
        ),
        (
            "bundle-message.children",
            "bundle-go",
            {"bundle-parts.value": ["figures"], "bundle-unit.value": "mm", "bundle-width.value": "7"},
            "Width of figures: '7' is too small. Enter a number from 40 to 500 mm.",
        ),
        (
            "map-export-message.children",
            "map-export-go",
            {"map-chosen.value": "key", "map-threshold.value": "2"},
            "Unknown below a confidence of: '2' is too large. Enter a number from 0 to 1.",
        ),
        (
            "data-message.children",
            "join-go",
            {
                "join-inbox.value": "raw.h5",
                "join-what.value": "background",
                "droplets-protein.value": "1,5",
                "droplets-rna.value": "",
            },
            "Empty droplets: protein counts, at least: '1,5' is not a whole number.",
        ),
    ],
)
def test_no_button_uses_another_number(finished, output, button, values, sentence):
    assert sentence in pressed(finished, output, f"{button}.n_clicks", **values)


def test_an_upload_is_refused_with_its_limits(finished):
    joins = {"dataset": finished.dataset, "what": "background"}
    joins["droplets"] = {"fewest_protein": "5,000", "most_rna": "316"}
    headers = {"X-Requested-With": "nuwa"}
    answer = finished.client.post(
        "/upload", json={"name": "raw.h5", "size": 9, "joins": joins}, headers=headers
    )
    assert answer.status_code == 400 and "'5,000' can mean 5 or 5000" in answer.json["error"]
