"""The mutations of scripts/mutate.py change what they say, of functions that are there."""

import ast
import sys

import pytest
from constants import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import mutation_points  # noqa: E402
import mutation_runs  # noqa: E402
from mutate import table  # noqa: E402

SOURCE = '''
LIMIT = 3

def share(part, whole, least=1):
    """1 + 1."""
    return max(part - 1, least) / whole if whole > LIMIT else -0.5
'''


def test_operators_constants_conditions_and_arguments_are_changed_one_at_a_time():
    found = mutation_points.of_source("a.py", SOURCE)
    changes = [(one.function, one.change) for one in found]
    assert sorted(changes) == sorted(
        [
            *(("share", change) for change in ("Div to Mult", "Sub to Add", "Gt to GtE", "minus dropped")),
            *(("share", change) for change in ("1 to 2", "0.5 to 1.0", "first two arguments swapped")),
            ("", "3 to 4"),
        ]
    )
    for one in found:
        before, after = ast.unparse(ast.parse(SOURCE)), one.source()
        differing = [
            pair for pair in zip(before.split("\n"), after.split("\n"), strict=True) if len(set(pair)) > 1
        ]
        assert len(differing) == 1, one


def test_every_target_is_there_and_no_two_mutations_have_one_name():
    found = mutation_points.mutations(ROOT)
    assert len(found) > 1000 and len({str(one.key) for one in found}) == len(found)
    assert sum(one.place == "named" for one in found) == len(mutation_points.NAMED)


def test_a_function_that_is_gone_is_refused():
    with pytest.raises(ValueError, match="has no function gone"):
        mutation_points.of_source("a.py", SOURCE, functions=("gone",))
    with pytest.raises(ValueError, match="0 times: correct NAMED"):
        mutation_points.named(ROOT, "analysis/leiden.py", "graph", "no such code", "", "")


def test_a_loaded_function_gets_the_code_of_its_mutation():
    module = type(sys)("some_module")
    module.__file__ = "some_module.py"
    exec(SOURCE, module.__dict__)
    kept = module.share
    assert kept(3, 4) == 0.5
    (changed,) = [one for one in mutation_points.of_source("a.py", SOURCE) if one.change == "Sub to Add"]
    assert mutation_runs.swap(module, "share", changed.source()) and kept(3, 4) == 1.0
    assert not mutation_runs.swap(None, "share", SOURCE) and not mutation_runs.swap(module, "other", SOURCE)


def test_the_tests_of_a_function_are_the_quickest_that_call_it():
    calls = {
        "slow": (20.0, False, {("a.py", "share")}),
        "quick": (0.1, False, {("a.py", "share")}),
        "shared": (0.1, True, {("a.py", "share")}),
        "other": (0.1, False, {("a.py", "else")}),
    }
    (one, *_) = mutation_points.of_source("a.py", SOURCE)
    assert mutation_runs.selected(calls, one) == ["quick", "slow"]
    assert mutation_runs.selected({"shared": calls["shared"]}, one) == ["shared"]


def test_the_answer_of_a_child_comes_back_and_a_child_that_hangs_is_killed():
    assert mutation_runs.forked(lambda: (1, "x"), 20) == (1, "x")
    assert mutation_runs.forked(lambda: 1 / 0, 20) is None
    assert mutation_runs.forked(lambda: __import__("time").sleep(60), 0.3) is None


def test_the_table_counts_by_file_and_names_what_survived():
    row = {"file": "a.py", "function": "share", "place": "6:1-2", "change": "Div to Mult"}
    lines = list(table([row | {"outcome": "survived"}, row | {"outcome": "noticed"}]))
    assert "| a.py | 2 | 1 |" in lines and "| all | 2 | 1 (50.0%) |" in lines
    assert lines[-1] == "survived: core/a.py:6:1-2 share: Div to Mult"
