"""The Data page without a browser: adding, listing, showing and deleting datasets."""

import json

import formats
import pytest
from app_under_test import AppUnderTest, bring, sent

from core.config.dataset_record import KnownFinding
from core.worker.execute import drain
from dashboard.components import location
from dashboard.pages.data import add_data, findings, listing
from dashboard.pages.data import page as data
from dashboard.pages.preprocess import page as preprocess


@pytest.mark.parametrize("words", ["logged twice", "CLR", "counts"])
def test_the_tile_of_what_x_holds_has_the_text_of_the_badge(finished, words):
    row = finished.view.datasets.one(finished.dataset)
    record = row["record"] | {"badge": {"words": f"X: {words}", "tone": "warn", "why": "Because."}}
    tiles = data.detail(finished.view, row | {"record": record}).children[0].children[1]
    assert tiles.children[-1].children[1].children == words


def test_a_finding_has_its_severity_as_text_and_blocks_the_main_button(finished):
    row = finished.view.datasets.one(finished.dataset)
    stop = {
        "code": "x",
        "severity": "stop",
        "sentence": "It lies on its side.",
        "evidence": "",
        "repair": None,
    }
    forbidden = row | {"record": row["record"] | {"findings": [stop]}}
    assert findings.finding_notice(KnownFinding(**stop)).children[0].children == "Blocks training"
    for dataset, is_disabled in ((row, False), (forbidden, True)):
        parts = data.detail(finished.view, dataset)._traverse()
        assert next(p for p in parts if getattr(p, "id", None) == "recommended").disabled is is_disabled


@pytest.mark.parametrize(
    "content, words",
    [
        (b"hello", "'cells.h5ad' is not the HDF5 file its name promises"),
        (None, "'cells.h5ad' is damaged or was not copied to its end"),
    ],
)
def test_a_broken_file_gives_one_sentence_and_touches_nothing(finished, tiny_file, content, words):
    id = bring(finished.view, "cells.h5ad", tiny_file.read_bytes()[:20_000] if content is None else content)
    drain(finished.store)
    assert words in finished.view.datasets.one(id)["message"]
    assert not list((finished.store.root / "uploads").iterdir())
    page = sent(data.layout(finished.view, location.resolve(finished.view, f"?dataset={id}")))
    assert words in page and "tiny.h5ad" in page and "Traceback" not in page
    finished.view.datasets.forget(id)
    assert finished.view.datasets.one(finished.dataset)["status"] == "ready"


def test_a_file_of_the_inbox_is_listed_and_read(empty_nuwa, tiny_file):
    (empty_nuwa.store.root / "inbox" / "big.h5ad").write_bytes(tiny_file.read_bytes())
    (empty_nuwa.store.root / "inbox" / "notes.pdf").write_text("not a matrix")
    listed = sent(add_data.inbox(empty_nuwa.view))
    assert "big.h5ad" in listed and "notes.pdf" not in listed
    pressed = {"load-from-inbox.n_clicks": 1, "inbox.value": "big.h5ad", "page-token.data": "a"}
    for n in (1, 2):  # a double click
        empty_nuwa.press(
            "data-message.children", pressed | {"load-from-inbox.n_clicks": n}, "load-from-inbox.n_clicks"
        )
    drain(empty_nuwa.store)
    assert [row["status"] for row in empty_nuwa.view.datasets.all()] == ["ready"]
    assert (empty_nuwa.store.root / "inbox" / "big.h5ad").exists()  # theirs to remove


def test_a_table_has_a_question_and_is_read_as_answered(empty_nuwa, tmp_path):
    store, view = empty_nuwa.store, empty_nuwa.view
    path = formats.table(formats.counts(), tmp_path)
    bring(view, "mine.csv", path.read_bytes())
    drain(store)
    (row,) = view.datasets.all()
    assert row["status"] == "asking" and "has a question" in sent(listing.listing(view, row["id"]))
    asking = preprocess.layout(view, location.resolve(view, f"?dataset={row['id']}"))
    assert "No dataset is ready" in sent(asking)
    page = sent(data.detail(view, row))
    assert "which are the cells?" in page and "rows are genes, columns are cells" in page
    assert "mine.csv" in page and not any(end in page for end in (".csv.gz", "uploads"))
    pressed = {"data-answer-go.n_clicks": 1, "data-answer.value": None, "dataset-id.data": row["id"]}
    answer = empty_nuwa.press("data-message.children", pressed, "data-answer-go.n_clicks")
    assert "Choose one of the answers first." in sent(answer)
    pressed["data-answer.value"] = 0
    empty_nuwa.press("data-message.children", pressed, "data-answer-go.n_clicks")
    drain(store)
    (row,) = view.datasets.all()
    assert (row["status"], row["record"]["cells"], row["record"]["genes"]) == ("ready", 30, 20)
    assert "'mine.csv'" in sent(data.detail(view, row)) and not any((store.root / "uploads").iterdir())
    assert not list((store.root / "cache").glob("nuwa-read-*"))


