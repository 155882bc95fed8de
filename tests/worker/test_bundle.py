"""A run taken away: the rules that result.h5ad follows, tables, methods, the report, and the zip that holds them."""

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
from house import sent

from core.config import RunConfig, bundle
from core.config.bundle import PARTS, Size
from core.config.run_files import clusters_of
from core.data import demo
from core.errors import UserError
from core.export import bundle_zip, h5ad, h5ad_rules, methods, reproduce, tables
from core.export.references import REFERENCES, cited
from core.figures import Colour
from core.figures.printed import chromium
from core.files import write_array
from core.store import Groups
from core.store.database import Missing
from core.worker.execute import drain
from core.worker.jobs import bundle as work
from core.worker.jobs import bundle_content

NAMED = h5ad.NamedClusters(
    Colour("My T cells <b>", np.array([0, 1, -1] * 80), ("T", "B"), "by hand", ("#0072b2", "#e69f00")),
    "ann",
    "2026-11-24T12:00:00+00:00",
    "2 cells named T",
)
LEAN = ("h5ad", "tables", "weights", "scores")  # what takes no time


# --- result.h5ad and the rules of those who read it


@pytest.fixture(scope="module")
def result(tiny, tmp_path_factory):
    """A result.h5ad with maps, two clusterings of one title, proteins, and a list among the facts."""
    maps = {
        "latent_umap": np.ones((240, 2)),
        "pca": np.ones((240, 50)),
        "input_tsne": np.full((240, 2), np.nan),
    }
    made = h5ad.result(
        tiny,
        {"model": "citeseq", "nothing": None, "loss_valid": [1.0, 0.5]},
        np.ones((240, 4)),
        np.zeros(240, int),
        np.arange(240) % 4,
        maps,
        tiny.var_names[:9],
        named_clusters=[NAMED, NAMED],
        scores={"nuwa_neighbours_kept_15": np.where(np.arange(240) < 9, np.nan, 0.5)},
    )
    path = tmp_path_factory.mktemp("result") / "result.h5ad"
    made.write(path)
    return path


def broken(findings):
    """The rules that are not followed, as {the rule's first words: what is wrong}."""
    return {f.rule[:24]: f.words for f in findings if not f.holds}


def test_our_result_follows_the_rules_of_cellxgene_and_zellkonverter(result):
    findings = h5ad_rules.check(result)
    assert broken(findings) == {} and {f.of for f in findings} == {"cellxgene", "zellkonverter"}
    assert h5ad_rules.judge(anndata.read_h5ad(result)) == findings


def test_names_by_hand_are_columns_with_colours_and_their_authors(result):
    made = anndata.read_h5ad(result)
    columns = ["nuwa_my_t_cells_b", "nuwa_my_t_cells_b_2"]
    assert list(made.obs[columns[0]].cat.categories) == ["T", "B"] and made.obs[columns[1]].isna().sum() == 80
    assert list(made.uns["nuwa_namings"]["column"]) == columns
    assert list(made.uns["nuwa_namings"]["author"]) == ["ann", "ann"]
    assert list(made.uns["nuwa_my_t_cells_b_colors"]) == ["#0072b2", "#e69f00"]
    assert "X_nuwa_input_tsne" not in made.obsm  # it is no map: its values are no numbers
    assert made.uns["default_embedding"] == "X_nuwa_umap"


def test_what_each_cell_scores_is_a_column_of_obs(result):
    kept = anndata.read_h5ad(result).obs["nuwa_neighbours_kept_15"]
    assert kept.dtype == np.float32 and kept.isna().sum() == 9 and kept.max() == 0.5


def test_a_result_without_its_own_maps_says_nothing_of_them(tiny, tmp_path):
    given = tiny.copy()
    given.obsm["X_umap"] = np.random.default_rng(0).standard_normal((240, 2))
    given.uns["default_embedding"] = "X_umap"
    made = h5ad.result(
        given, {"model": "x"}, np.ones((240, 4)), np.zeros(240, int), None, {}, tiny.var_names[:9]
    )
    made.write(tmp_path / "x.h5ad")
    assert broken(h5ad_rules.check(tmp_path / "x.h5ad")) == {}


