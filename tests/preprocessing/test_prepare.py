"""What the model sees is what scanpy would make of the training cells, a batch at a time."""

import tracemalloc
import warnings

import anndata
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from scipy import sparse

from core.config import RunConfig
from core.data import demo
from core.errors import UserError
from core.models import build
from core.preprocessing import matrix as module
from core.preprocessing.prepare import prepare
from core.preprocessing.protein_transforms import clr, geometric_means
from core.preprocessing.split import Split, split_cells
from core.training import baselines, inference, loop

PLAIN = RunConfig(n_top_genes=0)


def everyone_trains(adata):
    """A Split in which every cell is a training cell (and scores are computed on it, too)."""
    rows = np.arange(adata.n_obs)
    return Split(rows, rows, np.array([], dtype=int), "")


def dense(matrix):
    return matrix.dense(np.arange(matrix.n_cells))


def by_scanpy(adata, clip=10.0):
    """The recipe of scanpy's tutorial on all cells."""
    scanpys = anndata.AnnData(adata.X.copy())
    sc.pp.normalize_total(scanpys, target_sum=1e4)
    sc.pp.log1p(scanpys)
    scanpys.X = scanpys.X.toarray()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sc.pp.scale(scanpys, max_value=clip)
    return scanpys.X


@pytest.mark.parametrize("clip", [10.0, 1.5])
def test_rna_is_what_scanpy_makes_of_it(tiny, clip):
    config = PLAIN.model_copy(update={"clip": clip})
    matrix = prepare(tiny, config, everyone_trains(tiny))
    np.testing.assert_allclose(dense(matrix)[:, :120], by_scanpy(tiny, clip), atol=2e-5)


def test_dense_and_sparse_counts_make_the_same_matrix(tiny):
    split, other = split_cells(240, PLAIN), tiny.copy()
    other.X = tiny.X.toarray()
    np.testing.assert_allclose(
        dense(prepare(tiny, PLAIN, split)), dense(prepare(other, PLAIN, split)), atol=1e-5
    )


def test_the_switches_do_what_they_say(tiny):
    split = everyone_trains(tiny)
    raw = RunConfig(n_top_genes=0, normalize=False, log1p=False, scale=False, protein_transform="none")

    def values_with(**values):
        return dense(prepare(tiny, raw.model_copy(update=values), split))

    counts, proteins = tiny.X.toarray(), tiny.obsm["protein"].to_numpy()[:, :6]
    np.testing.assert_array_equal(values_with(), np.hstack([counts, proteins]))
    np.testing.assert_allclose(values_with(log1p=True)[:, :120], np.log1p(counts), rtol=1e-6)
    normal = counts / counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        values_with(normalize=True, target_sum=500.0)[:, :120], 500 * normal, rtol=1e-5
    )
    of_each = values_with(protein_transform="clr")[:, 120:]
    np.testing.assert_allclose(of_each, clr(proteins, geometric_means(proteins)), rtol=1e-6)
    within = values_with(protein_transform="clr_cells")[:, 120:]
    np.testing.assert_allclose(within, clr(proteins.T, geometric_means(proteins.T)).T, rtol=1e-6)
    scaled = values_with(scale=True, clip=1000.0)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std(axis=0, ddof=1), 1, atol=1e-4)


def test_clr_is_the_formula_worked_by_hand():
    counts = np.array([[0.0, 3.0], [1.0, 0.0], [7.0, 15.0]])
    means = geometric_means(counts)
    # exp((log 2 + log 8) / 3) = 16^(1/3), and exp((log 4 + log 16) / 3) = 4
    np.testing.assert_allclose(means, [16 ** (1 / 3), 4.0], rtol=1e-6)
    np.testing.assert_allclose(clr(counts, means)[:, 1], [np.log(1.75), 0.0, np.log(4.75)], rtol=1e-6)


