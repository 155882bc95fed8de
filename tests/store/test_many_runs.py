"""The table of 10,000 runs answers quickly: bench/README.md has the figures of an idle machine."""

import pytest

from bench.runs_table import fill, server_seconds


@pytest.mark.slow
@pytest.mark.usefixtures("sqlite_only")
def test_ten_thousand_runs_are_listed_sorted_and_filtered_in_a_second(store):
    fill(store, 10_000)
    assert (
        max(spent for _, spent in server_seconds(store, repeats=3).values()) < 1
    )  # of the processor, whatever else runs