def test_a_second_file_makes_a_new_dataset_with_its_proteins(empty_nuwa, tmp_path):
    store, view, both = empty_nuwa.store, empty_nuwa.view, formats.counts()
    alone = both.copy()
    del alone.obsm["protein"]
    first = bring(view, "rna.h5ad", formats.h5ad(alone, tmp_path).read_bytes())
    drain(store)
    assert "Add proteins, labels or a background from a second file" in sent(
        data.detail(view, view.datasets.one(first))
    )
    both.obsm["protein"].astype(int).to_csv(store.root / "inbox" / "adt.csv")
    pressed = {"join-go.n_clicks": 1, "join-inbox.value": "adt.csv", "join-what.value": "proteins"}
    pressed["dataset-id.data"] = first
    for _ in range(2):  # a double click
        empty_nuwa.press("data-message.children", pressed, "join-go.n_clicks")
    labels = both.obs.to_csv().encode()
    bring(view, "labels.csv", labels, joins=(first, "annotations"))
    drain(store)
    labelled, joined, old = view.datasets.all()
    assert joined["name"] == "rna.h5ad + adt.csv" and len(joined["record"]["proteins"]) == 4
    assert "30 of 30 cells have their 4 proteins from 'adt.csv'" in sent(data.detail(view, joined))
    assert "group_2" in [column["name"] for column in labelled["record"]["columns"]]
    assert old["record"]["proteins"] == [] and not any((store.root / "uploads").iterdir())


def test_a_folder_of_the_server_is_opened_and_read(settings, tmp_path):
    path = formats.tenx_folder(formats.counts(), tmp_path)
    nuwa = AppUnderTest(settings.data_dir, data_roots=(tmp_path,))
    assert str(tmp_path) in sent(add_data.card_to_add(nuwa.view))
    pressed = {"roots-open.n_clicks": 1, "roots.value": None}
    answer = nuwa.press("roots-part.children", pressed, "roots-open.n_clicks")
    assert "Choose a folder first." in sent(answer["data-message"]) and "roots-part" not in answer
    pressed = {"roots-open.n_clicks": 1, "roots.value": str(tmp_path)}
    answer = nuwa.press("roots-part.children", pressed, "roots-open.n_clicks")
    assert str(path) in sent(answer["roots-part"])
    answer = nuwa.press("roots-part.children", {"roots-up.n_clicks": 1}, "roots-up.n_clicks")
    assert str(path) not in sent(answer["roots-part"]) and str(tmp_path) in sent(answer["roots-part"])
    pressed = {"roots-read.n_clicks": 1, "roots.value": str(path)}
    nuwa.press("data-message.children", pressed, "roots-read.n_clicks")
    drain(nuwa.store)
    assert nuwa.view.datasets.all()[0]["record"]["cells"] == 30
    pressed = {"roots-read.n_clicks": 1, "roots.value": "/etc"}
    answer = nuwa.press("data-message.children", pressed, "roots-read.n_clicks")
    assert "in the folders of this server" in sent(answer)


@pytest.mark.parametrize("chosen", [None, "../secret", "/etc/passwd", "gone.h5ad"])
def test_only_files_of_the_inbox_come_from_the_inbox(empty_nuwa, chosen):
    pressed = {"load-from-inbox.n_clicks": 1, "inbox.value": chosen}
    answer = empty_nuwa.press("data-message.children", pressed, "load-from-inbox.n_clicks")
    assert "inbox" in sent(answer["data-message"]) and not empty_nuwa.view.datasets.all()


def test_the_list_is_drawn_again_only_when_something_changed(finished):
    drawn = data.signature(finished.view, finished.dataset)
    values = {"data-tick.n_intervals": 1, "dataset-id.data": finished.dataset, "data-drawn.data": drawn}
    assert finished.press("data-list.children", values) is None
    values["data-drawn.data"] = [[], None, drawn[2]]
    answer = finished.press("data-list.children", values)
    assert "tiny.h5ad" in sent(answer["data-list"]) and "inbox-part" not in answer


def test_a_page_opened_before_the_first_dataset_goes_to_it(with_demo):
    values = {"data-tick.n_intervals": 1, "dataset-id.data": None, "data-drawn.data": [[], None, []]}
    answer = with_demo.press("data-list.children", values)
    example = location.resolve(with_demo.view, "").dataset["id"]
    assert answer["data-first"]["data"] == f"/data?dataset={example}"


def test_a_dataset_that_is_loaded_while_its_page_is_drawn_is_drawn_again(finished):
    """The page is drawn from a row that says "queued"; by the time its marks are taken it is ready."""
    context = location.resolve(finished.view, f"?dataset={finished.dataset}")
    context = context._replace(dataset=context.dataset | {"status": "queued"})
    page = json.loads(sent(data.layout(finished.view, context)))
    parts = {part["props"].get("id"): part["props"] for part in page["props"]["children"]}
    values = {"data-tick.n_intervals": 1, "dataset-id.data": finished.dataset}
    answer = finished.press("data-list.children", values | {"data-drawn.data": parts["data-drawn"]["data"]})
    assert "Data checks" in sent(answer["data-detail"])


def test_a_dataset_with_runs_is_not_deleted(finished):
    pressed = {"data-confirm.submit_n_clicks": 1, "dataset-id.data": finished.dataset}
    answer = finished.press("data-message.children", pressed, "data-confirm.submit_n_clicks")
    assert "delete them first" in sent(answer) or "delete it first" in sent(answer)  # what was made from it
    assert finished.view.datasets.one(finished.dataset)


def test_counts_and_genes_a_cell_are_drawn(finished):
    values = {"theme.data": "light", "dataset-id.data": finished.dataset}
    assert finished.press("data-picture.figure", values)["data-picture"]["figure"]["data"]
