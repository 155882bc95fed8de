"""Figures have the colours of the style sheet, and groups have colours that differ."""

import re
import subprocess
import sys

import numpy as np
import pytest
from constants import ROOT
from figure_data import THEMES

from core import figures
from core.figures.theme import CATEGORIES, THEME_COLOURS


@pytest.mark.parametrize("theme", THEMES)
def test_the_figures_have_the_colours_of_the_style_sheet(theme):
    css = (ROOT / "assets" / "84-theme.css").read_text(encoding="utf-8")
    start = css.index(":root:root {" if theme == "light" else ':root[data-bs-theme="dark"] {')
    variables = dict(re.findall(r"--nuwa-([a-z]+): (#[0-9a-f]{6})", css[start : css.index("}", start)]))
    colours = THEME_COLOURS[theme]._asdict()
    assert {name: variables[name] for name in colours if name != "missing"} == {
        name: colour for name, colour in colours.items() if name != "missing"
    }
    layout = figures.template(theme).layout
    assert layout.font.color == variables["text"]
    assert layout.colorway[0] == variables["accent"]
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"


def test_an_unknown_theme_is_refused():
    with pytest.raises(ValueError, match="unknown theme 'sepia'"):
        figures.template("sepia")


def test_sixty_groups_have_sixty_colours_that_differ():
    colours = figures.category_colours(60)
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours])
    apart = np.abs(rgb[:, None] - rgb[None]).sum(axis=2) + 1000 * np.eye(60, dtype=int)
    assert apart.min() >= 30
    assert figures.category_colours(65)[64] == CATEGORIES[0]


def test_figures_are_light_enough_for_the_page():
    code = (
        "import sys, core.figures;"
        "print([m for m in ('torch', 'scanpy', 'scipy', 'pandas', 'sklearn') if m in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "[]"
