"""Features of two matrices matched by their names, whatever genome stands in front of them."""

import numpy as np
import pytest

from core.preprocessing.shared_features import shared_features


@pytest.mark.parametrize(
    "own, names, pairs",
    [
        (["CD3E", "CD4", "LYZ"], ["LYZ", "CD3E"], [(0, 1), (2, 0)]),
        (["GRCh38_CD3E", "GRCh38_CD4"], ["CD4", "CD3E"], [(0, 1), (1, 0)]),
        (["CD3E"], ["GRCh38______CD3E"], [(0, 0)]),
        (["hg19_CD3E"], ["GRCh38_CD3E"], [(0, 0)]),
        (["ENSG00000198851.10"], ["ENSG00000198851"], [(0, 0)]),
        (["CD3E", "hg19_CD3E"], ["hg19_CD3E", "CD3E"], [(0, 1), (1, 0)]),
        (["hg19_CD3E", "mm10_CD3E"], ["CD3E"], [(0, 0)]),
        (["mm10___Cd3e"], ["CD3E"], []),
        ([], ["CD3E"], []),
    ],
)
def test_the_same_features_are_found_once(own, names, pairs):
    mine, theirs = shared_features(own, names)
    assert list(zip(mine.tolist(), theirs.tolist(), strict=True)) == pairs
    assert mine.dtype == theirs.dtype == np.int64
