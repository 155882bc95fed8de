"""The card of the bundle makes a zip and verifies it, without a browser."""

import io
import zipfile

from app_under_test import sent

from dashboard.pages.clusters.bundle.callbacks import size_of

LEAN = ("h5ad", "tables", "weights", "scores")  # what takes no time


CONTROLS = {
    "bundle-by.value": "clusters",
    "resolution.value": 1.0,
    "bundle-parts.value": list(LEAN),
    "bundle-denoised.value": False,
    "bundle-width.value": 7,
    "bundle-height.value": 4,
    "bundle-dpi.value": 100,
    "bundle-unit.value": "inches",
}


def test_the_card_makes_a_zip_and_verifies_it(finished):
    values = CONTROLS | {"bundle-go.n_clicks": 1, "run.data": finished.run}
    answer = finished.press("bundle-job.data", values, "bundle-go.n_clicks")
    job = finished.view.jobs.one(answer["bundle-job"]["data"])
    assert job["status"] == "done" and job["arguments"]["size"] == [180, 120, 300]  # no figures
    card = finished.press("bundle-result.children", {"bundle-done.data": job["id"], "run.data": finished.run})
    assert (
        "Download bundle.zip (" in sent(card["bundle-result"]["children"])
        and not card["verify-box"]["hidden"]
    )
    zipped_bytes = finished.client.get(f"/download/{finished.run}/bundle.zip").data
    with zipfile.ZipFile(io.BytesIO(zipped_bytes)) as made:
        assert "result.h5ad" in made.namelist() and "report.html" not in made.namelist()
    values = {"verify-go.n_clicks": 1, "run.data": finished.run}
    job = finished.press("verify-job.data", values, "verify-go.n_clicks")["verify-job"]["data"]
    verification = finished.press(
        "verify-result.children", {"verify-done.data": job, "run.data": finished.run}
    )
    assert "The same: latent space" in sent(verification["verify-result"]["children"])


def test_a_missing_number_gives_an_error_message(finished):
    values = CONTROLS | {"bundle-go.n_clicks": 1, "run.data": finished.run, "bundle-width.value": None}
    values |= {"bundle-parts.value": [*LEAN, "figures"]}
    answer = finished.press("bundle-job.data", values, "bundle-go.n_clicks")
    assert "Width of figures is empty. Enter a number from" in sent(answer["bundle-message"]["children"])


def test_millimetres_become_inches_and_back(finished):
    values = {"bundle-unit.value": "inches", "bundle-width.value": "180", "bundle-height.value": "120"}
    answer = finished.press("bundle-width.value", values, "bundle-unit.value")
    assert (answer["bundle-width"]["value"], answer["bundle-height"]["value"]) == ("7.09", "4.72")
    assert answer["bundle-width-range"]["children"] == "inches (1.58 to 19.68)"
    values = {"bundle-unit.value": "mm", "bundle-width.value": "7,09", "bundle-height.value": "abc"}
    answer = finished.press("bundle-width.value", values, "bundle-unit.value")
    assert answer["bundle-width"]["value"] == "180" and "bundle-height" not in answer


def test_inches_become_the_size_of_figures_in_millimetres():
    assert size_of(["figures"], "inches", "7", "4,0", "100") == (177.8, 101.6, 100)
