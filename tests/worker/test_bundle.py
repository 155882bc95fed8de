"""A bundle of a run: the zip and what is in it, and the run reproduced from it."""

import csv
import errno
import html.parser
import io
import json
import shutil
import zipfile

import anndata
import numpy as np
import pandas as pd
import pytest

from core.config.bundle import PARTS, Size
from core.config.run_files import SHOWN_MAPS, clusters_of
from core.data import demo
from core.errors import UserError
from core.export import bundle_zip, reproduce
from core.figures import Colour, Panel, maps_file
from core.figures.printed import chromium
from core.files import write_array
from core.store import Groups, limits
from core.store.rows import Missing
from core.store.status import CANCELLED
from core.worker.execute import drain
from core.worker.jobs import bundle as work
from core.worker.jobs import bundle_content

LEAN = ("h5ad", "tables", "weights", "scores")  # what takes no time


def make(nuwa, **options):
    """The job of a bundle of the run of an app, carried out in this process."""
    job = nuwa.view.bundles.create(nuwa.run, **options)
    drain(nuwa.store)
    return nuwa.view.jobs.one(job["id"])


def shown_maps():
    """The bytes of two maps of the cells, each in a colour of its own, as the page sends them."""
    points = np.random.default_rng(0).standard_normal((240, 2)).astype(np.float32)
    level = Colour("CD3E", points[:, 0], None, "log1p")
    panels = [Panel("RNA", points, key="u", colour=level), Panel("protein", points, key="u")]
    return maps_file.written(maps_file.Maps(tuple(panels), Colour("kind", np.arange(240) % 2, ("A", "B"))))


@pytest.fixture(scope="module")
def bundled(finished):
    """The path of a bundle with everything but figures of its own; the report's are drawn by matplotlib."""
    path = finished.store.run_folder(finished.run) / "per_cell" / "ilisi.npy"
    write_array(path, np.ones(240, np.float32))
    groups = Groups(["<script>alert(1)</script>", "B"], np.arange(240, dtype=np.int32) % 2, "by hand")
    line = finished.view.clusterings.keep(finished.run, groups, "named", "<img src=x onerror=alert(1)>")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chromium, "draw", lambda *_: "There is no Chromium.")
        parts = [name for name in PARTS if name != "figures"]
        job = make(
            finished,
            by=f"made:{line}",
            resolution=0.6,
            parts=parts,
            denoised=True,
            size=Size(89, 70, 72),
            maps=shown_maps(),
        )
    assert job["status"] == "done", job["message"]
    yield job["result"], finished.view.results.file(finished.run, "bundle.zip")
    path.unlink()
    finished.view.clusterings.undo(finished.run, line)


def test_the_zip_holds_what_it_says(finished, bundled, tmp_path):
    result, path = bundled
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None and sorted(archive.namelist()) == result["names"]
        assert {*bundle_zip.ALWAYS, "cells.csv", "latent.csv", "embeddings.csv", "model.pt"} < set(
            result["names"]
        )
        assert {"markers.csv", "scores.csv", "scores.json", "report.html"} < set(result["names"])
        assert not any(name.startswith("figures/") for name in result["names"])
        archive.extractall(tmp_path)
    assert not (finished.store.run_folder(finished.run) / SHOWN_MAPS).exists()
    assert result["bytes"] == path.stat().st_size and not list((finished.store.root / "cache").glob("nuwa-*"))
    adata = anndata.read_h5ad(tmp_path / "result.h5ad")
    assert (adata.obs["nuwa_ilisi"] == 1).all()
    assert "nuwa_ilisi" in (tmp_path / "cells.csv").read_text().partition("\n")[0]
    labels = finished.view.results.array(finished.run, clusters_of(0.6))
    assert adata.obs["nuwa_cluster"].astype(int).tolist() == labels.tolist()
    np.testing.assert_array_equal(adata.obsm["X_nuwa"], np.load(tmp_path / "latent.npy"))
    assert {"X_nuwa_umap", "X_nuwa_pca", "X_nuwa_input_umap", "nuwa_denoised"} < set(adata.obsm)
    assert list(adata.obs["nuwa_img_src_x_onerror_alert_1"].cat.categories)[1] == "B"
    cells = pd.read_csv(tmp_path / "cells.csv", index_col=0)
    assert cells["nuwa_cluster"].tolist() == labels.tolist() and list(cells.index) == list(adata.obs_names)
    markers = pd.read_csv(tmp_path / "markers.csv")
    assert set(markers["group"]) == {"<script>alert(1)</script>", "B"} and len(markers) == 2 * (120 + 8)
    versions = json.loads((tmp_path / "versions.json").read_text())
    assert versions["data_hash"] == adata.uns["nuwa"]["data_hash"] and versions["resolution"] == 0.6
    meanings = {row["score"]: row["meaning"] for row in csv.DictReader((tmp_path / "scores.csv").open())}
    assert "Lee and Verleysen" in meanings["neighbours_kept_15_pca"]


