"""Suggested names: the shipped sets, a person's own, and "unknown" as an answer."""

import base64
import re

import numpy as np
import pytest
from app_under_test import sent

from core.analysis import cell_types, markers
from core.errors import UserError
from core.store import Groups
from core.worker.execute import drain

SETS = {"T": ["CD3D", "CD3E", "IL7R"], "B": ["MS4A1", "CD79A"], "rare": ["NOWHERE1", "NOWHERE2", "CD3D"]}
GENES = ["Cd3d", "Cd3e", "Il7r", "Ms4a1", "Cd79a", "Actb"]


@pytest.mark.parametrize("name", cell_types.SETS)
def test_a_shipped_set_has_genes_and_a_source_for_every_type(name):
    types = cell_types.shipped(name)
    assert len(types) > 10 and all(len(genes) >= 3 == len(set(genes[:3])) for genes in types.values())
    assert all(re.search(r"\b20\d\d\b.*doi:10\.", source) for source in cell_types.sources(name))


def test_the_type_whose_genes_mark_a_group_is_suggested():
    auc = np.array([[0.9, 0.8, 0.8, 0.2, 0.3, 0.5], [0.3, 0.4, 0.4, 0.9, 0.8, 0.5]])
    first, second = cell_types.suggest(auc, GENES, SETS)
    assert (first.name, second.name) == ("T", "B")
    assert (
        first.score == pytest.approx(2 / 3) and first.second == "B" and first.margin == pytest.approx(7 / 6)
    )
    assert first.genes == ("Cd3d", "Cd3e", "Il7r")


def test_unknown_is_the_answer_where_scores_are_low_close_or_missing():
    low, close, missing = [0.55] * 6, [0.8] * 6, [np.nan] * 6
    found = cell_types.suggest(np.array([low, close, missing]), GENES, SETS)
    assert [one.name for one in found] == ["unknown"] * 3
    assert found[1].best == "T" and found[2].best == ""


def test_chance_has_no_name():
    random = np.random.default_rng(0)
    genes = sorted({g for genes in cell_types.shipped("pbmc").values() for g in genes})
    values = np.log1p(random.poisson(0.5, (300, len(genes))))
    table = markers.markers(markers.dense_blocks(values), random.integers(0, 4, 300), 4)
    found = cell_types.suggest(table.of("auc"), genes, cell_types.shipped("pbmc"))
    assert {one.name for one in found} == {"unknown"}


def test_names_that_no_set_knows_are_reported():
    with pytest.raises(UserError, match="symbols, such as CD3E"):
        cell_types.suggest(np.ones((1, 2)), ["ENSG01", "ENSG02"], SETS)


def test_a_gmt_is_read_or_refused():
    assert cell_types.from_gmt("T cells\tmine\tCD3D\tCD3E\n\nB\t\tMS4A1") == {
        "T cells": ["CD3D", "CD3E"],
        "B": ["MS4A1"],
    }
    with pytest.raises(UserError, match="No set of genes"):
        cell_types.from_gmt("just words")


def test_suggestions_are_shown_and_taken_on_the_page(finished):
    view, run = finished.view, finished.run
    entry, codes = view.datasets.folder(finished.dataset).column("cell_type")
    job = view.groups.find_markers(run, Groups(entry["categories"], codes, "types"))
    drain(finished.store)
    key = view.jobs.one(job["id"])["result"]["groups"]
    auc = view.results.array(run, f"markers/{key}")[0][:, :120]
    best = [f"SIM-{i + 1:04d}" for i in np.argsort(-auc[0])[:3]]
    gmt = "\t".join(["my type", "-", *best]) + "\nother\t-\tSIM-0001\tSIM-0002"
    values = {
        "suggest-set.value": "own",
        "suggest-gmt.contents": "data:x;base64," + base64.b64encode(gmt.encode()).decode(),
        "markers-done.data": job["id"],
        "run.data": run,
    }
    shown = finished.press("suggest-result.children", values)
    assert "my type" in sent(shown["suggest-result"]) and shown["suggest-go"]["hidden"] is False
    line = finished.press("suggest-message.children", values | {"suggest-go.n_clicks": 1})["clustering-line"][
        "data"
    ]
    made = view.groups.one(run, view.clusterings.one(run, line)["groups"])
    assert (made.codes[codes == 0] == made.names.index("my type")).all()
    view.clusterings.undo(run, line)
    refused = finished.press("suggest-result.children", values | {"markers-done.data": None})
    assert "Find the markers" in sent(refused["suggest-result"])
    refused = finished.press("suggest-result.children", values | {"suggest-set.value": "pbmc"})
    assert "symbols" in sent(refused["suggest-result"])
