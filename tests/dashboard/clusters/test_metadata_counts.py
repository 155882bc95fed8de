"""Filters and counts of the metadata against pandas, on a seeded table of odd columns."""

import json
import time

import anndata
import numpy as np
import pandas as pd
import pytest
from app_under_test import AppUnderTest, sent

from bench.cells import grown
from core.config.run_files import clusters_of
from core.errors import UserError
from core.files import read_json, write_array, write_json
from core.store import Store
from dashboard.pages.clusters.metadata import callbacks, counts
from dashboard.pages.clusters.metadata.columns import columns
from dashboard.pages.clusters.viewer import filters, selection

FILTERS = {
    "nothing": [],
    "a category": [{"by": "obs:donor", "is": ["d1"]}],
    "a category or no value": [{"by": "obs:donor", "is": ["d1", "d2"], "missing": True}],
    "no value alone": [{"by": "obs:donor", "missing": True}],
    "not two categories": [{"not": {"by": "obs:donor", "is": ["d1", "d2"]}}],
    "an empty text": [{"by": "obs:note", "is": [""]}],
    "a boolean": [{"by": "obs:flag", "is": ["True"]}],
    "a whole number as category": [{"by": "obs:plate", "is": ["3", "10"]}],
    "a range of whole numbers": [{"by": "obs:depth", "from": 100, "to": 500}],
    "a range without NaN": [{"by": "obs:mito", "from": 0.05}],
    "a range or no value": [{"by": "obs:mito", "to": 0.1, "missing": True}],
    "not without a number": [{"not": {"by": "obs:mito", "missing": True}}],
    "three at once": [
        {"by": "obs:donor", "is": ["d2"]},
        {"by": "obs:flag", "is": ["False"]},
        {"by": "obs:mito", "from": 0.05},
    ],
    "one of many": [{"by": "obs:barcode", "is": ["b007", "b011"]}],
    "no cell": [{"by": "obs:donor", "is": ["d1"]}, {"by": "obs:donor", "is": ["d2"]}],
    "no category": [{"by": "obs:donor", "is": []}],
}


@pytest.fixture(scope="module")
def table():
    """240 cells: categories, booleans, whole numbers, numbers, many categories, each with what is missing in real files."""
    random, n = np.random.default_rng(16), 240
    donor = random.choice(np.array(["d1", "d2", "d3", None], dtype=object), n)
    mito = random.gamma(2, 0.04, n).astype(np.float32)
    mito[random.choice(n, 30, replace=False)] = np.nan
    return pd.DataFrame(
        {
            "donor": pd.Categorical(donor, categories=["d3", "d1", "d2", "never seen"]),
            "note": pd.Categorical(random.choice(["", "good", "bad"], n)),
            "flag": random.random(n) < 0.4,
            "plate": random.integers(1, 12, n),
            "depth": random.integers(10, 1000, n),
            "mito": mito,
            "few": random.integers(0, 7, n).astype(np.float32),
            "same": np.full(n, 2.5),
            "nothing": np.full(n, np.nan),
            "barcode": pd.Categorical([f"b{i:03d}" for i in random.integers(0, 50, n)]),
        }
    )


@pytest.fixture(scope="module")
def nuwa(tmp_path_factory, tiny, run_quick, table):
    folder, adata = tmp_path_factory.mktemp("metadata"), tiny.copy()
    adata.obs = table.set_index(adata.obs_names)
    adata.write_h5ad(folder / "odd.h5ad")
    return AppUnderTest(folder / "nuwa").with_run(folder / "odd.h5ad", run_quick.model_dump())


@pytest.fixture
def run(nuwa):
    return nuwa.view.runs.one(nuwa.run)


def passing(table, records):
    """(cells,) bool of the cells that pass, by pandas."""
    inside = pd.Series(True, index=table.index)
    for record in records:
        plain = record.get("not", record)
        values = table[plain["by"].removeprefix("obs:")]
        if "is" in plain:
            chosen = values.astype(object).map(str).isin(plain["is"]) & values.notna()
        else:
            numbers = pd.to_numeric(values, errors="coerce")
            low, high = plain.get("from", -np.inf), plain.get("to", np.inf)
            chosen = (
                numbers.between(low, high) if {"from", "to"} & {*plain} else pd.Series(False, table.index)
            )
        chosen |= values.isna() & plain.get("missing", False)
        inside &= ~chosen if "not" in record else chosen
    return inside.to_numpy()


