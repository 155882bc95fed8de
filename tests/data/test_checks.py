"""What a matrix holds is named rightly, and the report says what its owner should know."""

import json

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from constants import REAL_DATA as DATA
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from simulated import annotated, draw_counts, normalised, scaled

from core.data import checks, demo, read
from core.sparse import blocks

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data at {DATA} (NUWA_TEST_DATA)")

SEVERITIES = ["stop", "warning", "note"]


def sentences(report):
    return " ".join(finding.sentence for finding in report.findings)


shapes = st.tuples(st.integers(0, 2**31), st.integers(20, 300), st.integers(20, 200), st.floats(0.03, 8))


@settings(max_examples=60, deadline=None)
@given(
    shape=shapes,
    kind=st.sampled_from(["counts", "normalized", "lognorm", "scaled"]),
    form=st.sampled_from([np.asarray, sparse.csr_matrix, sparse.csc_matrix]),
    dtype=st.sampled_from([np.float32, np.float64]),
    target=st.sampled_from([1.0, 1e3, 1e4, 1e6]),
)
def test_every_kind_is_named_whatever_its_size_and_sparsity(shape, kind, form, dtype, target):
    values = draw_counts(*shape)
    matrix = {
        "counts": lambda: values,
        "normalized": lambda: normalised(values, target),
        "lognorm": lambda: np.log1p(normalised(values, target)),
        "scaled": lambda: scaled(np.log1p(normalised(values, target)), clip=10),
    }[kind]()
    seen = checks.what_is(form(matrix.astype(dtype)))
    assert seen.kind == kind, seen
    if kind in ("normalized", "lognorm"):
        assert seen.target_sum == pytest.approx(target, rel=1e-3)
    assert seen.evidence.endswith(".")


@settings(max_examples=20, deadline=None)
@given(shape=shapes)
def test_sparse_and_dense_are_judged_alike(shape):
    for matrix in (values := draw_counts(*shape), normalised(values), np.log1p(normalised(values)[:, ::3])):
        matrix = matrix.astype(np.float32)
        one, other = checks.what_is(matrix), checks.what_is(sparse.csc_matrix(matrix))
        assert one.kind == other.kind and one.evidence == other.evidence


def test_integers_are_counts_and_truths_are_not():
    values = draw_counts(0, 30, 20, 1.0)
    assert checks.what_is(values.astype(np.int64)).kind == "counts"
    binary = checks.what_is(values > 0)
    assert (binary.kind, binary.form) == ("other", "binary") and "presence" in binary.evidence


def test_counts_that_went_through_arithmetic_are_still_counts():
    values = draw_counts(0, 50, 40, 1.0) * 0.9999
    assert checks.what_is(np.where(values < 5, values, np.rint(values))).kind == "counts"


def test_shares_near_zero_are_not_near_counts():
    assert checks.what_is(normalised(draw_counts(0, 50, 3000, 2.0), 1.0)).kind == "normalized"