def _break(adata, what):
    """Make one mistake in an AnnData."""
    if what == "twice":
        adata.var_names = ["a", *adata.var_names[1:-1], "a"]
    elif what == "hidden":
        adata.obs["__mine"] = 1.0
    elif what == "table":
        adata.obsm["adt"] = pd.DataFrame(np.ones((240, 2)), index=adata.obs_names, columns=["a", "b"])
    elif what == "key":
        adata.obsm["X_my map"] = np.ones((240, 2))
    elif what == "nan":
        adata.obsm["X_nuwa_umap"][3] = np.nan
    elif what == "none to show":
        adata.obsm.clear()
    elif what == "colours":
        adata.uns["nuwa_cluster_colors"] = np.array(["#0072b2"])
    elif what == "empty":
        adata.uns["void"] = np.array([])
    elif what == "dense":
        adata.X = adata.X.toarray()
        adata.X[:, :90] = 0
    elif what == "halves":
        adata.layers["counts"].data[5] += 0.5
    elif what == "text":
        adata.obsm["notes"] = np.full((240, 1), "x", dtype=object)


@pytest.mark.parametrize(
    "what, rule, words",
    [
        ("twice", "cell and gene names are ", "var: a occurs more than once"),
        ("hidden", "names of columns are tex", "obs: __mine"),
        ("table", "every entry of obsm is a", "obsm['adt'] is a DataFrame"),
        ("key", "an embedding's key is X_", "obsm['X_my map']"),
        ("nan", "the values of embeddings", "obsm['X_nuwa_umap'] has values that are missing"),
        ("none to show", "there is an embedding to", "there is none"),
        ("colours", "colours of a column are ", "4 categories and 1 colours"),
        ("empty", "nothing in uns is empty", "uns['void']"),
        ("dense", "a matrix with half of it", "X: most of its values are 0"),
        ("halves", "counts are whole numbers", "not all are whole numbers"),
        ("text", "obsm and varm become mat", "obsm['notes']"),
    ],
)
def test_a_file_that_breaks_a_rule_is_found_out(result, what, rule, words):
    adata = anndata.read_h5ad(result)
    _break(adata, what)
    assert words in broken(h5ad_rules.judge(adata))[rule]


# --- figures' size, tables, words


@pytest.mark.parametrize(
    "size, words",
    [
        ((20, 120, 300), "The width of figures is from 40 to 500 mm"),
        ((180, 900, 300), "The height of figures"),
        ((180, 120, 20), "Dots an inch are from 72"),
        ((500, 500, 1200), "million dots each"),
        ((None, 120, 300), "The width"),
    ],
)
def test_figures_that_cannot_be_are_refused_in_a_sentence(size, words):
    with pytest.raises(UserError, match=words):
        Size(*size).check()


def test_a_size_in_millimetres_is_pixels_of_css_and_dots_of_print():
    size = Size(254, 127, 300).check()
    assert size.inches == (10, 5) and size.pixels == (960, 480) and size.scale == 3.125
    assert size.dots == 10 * 5 * 300**2 and size.as_high_as(96).height == 25.4


def test_tables_hold_the_values_to_the_last_digit(tmp_path):
    latent = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)
    cells = np.char.encode([f"cell µ{i}" for i in range(7)], "utf-8")
    tables.coordinates(cells, {"latent": latent}).write(tmp_path / "latent.csv")
    made = pd.read_csv(tmp_path / "latent.csv", index_col=0)
    np.testing.assert_array_equal(made.to_numpy(np.float32), latent)
    assert list(made.columns) == ["latent_1", "latent_2", "latent_3"] and made.index[3] == "cell µ3"
    names = tables.named(np.array([0, 1, -1, 0, 1, -1, 0]), ("T", "B"))
    more = tables.Table(["nuwa_t", "kept"], [names, latent[:, 0]])
    tables.cells(cells, np.arange(7), ["train"] * 7).beside(more).write(tmp_path / "cells.csv")
    made = pd.read_csv(tmp_path / "cells.csv", index_col=0, keep_default_na=False)
    assert list(made.columns) == ["nuwa_cluster", "nuwa_split", "nuwa_t", "kept"]
    assert list(made["nuwa_t"][:3]) == ["T", "B", ""]


def facts_of(run, **more):
    return run["facts"] | more


def test_the_methods_paragraph_tells_the_settings_and_names_its_sources(finished):
    run = finished.view.runs.one(finished.run)
    data = finished.view.datasets.one(run["dataset"])["record"]
    config = RunConfig(**run["config"])
    steps = [{"name": "score_doublets", "said": "Scored 240 cells."}]
    told = methods.paragraph(
        config,
        run["facts"],
        data,
        steps,
        "Leiden (Traag 2019)",
        "genes: log1p",
        True,
        {"nuwa": "1", "torch": "2"},
    )
    for words in (
        "240 cells",
        "Scrublet",
        "(Stoeckius 2017)",
        "3 epochs",
        "batches of 64 cells",
        "seed 0",
        "Nuwa 1",
    ):
        assert words in told
    assert f"{run['facts']['loss']['total']:.4f}" in told and "negative binomial" not in told
    sources = cited(told)
    assert len(sources) > 8 and all("." in source for source in sources)
    # Every source that stands in brackets is in the list.
    named = {part.strip() for bracket in _brackets(told) for part in bracket.split(";")}
    dated = {name.split(", ")[-1] for name in named if name[-4:].isdigit() and name[-5] == " "}
    assert dated and dated <= set(REFERENCES)


