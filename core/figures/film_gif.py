"""The film of a latent space as a GIF, drawn by Pillow from a palette: a second for a hundred frames."""

import io

import numpy as np

from core.figures.colour import UNKNOWN, coded, rgb
from core.figures.film import PAUSE, legend
from core.figures.theme import theme_colours

SIDE, MARGIN, SIDEBAR = 480, 20, 200  # pixels
BETWEEN = 2  # pictures for each kept frame, so that cells glide
LAST = 1500  # milliseconds that the last picture stays
GROUND, TEXT, MISSING, FIRST = 0, 1, 2, 3  # indices of the palette; colours from FIRST
MOST_COLOURS = 250
NAMES = 20  # in the legend
LONGEST = 26  # characters of a name


def film_gif(places, epochs, colour, is_validation, title, theme="light"):
    """The bytes of a GIF; arguments as core.figures.film.film_page has them."""
    from PIL import Image, ImageDraw, ImageFont

    c, few = theme_colours(theme), coded(colour, theme)
    step = -(-len(few.palette) // MOST_COLOURS)  # a scale of numbers has 255 colours
    palette = [c.card, c.text, c.missing, *few.palette[::step]]
    indices = np.where(few.codes == UNKNOWN, MISSING, FIRST + few.codes // step).astype(np.uint8)
    names = legend(colour, theme)
    font, flat = ImageFont.load_default(13), rgb(palette).ravel().tolist()
    pictures = []
    for at, epoch in _glided(places, epochs):
        image = Image.fromarray(_cells(at, places, indices, is_validation), mode="P")
        image.putpalette(flat)
        draw = ImageDraw.Draw(image)
        draw.fontmode = "1"  # a palette has no shades
        draw.text((MARGIN, 4), f"{title}, epoch {epoch}", fill=TEXT, font=font)
        for i, (name, paint) in enumerate(names[:NAMES]):
            y = 2 * MARGIN + 20 * i
            index = palette.index(paint) if paint in palette else len(palette) - 1
            draw.rectangle((SIDE + 8, y + 3, SIDE + 17, y + 12), fill=index)
            short = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
            draw.text((SIDE + 24, y), short, fill=TEXT, font=font)
        if len(names) > NAMES:
            draw.text(
                (SIDE + 8, 2 * MARGIN + 20 * NAMES), f"and {len(names) - NAMES} more", fill=TEXT, font=font
            )
        pictures.append(image)
    file, durations = io.BytesIO(), [PAUSE // BETWEEN] * len(pictures)
    durations[-1] = LAST
    pictures[0].save(
        file, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0, optimize=False
    )
    return file.getvalue()


def _glided(places, epochs):
    """Pairs (cells' places, epoch): the frames, and those between them."""
    for before, after, epoch in zip(places[:-1], places[1:], epochs[:-1], strict=True):
        for k in range(BETWEEN):
            yield before + (after - before) * (k / BETWEEN), int(epoch)
    yield places[-1], int(epochs[-1])


def _cells(at, places, indices, is_validation):
    """(height, width) uint8: cells as squares of three pixels, validation cells with a frame around them."""
    picture = np.full((SIDE, SIDE + SIDEBAR), GROUND, np.uint8)
    box = float(np.abs(places).max(initial=0.0)) or 1.0
    middle, half = SIDE / 2, SIDE / 2 - MARGIN
    x = np.rint(middle + half * at[:, 0] / box).astype(int)
    y = np.rint(middle - half * at[:, 1] / box).astype(int)
    offsets = range(-2, 3)
    for dx in offsets:
        for dy in offsets:
            if max(abs(dx), abs(dy)) == 2:
                picture[y[is_validation] + dy, x[is_validation] + dx] = TEXT
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            picture[y + dy, x + dx] = indices
    return picture
