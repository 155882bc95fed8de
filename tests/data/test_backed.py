"""A large dataset stays in its file from the first reading to the last export, and nobody can tell by the results."""

import os
import re
from types import SimpleNamespace

import anndata
import formats
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from core import files
from core.config import RunConfig
from core.data import backed, checks, count_sources, h5ad_writer, matrix_kind, read
from core.errors import DoesNotFit, UserError
from core.export import h5ad
from core.preprocessing import steps
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.preprocessing.steps import filters
from core.sparse import access, blocks, transpose
from core.worker.execute import drain
from core.worker.jobs import datasets


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """Many blocks and many scratch files, of data that is small."""
    monkeypatch.setattr(blocks, "BLOCK_VALUES", 700)
    monkeypatch.setattr(transpose, "READ", 900)
    monkeypatch.setattr(transpose, "RANGE", 500)
    monkeypatch.setattr(transpose, "IN_MEMORY", 64)


@pytest.fixture(scope="module")
def rich(tiny):
    """The tiny set with all that a file can hold: .raw of more genes, layers, graphs, an empty cell."""
    adata = tiny[:, :100].copy()
    adata.X[7] = 0
    adata.X.eliminate_zeros()
    adata.raw = anndata.AnnData(count_sources.logged(tiny.X), var=tiny.var)
    adata.layers["logged"] = count_sources.logged(adata.X)
    adata.layers["dense"] = adata.X.toarray()
    adata.obsm["X_pca"] = np.random.default_rng(0).standard_normal((240, 3))
    adata.obsp["near"] = sparse.random(240, 240, 0.02, format="csr", random_state=0)
    adata.varm["loadings"] = np.ones((100, 2))
    adata.obs["batch"] = pd.Categorical(np.resize(["a", "b", "c"], 240))
    adata.obs["words"] = [f"word {i}" for i in range(240)]
    return adata


def by_cell(adata, folder):
    adata.write_h5ad(folder / "set.h5ad", compression="lzf")
    return folder / "set.h5ad"


def by_gene(adata, folder):
    made = adata.copy()
    made.X = sparse.csc_matrix(made.X.astype(np.int64))
    made.raw = anndata.AnnData(sparse.csc_matrix(adata.raw.X), var=adata.raw.var)
    return by_cell(made, folder)


def dense(adata, folder):
    made = adata.copy()
    made.X = made.X.toarray()
    return by_cell(made, folder)


def mostly_filled(adata, folder):
    made = adata.copy()
    made.X = made.layers["dense"] = made.X.toarray() + 1
    return by_cell(made, folder)


def untidy(adata, folder):
    """Columns out of order, and two entries for one place."""
    made = adata.copy()
    rows = [np.r_[row.indices[::-1], row.indices[:1]] for row in made.X]
    data = [np.r_[row.data[::-1], row.data[:1]] for row in made.X]
    pointer = np.cumsum([0, *map(len, rows)])
    made.X = sparse.csr_matrix((np.concatenate(data), np.concatenate(rows), pointer), shape=made.shape)
    made.layers["dense"] = made.X.toarray()  # or two places with counts would disagree
    return by_cell(made, folder)


def zarr(adata, folder):
    adata.write_zarr(folder / "set.zarr")
    return folder / "set.zarr"


FORMS = [
    by_gene,
    *(pytest.param(form, marks=pytest.mark.slow) for form in (by_cell, dense, mostly_filled, untidy, zarr)),
]


@pytest.fixture
def both(monkeypatch):
    """A function of a path that gives its AnnData as it is read into memory, and as it is left on disk."""

    def read_both(path, **options):
        held = read.read(path, **options)
        monkeypatch.setattr(backed, "LARGE", 0)
        left = read.read(path, **options)
        assert not backed.lies_on_disk(held) and not any(
            access.in_memory(m) for _, m in count_sources.places(left)
        )
        return held, left

    return read_both