def _brackets(text):
    import re

    return re.findall(r"\(([^()]*\d{4})\)", text)


@pytest.mark.parametrize(
    "values, words, never",
    [
        ({"model": "counts"}, ("negative binomial", "Gayoso 2021", "a KL weight of 1"), ("Svensson",)),
        (
            {"model": "linear"},
            ("linear decoder (Svensson 2020", "units (8 for protein) before 4 latent"),
            ("negative binomial",),
        ),
        (
            {"normalize": False, "log1p": False, "scale": False},
            ("Values were taken as they are",),
            ("unit variance",),
        ),
        (
            {"protein_transform": "dsb", "schedule": "cosine"},
            ("Mulè 2022", "along a cosine"),
            ("Smith 2019",),
        ),
        ({"optimizer": "sgd", "norm": "none", "patience": 5}, ("momentum 0.9", "after 5 epochs"), ("Ioffe",)),
    ],
)
def test_the_methods_paragraph_follows_the_settings(finished, values, words, never):
    run = finished.view.runs.one(finished.run)
    data = finished.view.datasets.one(run["dataset"])["record"]
    config = RunConfig(**(run["config"] | values))
    told = methods.paragraph(config, run["facts"], data)
    assert all(word in told for word in words) and not any(word in told for word in never)


def test_variable_genes_are_told_with_their_method(finished):
    run = finished.view.runs.one(finished.run)
    data = finished.view.datasets.one(run["dataset"])["record"]
    config = RunConfig(**(run["config"] | {"n_top_genes": 50, "hvg_batch_key": "sample", "drop_mito": True}))
    told = methods.preparation(config, facts_of(run, n_genes=50, notes=[]), data)
    assert "The 50 most variable genes" in told and "Stuart 2019" in told
    none = {"n_top_genes": 0, "drop_genes": "A B", "protein_transform": "none"}
    told_of_all = methods.preparation(RunConfig(**(run["config"] | none)), run["facts"], data)
    assert "express were used; 2 named genes were not used." in told_of_all
    assert "The values of 6 proteins were taken as they are" in told_of_all
    assert "within each value of sample" in told and "mitochondrial genes were left out" in told


# --- the zip


def make(house, **asked):
    """The job of a bundle of the run of a house, carried out in this process."""
    job = house.view.bundles.create(house.run, **asked)
    drain(house.store)
    return house.view.jobs.one(job["id"])


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
            finished, by=f"made:{line}", resolution=0.6, parts=parts, denoised=True, size=Size(89, 70, 72)
        )
    assert job["status"] == "done", job["message"]
    yield job["result"], finished.view.results.file(finished.run, "bundle.zip")
    path.unlink()
    finished.view.clusterings.undo(finished.run, line)


def test_the_zip_holds_what_it_says(finished, bundled, tmp_path):
    found, path = bundled
    with zipfile.ZipFile(path) as made:
        assert made.testzip() is None and sorted(made.namelist()) == found["names"]
        assert {*bundle_zip.ALWAYS, "cells.csv", "latent.csv", "embeddings.csv", "model.pt"} < set(
            found["names"]
        )
        assert {"markers.csv", "scores.csv", "scores.json", "report.html"} < set(found["names"])
        assert not any(name.startswith("figures/") for name in found["names"])
        made.extractall(tmp_path)
    assert found["bytes"] == path.stat().st_size and not list((finished.store.root / "cache").glob("nuwa-*"))
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
        self.asked, self.tags, self.text = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        named = dict(attrs)
        self.asked += [
            v for k in ("src", "href") if (v := named.get(k)) and not v.startswith(("data:image/", "#"))
        ]
        self.asked += [k for k in named if k.startswith("on")]

    def handle_data(self, data):
        self.text.append(data)


