"""Conditions are compared over samples as DESeq2 does, and where there are no replicates there is no test."""

import csv

import numpy as np
import pandas as pd
import pytest
from app_under_test import sent

from core.analysis import conditions
from core.export.references import REFERENCES, cited
from core.store import Groups

N_GENES = 60


@pytest.fixture(scope="module")
def sums():
    """(totals (8 units, genes), samples, condition): eight samples, four in each condition, the first 6 genes threefold."""
    random = np.random.default_rng(0)
    mean = random.lognormal(4, 1, N_GENES) * random.lognormal(0, 0.3, (8, 1))
    condition = np.repeat([0, 1], 4)
    mean[:4, :6] *= 3
    totals = random.negative_binomial(10, 10 / (10 + mean)).astype(float)
    return totals, np.arange(8), condition


def test_the_test_is_that_of_pydeseq2_by_its_own_formula(sums):
    from pydeseq2.dds import DeseqDataSet
    from pydeseq2.ds import DeseqStats

    totals, samples, condition = sums
    found = conditions.compare(totals, np.full(8, 50), samples, condition)
    names = [f"s{i}" for i in range(8)]
    metadata = pd.DataFrame({"condition": np.where(condition == 0, "treated", "control")}, index=names)
    tested = ~np.isnan(found.values[0])
    counts = pd.DataFrame(totals[:, tested].astype(int), index=names)
    fitted = DeseqDataSet(counts=counts, metadata=metadata, design="~condition", n_cpus=1, quiet=True)
    fitted.deseq2()
    test = DeseqStats(fitted, contrast=["condition", "treated", "control"], n_cpus=1, quiet=True)
    test.summary()
    expected = test.results_df[["baseMean", "log2FoldChange", "lfcSE", "pvalue", "padj"]].to_numpy().T
    assert 40 < tested.sum() < N_GENES and found.n_samples == (4, 4) and not found.paired
    np.testing.assert_allclose(found.values[:, tested], expected, rtol=1e-3, atol=1e-6)
    assert (found.values[4, :6] < 0.05).all() and np.allclose(found.values[1, :6], np.log2(3), atol=0.9)
    assert (found.values[4, 6:][tested[6:]] < 0.05).sum() <= 3


def test_samples_with_both_conditions_are_compared_within_themselves(sums):
    totals, _, condition = sums
    samples = np.tile(np.arange(4), 2)
    found = conditions.compare(totals, np.full(8, 50), samples, condition)
    assert found.paired and found.n_samples == (4, 4) and (found.values[3, :6] < 0.05).sum() >= 5
    design = conditions.design_of(samples, condition, True)
    assert design.shape == (8, 5) and np.linalg.matrix_rank(design) == 5
    assert design[:, 1].tolist() == (condition == 0).astype(float).tolist()


@pytest.mark.parametrize(
    ("cells", "samples"),
    [
        ([50] * 8, [0, 0, 0, 0, 1, 1, 1, 1]),  # one sample in each condition: the units would not be these
        ([50, 9, 9, 9, 50, 50, 50, 50], range(8)),  # one sample of the first condition has ten cells
    ],
)
def test_without_two_samples_in_each_condition_there_is_no_test(sums, cells, samples):
    totals, _, condition = sums
    samples, cells = np.array(samples), np.array(cells)
    if len(set(samples)) == 2:
        totals, cells = totals[[0, 4]], cells[[0, 4]]
        samples, condition = samples[[0, 4]], condition[[0, 4]]
    found = conditions.compare(totals, cells, samples, condition)
    assert found.values is None and min(found.n_samples) == 1


def test_one_sample_in_both_conditions_stays_out_of_an_unpaired_test(sums):
    totals, _, condition = sums
    samples = np.array([0, 1, 2, 3, 0, 5, 6, 7])
    found = conditions.compare(totals, np.full(8, 50), samples, condition)
    assert not found.paired and found.n_samples == (3, 3)


