"""The Colour of a clustering: Leiden's clusters at a resolution, or those that a person has named."""

import numpy as np

from core.figures.colour import Colour
from core.figures.theme import category_colours


def leiden_colour(labels, resolution):
    """The Colour of Leiden clusters, (cells,) int labels from 0 on; the names are the numbers."""
    names = tuple(str(i) for i in range(int(np.max(labels)) + 1))
    return Colour("cluster", np.asarray(labels), names, f"Leiden, resolution {resolution:g}")


def named_colour(title, names, codes, unit="", chosen=None):
    """The Colour of a clustering that a person has made: (cells,) `codes` into `names`, -1 for none.

    `chosen` ({name: '#rrggbb'}) are the colours that a person has set; all other names have those of the palette.
    """
    chosen = chosen or {}
    palette = zip(names, category_colours(len(names)), strict=True)
    colours = tuple(chosen.get(name, colour) for name, colour in palette)
    return Colour(title, np.array(codes), tuple(names), unit, colours)
