"""Every file of the table of cases comes out as its row says: shape, total, names, source, kind, sentence, exit code."""

import pytest
from file_cases import FOLDER, check, counts, outcome, tables, tenx, with_truth

ROWS = [*counts.CASES, *tables.CASES, *tenx.CASES]
# Second files, which are no dataset of their own.
BESIDE = {"c26_labels_other_prefix.csv", "m20_citeseq_count", "README.md", "truth.json"}


def marked(case):
    return pytest.param(case, id=case.id, marks=[pytest.mark.xfail(strict=True)] if case.open else [])


@pytest.mark.parametrize("case", map(marked, ROWS))
def test_a_file_comes_out_as_its_row_says(case, tmp_path, capsys):
    case = with_truth(case)
    check(case, outcome(case, tmp_path, capsys))


def test_every_case_has_a_row_of_its_own():
    ids = [case.id for case in ROWS]
    assert len(ids) == len(set(ids)) and not any("/" in name for name in ids)
    if FOLDER.is_dir():
        assert {path.name for path in FOLDER.iterdir()} - BESIDE <= {case.file for case in ROWS}
