"""On the page: where the counts lie is asked where two matrices differ, and each finding of values has its repair."""

import pytest
from app_under_test import bring, sent
from file_cases import counts as cases

from core.worker.execute import drain
from dashboard.pages.data import page as data


def opened(nuwa, write, folder):
    """The row of a dataset that a function of the table of cases writes."""
    path = write(folder)
    id = bring(nuwa.view, path.name, path.read_bytes())
    drain(nuwa.store)
    return nuwa.view.datasets.one(id)


def test_the_place_of_the_counts_is_asked_and_kept(empty_nuwa, tmp_path):
    row = opened(empty_nuwa, cases.two_that_differ, tmp_path)
    assert row["status"] == "asking"
    text = sent(data.detail(empty_nuwa.view, row))
    assert "which are the raw counts?" in text and "layers[" in text
    empty_nuwa.view.datasets.answer(row["id"], 'layers["umi"]', "token")
    drain(empty_nuwa.store)
    record = empty_nuwa.view.datasets.one(row["id"])["record"]
    assert (record["counts_where"], record["total"]) == ('layers["umi"]', cases.TOTAL)


@pytest.mark.parametrize(
    "write, repair, after",
    [
        (cases.half_logged, "undo_log_in_some_cells", {"cells": 60, "counts_where": "X"}),
        (cases.half_logged, "drop_cells_with_fractions", {"cells": 30, "counts_where": "X"}),
        (cases.corrected, "round_counts", {"counts_where": "X"}),
        (cases.divided_by_size_factors, "restore_counts", {"counts_where": "X", "total": cases.TOTAL}),
        (cases.proteins_missing_in_a_sample, "drop_unmeasured_cells", {"cells": 30}),
        (cases.proteins_missing_in_a_sample, "drop_proteins", {"cells": 60, "proteins": []}),
        (cases.proteins_missing_in_a_sample, "mask_proteins", {"cells": 60}),
        (cases.log_base_3, "undo_log", {"counts_where": "X", "total": cases.TOTAL}),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)
def test_a_finding_of_values_has_its_repair(empty_nuwa, tmp_path, write, repair, after):
    row = opened(empty_nuwa, write, tmp_path)
    assert row["status"] == "ready", row["message"]
    assert repair in row["record"]["repairs_offered"]
    assert row["record"]["repairs_offered"][repair]["label"] in sent(data.detail(empty_nuwa.view, row))
    repaired = empty_nuwa.view.steps.repair(row["id"], repair)
    drain(empty_nuwa.store)
    record = empty_nuwa.view.datasets.one(repaired)["record"]
    assert {key: record[key] for key in after} == after
    assert repair not in record["repairs_offered"]
