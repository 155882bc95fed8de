"""The film of a latent space along fixed axes, as an HTML file and as a GIF."""

import io

import numpy as np
import pytest
from figure_data import sent
from PIL import Image

from core import figures
from core.figures import Colour


def film_of(n_frames=5, n_cells=40, n_latent=6):
    """Frames of two groups that move apart along the third dimension; (frames, epochs, groups, validation)."""
    random = np.random.default_rng(0)
    groups = np.arange(n_cells) % 2
    frames = 0.1 * random.normal(size=(n_frames, n_cells, n_latent))
    frames[:, :, 2] += np.arange(n_frames)[:, None] * (2 * groups - 1)
    return frames, np.arange(1, n_frames + 1) * 3, groups, np.arange(n_cells) < 8


def test_groups_that_form_late_are_apart_along_the_axes_of_the_last_frame():
    frames, _, groups, _ = film_of()
    axes = figures.film_axes(frames[-1])
    np.testing.assert_allclose(axes.T @ axes, np.eye(2), atol=1e-9)
    places = figures.film_places(frames, axes)
    apart = [abs(at[groups == 1, 0].mean() - at[groups == 0, 0].mean()) for at in places]
    assert apart[0] < 0.3 and np.allclose(np.diff(apart), 2, atol=0.2)  # it moves, and does not jump


@pytest.mark.parametrize("n_latent", [1, 2])
def test_a_latent_space_of_one_or_two_dimensions_is_a_film_too(n_latent):
    frames = np.random.default_rng(0).normal(size=(2, 9, n_latent))
    places = figures.film_places(frames, figures.film_axes(frames[-1]))
    assert places.shape == (2, 9, 2) and np.isfinite(places).all()
    assert (places[:, :, 1] == 0).all() == (n_latent == 1)


def test_numbers_for_the_page_are_finer_than_a_pixel():
    places = np.random.default_rng(0).normal(size=(3, 100, 2)).astype(np.float32)
    numbers, unit = figures.film_numbers(places)
    assert numbers.dtype == np.int16 and np.abs(numbers * unit - places).max() < np.abs(places).max() / 20_000
    assert figures.film_numbers(np.zeros((0, 5, 2)))[1] == 1.0


COLOURS = [
    lambda groups: Colour("type", groups, ("B", "T")),
    lambda groups: Colour("depth", groups * 1.5, None, "counts"),
    lambda groups: Colour(
        "donor", np.where(groups, groups, -1), tuple(f"a long name of donor {i}" for i in range(80))
    ),
]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_file_plays_every_frame(colour, theme):
    frames, epochs, groups, valid = film_of()
    places = figures.film_places(frames, figures.film_axes(frames[-1]))
    page = figures.film_page(places, epochs, colour(groups), valid, theme)
    sent(page)
    assert [frame.name for frame in page.frames] == ["3", "6", "9", "12", "15"]
    np.testing.assert_allclose(page.frames[2].data[0].x, places[2, :, 0])
    assert [step.label for step in page.layout.sliders[0].steps] == ["3", "6", "9", "12", "15"]
    assert page.layout.updatemenus[0].buttons[0].label == "Play"

    image = Image.open(
        io.BytesIO(figures.film_gif(places, epochs, colour(groups), valid, "Latent space", theme))
    )
    assert image.n_frames == 9 and image.format == "GIF"
    seen = []
    for i in range(image.n_frames):
        image.seek(i)
        seen.append(np.array(image.convert("RGB")))
    assert (seen[0] != seen[4]).any() and len({picture.shape for picture in seen}) == 1
