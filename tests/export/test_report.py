"""The report is one page in which every value is text, with a section for each part that there is."""

import html.parser
from types import SimpleNamespace

import pytest

from core.config import RunConfig
from core.config.run_facts import RunFacts
from core.export import report
from core.export.h5ad_rules import Finding

EVIL = "<script>alert(1)</script> & 'more'"


class Page(html.parser.HTMLParser):
    """The texts of a page, its tags, and what it asks of other hosts."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.tags, self.images, self.outside = [], set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        named = dict(attrs)
        if tag == "img":
            self.images.append((named["src"], named["alt"]))
        addresses = [value for name in ("src", "href") if (value := named.get(name))]
        self.outside += [a for a in addresses if not a.startswith(("data:image/", "#"))]
        self.outside += [name for name in named if name.startswith("on")]

    def handle_data(self, data):
        if data.strip():
            self.texts.append(" ".join(data.split()))


@pytest.fixture
def whole(tmp_path):
    """A Report that has something of everything."""
    files = {}
    for form, n_bytes in (("svg", 3), ("png", 3)):
        files[form] = tmp_path / f"loss.{form}"
        files[form].write_bytes(b"x" * n_bytes)
    epoch = {"train_loss": 0.5, "valid_loss": 0.75}
    loss = {"pca": {"total": 0.6}, "mean": {"total": 1.0}}
    record = {"score": "neighbours_kept_15", "title": "Neighbours kept (15)", "cells": 9, "note": EVIL}
    return report.Report(
        title=EVIL,
        subtitle="made today",
        data={
            "cells": 1000,
            "genes": 200,
            "proteins": ["CD3"],
            "badge": {"words": "counts"},
            "verdict": {"kind": "counts", "evidence": "All are whole numbers."},
            "findings": [
                {"severity": "note", "sentence": "a note", "evidence": "SAMPLE"},
                {"severity": "stop", "sentence": "a stop"},
            ],
            "data_hash": "abc123",
        },
        dataset="My cells",
        steps=[{"label": "Filter cells", "said": "Removed 5 cells."}],
        config=RunConfig(n_hidden=8, n_latent=2),
        facts=RunFacts.upgraded(
            {
                "n_genes": 200,
                "n_proteins": 0,
                "groups": [],
                "notes": ["All 200 genes"],
                "best_epoch": 1,
                "yardsticks": {"valid": loss, "judges": loss},
                "n_train": 800,
                "n_valid": 100,
                "n_test": 100,
                "loss": {"total": 0.7},
                "device_name": "a CPU",
            }
        ),
        epochs=[epoch],
        groups={
            "words": "Leiden.",
            "names": [EVIL, "B"],
            "sizes": [750, 250],
            "markers": [["CD3E", "CD8A"], []],
            "stability": ["stable (0.90)", "doubtful (0.62)"],
        },
        scores={"neighbours_kept_15": 0.51, "judged_on": "test", "judged_cells": 100},
        space_scores=[record | {"space": "latent", "value": 0.5}, record | {"space": "pca", "value": None}],
        figures=[SimpleNamespace(name=name, title=name.title(), files=files) for name in ("loss", "latent")],
        preparation="Values were scaled.",
        network="The model is small.",
        paragraph="Clusters are by Leiden (Traag 2019).",
        rules=[Finding("names are text", "cellxgene", False, "obs: x")],
        warnings=["PCA does as well."],
        versions={"nuwa": "1"},
        names=["README.txt"],
    )


def written(tmp_path, content):
    report.write(tmp_path / "report.html", content)
    return Page((tmp_path / "report.html").read_text(encoding="utf-8"))


def test_every_part_has_a_section_and_a_link(whole, tmp_path):
    page = written(tmp_path, whole)
    assert all(page.texts.count(part) == 2 for part in report.PARTS)
    page = written(tmp_path, whole._replace(warnings=[], figures=[]))
    assert not {"Warnings", "Embeddings"} & set(page.texts)


@pytest.mark.parametrize(
    "text",
    [
        "My cells: 1,000 cells, 200 genes, 1 proteins.",
        "counts. All are whole numbers.",
        "a stop",
        "Fingerprint: abc123",
        "Removed 5 cells.",
        "Values were scaled. The model is small.",
        "All 200 genes",
        "validation loss, best epoch (1)",
        "0.7500",
        "kept weights, test cells",
        "75.0%",
        "CD3E, CD8A",
        "none",
        "doubtful (0.62)",
        "UMAP of the latent",
        "0.510",
        "–",
        "names are text",
        "1 files",
        "PCA does as well.",
    ],
)
def test_the_report_has_everything_of_a_run(whole, tmp_path, text):
    extra = whole.space_scores[0] | {"space": "latent_umap"}
    page = written(tmp_path, whole._replace(space_scores=[*whole.space_scores, extra]))
    assert text in page.texts


def test_stops_come_before_notes_and_sources_are_cited(whole, tmp_path):
    page = written(tmp_path, whole)
    assert page.texts.index("a stop") < page.texts.index("a note")
    assert any(text.startswith("Traag VA") for text in page.texts)


def test_parts_that_a_run_lacks_leave_no_empty_table(whole, tmp_path):
    data = whole.data | {"findings": []}
    page = written(tmp_path, whole._replace(data=data, steps=[], space_scores=[], rules=[], figures=[]))
    absent = {"finding", "result", "Latent space", "follows", "Loss"}
    assert not absent & set(page.texts) and page.images == []


def test_names_are_text_and_no_other_host_is_asked(whole, tmp_path):
    page = written(tmp_path, whole)
    assert page.texts.count(EVIL) == 3 and page.outside == []  # title, heading, cluster
    assert not page.tags & {"script", "iframe", "object", "link", "form"}


def test_a_figure_is_an_image_in_the_page_and_a_large_one_is_a_png(whole, tmp_path):
    assert written(tmp_path, whole).images[0] == ("data:image/svg+xml;base64,eHh4", "Loss")
    whole.figures[0].files["svg"].write_bytes(b"x" * report.LARGE)
    assert written(tmp_path, whole).images[0][0] == "data:image/png;base64,eHh4"


def test_a_value_that_the_template_lacks_is_an_error():
    with pytest.raises(Exception, match="undefined"):
        report.template().render()
