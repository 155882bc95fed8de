"""The base of a logarithm is found where it is certain, and undoing it gives the counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from simulated import annotated, draw_counts, normalised

from core.data.log_base import find_base
from core.data.matrix_kind import what_is
from core.preprocessing import steps


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    level=st.floats(0.3, 8),
    base=st.sampled_from([1.5, 3, 4, 5, 8, 16]),
    target=st.sampled_from([0, 700, 1e4]),
)
def test_any_base_is_found_and_undone(seed, level, base, target):
    counts = draw_counts(seed, 80, 100, level)
    values = normalised(counts, target) if target else counts
    adata = annotated(sparse.csr_matrix(np.log1p(values) / np.log(base), dtype=np.float32))
    seen = what_is(adata.X)
    assert seen.kind == "lognorm" and seen.base == pytest.approx(base, rel=1e-5)
    assert seen.target_sum == (pytest.approx(target, rel=1e-3) if target else None)
    made = steps.apply(adata, [{"name": "undo_log"}])
    np.testing.assert_array_equal(made.X.toarray(), counts)


@pytest.mark.parametrize("base", [2, 3, 10])
def test_the_base_is_found_when_genes_were_left_out(base):
    values = normalised(draw_counts(1, 120, 100, 0.3))[:, :60]
    seen = what_is(sparse.csr_matrix(np.log1p(values) / np.log(base), dtype=np.float32))
    assert seen.kind == "lognorm" and seen.base == pytest.approx(base)
    assert seen.form == {2: "log2", 10: "log10"}.get(base, "log base")


def test_values_that_are_no_logarithms_of_counts_have_no_base():
    random = np.random.default_rng(0)
    values = np.where(random.random((100, 80)) < 0.6, 0, random.gamma(2, 1, (100, 80)))
    assert (
        find_base(values) is None and find_base(np.round(values, 2)) is None and find_base(0 * values) is None
    )