def test_proteins_are_centred_and_scaled_like_genes(tiny):
    split = split_cells(240, PLAIN)
    matrix = prepare(tiny, PLAIN, split)
    counts = tiny.obsm["protein"].to_numpy()[:, :6]
    logged = clr(counts, geometric_means(counts[split.train]))
    mean, sd = logged[split.train].mean(axis=0), logged[split.train].std(axis=0, ddof=1)
    np.testing.assert_allclose(dense(matrix)[:, 120:], ((logged - mean) / sd).clip(-10, 10), atol=1e-4)


def test_isotype_controls_and_constant_proteins_are_named_and_left_out(tiny):
    odd = tiny.copy()
    odd.obsm["protein"]["ADT-01"], odd.obsm["protein"]["ADT-02"] = 0.0, 5.0
    matrix = prepare(odd, PLAIN, everyone_trains(odd))
    assert list(matrix.proteins) == ["ADT-03", "ADT-04", "ADT-05", "ADT-06"]
    for name in ("ADT-01", "ADT-02", *demo.ISOTYPES):
        assert any(name in note for note in matrix.notes)


def test_without_a_usable_protein_rna_trains_alone(tiny):
    odd = tiny.copy()
    odd.obsm["protein"] = odd.obsm["protein"][list(demo.ISOTYPES)]
    matrix = prepare(odd, PLAIN, everyone_trains(odd))
    assert matrix.n_proteins == 0 and matrix.n_features == 120
    assert any("RNA alone" in note for note in matrix.notes)


def test_proteins_that_are_no_counts_are_not_put_through_clr(tiny):
    odd = tiny.copy()
    table = odd.obsm["protein"]
    odd.obsm["protein"] = (table - table.mean()) / table.std()
    split = everyone_trains(odd)
    matrix = prepare(odd, PLAIN, split)
    expected = odd.obsm["protein"].to_numpy()[:, :6].clip(-10, 10)
    np.testing.assert_allclose(dense(matrix)[:, 120:], expected, atol=1e-4)
    assert any("CLR does not apply" in note for note in matrix.notes)


