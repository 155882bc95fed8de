"""The autoencoder as a drawing: wide, narrow, wide."""

import math
from itertools import pairwise
from typing import NamedTuple

import plotly.graph_objects as go

from core.figures.theme import CATEGORIES, faded, template, theme_colours

TALLEST, GAP = (
    1.0,
    0.26,
)  # height of the widest block, and between RNA and protein; in the unit of the drawing
STILL = [
    "zoom",
    "pan",
    "select",
    "lasso",
    "zoomIn",
    "zoomOut",
    "autoScale",
    "resetScale",
]  # tools it has no use for


class Block(NamedTuple):
    """A rectangle of the drawing: a layer's output, or the input."""

    column: float
    centre: float
    height: float
    branch: str
    width: int  # units
    name: str
    hover: str

    half: float = 0.27  # of its extent from left to right, in columns

    @property
    def ends(self):
        return self.centre - self.height / 2, self.centre + self.height / 2


def network(layers, n_genes, n_proteins, theme="light", height=330):
    """A still drawing of the records of `RunConfig.layers`: RNA above, protein below, the latent in between."""
    c = theme_colours(theme)
    lanes = blocks(layers, n_genes, n_proteins)
    latent = lanes["latent"][0]
    paints = {"rna": CATEGORIES[0], "protein": CATEGORIES[5], "latent": c.accent}
    if theme == "dark":
        paints |= {"rna": CATEGORIES[4], "protein": CATEGORIES[1]}
    everything = [block for lane in lanes.values() for block in lane]
    n_columns = 1 + max(block.column for block in everything)
    shapes, annotations = [], []
    for branch, part in _latent_parts(lanes, latent).items():
        before, after = (
            [b for b in lanes[branch] if (b.column < latent.column) == side] for side in (True, False)
        )
        for a, b in pairwise([*before, part, *after]):
            band = {"type": "path", "path": _ribbon(a, b), "line": {"width": 0}}
            shapes.append({**band, "fillcolor": faded(paints[branch], 0.13)})
    for block in everything:
        shapes.append(_box(block, paints[block.branch], n_columns))
        annotations += _labels(block, paints[block.branch], n_columns, c)
    for x, word in (((latent.column - 1) / 2, "encoder"), ((latent.column + n_columns) / 2, "decoder")):
        font = {"size": 12, "weight": 500}
        annotations.append({"text": word, "x": x, "y": 1, "yref": "paper", "yanchor": "bottom", "font": font})
    low = min(block.ends[0] for block in everything)
    high = max(block.ends[1] for block in everything)
    fixed = {"visible": False, "fixedrange": True}
    layout = {
        "template": template(theme),
        "height": height,
        "shapes": shapes,
        "annotations": annotations,
        "xaxis": {**fixed, "range": [-0.55, n_columns - 0.45]},
        "yaxis": {**fixed, "range": [low - 0.24, high + 0.12]},
        "margin": {"l": 4, "r": 4, "t": 26, "b": 4},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "modebar": {"remove": STILL},
        "meta": {"description": describe_network(layers, n_genes, n_proteins)},
    }
    answers = {  # invisible points in the boxes, which answer the mouse
        "type": "scatter",
        "x": [block.column for block in everything],
        "y": [block.centre for block in everything],
        "text": [block.hover for block in everything],
        "mode": "markers",
        "marker": {"size": 36, "opacity": 0},
        "hovertemplate": "%{text}<extra></extra>",
    }
    return go.Figure([answers], layout)


def describe_network(layers, n_genes, n_proteins):
    """The same in one sentence, for those who do not see the drawing."""
    latent = next(layer for layer in layers if layer.branch == "latent")
    ways = []
    for branch, n, word in (("rna", n_genes, "genes"), ("protein", n_proteins, "proteins")):
        hidden = [x.n_out for x in layers if x.side == "encoder" and x.branch == branch]
        if n and hidden:
            via = " and ".join(f"{width:,}" for width in hidden) if len(hidden) < 3 else None
            via = via or f"{len(hidden)} layers of {hidden[0]:,}"
            ways.append(f"{n:,} {word} pass {via} hidden units")
    weights = sum(layer.weights for layer in layers)
    mirrored = any(x.side == "decoder" and not x.plain for x in layers)
    back = "in the mirrored order" if mirrored else "by one linear map"
    ends = {layer.branch: layer.n_in for layer in layers if layer.name.startswith("output_")}
    beside = [x for x in layers if x.side == "decoder" and not x.plain and x.n_out < ends[x.branch]]
    back += ", with a linear path from the latent dimensions to the output" if beside else ""
    return (
        f"An autoencoder: {' and '.join(ways)}, meet in {latent.n_out:,} latent dimensions and are reconstructed "
        f"{back}; {weights:,} weights."
    )


