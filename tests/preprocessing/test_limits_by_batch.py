"""Limits for all cells and for each batch: suggested, applied and counted."""

import numpy as np
import pytest
from pydantic import ValidationError

from core.preprocessing.recipe import Batches, cell_filter, n_outside, suggested, suggested_params

VALUES = {"counts": np.array([1, 5, 9, 5, 50, 90]), "genes": np.array([1, 2, 3, 4, 5, 6])}
BATCHES = Batches("donor", ["a", "b"], np.array([0, 0, 0, 1, 1, 1]))


def test_suggested_limits_of_a_batch_are_those_of_its_cells_alone():
    params = suggested_params(VALUES, BATCHES, {"counts": "n_counts"})
    assert params["batch_key"] == "donor" and params["limits"] == {}
    assert params["columns"] == {"counts": "n_counts"}
    second = {measure: array[3:] for measure, array in VALUES.items()}
    assert params["batches"]["b"] == suggested(second).model_dump(mode="json")
    assert suggested_params(VALUES)["limits"] == suggested(VALUES).model_dump(mode="json")


def test_a_batch_has_its_own_limits_and_all_cells_have_one_without_batches():
    params = {"limits": {"genes": [2, None]}, "batches": {"b": {"counts": [None, 60]}}}
    cells = cell_filter(VALUES, 6, params, BATCHES)
    assert cells.within.tolist() == [
        True,
        True,
        True,
        True,
        True,
        False,
    ]  # a batch without limits of its own keeps all
    assert [limits.set() for limits in cells.limits] == [{}, {"counts": (None, 60.0)}]
    alone = cell_filter(VALUES, 6, params)
    assert alone.within.tolist() == [False] + [True] * 5 and list(alone.names) == ["all cells"]


def test_cells_outside_one_limit_are_counted_whatever_the_other_limits_say():
    params = {
        "limits": {},
        "batches": {"a": {"counts": [5, None]}, "b": {"counts": [None, 60], "genes": [5, None]}},
    }
    cells = cell_filter(VALUES, 6, params, BATCHES)
    assert (
        n_outside(VALUES["counts"], "counts", cells) == 2 and n_outside(VALUES["genes"], "genes", cells) == 1
    )
    assert int((~cells.within).sum()) == 3


def test_a_lowest_value_above_the_highest_is_refused():
    with pytest.raises(ValidationError, match="swap them"):
        cell_filter(VALUES, 6, {"limits": {"genes": [4, 2]}, "batches": {}})