class Outside(html.parser.HTMLParser):
    """What a page asks of the world outside, and the scripts in it."""

    def __init__(self):
        super().__init__()
        self.addresses, self.tags, self.text = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        named = dict(attrs)
        self.addresses += [
            v for k in ("src", "href") if (v := named.get(k)) and not v.startswith(("data:image/", "#"))
        ]
        self.addresses += [k for k in named if k.startswith("on")]

    def handle_data(self, data):
        self.text.append(data)


def test_the_report_is_one_file_in_which_names_are_text(bundled):
    with zipfile.ZipFile(bundled[1]) as archive:
        text = archive.read("report.html").decode()
    page = Outside()
    page.feed(text)
    assert page.addresses == [] and not page.tags & {"script", "iframe", "object", "link", "form"}
    shown = " ".join(page.text)
    assert "<script>alert(1)</script>" in shown and "<img src=x onerror=alert(1)>" in shown
    for part in (
        "The data",
        "Training",
        "Embeddings",
        "Clusters",
        "Scores",
        "Methods",
        "References",
        "zellkonverter",
    ):
        assert part in shown
    assert text.count("data:image/") == 6 and "There is no Chromium." in shown
    assert "The maps as they were shown" in shown


def test_a_bundle_has_only_the_chosen_parts(finished):
    result = make(finished, parts=("weights",))["result"]
    assert set(result["names"]) == {*bundle_zip.ALWAYS, "model.pt"}


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"by": "made:nothing"}, "These clusters no longer exist"),
        ({"by": "obs:sample"}, "Choose the clusters"),
        ({"resolution": 0.7}, "The resolution is one of"),
        ({"parts": ("music",)}, "no part 'music'"),
        ({"size": Size(1, 1, 300)}, "The width of figures"),
    ],
)
def test_a_bundle_that_cannot_be_made_is_refused_in_a_sentence(finished, options, sentence):
    with pytest.raises(UserError, match=sentence):
        finished.view.bundles.create(finished.run, **options)


def left(nuwa):
    """What a bundle in the making may have left behind."""
    return [*(nuwa.store.root / "cache").glob("nuwa-*"), *(nuwa.store.root / "runs" / nuwa.run).glob(".*")]


def test_a_full_disk_is_one_sentence_and_keeps_the_older_bundle(finished, bundled, monkeypatch):
    before = bundled[1].read_bytes()
    usage = shutil.disk_usage(finished.store.root)
    with monkeypatch.context() as patch:
        patch.setattr(limits, "check_disk", lambda *_: None)  # a server without a floor of free space
        patch.setattr(work.shutil, "disk_usage", lambda _: usage._replace(free=1000))
        job = make(finished, parts=LEAN)
    assert job["status"] == "failed" and "and 1 MB are free. Free some space" in job["message"]

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bundle_zip.Writer, "take", full)
    job = make(finished, parts=LEAN)
    assert job["status"] == "failed" and "The disk of" in job["message"] and "is full" in job["message"]
    assert bundled[1].read_bytes() == before and left(finished) == []


def test_data_that_was_changed_is_refused(finished, monkeypatch):
    monkeypatch.setattr(bundle_content.read, "data_hash", lambda adata: "another")
    job = make(finished, parts=LEAN)
    assert job["status"] == "failed" and "not what this run was trained on" in job["message"]
    assert left(finished) == []