def blocks(layers, n_genes, n_proteins):
    """Branch -> Blocks from left to right; "latent" has one."""
    features = {"rna": n_genes, "protein": n_proteins}
    branches = [branch for branch in features if any(layer.branch == branch for layer in layers)]
    most = math.log1p(max([*(layer.n_out for layer in layers), *features.values(), 1]))

    def tall(units):
        return TALLEST * max(0.14, math.log1p(units) / most)

    tops = {b: max(tall(x.n_out) for x in layers if x.branch == b) for b in branches}
    total = sum(tops.values()) + GAP * (len(branches) - 1)
    lanes, top = {}, total / 2
    for branch in branches:
        centre = top - tops[branch] / 2
        top -= tops[branch] + GAP
        word = "genes" if branch == "rna" else "proteins"
        n = features[branch]
        lane = [Block(0, centre, tall(n), branch, n, word, f"input: {n:,} {word}")]
        of_branch = [
            x for x in layers if x.branch == branch and (not x.plain or x.name == f"output_{branch}")
        ]
        encoder = [layer for layer in of_branch if layer.side == "encoder"]
        for layer in of_branch:
            i = len(lane) + (layer.side == "decoder")  # the latent is between
            name = f"{word}, reconstructed" if layer is of_branch[-1] else "hidden"
            lane.append(Block(i, centre, tall(layer.n_out), branch, layer.n_out, name, _hover(layer)))
        lanes[branch] = lane
        depth = len(encoder) + 1
    latent = next(layer for layer in layers if layer.branch == "latent")
    lanes["latent"] = [Block(depth, 0, tall(latent.n_out), "latent", latent.n_out, "latent", _hover(latent))]
    half = 0.27 if depth < 4 else 0.36  # room for a number where columns are many
    return {branch: [block._replace(half=half) for block in lane] for branch, lane in lanes.items()}


def _hover(layer):
    norm = "" if layer.norm == "none" else f"<br>{layer.norm} normalisation"
    return f"{layer.name}<br>{layer.n_in:,} to {layer.n_out:,}{norm}<br>{layer.weights:,} weights"


def _latent_parts(lanes, latent):
    """Branch -> the part of the latent block where its bands begin and end, split by the heights of the neighbouring blocks."""
    beside = {
        branch: [b for b in lane if b.column < latent.column][-1].height
        for branch, lane in lanes.items()
        if branch != "latent"
    }
    parts, top = {}, latent.ends[1]
    for branch, height in beside.items():
        share = latent.height * height / sum(beside.values())
        parts[branch] = latent._replace(centre=top - share / 2, height=share)
        top -= share
    return parts


def _ribbon(a, b):
    """A soft band from the right side of one block to the left side of the next, as an SVG path."""
    x0, x1 = a.column + a.half, b.column - b.half
    middle = (x0 + x1) / 2
    (low_a, high_a), (low_b, high_b) = a.ends, b.ends
    return (
        f"M{x0},{high_a} C{middle},{high_a} {middle},{high_b} {x1},{high_b} "
        f"L{x1},{low_b} C{middle},{low_b} {middle},{low_a} {x0},{low_a} Z"
    )


def _box(block, colour, n_columns):
    """The block as a shape with rounded corners."""
    low, high = block.ends
    x0, x1 = block.column - block.half, block.column + block.half
    rx, ry = 0.05 * n_columns / 5, 0.045
    path = (
        f"M{x0 + rx},{low} L{x1 - rx},{low} Q{x1},{low} {x1},{low + ry} L{x1},{high - ry} "
        f"Q{x1},{high} {x1 - rx},{high} L{x0 + rx},{high} Q{x0},{high} {x0},{high - ry} "
        f"L{x0},{low + ry} Q{x0},{low} {x0 + rx},{low} Z"
    )
    fill = colour if block.branch == "latent" else faded(colour, 0.30)
    return {"type": "path", "path": path, "fillcolor": fill, "line": {"color": colour, "width": 1.25}}


def _labels(block, colour, n_columns, c):
    """The number of units within the block and its name beneath."""
    solid, small = block.branch == "latent", n_columns > 9
    within = {"y": block.centre, "yanchor": "middle"}
    beneath = {"y": block.ends[0], "yanchor": "top", "yshift": -1}
    number_font = {"size": 10 if small else 13, "color": c.card if solid else c.text}
    name_font = {"size": 10 if small else 11, "color": colour if solid else c.quiet}
    name_font["weight"] = 600 if solid else 400
    common = {"x": block.column, "xanchor": "center"}
    return [
        {**common, **within, "text": f"<b>{block.width:,}</b>", "font": number_font},
        {**common, **beneath, "text": block.name.replace(", ", ",<br>"), "font": name_font},
    ]
