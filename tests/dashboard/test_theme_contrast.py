"""The colours of text in both themes: enough contrast on everything that they stand on (WCAG 2.2, 1.4.3)."""

import re

import pytest
from constants import ROOT

from dashboard.components import job_progress

LEAST = 4.5
GROUNDS = ("ground", "card", "sunken", "tint", "good-tint", "warn-tint", "bad-tint")
STYLES = (ROOT / "assets" / "84-theme.css").read_text()


def colours(selector):
    """{name: "rrggbb"} of the theme whose rule has this selector."""
    rule = STYLES.split(f"{selector} {{", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--nuwa-([\w-]+): #([0-9a-f]{6});", rule))


THEMES = {"light": colours("\n:root:root"), "dark": colours(':root[data-bs-theme="dark"]')}


def luminance(colour):
    """The relative luminance of "rrggbb" as WCAG defines it."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_is_that_of_the_standard():
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("767676", "ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("text", ["text", "quiet"])
def test_text_can_be_read_on_every_ground(theme, text):
    of = THEMES[theme]
    ratios = {ground: contrast(of[text], of[ground]) for ground in GROUNDS}
    assert min(ratios.values()) >= LEAST, ratios


def test_an_answer_that_waits_is_grey_by_a_colour_of_the_theme():
    assert 'color: "var(--nuwa-quiet)"' in job_progress.CLOCK


def test_no_page_makes_its_text_transparent():
    files = (ROOT / "dashboard").rglob("*.py")
    assert not [file.name for file in files if re.search(r"\bopacity\b[\"']?\s*:", file.read_text())]
