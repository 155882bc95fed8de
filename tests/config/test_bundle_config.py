"""Sizes of figures and parts of a bundle are checked and named."""

import pytest

from core.config import bundle
from core.config.bundle import PARTS, Size
from core.errors import UserError


@pytest.mark.parametrize(
    "size, message",
    [
        ((20, 120, 300), "The width of figures is from 40 to 500 mm"),
        ((180, 900, 300), "The height of figures"),
        ((180, 120, 20), "Dots an inch are from 72"),
        ((500, 500, 1200), "million dots each"),
        ((None, 120, 300), "The width"),
    ],
)
def test_figures_that_cannot_be_are_refused_in_a_sentence(size, message):
    with pytest.raises(UserError, match=message):
        Size(*size).check()


def test_a_size_in_millimetres_is_pixels_of_css_and_dots_of_print():
    size = Size(254, 127, 300).check()
    assert size.inches == (10, 5) and size.pixels == (960, 480) and size.scale == 3.125
    assert size.dots == 10 * 5 * 300**2 and size.as_high_as(96).height == 25.4


def test_every_part_has_words_and_is_asked_by_its_name():
    assert bundle.parts(reversed(list(PARTS))) == list(PARTS)
    assert all(part.label and part.content for part in PARTS.values())
