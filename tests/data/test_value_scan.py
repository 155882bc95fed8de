"""One pass over blocks sees every value, wherever the matrix lies, and every kind of matrix is named from it."""

import anndata
import h5py
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse
from simulated import annotated, draw_counts, normalised, scaled

from core.data import checks
from core.data.matrix_kind import what_is
from core.data.value_scan import LOG_LIMIT
from core.data.value_scan import sweep as look
from core.sparse import blocks

SHAPES = st.tuples(st.integers(0, 2**31), st.integers(40, 200), st.integers(30, 120), st.floats(0.1, 8))
FORMS = st.sampled_from([np.asarray, sparse.csr_matrix, sparse.csc_matrix])


def clr(values):
    """Seurat's and muon's, of each row."""
    return np.log1p(values / np.exp(np.log1p(values).mean(axis=1, keepdims=True)))


def ratios(values):
    """Aitchison's, of each row: its mean is 0."""
    logs = np.log1p(values)
    return logs - logs.mean(axis=1, keepdims=True)


@settings(max_examples=40, deadline=None)
@given(
    shape=SHAPES,
    form=FORMS,
    dtype=st.sampled_from([np.float32, np.float64]),
    target=st.floats(500, 2e6),
    made=st.sampled_from(["once", "twice", "base 2", "base 10"]),
)
def test_logs_are_named_with_their_target_sum_whatever_it_is(shape, form, dtype, target, made):
    values = normalised(draw_counts(*shape), target)
    ways = {"once": np.log1p, "twice": lambda v: np.log1p(np.log1p(v))}
    ways |= {"base 2": lambda v: np.log2(1 + v), "base 10": lambda v: np.log10(1 + v)}
    logged = ways[made](values)
    assume(
        logged.max() <= LOG_LIMIT
    )  # above it, as where one gene has all of two million counts, nothing is named
    seen = what_is(form(logged.astype(dtype)))
    form_of = {"once": "", "twice": "twice", "base 2": "log2", "base 10": "log10"}[made]
    assert (seen.kind, seen.form) == ("lognorm", form_of), seen
    assert seen.target_sum == pytest.approx(target, rel=2e-3)


@settings(max_examples=20, deadline=None)
@given(shape=SHAPES, form=FORMS, twice=st.booleans())
def test_logged_counts_that_were_not_normalised_are_named(shape, form, twice):
    values = np.log1p(draw_counts(*shape))
    seen = what_is(form((np.log1p(values) if twice else values).astype(np.float32)))
    assert (seen.kind, seen.form) == ("lognorm", "twice" if twice else "log counts"), seen


@settings(max_examples=30, deadline=None)
@given(shape=SHAPES, form=FORMS, made=st.sampled_from(["cells", "features", "ratios"]))
def test_centred_log_ratios_are_named(shape, form, made):
    counts = draw_counts(*shape)
    if made == "ratios":
        seen = what_is(form(ratios(counts).astype(np.float32)))
        assert (seen.kind, seen.form) == ("other", "clr cells"), seen
        return
    matrix = clr(counts) if made == "cells" else clr(counts.T).T
    seen = what_is(form(matrix.astype(np.float32)))
    assert (seen.kind, seen.form) == ("lognorm", f"clr {'cells' if made == 'cells' else 'genes'}"), seen


@settings(max_examples=30, deadline=None)
@given(
    shape=SHAPES,
    form=FORMS,
    bad=st.sampled_from([np.nan, np.inf, -np.inf]),
    n=st.integers(1, 5),
    kind=st.sampled_from(["counts", "lognorm", "scaled"]),
)
def test_missing_values_are_counted_in_every_kind(shape, form, bad, n, kind):
    values = draw_counts(*shape)
    matrix = {"counts": values, "lognorm": np.log1p(normalised(values)), "scaled": scaled(values)}[kind]
    matrix[np.arange(n), np.arange(n)] = bad
    seen = checks.examine(annotated(form(matrix)))
    (stop,) = [finding for finding in seen.findings if finding.severity == "stop"]
    assert stop.code == "not-finite" and "gene '0' in cell '0'" in stop.sentence
    assert stop.sentence.startswith(f"{n} value{' of X is' if n == 1 else 's of X are'} missing")
    assert stop.evidence.endswith(f"in {n} of the cells and {n} of the genes.")
    assert seen.verdict.kind == "other" and seen.counts_where is None


