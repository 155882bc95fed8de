"""What the maps of the Clusters page show, as one file without pickles: the input of a PDF and of a bundle's figure."""

import io
import json
from typing import NamedTuple

import numpy as np

from core.figures.colour import Colour
from core.figures.panels import Filtered, Over, Panel
from core.figures.scale import Clip

HEAD = "head"
TEXTS = ("title", "note", "x", "y", "z", "key")  # of a Panel


class Maps(NamedTuple):
    """Panels and the Colour of those without their own; the rest is as `core.figures.panels.panels` takes it.

    `selected` (cells,) bool are the cells that are not dimmed, `badge` is a line on what the values are.
    """

    panels: tuple
    colour: Colour
    columns: int = 2
    labels: bool = False
    filtered: Filtered | None = None
    selected: np.ndarray | None = None
    badge: str = ""


def written(maps):
    """The bytes of Maps; each distinct array is in it once."""
    arrays, places = {}, {}

    def put(array, dtype=None):
        if array is None:
            return None
        if id(array) not in places:
            places[id(array)] = f"a{len(arrays)}", array  # the array is kept, so that its id stays its own
            arrays[places[id(array)][0]] = np.asarray(array, dtype=dtype)
        return places[id(array)][0]

    def colour(one):
        return one and one._asdict() | {"values": put(one.values), "clip": list(one.clip)}

    def panel(one):
        over = one.over and {
            "points": put(one.over.points, np.float32),
            "colour": colour(one.over.colour),
            "title": one.over.title,
        }
        arrays_of = {"points": put(one.points, np.float32), "only": put(one.only)}
        return (
            {name: getattr(one, name) for name in TEXTS}
            | arrays_of
            | {"over": over, "colour": colour(one.colour)}
        )

    head = {
        "panels": [panel(one) for one in maps.panels],
        "colour": colour(maps.colour),
        "columns": maps.columns,
        "labels": bool(maps.labels),
        "filtered": maps.filtered and [put(maps.filtered.inside), bool(maps.filtered.hidden)],
        "selected": put(maps.selected),
        "badge": maps.badge,
    }
    arrays[HEAD] = np.frombuffer(json.dumps(head, default=_plain).encode(), dtype=np.uint8)
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _plain(value):
    """A number of numpy, or a category that is neither text nor number, as JSON can hold it."""
    return value.item() if isinstance(value, np.generic) else str(value)


def read(content):
    """The Maps of their bytes."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = dict(file)
    head, colours = json.loads(arrays.pop(HEAD).tobytes()), {}

    def colour(record):
        if record is None:
            return None
        lists = {name: record[name] and tuple(record[name]) for name in ("categories", "colours")}
        known = json.dumps(record, sort_keys=True)  # panels of the same colour share it
        if known not in colours:
            new = {"values": arrays[record["values"]], "clip": Clip(*record["clip"])}
            colours[known] = Colour(**record | lists | new)
        return colours[known]

    def panel(record):
        over = record["over"]
        if over is not None:
            over = Over(arrays[over["points"]], colour(over["colour"]), np.empty(0, dtype=str), over["title"])
        points, only = (record[name] and arrays[record[name]] for name in ("points", "only"))
        texts = {name: record[name] for name in TEXTS}
        return Panel(points=points, only=only, over=over, colour=colour(record["colour"]), **texts)

    filtered, selected = head["filtered"], head["selected"]
    return Maps(
        tuple(panel(one) for one in head["panels"]),
        colour(head["colour"]),
        head["columns"],
        head["labels"],
        filtered and Filtered(arrays[filtered[0]], filtered[1]),
        selected and arrays[selected],
        head["badge"],
    )
