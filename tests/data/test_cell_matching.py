"""Cells of two files are found by name, and what was ignored is said."""

import numpy as np
import pytest

from core.data.cell_matching import match

random = np.random.default_rng(0)
CODES = ["".join(row) for row in random.choice(list("ACGT"), (20, 16))]


@pytest.mark.parametrize(
    ("cells", "others", "how"),
    [
        (CODES, CODES, ""),
        ([f"{c}-1" for c in CODES], CODES, "endings such as '-1'"),
        ([f"{c}-1" for c in CODES], [f"S1_{c}" for c in CODES], "by their barcodes"),
        ([f"{c}-1" for c in CODES], [f"{c}_sample2" for c in CODES], "by their barcodes"),
        ([f"S1#{c}-1" for c in CODES], [f"X.{c}.1" for c in CODES], "by their barcodes"),
        ([f"cell_{i}" for i in range(20)], [f"S1_cell_{i}" for i in range(20)], "the prefix 'S1_'"),
        ([f"S1_cell_{i}" for i in range(20)], [f"cell_{i}" for i in range(20)], "the prefix 'S1_'"),
        ([f"w{i}w" for i in range(20)], [f"w{i}w.bam" for i in range(20)], "the suffix '.bam'"),
    ],
    ids=str,
)
def test_all_cells_are_found(cells, others, how):
    result = match(cells, others[::-1])
    assert list(result.rows) == list(range(19, -1, -1)) and how in result.how


def test_lanes_are_paired_with_samples_by_their_barcodes():
    cells = [f"{c}-{1 + i // 10}" for i, c in enumerate(CODES[:10] + CODES[8:18])]
    others = [f"{'ab'[i // 10]}_{c}" for i, c in enumerate(CODES[:10] + CODES[8:18])]
    result = match(cells, others)
    assert list(result.rows) == list(range(20)) and "'*-1' here is 'a_*' there" in result.how


def test_names_that_have_nothing_in_common_are_not_matched():
    assert match(CODES, [f"{i}" for i in range(20)]).n == 0