def same(one, other):
    """Are two AnnData the same, matrices in memory or on disk, other than in their order of stored values?"""
    free = 1 << 40
    one, other = backed.loaded(one, free, ""), backed.loaded(other, free, "")
    pd.testing.assert_frame_equal(one.obs, other.obs)
    pd.testing.assert_frame_equal(one.var, other.var)
    there, here = dict(count_sources.places(one)), dict(count_sources.places(other))
    assert list(there) == list(here)
    for where, matrix in there.items():
        assert sparse.issparse(matrix) == sparse.issparse(here[where]), where
        assert matrix.dtype == here[where].dtype
        a, b = (m.toarray() if sparse.issparse(m) else m for m in (matrix, here[where]))
        np.testing.assert_array_equal(a, b, err_msg=where)
    for name in ("obsm", "varm", "obsp"):
        parts = [dict(getattr(adata, name)) for adata in (one, other)]
        assert list(parts[0]) == list(parts[1])
        for key in parts[0]:
            a, b = (part[key] for part in parts)
            a, b = (m.toarray() if sparse.issparse(m) else np.asarray(m) for m in (a, b))
            np.testing.assert_array_equal(a, b, err_msg=key)
    assert sorted(one.uns) == sorted(other.uns)
    return True


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_step_gives_the_same_from_disk(rich, tmp_path, both, form):
    held, left = both(form(rich, tmp_path), scratch=tmp_path)
    assert same(held, left) and list(held.uns["nuwa_read"]) == list(left.uns["nuwa_read"])
    assert read.data_hash(held) == read.data_hash(left)
    one, other = checks.examine(held), checks.examine(left)
    assert one.record() == other.record()
    np.testing.assert_array_equal(one.n_counts, other.n_counts)
    measured, again = filters.measured(held), filters.measured(left)
    assert list(measured) == list(again)
    for name in measured:
        np.testing.assert_array_equal(measured[name], again[name])
    config = RunConfig(n_top_genes=40)
    split = split_cells(240, config)
    one, other = (prepare(adata, config, split) for adata in (held, left))
    assert list(one.genes) == list(other.genes) and one.notes == other.notes
    for name in ("mean", "sd"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(one.dense(np.arange(240)), other.dense(np.arange(240)))
    assert {path.name for path in tmp_path.iterdir()} <= {"set.h5ad", "set.zarr"}  # nothing is left behind


@pytest.mark.slow
def test_a_file_of_cell_ranger_with_proteins_stays_on_disk(tmp_path, both):
    held, left = both(formats.tenx_h5(formats.counts(), tmp_path))
    assert "protein" in left.obsm and same(held, left)


@pytest.mark.slow
def test_one_of_two_genomes_is_taken_from_disk(tmp_path, both):
    path = formats.tenx_h5(formats.counts(), tmp_path, genomes=("GRCh38", "mm10"))
    held, left = both(path, genome="mm10")
    assert same(held, left)


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    [
        {"name": "filter_cells", "params": {"limits": {"genes": [20, None]}}},
        {"name": "filter_genes", "params": {"min_cells": 60}},
        {"name": "drop_empty_cells"},
        {"name": "use_raw"},
        {"name": "score_cell_cycle"},
    ],
    ids=lambda step: step["name"],
)
def test_steps_give_the_same_from_disk(rich, tmp_path, both, asked):
    adata = rich.copy()
    if asked["name"] == "score_cell_cycle":
        from core.data.checks.species import cycle_lists

        names = [*cycle_lists()["s"][:20], *cycle_lists()["g2m"][:20]]
        adata.var_names = [*names, *adata.var_names[len(names) :]]
    held, left = both(by_cell(adata, tmp_path))
    one, other = steps.apply(held, [asked]), steps.apply(left, [asked])
    assert backed.lies_on_disk(other) == (asked["name"] != "score_cell_cycle")
    assert same(one, other) and same(held, left)


@pytest.mark.slow
def test_a_step_that_needs_all_values_says_when_they_do_not_fit(rich, tmp_path, both, monkeypatch):
    _, left = both(by_cell(rich, tmp_path))
    monkeypatch.setattr(steps.device, "free_memory", lambda: 1000)
    with pytest.raises(DoesNotFit, match="Score doublets needs the whole matrix in memory"):
        steps.apply(left, [{"name": "score_doublets"}])


@pytest.mark.slow
@pytest.mark.parametrize("where", ["X", "raw", "layer"])
def test_the_result_is_the_same_from_disk(rich, tmp_path, both, where):
    adata = rich.copy()
    if where != "X":
        adata.X = adata.layers["logged"]
        del adata.layers["dense"]
    if where == "raw":
        adata.raw = anndata.AnnData(rich.X[:, ::-1], var=rich.var[::-1])
    if where == "layer":
        adata.layers["counts"] = rich.X
    paths = []
    for i, one in enumerate(both(by_cell(adata, tmp_path))):
        record, clusters = {"model": "x"}, np.arange(240) % 4
        made = h5ad.result(
            one, record, np.ones((240, 2)), np.zeros(240, int), clusters, {}, rich.var_names[:9]
        )
        paths.append(tmp_path / f"{i}.h5ad")
        made.write(paths[-1])
    held, left = map(anndata.read_h5ad, paths)
    assert same(held, left)
    np.testing.assert_array_equal(left.layers["counts"].toarray(), rich.X.toarray())


def test_colours_and_derived_data_sets_come_from_disk(rich, tmp_path, store, monkeypatch):
    monkeypatch.setattr(backed, "LARGE", 0)
    monkeypatch.setattr(datasets, "_load", lambda path: pytest.fail("read as a whole"))
    path = by_gene(rich, tmp_path)
    id = store.add("dataset", "local", name="set.h5ad", origin="x", status="queued")
    store.submit("local", "short", "read", id, {"path": str(path)})
    drain(store)
    row = store.row("dataset", id)
    assert row["status"] == "ready", row["message"]
    dataset_folder, shown = store.dataset_folder(id), count_sources.logged(rich.X).toarray()
    for gene in (0, 17, 99):
        np.testing.assert_array_equal(dataset_folder.gene(gene), shown[:, gene])
    assert np.load(dataset_folder.folder / "genes" / "data.npy").dtype == np.uint16
    assert same(anndata.read_h5ad(dataset_folder.file), read.read(path))
    asked = {"of": id, "steps": [{"name": "filter_genes", "params": {"min_cells": 60}}], "replaces": None}
    derived = store.add("dataset", "local", name="set.h5ad", origin="x", status="queued")
    store.submit("local", "short", "steps", derived, asked)
    drain(store)
    row = store.row("dataset", derived)
    assert row["status"] == "ready", row["message"]
    kept = np.flatnonzero((rich.X > 0).sum(axis=0).A1 >= 60)
    assert row["record"]["genes"] == len(kept)
    np.testing.assert_array_equal(
        store.dataset_folder(derived).gene(3), count_sources.logged(rich.X[:, kept]).toarray()[:, 3]
    )
    assert not list((store.root / "cache").iterdir())


