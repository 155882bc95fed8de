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


def kept_colours(colours, predecessors, names):
    """{name: '#rrggbb'} for all groups: each keeps the colour of its predecessor, new groups have unused ones.

    `colours` are those of the groups before; `predecessors` has for each of `names` the number of the group whose colour
    it keeps, or -1 (core.store.groups.Groups.predecessors).
    """
    kept = {name: colours[k] for name, k in zip(names, predecessors, strict=True) if k >= 0}
    new = [name for name in names if name not in kept]
    n = len(colours) + len(names)
    unused = [paint for paint in category_colours(n) if paint not in kept.values()] or category_colours(n)
    return kept | {name: unused[i % len(unused)] for i, name in enumerate(new)}