def test_statistics_come_from_the_training_cells_alone(tiny):
    config = RunConfig(n_top_genes=60)
    split, other = split_cells(240, config), tiny.copy()
    held_out = np.concatenate([split.valid, split.test])
    assert len(held_out) >= 20
    counts = tiny.X.toarray()
    counts[held_out] = counts[held_out][:, ::-1] * 3
    other.X = sparse.csr_matrix(counts)
    other.obsm["protein"].iloc[held_out] *= 7
    before, after = prepare(tiny, config, split), prepare(other, config, split)
    for name in ("mean", "sd", "genes", "proteins"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    np.testing.assert_array_equal(before.dense(split.train), after.dense(split.train))
    assert not np.allclose(before.dense(held_out), after.dense(held_out))


def test_the_source_is_not_changed(tiny):
    before = tiny.copy()
    matrix = prepare(tiny, RunConfig(n_top_genes=60), split_cells(240, PLAIN))
    dense(matrix)[:] = -1
    assert (tiny.X != before.X).nnz == 0
    pd.testing.assert_frame_equal(tiny.obsm["protein"], before.obsm["protein"])


def test_a_gene_that_never_changes_becomes_zero_not_noise():
    counts = np.random.default_rng(0).poisson(3.0, (300, 12)).astype(np.float32)
    counts[:, 0] = 1
    for values in (counts, sparse.csr_matrix(counts)):
        adata = anndata.AnnData(values)
        config = PLAIN.model_copy(update={"normalize": False})
        values = dense(prepare(adata, config, everyone_trains(adata)))
        np.testing.assert_allclose(values[:, 0], 0, atol=1e-5)
        np.testing.assert_allclose(values[:, 1:].std(axis=0, ddof=1), 1, atol=1e-4)


def test_a_dense_scaled_copy_is_never_made(monkeypatch):
    """Twice the cells must not need twice the memory: what grows is the sparse matrix alone."""
    genes, largest, dense = 500, [], module.Matrix._dense
    monkeypatch.setattr(
        module.Matrix, "_dense", lambda self, rows, held: largest.append(len(rows)) or dense(self, rows, held)
    )
    config = RunConfig(n_top_genes=0, epochs=1, n_hidden=8, n_latent=2, batch_size=512, device="cpu")

    def work(cells):
        random = np.random.default_rng(0)
        counts = sparse.random(cells, genes, 0.02, "csr", np.float32, random_state=random)
        counts.data[:] = random.integers(1, 9, counts.nnz)
        adata, split = anndata.AnnData(counts), split_cells(cells, config)
        matrix = prepare(adata, config, split)
        baselines.fit(matrix, split.train, config, 5).measure(matrix, split.valid, config)
        model = build(config, matrix.n_genes, 0)
        list(loop.fit(model, matrix, split, config))
        inference.encode(model, matrix)

    def peak(cells):
        tracemalloc.start()
        work(cells)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    work(2500)  # imports what is imported on the way
    dense_copy = 9_000 * genes * 4
    assert peak(12_000) - peak(3_000) < 0.3 * dense_copy
    assert max(largest) == 2048


def test_variable_genes_are_those_of_scanpy_on_the_training_cells():
    adata = demo.simulated(n_cells=800, n_genes=400, n_proteins=0)
    config = RunConfig(n_top_genes=100)
    split = split_cells(800, config)
    matrix = prepare(adata, config, split)
    part = adata[split.train].copy()
    seen = np.asarray(part.X.sum(axis=0)).ravel() > 0
    part = part[:, seen].copy()
    sc.pp.highly_variable_genes(part, flavor="seurat_v3", n_top_genes=100)
    assert set(matrix.genes) == set(part.var_names[part.var["highly_variable"]])
    assert list(matrix.genes) == list(adata.var_names[matrix.gene_index])


def test_the_fall_to_the_older_method_is_said_and_is_scanpys():
    few = demo.simulated(n_cells=12, n_genes=500, n_proteins=0)
    config = RunConfig(n_top_genes=20)
    split = split_cells(12, config)
    matrix = prepare(few, config, split)
    assert any("seurat_v3 could not fit" in note and "'seurat'" in note for note in matrix.notes)
    part = few[split.train].copy()
    part = part[:, np.asarray(part.X.sum(axis=0)).ravel() > 0].copy()
    sc.pp.normalize_total(part, target_sum=1e4)
    sc.pp.log1p(part)
    sc.pp.highly_variable_genes(part, flavor="seurat", n_top_genes=20)
    assert set(matrix.genes) == set(part.var_names[part.var["highly_variable"]])


def test_genes_that_are_zero_in_training_are_dropped_and_counted(tiny):
    counts = tiny.X.toarray()
    counts[:, [3, 50]] = 0
    split = split_cells(240, PLAIN)
    counts[split.train, 7] = 0
    counts[split.valid[0], 7] = 4
    odd = anndata.AnnData(sparse.csr_matrix(counts))
    odd.var_names = tiny.var_names
    matrix = prepare(odd, PLAIN, split)
    assert matrix.n_genes == 117 and not set(tiny.var_names[[3, 7, 50]]) & set(matrix.genes)
    assert any(note.startswith("3 genes are zero") for note in matrix.notes)


def test_no_gene_at_all_is_refused_in_a_sentence(tiny):
    split, counts = split_cells(240, PLAIN), np.zeros((240, 120), np.float32)
    counts[split.valid] = 1
    with pytest.raises(UserError, match="No gene is left"):
        prepare(anndata.AnnData(sparse.csr_matrix(counts)), PLAIN, split)


def test_asking_for_more_genes_than_there_are_keeps_all_and_says_so(tiny):
    matrix = prepare(tiny, RunConfig(), split_cells(240, PLAIN))
    assert matrix.n_genes == 120 and any("All 120 genes" in note for note in matrix.notes)


def test_an_empty_cell_stays_finite():
    counts = np.random.default_rng(0).poisson(1.0, (60, 30)).astype(np.float32)
    counts[5] = 0
    adata = anndata.AnnData(sparse.csr_matrix(counts))
    assert np.isfinite(dense(prepare(adata, PLAIN, everyone_trains(adata)))).all()


def test_logged_values_are_not_logged_again_and_the_notes_say_so(tiny):
    logged = tiny.copy()
    sc.pp.normalize_total(logged, target_sum=1e4)
    sc.pp.log1p(logged)
    split = split_cells(240, PLAIN)
    matrix, of_counts = prepare(logged, PLAIN, split), prepare(tiny, PLAIN, split)
    assert matrix.kind == "lognorm"
    np.testing.assert_allclose(dense(matrix), dense(of_counts), atol=1e-4)
    assert any(note.startswith("Library-size normalisation does not apply") for note in matrix.notes)
    assert any(note.startswith("Log transform does not apply") for note in matrix.notes)


def test_steps_that_were_switched_off_leave_no_note(tiny):
    off = RunConfig(normalize=False, log1p=False, scale=False, n_top_genes=0)
    matrix = prepare(demo.pbmc68k(), off, split_cells(700, off))
    assert not any("does not apply" in note for note in matrix.notes)


def test_scaled_values_train_as_they_are():
    adata = demo.pbmc68k()
    config = RunConfig()
    matrix = prepare(adata, config, split_cells(adata.n_obs, config))
    assert matrix.kind == "scaled" and matrix.n_genes == 765 and not np.isfinite(matrix.clip)
    np.testing.assert_array_equal(dense(matrix), np.asarray(adata.X, dtype=np.float32))
    for step in ("Library-size normalisation", "Log transform", "Choice of variable genes", "Centring"):
        assert any(note.startswith(step) and "already holds scaled values" in note for note in matrix.notes)


def test_a_squared_distance_over_weighted_columns_is_the_loss(tiny):
    config = RunConfig(n_top_genes=0, weight_rna=2.0, weight_protein=0.5)
    matrix = prepare(tiny, config, split_cells(240, config))
    x, y = matrix.dense(np.array([0, 1]))
    distance = (((x - y) * matrix.weights(config)) ** 2).sum()
    loss = 2.0 * ((x - y)[:120] ** 2).mean() + 0.5 * ((x - y)[120:] ** 2).mean()
    assert distance == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("cells", [10, 30, 60])
def test_a_tiny_set_is_prepared_without_a_fall(cells):
    adata = demo.simulated(n_cells=cells, n_genes=50, n_proteins=4)
    config = RunConfig(n_top_genes=20)
    matrix = prepare(adata, config, split_cells(cells, config))
    assert matrix.n_genes == 20 and np.isfinite(dense(matrix)).all()


def test_real_counts_become_finite_and_bounded(real_data):
    from core.data import read

    adata = read.read(real_data("pbmc10k_citeseq.h5ad"))
    config = RunConfig()
    split = split_cells(adata.n_obs, config)
    matrix = prepare(adata, config, split)
    assert (matrix.n_genes, matrix.n_proteins) == (2000, 14)
    x = matrix.dense(split.test)
    assert np.isfinite(x).all() and np.abs(x).max() <= 10


@pytest.mark.parametrize("kept", [set(), {"normalize"}, {"log1p"}, {"scale"}])
def test_values_whose_squares_do_not_fit_are_refused_unless_something_brings_them_down(tiny, kept):
    adata = tiny.copy()
    adata.X = adata.X * np.float32(1e25)
    config = RunConfig(n_top_genes=0, **{name: name in kept for name in ("normalize", "log1p", "scale")})
    split = split_cells(adata.n_obs, config)
    if kept:
        assert np.abs(prepare(adata, config, split).dense(split.train)).max() < 1e8
    else:
        with pytest.raises(UserError, match="Values reach .*e.2.* switch on normalisation"):
            prepare(adata, config, split)
