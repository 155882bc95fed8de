"""A plot has its height before its figure: what follows it is neither moved nor drawn over when the figure arrives."""

import json
import tarfile

from app_under_test import AppUnderTest, clusters_page, sent
from constants import FIXTURES

from dashboard.components import location
from dashboard.pages.clusters import page as clusters
from dashboard.pages.compare import page as compare
from dashboard.shell import PAGES


def graphs(node):
    """The props of every dcc.Graph in a layout as JSON."""
    if isinstance(node, list):
        return [props for part in node for props in graphs(part)]
    if not isinstance(node, dict) or "props" not in node:
        return []
    own = [node["props"]] if node.get("type") == "Graph" else []
    return own + graphs(node["props"].get("children"))


def has_height(props):
    """Whether a graph has a height of its own, or a figure that has one."""
    layout = (props.get("figure") or {}).get("layout") or {}
    return bool({"height", "minHeight"} & set(props.get("style") or {}) or layout.get("height"))


def without_height(layouts):
    """(how many graphs, the ids of those without a height) of layouts as JSON, one after another."""
    decoder, at, all = json.JSONDecoder(), 0, []
    while at < len(layouts):
        layout, at = decoder.raw_decode(layouts, at)
        all += graphs(layout)
    return len(all), [props["id"] for props in all if not has_height(props)]


def test_every_plot_of_every_page_has_its_height_at_once(finished):
    pages = [page for page in PAGES if page is not clusters]
    text = "".join(sent(page.layout(finished.view, location.resolve(finished.view, ""))) for page in pages)
    n, bad = without_height(text + clusters_page(finished.view, finished.run))
    assert n > 15 and not bad


def test_the_plots_of_a_comparison_have_their_height_at_once(tmp_path):
    with tarfile.open(FIXTURES / "store_0_1_0.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    nuwa = AppUnderTest(tmp_path / "data")
    runs = ",".join(row["id"] for row in nuwa.view.runs.all())
    n, bad = without_height(sent(compare.layout(nuwa.view, location.resolve(nuwa.view, f"?runs={runs}"))))
    assert n >= 3 and not bad
