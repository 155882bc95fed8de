"""A saved figure is a page that asks no other host."""

import re

import pytest
from figure_data import THEMES, epochs_of

from core import figures
from core.config import RunConfig
from core.figures.theme import THEME_COLOURS


@pytest.mark.parametrize("theme", THEMES)
def test_a_saved_page_asks_no_other_host(tmp_path, theme):
    path = figures.write_html(
        figures.loss_curve(epochs_of(3), theme=theme), tmp_path / "loss.html", "Loss <1>"
    )
    page = path.read_text(encoding="utf-8")
    assert '<meta charset="utf-8">' in page and "<title>Loss &lt;1&gt;</title>" in page
    assert f"background: {THEME_COLOURS[theme].card}" in page
    assert not re.search(r"<(script|link|img|iframe)\b[^>]*\b(src|href)=", page.split("<body>")[0])
    assert not re.search(r'<script[^>]*\bsrc="', page)
    assert '"showSendToCloud": false' in page.replace(":false", ": false")
    assert figures.GRAPH_CONFIG["showSendToCloud"] is False


def test_a_drawn_figure_stays_as_it_was_when_saved(tmp_path):
    figure = figures.network(RunConfig(n_latent=20, n_hidden=128).layers(50, 0), 50, 0)
    before, config = figure.to_json(), dict(figures.GRAPH_CONFIG)
    figures.write_html(figure, tmp_path / "network.html", "Network")
    assert figure.to_json() == before
    assert config == figures.GRAPH_CONFIG  # plotly takes keys out of the one it is given