def test_one_value_decides_in_the_last_block(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_VALUES", 64)
    values = draw_counts(0, 100, 40, 1.0)
    assert checks.what_is(sparse.csr_matrix(values)).kind == "counts"
    values[-1, -1] = 0.5
    for form in (np.asarray, sparse.csr_matrix):
        assert checks.what_is(form(values)).kind == "other"
        assert checks.what_is(form(np.log1p(normalised(values)))).kind == "lognorm"


def test_blocks_cover_every_row_once_even_when_rows_are_empty(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_VALUES", 7)
    matrix = sparse.random(50, 9, 0.3, format="csr", random_state=0)
    matrix[10:20] = 0
    matrix.eliminate_zeros()
    parts = [block for _, block in blocks.pieces(matrix)]
    np.testing.assert_array_equal(sparse.vstack(parts).toarray(), matrix.toarray())


def test_variable_genes_of_logged_values_are_lognorm_though_sums_differ():
    chosen = np.log1p(normalised(draw_counts(1, 200, 300, 1.0)))[:, ::5]
    seen = checks.what_is(chosen)
    assert seen.kind == "lognorm" and seen.target_sum is None and "left out" in seen.evidence


def test_variable_genes_of_values_never_logged_are_normalized():
    seen = checks.what_is(normalised(draw_counts(1, 200, 300, 1.0))[:, ::5].astype(np.float32))
    assert seen.kind == "normalized" and "without log" in seen.evidence


def test_log2_is_found_by_its_sums():
    seen = checks.what_is(np.log2(1 + normalised(draw_counts(1, 100, 80, 1.0))))
    assert seen.kind == "lognorm" and "base 2" in seen.evidence and seen.target_sum == pytest.approx(1e4)


def test_scaling_without_centring_is_scaled():
    values = np.log1p(normalised(draw_counts(1, 200, 80, 1.0))[:, 2:])
    values = values[:, values.std(axis=0) > 0]
    seen = checks.what_is(values / values.std(axis=0, ddof=1))
    assert seen.kind == "scaled" and "No value is negative" in seen.evidence


def test_negative_values_alone_do_not_make_a_scaled_matrix():
    random = np.random.default_rng(0)
    shifted = random.normal(3, 2, (100, 30))
    assert checks.what_is(shifted).kind == "other"
    centred = checks.what_is(random.normal(0, 0.1, (100, 30)))
    assert centred.kind == "other" and "not scaled" in centred.evidence


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_counts_with_a_negative_value_are_told_as_such_and_not_trained_on(form):
    values = draw_counts(0, 100, 60, 0.1)
    values[3, 4] = -1
    adata = annotated(form(values))
    seen = checks.what_is(adata.X)
    assert seen.kind == "other" and seen.words == "counts with negative values among them"
    assert "but 1 value is negative (down to -1)" in seen.evidence
    assert "set the negative values of X to 0" in sentences(checks.examine(adata))
    assert checks.counts_of(adata) is None
    values[5, 6] = -2.5
    assert checks.what_is(form(values)).form != "negative counts"
    assert checks.what_is(form(values - np.rint(values.mean(axis=0) + 1))).form != "negative counts"


def test_corrected_and_estimated_counts_are_other():
    values = draw_counts(2, 100, 80, 3.0)
    corrected = values.copy()
    corrected[:, 5] *= 0.77
    assert "corrected" in checks.what_is(corrected).evidence
    estimated = values * np.random.default_rng(0).uniform(0.8, 1.2, values.shape) * 20
    assert checks.what_is(estimated).kind == "other"


def test_values_that_say_nothing_are_other():
    assert "is 0" in checks.what_is(np.zeros((20, 5))).evidence
    assert "NaN" in checks.what_is(np.full((20, 5), np.nan)).evidence
    assert checks.what_is(np.random.default_rng(0).uniform(0, 1, (50, 9))).kind == "other"
    assert checks.what_is(np.array([["a"] * 5] * 20)).kind == "other"


def test_counts_are_found_in_layers_and_in_raw():
    values = draw_counts(0, 60, 30, 1.0)
    logged = np.log1p(normalised(values))
    plain = annotated(logged, layers={"logs": logged, "umi": values})
    assert checks.counts_of(plain).where == 'layers["umi"]'
    kept = annotated(values)
    kept.raw = kept.copy()
    kept = kept[:, :10].copy()
    kept.X = scaled(kept.X)
    found = checks.counts_of(kept)
    assert found.where == "raw.X" and len(checks.genes_of(kept, found.where)) == 30
    source = checks.source_of(kept)
    assert source.kind == "counts" and source.values.shape == (60, 30) and source.values.dtype == np.float32
    assert (
        checks.counts_of(annotated(logged)) is None and checks.source_of(annotated(logged)).kind == "lognorm"
    )


def test_genes_are_coloured_by_logged_counts():
    values = draw_counts(0, 60, 30, 1.0)
    values[3] = 0  # an empty cell stays empty and divides by nothing
    shown = checks.display_of(annotated(sparse.csr_matrix(values)))
    library = np.maximum(values.sum(axis=1, keepdims=True), 1)
    np.testing.assert_allclose(shown.matrix.toarray(), np.log1p(values / library * 1e4), rtol=1e-5)
    assert shown.words == "log1p of counts per 10,000" and sparse.isspmatrix_csr(shown.matrix)


def test_colouring_leaves_the_counts_alone():
    adata = annotated(sparse.csr_matrix(draw_counts(0, 60, 30, 1.0), dtype=np.float32))
    before = adata.X.copy()
    checks.display_of(adata)
    assert (before != adata.X).nnz == 0


def test_a_scaled_set_with_logged_raw_says_both():
    report = checks.examine(demo.pbmc68k())
    assert report.verdict.kind == "scaled" and report.counts_where is None
    said = sentences(report)
    assert "X holds scaled values and is trained on as it is" in said
    assert ".raw holds log-normalised values of 765 genes, which colour genes" in said
    assert report.colours == ".raw, log-normalised"
    assert report.n_counts is None and report.n_genes.shape == (700,)
    assert any(
        finding.severity == "warning" and "no raw counts" in finding.sentence for finding in report.findings
    )


def test_the_report_counts_what_is_empty():
    values = draw_counts(0, 60, 30, 1.0)
    values[5], values[:, 7] = 0, 0
    report = checks.examine(annotated(sparse.csr_matrix(values)))
    said = sentences(report)
    assert "1 cell is empty" in said and "1 gene is 0 in every cell" in said and "only 60 cells" in said
    assert report.n_counts[5] == 0 and report.n_counts.sum() == values.sum()
    np.testing.assert_array_equal(report.n_genes, (values > 0).sum(axis=1))
    assert report.sparsity == pytest.approx((values == 0).mean())


def test_an_unfiltered_10x_matrix_is_recognised():
    values = draw_counts(0, 300, 30, 1.0)
    values[20:] = 0
    assert "bring the filtered matrix" in sentences(checks.examine(annotated(sparse.csr_matrix(values))))


def test_findings_come_gravest_first_and_the_record_is_json():
    adata = demo.simulated(n_cells=150, n_genes=60, n_proteins=6)
    report = checks.examine(adata)
    order = [SEVERITIES.index(finding.severity) for finding in report.findings]
    assert order == sorted(order) and order[0] == 1
    record = json.loads(json.dumps(report.record()))
    assert record["cells"] == 150 and record["verdict"]["kind"] == "counts" and "n_counts" not in record
    assert set(record["proteins_left_out"]) == set(demo.ISOTYPES)


def test_proteins_that_are_not_counts_bring_a_warning():
    adata = demo.simulated(n_cells=250, n_genes=60, n_proteins=6)
    adata.obsm["protein"] = np.log1p(adata.obsm["protein"])
    warnings = [
        finding.sentence for finding in checks.examine(adata).findings if finding.severity == "warning"
    ]
    assert any("proteins are not raw counts" in sentence for sentence in warnings)


def test_columns_are_told_apart_by_kind_and_role():
    n = 100
    obs = pd.DataFrame(
        {
            "cell_type": pd.Categorical(["T", "B"] * 50),
            "leiden": np.arange(n) % 5,
            "donor": ["d1", "d2"] * 50,
            "n_counts": np.arange(n) * 1.5,
            "barcode": [f"b{i}" for i in range(n)],
            "doublet": np.arange(n) % 2 == 0,
            "empty": np.full(n, np.nan),
        },
        index=[str(i) for i in range(n)],
    )
    adata = AnnData(draw_counts(0, n, 20, 1.0), obs=obs)
    kinds = {column.name: (column.kind, column.role) for column in checks.examine(adata).columns}
    assert kinds == {
        "cell_type": ("category", "labels"),
        "leiden": ("category", "labels"),
        "donor": ("category", "batch"),
        "n_counts": ("number", ""),
        "barcode": ("text", ""),
        "doublet": ("category", ""),
        "empty": ("number", ""),
    }


@needs_data
@pytest.mark.parametrize("name", ["pbmc10k_citeseq", "pbmc3k", "baron_pancreas_human"])
def test_real_counts_are_counts_and_their_logs_are_lognorm(name):
    adata = read.read(DATA / f"{name}.h5ad")
    assert checks.what_is(adata.X).kind == "counts" and checks.counts_of(adata).where == "X"
    shown = checks.display_of(adata)
    seen = checks.what_is(shown.matrix)
    assert seen.kind == "lognorm" and seen.target_sum == pytest.approx(1e4, rel=1e-3)
    assert checks.what_is(shown.matrix[:, ::4]).kind == "lognorm"
    assert any(column.role == "labels" for column in checks.examine(adata).columns)