def test_the_report_is_one_file_in_which_names_are_but_text(bundled):
    with zipfile.ZipFile(bundled[1]) as made:
        text = made.read("report.html").decode()
    page = Outside()
    page.feed(text)
    assert page.asked == [] and not page.tags & {"script", "iframe", "object", "link", "form"}
    words = " ".join(page.text)
    assert "<script>alert(1)</script>" in words and "<img src=x onerror=alert(1)>" in words
    for part in (
        "The data",
        "Training",
        "Maps",
        "Clusters",
        "Scores",
        "Methods",
        "References",
        "zellkonverter",
    ):
        assert part in words
    assert text.count("data:image/") == 5 and "There is no Chromium." in words


def test_a_part_that_is_not_asked_for_is_not_there(finished):
    found = make(finished, parts=("weights",))["result"]
    assert set(found["names"]) == {*bundle_zip.ALWAYS, "model.pt"}


@pytest.mark.parametrize(
    "asked, words",
    [
        ({"by": "made:nothing"}, "These clusters do not exist"),
        ({"by": "obs:sample"}, "Choose the clusters"),
        ({"resolution": 0.7}, "The resolution is one of"),
        ({"parts": ("music",)}, "no part 'music'"),
        ({"size": Size(1, 1, 300)}, "The width of figures"),
    ],
)
def test_what_cannot_be_taken_away_is_refused_in_a_sentence(finished, asked, words):
    with pytest.raises(UserError, match=words):
        finished.view.bundles.create(finished.run, **asked)


def left(house):
    """What a bundle in the making may have left behind."""
    return [*(house.store.root / "cache").glob("nuwa-*"), *(house.store.root / "runs" / house.run).glob(".*")]


def test_a_full_disk_is_one_sentence_and_leaves_what_was_there(finished, bundled, monkeypatch):
    before = bundled[1].read_bytes()
    usage = shutil.disk_usage(finished.store.root)
    with monkeypatch.context() as patch:
        patch.setattr(work.shutil, "disk_usage", lambda _: usage._replace(free=1000))
        job = make(finished, parts=LEAN)
    assert job["status"] == "failed" and "and 1 MB are free: make room" in job["message"]

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


def test_a_run_that_is_deleted_meanwhile_leaves_nothing(finished, monkeypatch):
    def gone(self, made):
        monkeypatch.setattr(
            finished.store, "run_folder", lambda id: (_ for _ in ()).throw(Missing("It is gone."))
        )

    monkeypatch.setattr(work._Making, "_scores", gone)
    path = finished.view.results.file(finished.run, "bundle.zip")
    before = path.read_bytes()
    job = make(finished, parts=("scores",))
    assert (job["status"], job["message"]) == ("failed", "It is gone.")
    assert path.read_bytes() == before and left(finished) == []


@pytest.mark.parametrize(
    "content, words",
    [
        (None, "There is no file"),
        (b"PK no more", "is not a zip file"),
        ({"a.txt": b""}, "config.json is missing"),
    ],
)
def test_what_is_no_bundle_is_one_sentence(tmp_path, content, words):
    path = tmp_path / "b.zip"
    if isinstance(content, dict):
        with zipfile.ZipFile(path, "w") as made:
            for name, data in content.items():
                made.writestr(name, data)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=words):
        bundle_zip.Taken(path)


def test_a_damaged_bundle_is_one_sentence(bundled, tmp_path):
    found = bundled[1].read_bytes()
    with zipfile.ZipFile(io.BytesIO(found)) as made:
        place = made.getinfo("latent.npy").header_offset + 80
    (tmp_path / "b.zip").write_bytes(found[:place] + b"\0\1\2\3" + found[place + 4 :])
    with (
        bundle_zip.Taken(tmp_path / "b.zip") as taken,
        pytest.raises(UserError, match="latent.npy in 'b.zip' is damaged"),
    ):
        taken.array("latent.npy")


# --- trained once more


def test_a_run_comes_out_again_to_the_last_bit(finished, bundled):
    job = finished.view.bundles.verify(finished.run)
    drain(finished.store)
    found = finished.view.jobs.one(job["id"])["result"]
    assert found["same"] and not found["reasons"], found
    assert found["lines"][0].startswith("Latent space: equal to the last bit (240 cells x 4)")
    assert "equal in all 3 epochs" in found["lines"][1]


