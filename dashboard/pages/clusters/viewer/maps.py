"""The maps that the viewer draws side by side: which embedding, what colours it, and which of its cells are coloured."""

from typing import NamedTuple

import numpy as np

from core import figures
from core.errors import UserError
from core.store import Missing
from dashboard.pages.clusters.colours import CLUSTERS, EACH, colour_of, features_of, label
from dashboard.pages.clusters.viewer import embeddings

MOST_MAPS = 16  # small multiples; more are too small to read
COLUMNS = {1: 1, 2: 2, 3: 3, 4: 2}  # of so many maps; four in a row where there are more than nine


class Map(NamedTuple):
    """One map: the key of its embedding, the choice that colours it, its title, and the category whose cells are coloured.

    `only` is the number of a category of what the maps are split by, None for all cells.
    """

    key: str
    by: str
    title: str
    only: int | None = None


class Shown(NamedTuple):
    """The Maps, how many stand side by side, the figures.Colour of each choice that colours one, and that of the split."""

    maps: tuple
    columns: int
    colours: dict
    split: object = None
    is_small: bool = False  # small multiples of the first panel, not the panels

    @property
    def first(self):
        """The Colour of the first map."""
        return self.colours[self.maps[0].by]


def shown(view, run, state, notes, inside=None):
    """What a ViewerState shows; sentences on what it cannot show go to `notes`.

    `inside` are the cells that pass its filter, (cells,) bool: the sizes in titles are theirs.
    """
    colours = _Colours(view, run, state, notes)
    split = _split(view, run, state, notes)
    features = features_of(state.by)
    if not features and split is None:
        choices = colours_of(state)
        named = len(set(choices)) > 1
        maps = []
        for key, choice in zip(state.panels, choices, strict=True):
            by, title = colours.known(choice), embeddings.label(view, run, key)
            maps.append(Map(key, by, f"{title}: {colours.name(by)}" if named else title))
        columns = 1 if len(maps) == 1 else 2
        return Shown(tuple(maps), columns, colours.all)
    key, choices = state.panels[0], list(dict.fromkeys(map(colours.known, features or [state.by])))
    kinds = (
        _categories(split, max(1, MOST_MAPS // len(choices)), notes, inside)
        if split is not None
        else [(None, "")]
    )
    maps = []
    for only, name in kinds:
        for by in choices:
            parts = [name] if len(choices) == 1 and name else [name, colours.name(by)]
            maps.append(Map(key, by, ": ".join(filter(None, parts)), only))
    columns = len(choices) if split is not None and 1 < len(choices) <= 4 else columns_of(len(maps))
    return Shown(tuple(maps), columns, colours.all, split, True)


def columns_of(n):
    """How many of n maps stand side by side."""
    return COLUMNS.get(n, 3 if n <= 9 else 4)


def colours_of(state):
    """The choice that colours each panel of a ViewerState, one for each."""
    own = [choice or state.by for choice in state.colours][: len(state.panels) - 1]
    return [state.by, *own, *[state.by] * (len(state.panels) - 1 - len(own))]


def choices_shown(state):
    """The distinct choices that colour the maps of a ViewerState, in their order."""
    return list(dict.fromkeys(features_of(state.by) or colours_of(state)))


def is_small(by, split):
    """Whether small multiples of the first panel are shown instead of the panels."""
    return bool(split) or (by or "").startswith(f"{EACH}:")


class _Colours:
    """The Colours of choices, each read once; the clusters, with a note, in place of what does not exist."""

    def __init__(self, view, run, state, notes):
        self.view, self.run, self.state, self.notes, self.all = view, run, state, notes, {}

    def known(self, by):
        """The choice itself, or that of the clusters."""
        if by not in self.all:
            try:
                colour = self._read(by)
            except Missing:
                raise
            except UserError as error:
                self.notes.append(f"{error} The clusters are shown instead.")
                by, colour = CLUSTERS, self._read(CLUSTERS)
            if by not in self.all:
                self.all[by] = colour
                self.notes += figures.remarks(colour)
        return by

    def _read(self, by):
        return colour_of(self.view, self.run, by, self.state.resolution)._replace(clip=self.state.clip)

    def name(self, by):
        """What a map coloured by it is called: a gene and a protein of one name differ."""
        kind = by.partition(":")[0]
        return label(by) if kind in ("gene", "protein") else self.all[by].name


def _split(view, run, state, notes):
    """The Colour by whose categories the maps are split, or None."""
    if not state.split:
        return None
    try:
        colour = colour_of(view, run, state.split, state.resolution)
    except Missing:
        raise
    except UserError as error:
        notes.append(f"{error} The maps are not split.")
        return None
    if colour.categories is None:
        notes.append(f"{colour.name} is numeric, so it splits no maps. Choose a categorical column.")
        return None
    return colour


def _categories(colour, most, notes, inside=None):
    """(number, title) of the categories that have cells, the `most` largest in their order.

    Each has its map whatever the filter; the size in its title is that of its cells `inside`.
    """
    sizes = figures.sizes(colour)
    filled = np.flatnonzero(sizes)
    kept = np.sort(filled[np.argsort(-sizes[filled], kind="stable")[:most]])
    if len(kept) < len(filled):
        notes.append(
            f"{colour.name} has {len(filled):,} categories with cells: the {len(kept)} largest have a map each."
        )
    if inside is not None:
        sizes = figures.sizes(colour._replace(values=np.asarray(colour.values)[inside]))
    return [(int(k), f"{colour.categories[k]} ({sizes[k]:,})") for k in kept]
