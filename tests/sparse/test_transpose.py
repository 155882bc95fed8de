"""A matrix that comes in blocks of rows is given by column, however many scratch files that takes."""

import numpy as np
import pytest
from scipy import sparse

from core.sparse import blocks, transpose


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_VALUES", 700)
    monkeypatch.setattr(transpose, "RANGE", 500)
    monkeypatch.setattr(transpose, "IN_MEMORY", 64)


def transposed(matrix, n_values=None):
    columns = transpose.Transpose(matrix.shape[1], n_values or matrix.nnz)
    for first, block in blocks.blocks(matrix):
        columns.add(first, block)
    np.testing.assert_array_equal(columns.stored, np.bincount(matrix.indices, minlength=matrix.shape[1]))
    return columns


def test_the_columns_are_those_of_the_matrix():
    matrix = sparse.random(300, 90, 0.2, format="csr", random_state=0)
    matrix[:, 40:60] = 0
    matrix.eliminate_zeros()
    result = transposed(matrix)
    parts = list(result.columns())
    assert len(result.files) > 5 and [first for first, _ in parts] == sorted({first for first, _ in parts})
    whole = sparse.vstack([part for _, part in parts])
    assert whole.has_sorted_indices and (whole != matrix.T.astype(np.float32)).nnz == 0


@pytest.mark.parametrize("n_values", [1, 1000, 10**9], ids=["few", "some", "many"])
def test_columns_that_the_first_rows_do_not_show_are_sorted_all_the_same(n_values):
    values = np.zeros((300, 40), np.float32)
    values[:20, :3] = 1
    values[20:, 30:] = np.arange(1, 2801).reshape(280, 10)
    matrix = sparse.csr_matrix(values)
    parts = [part for _, part in transposed(matrix, n_values).columns()]
    assert max(part.nnz for part in parts) < 2 * matrix.nnz
    assert (sparse.vstack(parts) != matrix.T).nnz == 0


def test_stored_zeros_stay_stored():
    matrix = sparse.csr_matrix((np.float32([0, 2, 0]), [0, 1, 1], [0, 2, 3]), shape=(2, 2))
    (part,) = [part for _, part in transposed(matrix).columns()]
    assert part.nnz == 3 and part.data.tolist() == [0, 2, 0]


def test_a_matrix_without_rows_has_no_columns_to_give():
    assert list(transpose.Transpose(5, 0).columns()) == []
