"""Tables of labels that are joined onto the cells of a dataset."""

import numpy as np
import pandas as pd
import pytest

from core.data.read.context import Reading
from core.data.read.tables import read_labels

CELLS = 12
BARCODES = ["".join(row) + "-1" for row in np.random.default_rng(0).choice(list("ACGT"), (CELLS, 16))]


@pytest.mark.parametrize(
    "written", [lambda n: f"S1_{n[:-2]}", lambda n: f"{n[:-2]}_s1", lambda n: f"x.{n}", lambda n: n]
)
def test_labels_find_their_cells_by_prefix_and_suffix(tmp_path, written):
    table = pd.DataFrame({"type": ["T", "B"] * 6, "n": range(CELLS), "barcode": map(written, BARCODES)})
    path = tmp_path / "labels.csv"
    table.to_csv(path)
    labels = read_labels(path, Reading(tmp_path, cells=pd.Index(BARCODES)))
    assert list(labels.index) == list(table["barcode"]) and list(labels) == ["type", "n"]
    assert labels["n"].dtype.kind in "iu" and list(labels["type"]) == list(table["type"])


def test_names_in_labels_stay_text(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("cell,type\n" + "".join(f"{i:03},NA\n" for i in range(12)))
    labels = read_labels(path, Reading(tmp_path, cells=pd.Index([f"{i:03}" for i in range(12)])))
    assert labels.index[1] == "001" and labels["type"].isna().all()


def test_blanks_in_labels_do_not_separate_them(tmp_path):
    path = tmp_path / "labels.csv"
    labels = pd.DataFrame({"kind": ["type 1", "type 2"] * 6, "batch": ["day 3"] * 12}, index=BARCODES)
    for columns in (["kind"], ["kind", "batch"]):
        labels[columns].to_csv(path)
        table = read_labels(path, Reading(tmp_path, {}))
        assert list(table.columns) == columns and list(table["kind"]) == list(labels["kind"])
