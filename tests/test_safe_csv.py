"""No spreadsheet takes a name for a formula, and every name comes back as it was."""

import base64
import csv
import io

import pytest

from core import safe_csv
from core.data import read
from dashboard.pages.clusters.annotate import clusterings

NAMES = ["=1+1", "+A1", "-B", "@SUM(A1)", "\tx", "\rx", "'=x", "''-y", "'quoted'", "CD8 T", "T=B", "＝1", ""]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_no_formula_and_comes_back_as_it_was(name):
    told = safe_csv.safe(name)
    assert not told.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    assert safe_csv.plain(told) == name and safe_csv.plain(name) in (name, name[1:])


@pytest.mark.parametrize("value", [-1.5, -3, "-1", "+2e-5", "-inf", None, "0.5"])
def test_numbers_stay_numbers(value):
    assert safe_csv.safe(value) == value


def test_a_table_goes_out_and_comes_back():
    file = io.StringIO()
    writer = safe_csv.Writer(file)
    writer.writerow(["cell", "=name"])
    writer.writerows([[name, -1] for name in NAMES])
    back = safe_csv.records(io.StringIO(file.getvalue(), newline=""))
    assert [(row["cell"], row["=name"]) for row in back] == [(name, "-1") for name in NAMES]


def in_base64(text):
    return "data:text/csv;base64," + base64.b64encode(text.encode()).decode()


def test_names_that_people_type_leave_the_page_as_text_and_come_in_again(finished):
    view, run = finished.view, finished.view.runs.one(finished.run)
    cells = [name.decode() for name in view.datasets.folder(run["dataset"]).cells()]
    content = "cell,name\n" + "".join(f"{cell},=HYPERLINK(1)\n" for cell in cells[:5])
    line, _ = clusterings.from_table(view, run, "mine.csv", in_base64(content))
    try:
        text = finished.client.get(f"/download/{finished.run}/names.csv?line={line}").text
        rows = list(csv.reader(io.StringIO(text)))
        assert {row[1] for row in rows[1:]} == {"'=HYPERLINK(1)", ""}
        second, _ = clusterings.from_table(view, run, "again.csv", in_base64(text))
        groups = view.groups.one(run["id"], view.clusterings.one(run["id"], second)["groups"])
        assert list(groups.names) == ["=HYPERLINK(1)"] and (groups.codes >= 0).sum() == 5
        view.clusterings.undo(run["id"], second)
    finally:
        view.clusterings.undo(run["id"], line)


def test_labels_of_a_table_that_nuwa_wrote_come_in_as_they_were(tmp_path, tiny):
    file, table = tmp_path / "tiny.h5ad", tmp_path / "labels.csv"
    tiny.write_h5ad(file)
    with table.open("w", newline="") as out:
        writer = safe_csv.Writer(out)
        writer.writerow(["cell", "mine"])
        writer.writerows([cell, "=A" if i % 2 else "B"] for i, cell in enumerate(tiny.obs_names))
    found = read.read(file, annotations=table)
    assert set(found.obs["mine"].astype(str)) == {"=A", "B"}
