"""Figures for paper: by Chromium where there is one, by matplotlib where there is none or points are many."""

import html
import re
import shutil

import numpy as np
import pytest

from core.config.bundle import Size
from core.config.run_facts import Baselines, Parts
from core.figures import Colour, Panel
from core.figures.printed import chromium, paper_figures, print_all

SIZE = Size(90, 60, 96)
NAME = "T$x$ <b>&</b>"  # is not mathematics, nor mark-up


def a_map(n=200, size=SIZE):
    points = np.random.default_rng(0).standard_normal((n, 2)).astype(np.float32)
    colour = Colour("kind", np.arange(n) % 2, (NAME, "B"), "by hand")
    cells = np.array([f"cell-{i}" for i in range(n)])
    return paper_figures.maps(
        "latent", "Latent", [Panel("Latent", points, "", "x 1", "x 2")], colour, cells, size
    )


def every_figure():
    """A PaperFigure of each kind."""
    losses = ("train_loss", "valid_loss", "train_rna", "valid_rna", "train_protein", "valid_protein")
    epochs = [{"epoch": i} | dict.fromkeys(losses, 1 / i) for i in (1, 2, 3)]
    baselines = Baselines(Parts(0.9, 0.8, 0.7), Parts(0.5), 0.6)
    panels = [
        Panel(f"map {i}", np.random.default_rng(i).standard_normal((50, 2)), "", "a", "b") for i in range(3)
    ]
    number = Colour("score", np.linspace(-1, 1, 50), None, "no unit")
    share = np.random.default_rng(0).random((2, 3))
    return [
        paper_figures.loss(epochs, baselines, 2, 4, "mean squared error", SIZE),
        a_map(),
        paper_figures.maps("embeddings", "All", panels, number, np.arange(50).astype(str), SIZE),
        paper_figures.dots(["g1", "g2", "g3"], [NAME, "B"], share, share, "log1p", SIZE),
        paper_figures.composition([NAME, "B"], [[1, 2], [3, 4]], ["one", NAME], "sample", SIZE),
    ]


def box(path):
    """(wide, high) of a PDF's page in mm."""
    printed = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", path.read_bytes())
    return [float(value) / 72 * 25.4 for value in printed.groups()]


def dots(path):
    """(wide, high) of a PNG in dots."""
    head = path.read_bytes()[16:24]
    return int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")


def test_without_a_chromium_matplotlib_draws_every_kind_of_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(chromium, "draw", lambda *_: "There is no Chromium.")
    printed, wrong = print_all.print_all(every_figure(), tmp_path / "out", tmp_path)
    assert wrong == "There is no Chromium." and {p.by for p in printed} == {"matplotlib"}
    assert [p.name for p in printed] == ["loss", "latent", "embeddings", "markers", "composition"]
    latent = printed[1].files
    assert np.allclose(box(latent["pdf"]), (90, 60), atol=0.2) and dots(latent["png"]) == (340, 226)
    svg = latent["svg"].read_text()
    assert "T$x$ &lt;b&gt;&amp;" in svg and "<image" in svg  # words are words, points are dots


def test_many_points_are_never_drawn_by_chromium(tmp_path, monkeypatch):
    tasks = []
    monkeypatch.setattr(chromium, "draw", lambda new, *_: tasks.extend(new) or "")
    few, many = a_map(), a_map(paper_figures.MOST_POINTS + 1)._replace(name="many")
    printed, _ = print_all.print_all([few, many], tmp_path / "out", tmp_path, formats=("png",))
    assert [task["out"] for task in tasks] == [str(tmp_path / "out" / "latent.png")]
    assert all(p.files["png"].stat().st_size > 1000 for p in printed)


@pytest.mark.parametrize(
    "script, seconds, words",
    [("sleep 60", 3, "took too long"), ("echo it broke >&2; exit 3", None, "could not draw the figures")],
)
def test_a_chromium_that_hangs_or_fails_is_ended(tmp_path, monkeypatch, script, seconds, words):
    fake = tmp_path / "chromium"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(fake))
    out = tmp_path / "x.svg"
    task = {
        "figure": paper_figures.on_paper(a_map()),
        "out": str(out),
        "format": "svg",
        "width": 340,
        "height": 227,
        "scale": 1,
    }
    (tmp_path / "scratch").mkdir()
    assert words in chromium.draw([task], tmp_path / "scratch", seconds=seconds)
    assert not out.exists()


def test_more_groups_than_a_legend_takes_are_drawn_with_columns_for_them():
    n = 60
    names = tuple(f"group {i}" for i in range(n))
    colour = Colour("kind", np.arange(200) % n, names, "by hand")
    points, cells = np.random.default_rng(0).standard_normal((200, 2)), np.arange(200).astype(str)
    panel = Panel("Latent", points, "", "a", "b")
    many = paper_figures.maps("latent", "Latent", [panel], colour, cells, SIZE)
    few = colour._replace(values=np.arange(200) % 20, categories=names[:20])
    alone, four = (paper_figures.maps("m", "M", [panel] * k, few, cells, SIZE) for k in (1, 4))
    assert not many.vectors and not four.vectors and alone.vectors  # alone, their names stand among the cells
    drawn = alone.plotly()
    assert not drawn.layout.showlegend and "group 7" in [a.text for a in drawn.layout.annotations]


def test_the_size_of_an_svg_is_in_millimetres():
    drawn = chromium.in_millimetres(
        '<svg width="340" height="227" viewBox="0 0 340 227"><rect width="340"/></svg>', 340, 227
    )
    assert (
        drawn.startswith('<svg width="89.96mm" height="60.06mm" viewBox') and '<rect width="340"/>' in drawn
    )


def test_a_figure_on_paper_has_its_size_and_no_hover():
    drawn = paper_figures.on_paper(a_map())
    layout = drawn["layout"]
    assert (layout["width"], layout["height"]) == (340, 227) and layout["paper_bgcolor"] == "white"
    assert {trace["type"] for trace in drawn["data"]} == {"scatter"}
    assert not any("text" in trace or "customdata" in trace for trace in drawn["data"])
    assert "cell-1" not in str(drawn)


@pytest.mark.slow
def test_chromium_draws_every_kind_of_figure_as_vectors_at_its_size(tmp_path):
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        pytest.skip("no Chromium on the PATH")
    (tmp_path / "scratch").mkdir()
    printed, wrong = print_all.print_all(every_figure(), tmp_path / "out", tmp_path / "scratch")
    assert wrong == "" and {p.by for p in printed} == {"plotly"}
    files = printed[1].files
    assert np.allclose(box(files["pdf"]), (90, 60), atol=0.5) and dots(files["png"]) == (340, 227)
    svg = files["svg"].read_text()
    assert "mm" in svg[:300] and "<image" not in svg and svg.count("<path") > 200
    assert NAME in html.unescape(svg)
    assert not re.search(r"https?://(?!www\.w3\.org)", svg)