def nested(n):
    """A record in `n` others."""
    return {"not": nested(n - 1)} if n else {"by": "obs:donor", "is": ["d1"]}


def asked(nuwa, records, *names, **search):
    wanted = [{"by": f"obs:{name}", "search": search.get(name, "")} for name in names]
    query = {"columns": json.dumps(wanted)} | ({"filter": json.dumps(records)} if records else {})
    answer = nuwa.client.get(f"/cells/{nuwa.run}/metadata", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.parametrize("records", FILTERS.values(), ids=FILTERS.keys())
def test_counts_within_a_filter_are_those_of_pandas(nuwa, table, records):
    inside = passing(table, records)
    answer = asked(nuwa, records, *table)
    assert (answer["n"], answer["shown"]) == (240, inside.sum())
    for entry, name in zip(answer["columns"], table, strict=True):
        values = table[name]
        assert entry["missing"] == [values.isna().sum(), (values.isna() & inside).sum()], name
        if "edges" in entry:
            known, within = values[values.notna()], values[values.notna() & inside]
            assert sum(entry["total"]) == len(known) and sum(entry["shown"]) == len(within)
            if len(known):
                np.testing.assert_array_equal(entry["total"], np.histogram(known, entry["edges"])[0])
                np.testing.assert_array_equal(entry["shown"], np.histogram(within, entry["edges"])[0])
            continue
        listed = {category: (n, shown) for category, n, shown in entry["rows"]}
        text = values.astype(object)[values.notna()].map(str)
        total, shown = text.value_counts(), text[inside[text.index]].value_counts()
        assert listed == {category: (total[category], shown.get(category, 0)) for category in listed}
        assert entry["categories"] == len(total) and len(listed) == min(20, len(total)) or name == "barcode"


def test_the_cells_that_pass_are_those_of_pandas(nuwa, run, table):
    for records in FILTERS.values():
        shown = filters.cells(nuwa.view, run, filters.checked(records))
        assert shown is None if not records else (shown == passing(table, records)).all()


def test_missing_and_empty_values_are_categories_with_names(nuwa, run, table):
    entry = asked(nuwa, [], "note")["columns"][0]
    assert entry["rows"][0] == ["", (table.note == "").sum(), (table.note == "").sum()]
    sentences = {
        "donor is d1 or has no value": {"by": "obs:donor", "is": ["d1"], "missing": True},
        "donor has no value": {"by": "obs:donor", "missing": True},
        "note is empty text": {"by": "obs:note", "is": [""]},
        "note is none of its values": {"by": "obs:note", "is": []},
        "mito is at least 0.05 or has no value": {"by": "obs:mito", "from": 0.05, "missing": True},
        "mito has no value": {"by": "obs:mito", "missing": True},
        "mito has a value": {"not": {"by": "obs:mito", "missing": True}},
        "donor has a value": {"not": {"by": "obs:donor", "is": [], "missing": True}},
        "donor is not d1 or d2": {"not": {"by": "obs:donor", "is": ["d1", "d2"]}},
        "not: mito is at most 1": {"not": {"by": "obs:mito", "to": 1}},
    }
    for sentence, record in sentences.items():
        assert selection.description(nuwa.view, run, record).replace(" (obs)", "") == sentence


def test_many_categories_show_the_largest_and_a_search_finds_the_others(nuwa, table):
    sizes = table.barcode.value_counts()
    entry = asked(nuwa, [], "barcode")["columns"][0]
    assert len(entry["rows"]) == 20 and entry["found"] == entry["categories"] == len(sizes)
    assert [n for _, n, _ in entry["rows"]] == sorted(sizes, reverse=True)[:20]
    smallest = sizes.index[-1]
    found = asked(nuwa, [], "barcode", barcode=smallest.upper())["columns"][0]
    assert [name for name, *_ in found["rows"]] == [smallest] and found["found"] == 1
    kept = asked(nuwa, [{"by": "obs:barcode", "is": [smallest]}], "barcode")["columns"][0]
    assert [smallest, sizes.iloc[-1], sizes.iloc[-1]] in kept["rows"]  # so that its box can be unchecked
    assert asked(nuwa, [], "barcode", barcode="nothing like it")["columns"][0]["rows"] == []


def test_few_whole_numbers_have_a_bin_each_and_equal_numbers_one(nuwa, table):
    few, same, nothing = asked(nuwa, [], "few", "same", "nothing")["columns"]
    assert few["edges"] == [i - 0.5 for i in range(8)]
    assert few["total"] == table.few.value_counts().sort_index().tolist()
    assert same["total"] == [240] and same["edges"][0] < 2.5 < same["edges"][1]
    assert nothing["total"] == [] and nothing["missing"] == [240, 240]


def test_the_clusters_are_those_of_the_resolution_shown(nuwa):
    query = {"columns": '[{"by": "clusters"}]', "resolution": "0.6"}
    entry = nuwa.client.get(f"/cells/{nuwa.run}/metadata", query_string=query).json["columns"][0]
    labels = np.asarray(nuwa.view.results.array(nuwa.run, clusters_of(0.6)))
    assert [n for _, n, _ in entry["rows"]] == np.bincount(labels).tolist()


def test_every_column_that_is_listed_can_be_counted(nuwa, run):
    records = columns(nuwa.view, run)
    assert [r["by"] for r in records][:4] == ["clusters", "obs:donor", "obs:note", "obs:flag"]
    assert {"cell:counts", "split"} <= {r["by"] for r in records}
    answer = counts.answer(nuwa.view, run, (), 1.0, records)
    for record, entry in zip(records, answer["columns"], strict=True):
        assert ("rows" in entry) == (record["kind"] == "category"), record
    assert [r["by"] for r in records if r["open"]] == ["clusters", "obs:donor", "obs:note", "obs:flag"]


def test_the_values_of_an_older_clustering_are_not_kept(nuwa, run):
    first = counts.coded(nuwa.view, run, "clusters", 1.0)
    path = nuwa.store.run_folder(nuwa.run) / f"{clusters_of(1.0)}.npy"
    labels = np.load(path)
    try:
        write_array(path, np.zeros_like(labels))
        assert counts.coded(nuwa.view, run, "clusters", 1.0).total.tolist() == [240, 0]
        assert selection.cells(nuwa.view, run, {"by": "clusters", "is": ["0"]}).all()
    finally:
        write_array(path, labels)
    assert (counts.coded(nuwa.view, run, "clusters", 1.0).total == first.total).all()


@pytest.mark.parametrize(
    "query",
    [
        {"columns": "["},
        {"columns": "{}"},
        {"columns": "[1]"},
        {"columns": json.dumps([{"by": "obs:gone"}])},
        {"columns": json.dumps([{"by": "obs:donor"}] * 201)},
        {"filter": "["},
        {"filter": "{}"},
        {"filter": '[{"by": "obs:donor"}]'},
        {"filter": json.dumps([nested(9)])},
        {"filter": json.dumps([{"by": "obs:donor", "is": ["d1"]}] * 41)},
        {"filter": '[{"by": "obs:donor", "from": 1}]'},
        {"filter": '[{"by": "obs:mito", "is": ["d1"]}]'},
        {"filter": '[{"by": "obs:mito", "missing": 1}]'},
        {"resolution": "half"},
    ],
)
def test_what_cannot_be_counted_is_refused_with_a_sentence(nuwa, query):
    answer = nuwa.client.get(f"/cells/{nuwa.run}/metadata", query_string=query)
    assert answer.status_code == 404 and answer.json["error"].endswith(".")


# --- what is typed and clicked


def typed(nuwa, records=None, **values):
    typed = {"by": "obs:mito", "from": "", "to": "", "action": "select"} | values
    values = {"metadata-typed.data": typed, "filter.data": records}
    return nuwa.press("metadata-errors.data", values, "metadata-typed.data")


def test_a_range_is_typed_with_a_comma_or_a_point(nuwa):
    answer = typed(nuwa, **{"from": "0,05", "to": "0.2"})
    assert (
        answer["selection"]["data"] == {"by": "obs:mito", "from": 0.05, "to": 0.2} and "filter" not in answer
    )
    answer = typed(nuwa, [{"by": "obs:flag", "is": ["True"]}], **{"from": "0,05", "action": "filter"})
    assert answer["filter"]["data"] == [{"by": "obs:flag", "is": ["True"]}, {"by": "obs:mito", "from": 0.05}]


@pytest.mark.parametrize(
    "values, sentence",
    [
        ({"from": "abc"}, "At least: 'abc' is not a number. Enter a number."),
        ({"to": "1,5,"}, "At most: '1,5,' is not a number. Enter a number."),
        ({"from": "2", "to": "1"}, callbacks.REVERSED),
        ({}, "At least: enter a lower or an upper limit."),
    ],
)
def test_a_range_that_cannot_be_used_changes_nothing(nuwa, values, sentence):
    answer = typed(nuwa, **values)
    assert sentence in sent(answer["metadata-errors"]["data"]) and not {"selection", "filter"} & {*answer}


def test_a_second_range_replaces_the_first_and_an_empty_one_removes_it():
    donor = {"by": "obs:donor", "is": ["d1"]}
    old = {"by": "obs:mito", "from": 1.0, "missing": True}
    assert callbacks.ranged([donor, old], "obs:mito", {"to": 2.0}) == [
        donor,
        {"by": "obs:mito", "to": 2.0, "missing": True},
    ]
    assert callbacks.ranged([donor, old], "obs:mito", {}) == [donor]
    assert callbacks.ranged([old], "obs:mito", {}) is None
    assert callbacks.ranged(None, "obs:mito", {"from": 1.0}) == [{"by": "obs:mito", "from": 1.0}]


def test_a_click_on_a_category_selects_it_and_a_second_click_no_longer():
    one = selection.toggled(None, "obs:donor", 1.0, None)
    assert one == {"by": "obs:donor", "missing": True}
    two = selection.toggled(one, "obs:donor", 1.0, "d1")
    assert two == {"by": "obs:donor", "is": ["d1"], "missing": True}
    assert selection.toggled(two, "obs:donor", 1.0, None) == {"by": "obs:donor", "is": ["d1"]}
    assert selection.toggled(one, "obs:donor", 1.0, None) is None
    lasso = {"all": [{"by": "obs:donor", "is": ["d1"]}]}
    assert selection.toggled(lasso, "obs:donor", 1.0, "d2") == {"by": "obs:donor", "is": ["d2"]}
    limits = {"by": "obs:mito", "from": 1.0}
    assert selection.toggled(limits, "obs:mito", 1.0, None) == {"by": "obs:mito", "missing": True}


def test_a_name_colours_the_cells(nuwa):
    values = {"metadata-colour.data": {"by": "obs:mito", "n": 1}, "run.data": nuwa.run}
    answer = nuwa.press("colour.value", values, "metadata-colour.data")
    assert answer["colour"]["value"] == "obs:mito"
    assert "obs:mito" in [option["value"] for option in answer["colour"]["options"]]


def test_the_file_keeps_the_values_that_the_table_had(nuwa, table):
    """Otherwise pandas would be compared with other values than those of the page."""
    obs = anndata.read_h5ad(nuwa.view.datasets.folder(nuwa.dataset).file).obs.reset_index(drop=True)
    for name in table:
        assert (obs[name].isna() == table[name].isna()).all(), name
    with pytest.raises(UserError, match="is numeric"):
        selection.cells(nuwa.view, nuwa.view.runs.one(nuwa.run), {"by": "obs:mito", "is": ["x"]})


# --- a million cells


@pytest.mark.slow
def test_a_million_cells_and_twenty_columns_are_counted_at_once(settings):
    store = Store(settings)
    n, random = 1_000_000, np.random.default_rng(0)
    view, run_id = store.of("local"), grown(store, n)
    run = view.runs.one(run_id)
    folder = view.datasets.folder(run["dataset"]).folder / "obs"
    records = read_json(folder / "columns.json")
    for i in range(20):
        name = f"column {i}"
        if i % 2:
            write_array(folder / f"{len(records)}.npy", random.gamma(2, 3, n).astype(np.float32))
            records.append({"name": name, "kind": "number", "distinct": n, "role": ""})
        else:
            k = (3, 12, 60, 700, 20_000)[i // 2 % 5]
            write_array(folder / f"{len(records)}.npy", random.integers(-1, k, n).astype(np.int32))
            names = [f"c{j}" for j in range(k)]
            records.append({"name": name, "kind": "category", "distinct": k, "role": "", "categories": names})
    write_json(folder / "columns.json", records)
    wanted = [{"by": f"obs:column {i}"} for i in range(20)]
    counts.answer(view, run, (), 1.0, wanted)  # the codes are kept from here on
    seconds = []
    for k in range(5):
        records = ({"by": "obs:column 0", "is": ["c1"]}, {"by": "obs:column 1", "from": 1.0 + k})
        began = time.process_time()  # of this process alone: other work on the machine does not count
        answer = counts.answer(view, run, records[k % 2 :], 1.0, wanted)
        seconds.append(time.process_time() - began)
        assert 0 < answer["shown"] < n and len(answer["columns"]) == 20
    assert np.median(seconds) < 0.3, seconds