@settings(max_examples=25, deadline=None)
@given(shape=SHAPES, form=FORMS, kind=st.sampled_from(["counts", "lognorm"]))
def test_a_matrix_on_its_side_is_found_by_its_names(shape, form, kind):
    values = draw_counts(*shape)
    assume(values.shape[1] >= 10)
    matrix = values if kind == "counts" else np.log1p(normalised(values))
    human = ["ACTB", "GAPDH", "MALAT1", "B2M", "CD3E", *(f"ZNF{i}" for i in range(values.shape[1] - 5))]
    letters = np.random.default_rng(0).choice(list("ACGT"), (values.shape[0], 16))
    cells = [f"{''.join(row)}-1" for row in letters]
    upright = annotated(form(matrix))
    upright.obs_names, upright.var_names = cells, human
    lying = annotated(form(matrix.T))
    lying.obs_names, lying.var_names = human, cells
    assert "transposed" not in [finding.code for finding in checks.examine(upright).findings]
    (stop,) = [finding for finding in checks.examine(lying).findings if finding.severity == "stop"]
    assert stop.code == "transposed" and stop.repair == "transpose"


@settings(max_examples=25, deadline=None)
@given(
    shape=SHAPES, block=st.integers(20, 3000), kind=st.sampled_from(["counts", "lognorm", "scaled", "raw"])
)
def test_the_size_of_a_block_changes_nothing(shape, block, kind):
    values = draw_counts(*shape)
    matrix = {
        "counts": values,
        "lognorm": np.log1p(normalised(values)),
        "scaled": scaled(values),
        "raw": np.log1p(normalised(values))[:, ::3],
    }[kind].astype(np.float32)
    sets = np.random.default_rng(0).random((matrix.shape[1], 3)) < 0.2
    with pytest.MonkeyPatch.context() as patch:
        whole = [
            look(form(matrix), sets.astype(float), sign=True) for form in (np.asarray, sparse.csr_matrix)
        ]
        patch.setattr(blocks, "BLOCK_VALUES", block)
        parts = [
            look(form(matrix), sets.astype(float), sign=True) for form in (np.asarray, sparse.csr_matrix)
        ]
    first = whole[0]
    for seen in (*whole[1:], *parts):
        assert (seen.nonzero, seen.whole, seen.near_whole, seen.negative) == (
            first.nonzero,
            first.whole,
            first.near_whole,
            first.negative,
        )
        assert (seen.lowest, seen.highest) == (first.lowest, first.highest)
        for name in ("cell_sums", "cell_sizes", "gene_sums", "gene_squares", "set_sums"):
            np.testing.assert_allclose(getattr(seen, name), getattr(first, name), rtol=1e-9, atol=1e-6)
        np.testing.assert_array_equal(seen.by_cell, first.by_cell)
        np.testing.assert_array_equal(seen.by_gene, first.by_gene)
    np.testing.assert_array_equal(first.by_cell, np.count_nonzero(matrix, axis=1))
    np.testing.assert_allclose(first.sd, matrix.std(axis=0, ddof=1, dtype=float), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(first.set_sums, matrix.astype(float) @ sets, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("lie", ["backed csr", "backed csc", "backed dense", "h5py"])
@pytest.mark.parametrize("kind", ["counts", "lognorm"])
def test_a_matrix_on_disk_is_examined_in_blocks_and_alike(tmp_path, monkeypatch, lie, kind):
    values = draw_counts(3, 150, 60, 1.0)
    matrix = (values if kind == "counts" else np.log1p(normalised(values))).astype(np.float32)
    forms = {"backed csc": sparse.csc_matrix, "backed csr": sparse.csr_matrix}
    adata = annotated(forms.get(lie, np.asarray)(matrix), layers={"again": matrix})
    expected = checks.examine(adata)
    path = tmp_path / "x.h5ad"
    adata.write_h5ad(path)
    monkeypatch.setattr(blocks, "BLOCK_VALUES", 500)
    if lie.startswith("backed"):
        found = checks.examine(anndata.read_h5ad(path, backed="r"))
        assert found.record() == expected.record()
        np.testing.assert_array_equal(found.n_genes, expected.n_genes)
    else:
        with h5py.File(path) as file:
            assert what_is(file["X"]) == expected.verdict


def test_text_is_no_matrix():
    report = what_is(np.array([["a", "b"]] * 20))
    assert report.kind == "other" and "real numbers" in report.evidence