def test_a_run_deleted_meanwhile_leaves_no_folder(finished, monkeypatch):
    def gone(self, archive):
        monkeypatch.setattr(
            finished.store, "run_folder", lambda id: (_ for _ in ()).throw(Missing("It is gone."))
        )

    monkeypatch.setattr(work._Bundle, "_scores", gone)
    path = finished.view.results.file(finished.run, "bundle.zip")
    before = path.read_bytes()
    job = make(finished, parts=("scores",))
    assert (job["status"], job["message"]) == ("failed", "It is gone.")
    assert path.read_bytes() == before and left(finished) == []


def test_a_damaged_bundle_is_one_sentence(bundled, tmp_path):
    content = bundled[1].read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        place = archive.getinfo("latent.npy").header_offset + 80
    (tmp_path / "b.zip").write_bytes(content[:place] + b"\0\1\2\3" + content[place + 4 :])
    with (
        bundle_zip.Bundle(tmp_path / "b.zip") as bundle,
        pytest.raises(UserError, match="latent.npy in 'b.zip' is damaged"),
    ):
        bundle.array("latent.npy")


def test_a_run_is_reproduced_to_the_last_bit(finished, bundled):
    job = finished.view.bundles.verify(finished.run)
    drain(finished.store)
    result = finished.view.jobs.one(job["id"])["result"]
    assert result["same"] and not result["reasons"], result
    assert result["lines"][0].startswith("Latent space: equal to the last bit (240 cells x 4)")
    assert "equal in all 3 epochs" in result["lines"][1]


def test_another_seed_is_reported_with_the_difference(finished, bundled, tiny):
    with bundle_zip.Bundle(bundled[1]) as bundle:
        first = bundle.first()
    adata = reproduce.data_of(tiny.copy(), first["record"], {"steps": []})
    *_, learnt = reproduce.train(adata, first | {"record": first["record"] | {"seed": 7}})
    first |= {"record": first["record"] | {"threads": 99}, "order": first["order"] | {"cells": "x"}}
    repeat = reproduce.compare(learnt, reproduce.clusters_of(learnt, 0.6), first, reproduce.names_hash(adata))
    assert not repeat.same and repeat.verdict == "Not the same to the last bit."
    assert "values differ by" in repeat.lines[0] and "ARI" in repeat.lines[2]
    assert any("number of threads: " in reason and "it was 99" in reason for reason in repeat.reasons)
    assert any("The cells have another order" in reason for reason in repeat.reasons)


def test_the_data_of_a_run_is_known_by_its_fingerprint_with_or_without_its_steps(tiny):
    from core.data import read
    from core.preprocessing import steps

    recipe_steps = [{"name": "filter_genes", "params": {"min_cells": 60}}]
    after = read.tidy(steps.apply(tiny.copy(), recipe_steps), "x")
    record, recipe = {"data_hash": read.data_hash(after)}, {"steps": recipe_steps}
    assert reproduce.data_of(after, record, recipe) is after
    assert reproduce.data_of(tiny.copy(), record, recipe).n_vars == after.n_vars < tiny.n_vars
    with pytest.raises(UserError, match="'other.h5ad' does not hold the values"):
        reproduce.data_of(demo.simulated(n_cells=60, n_genes=30, n_proteins=0), record, recipe, "other.h5ad")


def test_the_bundle_takes_the_clusters_on_the_page(finished, bundled):
    line = finished.view.clusterings.all(finished.run)[-1]["line"]
    values = {"colour.value": f"made:{line}", "bundle-by.value": "clusters", "run.data": finished.run}
    assert finished.press("bundle-by.options", values)["bundle-by"]["value"] == f"made:{line}"
    values |= {"colour.value": "gene:SIM-0001", "bundle-by.value": f"made:{line}"}
    assert finished.press("bundle-by.options", values)["bundle-by"]["value"] == f"made:{line}"


def test_a_verification_can_be_cancelled(finished, bundled):
    job = finished.view.bundles.verify(finished.run)
    assert finished.view.bundles.verify(finished.run)["id"] == job["id"]  # one at a time
    finished.view.jobs.cancel(job["id"])
    assert finished.view.jobs.one(job["id"])["status"] == "cancelled"
    job = finished.view.bundles.verify(finished.run)
    finished.store.set_job(job["id"], cancel=True)
    drain(finished.store)
    assert finished.view.jobs.one(job["id"])["message"] == CANCELLED