def test_what_values_in_a_file_hold_is_looked_at_once(rich, tmp_path, both, monkeypatch):
    _, left = both(by_cell(rich, tmp_path))
    found = matrix_kind.what_is(left.X)
    monkeypatch.setattr(matrix_kind, "sweep", lambda matrix: pytest.fail("looked at again"))
    assert matrix_kind.what_is(left.X) is found and count_sources.counts_of(left).where == "X"


def test_the_modalities_of_a_large_h5mu_stay_in_the_file(tmp_path, both):
    held, left = both(formats.h5mu(formats.counts(), tmp_path))
    assert same(held, left) and held.obsm["protein"].equals(left.obsm["protein"])


def damaged(path, part, change):
    with h5py.File(path, "r+") as file:
        values = file[part][:]
        del file[part]
        file[part] = change(values)
    return path


def with_nan(values):
    values = values.astype(np.float32)
    values.flat[[800, 2000]] = np.nan, np.inf
    return values


@pytest.mark.slow
@pytest.mark.parametrize(
    "part,change,words",
    [
        ("X/indices", lambda values: values + 50, "is damaged"),
        ("X/indices", lambda values: -values, "is damaged"),
        ("X/indices", lambda values: values[:-5], "is damaged"),
        ("X/indptr", lambda values: values[:-5], "is damaged"),
        ("X/indptr", lambda values: values[::-1].copy(), "is damaged"),
        ("X/indptr", lambda values: values * 3, "is damaged"),
    ],
)
@pytest.mark.parametrize("form", [by_cell, by_gene], ids=lambda form: form.__name__)
def test_a_damaged_file_is_told_in_a_sentence(rich, tmp_path, monkeypatch, form, part, change, words):
    path, said = damaged(form(rich, tmp_path), part, change), []
    for limit in (1 << 30, 0):
        monkeypatch.setattr(backed, "LARGE", limit)
        with pytest.raises(UserError) as raised:
            read.read(path, scratch=tmp_path)
        said.append(str(raised.value))
    assert re.search(words, said[1]) and os.listdir(tmp_path) == ["set.h5ad"]


@pytest.mark.parametrize("form", [by_cell, dense], ids=lambda form: form.__name__)
def test_missing_values_are_found_and_mended_in_memory_and_on_disk_alike(rich, tmp_path, both, form):
    plain = rich.copy()
    del plain.layers["dense"]  # which holds counts, so that X would not matter
    path = form(plain, tmp_path)
    part = "X" if form is dense else "X/data"
    held, left = both(damaged(path, part, with_nan))
    seen = [checks.examine(one).findings for one in (held, left)]
    told = [[(f.sentence, f.evidence, f.repairs) for f in one if f.severity == "stop"] for one in seen]
    assert told[0] == told[1] and told[0][0][2] == ("drop_not_finite", "zero_not_finite", "use_raw")
    values = held.X.toarray() if sparse.issparse(held.X) else held.X
    bad = ~np.isfinite(values)
    for name, expected in (
        ("zero_not_finite", np.where(bad, 0, values)),
        ("drop_not_finite", values[~bad.any(axis=1)]),  # fewer of the 240 cells than of the 100 genes
    ):
        one, other = (steps.apply(adata, [{"name": name}]) for adata in (held, left))
        assert same(one, other) and backed.lies_on_disk(other)
        made = one.X.toarray() if sparse.issparse(one.X) else one.X
        np.testing.assert_array_equal(made, expected)
        assert steps.made_before(one)[0]["said"] == steps.made_before(other)[0]["said"]
        assert not [f for f in checks.examine(other).findings if f.severity == "stop"]


def test_a_disk_without_room_is_said(rich, tmp_path, both, monkeypatch):
    _, left = both(by_cell(rich, tmp_path))
    monkeypatch.setattr(h5ad_writer.shutil, "disk_usage", lambda _: SimpleNamespace(free=5))
    with pytest.raises(UserError, match="of disk are needed in"):
        backed.part_of(left, genes=np.ones(100, bool))


def test_a_half_written_array_is_not_there(tmp_path):
    with pytest.raises(ZeroDivisionError), files.growing(tmp_path / "x.npy", 3, np.float32):
        1 / 0  # noqa: B018
    assert not list(tmp_path.iterdir())
