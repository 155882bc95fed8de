"""The Colour of cells: categories or numbers, folded to distinct colours, as codes of one byte a cell."""

from typing import NamedTuple

import numpy as np
from plotly.colors import sample_colorscale, unlabel_rgb

from core.figures.scale import AUTOMATIC, Clip, span
from core.figures.theme import category_colours, theme_colours

DISTINCT = 60  # categories with distinct colours; smaller ones beyond share a grey
OTHERS = "#8a8f9e"  # seen on white and on near-black
LEVELS = 255  # steps of a scale of numbers
UNKNOWN = 255  # the code of a cell without a value
NO_VALUE = "no value"  # what a legend calls such cells


class Colour(NamedTuple):
    """What colours the cells: codes into `categories` (-1 unknown), or numbers where `categories` is None."""

    name: str
    values: np.ndarray  # (cells,) int codes or float
    categories: tuple | None = None
    unit: str = ""  # what the numbers are, such as "log1p of counts per 10,000"
    colours: tuple | None = None  # '#rrggbb' a category; chosen from the palette if None
    clip: Clip = AUTOMATIC  # where the scale of numbers ends

    def palette(self):
        """'#rrggbb' of each category."""
        return list(self.colours) if self.colours else category_colours(len(self.categories))

    def span(self, theme="light"):
        """The Span of the numbers."""
        return span(self.values, theme, self.clip)


class Coded(NamedTuple):
    """A Colour as one byte a cell: (cells,) uint8 codes into a palette of '#rrggbb', UNKNOWN without a value."""

    codes: np.ndarray
    palette: list


def is_known(values):
    """(cells,) bool: which numbers can be coloured."""
    return np.isfinite(np.asarray(values, dtype=np.float64))


def has_value(colour):
    """(cells,) bool: which cells have a value of a Colour."""
    if colour.categories is None:
        return is_known(colour.values)
    codes = np.asarray(colour.values)
    return (codes >= 0) & (codes < len(colour.categories))


def sizes(colour):
    """(categories,) how many cells each category of a Colour has."""
    codes = np.asarray(colour.values)
    return np.bincount(codes[has_value(colour)], minlength=len(colour.categories))


def folded(colour, most=DISTINCT):
    """The Colour itself, or with its largest `most` - 1 categories and one grey one for all others, if it has more."""
    if colour.categories is None or len(colour.categories) <= most:
        return colour
    order = np.argsort(-sizes(colour), kind="stable")
    largest = np.sort(order[: most - 1])
    new_codes = np.full(len(colour.categories) + 1, most - 1)
    new_codes[largest], new_codes[-1] = np.arange(most - 1), -1
    codes = np.where(has_value(colour), np.asarray(colour.values), len(colour.categories))
    names = [str(colour.categories[k]) for k in largest]
    names.append(f"the {len(colour.categories) - len(largest):,} smaller ones")
    paints = colour.palette() if colour.colours else category_colours(most - 1)
    paints = [paints[k] for k in largest] if colour.colours else paints
    return colour._replace(values=new_codes[codes], categories=tuple(names), colours=(*paints, OTHERS))


def named_categories(colour):
    """The names of the categories of a folded Colour; None for the one of all small categories together."""
    few = folded(colour)
    names = [str(name) for name in few.categories]
    return names if few is colour else [*names[:-1], None]


def n_without_value(colour):
    """How many cells have no value of a Colour."""
    return int(np.count_nonzero(~has_value(colour)))


def no_value_text(n):
    """The entry of a legend for n cells without a value."""
    return f"{NO_VALUE}, {n:,} cell{'s' if n != 1 else ''}"


def remarks(colour):
    """Sentences to know before reading a plot of this Colour: missing values, too many categories, a constant."""
    known, sentences = has_value(colour), []
    if not known.all():
        missing = int((~known).sum())
        none = f"{missing:,} of {len(known):,} cells have no value of {colour.name}: they are grey."
        sentences.append(none if known.any() else f"No cell has a value of {colour.name}.")
    if colour.categories is not None and len(colour.categories) > DISTINCT:
        sentences.append(
            f"{colour.name} has {len(colour.categories):,} categories, more than colours can tell apart: "
            f"the {DISTINCT - 1} largest have one each, the others share a grey."
        )
    if len(known) > 1 and known.any():
        values = np.asarray(colour.values)[known]
        if (values == values[0]).all():
            value = colour.categories[values[0]] if colour.categories is not None else f"{values[0]:.4g}"
            sentences.append(f"{colour.name} is the same in every cell that has a value: {value}.")
    return sentences


def coded(colour, theme="light"):
    """The Coded of a Colour; categories are folded first."""
    if colour.categories is not None:
        few = folded(colour)
        codes = np.where(has_value(few), few.values, UNKNOWN).astype(np.uint8)
        return Coded(codes, few.palette())
    values = np.asarray(colour.values, dtype=np.float32)
    ends = span(values, theme, colour.clip)
    known = is_known(values)
    share = (np.where(known, values, ends.low) - ends.low) / (ends.high - ends.low)
    codes = np.clip(share * LEVELS, 0, LEVELS - 1).astype(np.uint8)
    codes[~known] = UNKNOWN
    return Coded(codes, scale_colours(ends.scale))


def scale_colours(scale, steps=LEVELS):
    """'#rrggbb' at `steps` even places of a colour scale."""
    colours = sample_colorscale(scale, list(np.linspace(0, 1, steps)))
    return ["#{:02x}{:02x}{:02x}".format(*(round(c) for c in unlabel_rgb(rgb))) for rgb in colours]


def rgb(colours):
    """(n, 3) uint8 of '#rrggbb' colours."""
    return np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours], dtype=np.uint8)


def paints(coded, theme="light"):
    """(256, 3) uint8: the colour of each code."""
    table = np.tile(rgb([theme_colours(theme).missing]), (256, 1))
    table[: len(coded.palette)] = rgb(coded.palette)
    return table
