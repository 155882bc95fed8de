"""Several samples become one dataset, in which each cell knows its own; what is lost is said before."""

import json

import anndata
import formats
import numpy as np
import pytest
from app_under_test import AppUnderTest, sent
from app_under_test import bring as bring_file
from scipy import sparse

from core.cli import MISTAKE, main
from core.data import read
from core.errors import DoesNotFit, UserError
from core.worker.execute import drain
from core.worker.jobs import join_samples as joining
from dashboard import ids as shared
from dashboard.pages.data import ids
from dashboard.pages.data import page as data


def samples():
    one, two = formats.counts(genes=20, seed=1), formats.counts(genes=18, seed=2)
    two.obsm["protein"] = two.obsm["protein"].rename(columns={"CD4": "CD99"})
    two.obs["day"] = 3
    two.layers["extra"] = two.X.copy()
    return [read.Sample("one", read.tidy(one)), read.Sample("two", read.tidy(two))]


LOST = [
    "one: 2 of 20 genes, since the others lack them.",
    "one: 1 of 4 proteins (CD4).",
    "two: 1 of 4 proteins (CD99).",
    "layers that not every dataset has: extra.",
]


def plan(parts, batch="sample"):
    return read.plan([read.outline(*part) for part in parts], batch)


def joined(parts, batch="sample"):
    return read.join_samples(iter(parts), plan(parts, batch))


def test_the_preview_names_what_joining_loses():
    assert plan(samples()).lost == LOST


def test_samples_become_one_dataset_with_a_batch_column():
    parts = samples()
    adata = joined(parts)
    assert adata.shape == (60, 18) and list(adata.obs["sample"]) == ["one"] * 30 + ["two"] * 30
    assert list(adata.obsm["protein"].columns) == ["CD1", "CD2", "CD3"] and adata.obs_names.is_unique
    np.testing.assert_array_equal(adata.X.toarray()[30:], parts[1].adata.X.toarray())
    np.testing.assert_array_equal(adata.X.toarray()[:30], parts[0].adata[:, adata.var_names].X.toarray())
    assert adata.obs["day"].isna().sum() == 30 and sparse.issparse(adata.X)
    assert read.data_hash(read.tidy(adata.copy())) == read.data_hash(adata)


def test_numbers_that_one_sample_lacks_stay_numbers():
    one, two = samples()
    two.adata.obs["n_counts_all_genes"] = np.arange(30, dtype=np.float32) + 0.5
    two.adata.obs["tissue"], two.adata.obs["doublet"] = "spleen", [True, False] * 15
    obs = joined([one, two]).obs
    assert obs["n_counts_all_genes"].dtype == np.float32 and obs["day"].dtype == np.float64
    np.testing.assert_array_equal(obs["n_counts_all_genes"][30:], two.adata.obs["n_counts_all_genes"])
    assert obs[["n_counts_all_genes", "day"]][:30].isna().all(axis=None)
    assert obs["tissue"].dtype == "category" and obs["doublet"].dtype == "category"


def test_barcodes_of_two_samples_stay_distinct():
    one, two = samples()
    two.adata.obs_names = one.adata.obs_names
    two.adata.obsm["protein"].index = one.adata.obs_names
    adata = joined([one, two], batch=" day ")
    assert adata.obs_names.is_unique and adata.obs_names[30] == f"two_{one.adata.obs_names[0]}"
    assert "day_2" in adata.obs  # the column that was there keeps its name


def test_samples_that_do_not_belong_together_are_refused():
    one, two = samples()
    with pytest.raises(UserError, match="at least two"):
        plan([one])
    with pytest.raises(UserError, match="same name"):
        plan([one, read.Sample(" one", two.adata)])
    with pytest.raises(UserError, match="sample has no name"):
        plan([one, read.Sample(" ", two.adata)])
    logged = two.adata.copy()
    logged.X = logged.X.log1p()
    assert plan([one, read.Sample("two", logged)]).where["two"] == 'layers["extra"]'
    del logged.layers["extra"]
    with pytest.raises(UserError, match="different kinds of values"):
        plan([one, read.Sample("two", logged)])
    other = two.adata.copy()
    other.var_names = [f"ENSG{i}" for i in range(18)]
    with pytest.raises(UserError, match="share only 0 genes"):
        plan([one, read.Sample("two", other)])


def test_the_preview_says_what_does_not_fit_into_memory():
    read.check_room(2e9, 3e9)
    with pytest.raises(DoesNotFit, match="needs about 3.0 GB of memory, and 2.0 GB are free: join fewer"):
        read.check_room(3e9, 2e9)


# --- on the page


@pytest.fixture(scope="module")
def nuwa(tmp_path_factory):
    """An app with the two samples."""
    app = AppUnderTest(tmp_path_factory.mktemp("samples"))
    app.ids = []
    for name, adata in samples():
        path = tmp_path_factory.mktemp(name) / f"{name}.h5ad"
        adata.write_h5ad(path)
        app.ids.append(bring_file(app.view, path.name, path.read_bytes()))
    drain(app.store)
    return app