def test_units_are_samples_in_conditions_and_cells_of_neither_stay_out():
    samples, condition = np.array([0, 0, 1, 1, -1, 2]), np.array([0, 1, 1, 1, 0, -1])
    units, of_sample, of_condition = conditions.units_of(samples, condition)
    assert units.tolist() == [0, 1, 2, 2, -1, -1]
    assert of_sample.tolist() == [0, 0, 1] and of_condition.tolist() == [0, 1, 1]
    nothing = conditions.units_of(np.array([-1]), np.array([0]))
    assert nothing[0].tolist() == [-1] and len(nothing[1]) == 0


@pytest.fixture
def one_group(finished):
    """The choice of a clustering with all cells in one group."""
    groups = Groups(["all"], np.zeros(240, dtype=np.int32), "all cells")
    line = finished.view.clusterings.keep(finished.run, groups, "one group", "all cells")
    yield f"made:{line}"
    for name in ("conditions.json", "conditions.csv"):
        (finished.store.run_folder(finished.run) / name).unlink(missing_ok=True)
    finished.view.clusterings.undo(finished.run, line)


def pressed(nuwa, **values):
    """What the card answers to its button."""
    chosen = {"groups": "clusters", "column": "cell_type", "first": "type A", "second": "type B"} | values
    states = {f"conditions-{name}.value": value for name, value in chosen.items()}
    states |= {"run.data": nuwa.run, "resolution.value": 1.0, "conditions-go.n_clicks": 1}
    job = nuwa.press("conditions-job.data", states, "conditions-go.n_clicks")
    id = job.get("conditions-job", {}).get("data")
    if not id:
        return sent(job), None
    done = nuwa.press("conditions-done.data", {"conditions-job.data": id}, "conditions-tick.n_intervals")
    return sent(done), nuwa.view.jobs.one(id)


def test_conditions_are_compared_on_the_page_with_a_table_and_a_text(finished, one_group):
    _, job = pressed(finished, groups=one_group, samples="sample")
    assert job["status"] == "done", job["message"]
    record = finished.client.get(f"/download/{finished.run}/conditions.json").json
    (one,) = record["compared"]
    assert one["samples"] == [2, 2] and one["paired"] and one["tested"] > 20 and len(one["top"]) == 20
    lines = list(
        csv.DictReader(finished.client.get(f"/download/{finished.run}/conditions.csv").text.splitlines())
    )
    assert len(lines) == one["tested"] and {line["group"] for line in lines} == {"all"}
    best = min((line for line in lines if line["p_adjusted"]), key=lambda line: float(line["p"]))
    assert best["gene"] == one["top"][0][0] and float(best["log2_fold"]) == pytest.approx(
        one["top"][0][1], 1e-3
    )
    shown = sent(
        finished.press("conditions-result.children", {"run.data": finished.run, "theme.data": "light"})
    )
    assert "2 and 2, paired" in shown and "Download all genes" in shown
    text = record["words"]
    sources = {REFERENCES[name] for name in ("Love 2014", "Muzellec 2023", "Benjamini 1995")}
    assert "PyDESeq2" in text and sources <= set(cited(text))


def test_without_replicates_the_page_says_so(finished):
    _, job = pressed(finished, groups="obs:sample", samples="sample")
    assert job["status"] == "failed" and "No group has two samples with at least 10 cells" in job["message"]
    assert "p values need replicates" in job["message"]
    assert not (finished.store.run_folder(finished.run) / "conditions.json").exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"samples": None}, "Choose the obs column of the samples: p values need replicates."),
        (
            {"samples": "sample", "column": None},
            "Choose the obs column of the condition and two of its values.",
        ),
        ({"samples": "sample", "second": "type A"}, "The two values are the same."),
        ({"samples": "cell_type"}, "The condition and the samples are the same column."),
    ],
)
def test_what_is_not_chosen_is_asked_for(finished, values, sentence):
    shown, job = pressed(finished, **values)
    assert job is None and sentence in shown


def test_the_values_of_the_chosen_column_are_offered(finished):
    values = {"conditions-column.value": "sample", "run.data": finished.run}
    answer = finished.press("conditions-first.options", values, "conditions-column.value")
    assert answer["conditions-first"] == {"options": ["sample 1", "sample 2"], "value": "sample 1"}
    assert answer["conditions-second"]["value"] == "sample 2"
