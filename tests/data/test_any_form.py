"""A known matrix, written in any form, is read as the same matrix, or raises a question; never as another one."""

from collections import Counter

import any_form
import pytest

MOST_REFUSED = 0.01  # share of forms


def run(seeds, tmp_path):
    """(how many of each outcome, a line for each that is wrong or refused)."""
    counts, lines = Counter(), []
    for seed in seeds:
        folder = tmp_path / str(seed)
        (folder / "scratch").mkdir(parents=True)
        one = any_form.case(seed, folder)
        result, said = any_form.outcome(one, folder / "scratch")
        counts[result] += 1
        if result in ("wrong", "refused"):
            lines.append(any_form.report(one, result, said))
    return counts, lines


def test_a_dozen_forms_give_the_same_matrix_or_a_question(tmp_path):
    counts, lines = run(range(24), tmp_path)
    assert not counts["wrong"] and not counts["refused"], lines


@pytest.mark.slow
def test_two_thousand_forms_give_the_same_matrix_or_a_question(tmp_path):
    counts, lines = run(range(2000), tmp_path)
    print(dict(counts), *lines, sep="\n")
    assert not counts["wrong"], lines
    assert counts["refused"] <= MOST_REFUSED * 2000 and counts["same"] > 1000