def test_another_seed_is_found_out_with_how_far_off_it_is(finished, bundled, tiny):
    with bundle_zip.Taken(bundled[1]) as taken:
        first = taken.first()
    adata = reproduce.data_of(tiny.copy(), first["record"], {"steps": []})
    *_, learnt = reproduce.train(adata, first | {"record": first["record"] | {"seed": 7}})
    first |= {"record": first["record"] | {"threads": 99}, "order": first["order"] | {"cells": "x"}}
    found = reproduce.compare(learnt, reproduce.clusters_of(learnt, 0.6), first, reproduce.names_hash(adata))
    assert not found.same and found.verdict == "Not the same to the last bit."
    assert "values differ by" in found.lines[0] and "ARI" in found.lines[2]
    assert any("number of threads: " in reason and "it was 99" in reason for reason in found.reasons)
    assert any("The cells come in another order" in reason for reason in found.reasons)


def test_the_data_of_a_run_is_known_by_its_fingerprint_with_or_without_its_steps(tiny):
    from core.data import read
    from core.preprocessing import steps

    asked = [{"name": "filter_genes", "params": {"min_cells": 60}}]
    after = read.tidy(steps.apply(tiny.copy(), asked), "x")
    record, recipe = {"data_hash": read.data_hash(after)}, {"steps": asked}
    assert reproduce.data_of(after, record, recipe) is after
    assert reproduce.data_of(tiny.copy(), record, recipe).n_vars == after.n_vars < tiny.n_vars
    with pytest.raises(UserError, match="'other.h5ad' does not hold the values"):
        reproduce.data_of(demo.simulated(n_cells=60, n_genes=30, n_proteins=0), record, recipe, "other.h5ad")


# --- the card


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
    assert job["status"] == "done" and job["arguments"]["size"] == [177.8, 101.6, 100]
    shown = finished.press(
        "bundle-result.children", {"bundle-done.data": job["id"], "run.data": finished.run}
    )
    assert (
        "Download bundle.zip (" in sent(shown["bundle-result"]["children"])
        and not shown["verify-shown"]["hidden"]
    )
    zipped_bytes = finished.client.get(f"/download/{finished.run}/bundle.zip").data
    with zipfile.ZipFile(io.BytesIO(zipped_bytes)) as made:
        assert "result.h5ad" in made.namelist() and "report.html" not in made.namelist()
    values = {"verify-go.n_clicks": 1, "run.data": finished.run}
    job = finished.press("verify-job.data", values, "verify-go.n_clicks")["verify-job"]["data"]
    told = finished.press("verify-result.children", {"verify-done.data": job, "run.data": finished.run})
    assert "The same: latent space" in sent(told["verify-result"]["children"])


def test_a_number_that_is_missing_is_asked_for(finished):
    values = CONTROLS | {"bundle-go.n_clicks": 1, "run.data": finished.run, "bundle-width.value": None}
    answer = finished.press("bundle-job.data", values, "bundle-go.n_clicks")
    assert "as numbers above 0" in sent(answer["bundle-message"]["children"])


def test_millimetres_become_inches_and_back(finished):
    values = {"bundle-unit.value": "inches", "bundle-width.value": 180, "bundle-height.value": 120}
    answer = finished.press("bundle-width.value", values, "bundle-unit.value")
    assert (answer["bundle-width"]["value"], answer["bundle-height"]["value"]) == (7.09, 4.72)
    values = {"bundle-unit.value": "mm", "bundle-width.value": 7.09, "bundle-height.value": 4.72}
    assert finished.press("bundle-width.value", values, "bundle-unit.value")["bundle-width"]["value"] == 180


def test_the_clusters_on_show_are_those_that_are_taken(finished, bundled):
    line = finished.view.clusterings.all(finished.run)[-1]["line"]
    values = {"colour.value": f"made:{line}", "bundle-by.value": "clusters", "run.data": finished.run}
    assert finished.press("bundle-by.options", values)["bundle-by"]["value"] == f"made:{line}"
    values |= {"colour.value": "gene:SIM-0001", "bundle-by.value": f"made:{line}"}
    assert finished.press("bundle-by.options", values)["bundle-by"]["value"] == f"made:{line}"


def test_a_training_once_more_can_be_cancelled(finished, bundled):
    job = finished.view.bundles.verify(finished.run)
    assert finished.view.bundles.verify(finished.run)["id"] == job["id"]  # one at a time
    finished.view.bundles.cancel_verify(finished.run)
    assert finished.view.jobs.one(job["id"])["status"] == "cancelled"
    job = finished.view.bundles.verify(finished.run)
    finished.store.set_job(job["id"], cancel=True)
    drain(finished.store)
    assert finished.view.jobs.one(job["id"])["message"] == "Cancelled: nothing was compared."


def test_every_part_has_words_and_is_asked_by_its_name():
    assert bundle.parts(reversed(list(PARTS))) == list(PARTS)
    assert all(part.label and part.words for part in PARTS.values())