def look(nuwa, names=("a", "b"), batch="sample"):
    """What the page says before it joins the two samples."""
    values = {"sample-name": dict(zip(nuwa.ids, names, strict=True)), f"{ids.SAMPLES_BATCH}.value": batch}
    press = f"{ids.SAMPLES_LOOK}.n_clicks"
    answer = nuwa.press(f"{ids.SAMPLES_LOOKING.job}.data", values | {press: 1}, press)
    if ids.SAMPLES_LOOKING.job not in answer:
        return answer[ids.SAMPLES_LOOKING.message]["children"]
    job = {f"{ids.SAMPLES_LOOKING.job}.data": answer[ids.SAMPLES_LOOKING.job]["data"]}
    answer = nuwa.press(f"{ids.SAMPLES_LOOKING.done}.data", job)
    done = answer[ids.SAMPLES_LOOKING.done]["data"]
    if done is None:
        return answer[ids.SAMPLES_LOOKING.message]["children"]
    shown = nuwa.press(f"{ids.SAMPLES_LOST}.children", job | {f"{ids.SAMPLES_LOOKING.done}.data": done})
    return shown[ids.SAMPLES_LOST]["children"]


def test_the_page_says_what_is_lost_and_then_joins(nuwa):
    options = nuwa.press(f"{ids.SAMPLES}.options", {f"{ids.DATA_DRAWN}.data": 1})[ids.SAMPLES]["options"]
    assert [option["label"] for option in options] == ["one.h5ad (30 cells)", "two.h5ad (30 cells)"]
    values = {f"{ids.SAMPLES}.value": nuwa.ids, "sample-name": {nuwa.ids[0]: "first"}}
    fields = sent(nuwa.press(f"{ids.SAMPLES_NAMES}.children", values))
    assert '"value": "first"' in fields and '"value": "two"' in fields  # what was typed stays

    text = sent(look(nuwa))
    assert "60 cells and 18 genes, 3 proteins" in text and LOST[0].replace("one", "a") in text
    chosen = {
        "samples": [{"dataset": i, "name": n} for i, n in zip(nuwa.ids, "ab", strict=True)],
        "batch": "sample",
    }
    values = {f"{ids.SAMPLES_GO}.n_clicks": 1, f"{ids.SAMPLES_ASKED}.data": chosen}
    way = nuwa.press(f"{shared.URL}.href", values, f"{ids.SAMPLES_GO}.n_clicks")[shared.URL]["href"]
    dataset = way.partition("=")[2]
    drain(nuwa.store)
    row = nuwa.view.datasets.one(dataset)
    assert (row["name"], row["origin"]) == (
        "a + b",
        "samples joined from a (upload:one.h5ad), b (upload:two.h5ad)",
    )
    record = row["record"]["joined"]
    assert record["batch"] == "sample" and [one["cells"] for one in record["samples"]] == [30, 30]
    assert {c["name"]: c["role"] for c in row["record"]["columns"]}["sample"] == "batch"
    back = anndata.read_h5ad(nuwa.store.dataset_folder(dataset).file)
    assert json.loads(back.uns["nuwa_joined"]) == record and list(back.obs["sample"].unique()) == ["a", "b"]
    page = sent(data.detail(nuwa.view, row))
    assert "Joined from samples" in page and "1 of 4 proteins (CD4)" in page
    nuwa.view.datasets.forget(dataset)
    assert [nuwa.view.datasets.one(id)["status"] for id in nuwa.ids] == ["ready", "ready"]


def test_the_page_refuses_in_a_sentence(nuwa, monkeypatch):
    assert "sample has no name" in sent(look(nuwa, ("a", "")))
    assert "same name" in sent(look(nuwa, ("a", "a")))
    assert "batch column has no name" in sent(look(nuwa, batch=" "))
    monkeypatch.setattr(joining.device, "free_memory", lambda: 1000)
    text = sent(look(nuwa))
    assert "1 MB are free" in text and ids.SAMPLES_GO not in text  # nothing to press
    dataset = nuwa.view.joins.create([{"dataset": i, "name": i} for i in nuwa.ids], "sample", "too much")
    drain(nuwa.store)
    assert nuwa.view.datasets.one(dataset)["status"] == "failed"
    assert "of memory" in nuwa.view.datasets.one(dataset)["message"]
    nuwa.view.datasets.forget(dataset)


# --- on the command line


def test_the_command_line_joins_and_says_what_is_lost(tmp_path, capsys):
    files = []
    for name, adata in samples():
        files.append(str(tmp_path / f"{name}.h5ad"))
        adata.write_h5ad(files[-1])
    out = str(tmp_path / "joined.h5ad")
    assert main(["join", *files, "--names", "a", "b", "--batch-column", "donor", "--out", out]) == 0
    printed = capsys.readouterr()
    assert "60 cells and 18 genes of 2 samples, named in obs['donor']" in printed.out
    assert "  Left out: a: 2 of 20 genes, since the others lack them." in printed.err
    adata = read.read(out)
    assert adata.shape == (60, 18) and list(adata.obs["donor"].unique()) == ["a", "b"]

    for command, sentence in (
        (["join", *files, "--out", out], "exists already"),
        (["join", files[0], "--out", f"{out}.h5ad"], "at least two"),
        (["join", *files, "--names", "a", "--out", f"{out}.h5ad"], "2 files and 1 names"),
        (["join", *files, "--out", str(tmp_path / "joined.csv")], "does not end with .h5ad"),
    ):
        assert main(command) == MISTAKE
        assert sentence in capsys.readouterr().err
