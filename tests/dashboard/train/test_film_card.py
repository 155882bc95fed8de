"""The card of the film: its frames by increments, its colours, its files."""

import io
import json

import numpy as np
import pytest
from app_under_test import sent
from PIL import Image

from core.store.film import FilmFile
from dashboard.pages.train import film
from dashboard.pages.train.film import card, colours, routes


def frames_of(answer):
    length = int.from_bytes(answer.data[:4], "little")
    head = json.loads(answer.data[4 : 4 + length])
    numbers = np.frombuffer(answer.data[4 + length :], "<i2").reshape(len(head["epochs"]), head["n"], 2)
    return head, numbers * head["unit"]


def test_a_trained_run_has_a_film_whose_frames_come_by_increments(finished):
    file = finished.view.results.film(finished.run)
    epochs = file.epochs()
    assert epochs[0] == 1 and epochs[-1] == 3
    head, places = frames_of(finished.client.get(f"/film/{finished.run}/frames"))
    assert head["epochs"] == epochs and head["axes"] == 3 and places.shape == (len(epochs), 240, 2)
    assert np.isfinite(places).all() and places.std() > 0
    some, rest = frames_of(finished.client.get(f"/film/{finished.run}/frames?since=1&axes=3"))
    assert some["epochs"] == epochs[1:]
    np.testing.assert_allclose(rest, places[1:], atol=2 * head["unit"])
    none, _ = frames_of(finished.client.get(f"/film/{finished.run}/frames?since=3&axes=3"))
    assert none["epochs"] == [] and none["n"] == 240
    again, _ = frames_of(finished.client.get(f"/film/{finished.run}/frames?since=3&axes=2999"))
    assert again["epochs"] == epochs  # the frame of those axes is gone
    assert finished.client.get("/film/nothing/frames").status_code == 404


def test_the_card_colours_the_cells_of_the_film(finished):
    run = finished.view.runs.one(finished.run)
    values = [option["value"] for option in colours.options(finished.view, run)]
    assert values[:2] == [colours.SETS, "clusters"] and "obs:cell_type" in values
    assert colours.default(finished.view, run) == "obs:cell_type"
    for by in ("obs:cell_type", "clusters", colours.SETS):
        player, legend, sentence, links, hidden = card.shown(finished.view, run, by, "light")
        assert len(player["codes"]) == len(player["marks"]) == 240 and len(player["palette"]) == 256
        assert not hidden and "240 cells" in sentence and len(links) == 2 and legend
        assert card.shown(finished.view, run, by, "light", player)[0] is card.no_update
    *_, hidden = card.shown(finished.view, run, "obs:nothing", "light")
    assert hidden
    values = {"run.data": finished.run, "film-by.value": "obs:cell_type"}
    assert finished.press("film-colour.data", values)["film"]["hidden"] is False


def test_a_film_is_downloaded_as_a_gif_and_as_a_page(finished):
    gif = finished.client.get(f"/film/{finished.run}/film.gif?by=obs:cell_type")
    assert gif.mimetype == "image/gif" and Image.open(io.BytesIO(gif.data)).n_frames >= 3
    page = finished.client.get(f"/film/{finished.run}/film.html?by=clusters&theme=dark")
    assert page.mimetype == "text/html" and "epoch " in page.text and "cdn" not in page.text[:2000]
    for address in ("film.mp4", "film.gif?by=obs:nothing"):
        assert finished.client.get(f"/film/{finished.run}/{address}").status_code == 404


def test_a_run_without_a_film_says_so(finished):
    run = finished.view.runs.create(finished.preparation, {"n_latent": 4}, "waiting")
    *_, sentence, links, hidden = card.shown(finished.view, finished.view.runs.one(run), "sets", "light")
    assert sentence == card.NO_FILM and not links and hidden
    assert card.NO_FILM and finished.client.get(f"/film/{run}/film.gif").status_code == 404
    head, numbers = frames_of(finished.client.get(f"/film/{run}/frames"))
    assert head["epochs"] == [] and not numbers.size
    finished.store.forget("run", run)


@pytest.mark.parametrize("since, axes", [(0, 0), (2, 4), (4, 4), (9, 1)])
def test_frames_after_an_epoch_lie_along_the_axes_that_the_page_has(tmp_path, since, axes):
    file, random = FilmFile(tmp_path), np.random.default_rng(0)
    file.begin(np.arange(6), np.zeros(6, bool), 3, n_slots=5)
    frames = random.normal(size=(3, 6, 3))
    for epoch, frame in zip((1, 2, 4), frames, strict=True):
        file.add(epoch, frame)
    numbers, head = routes.numbers_of(file, since, axes)
    used = {0: 4}.get(axes, axes)
    assert head["axes"] == used and head["epochs"] == [e for e in (1, 2, 4) if e > since]
    at = [k for k, e in enumerate((1, 2, 4)) if e > since]
    axis = film_axes(np.float16(frames[(1, 2, 4).index(used)]))
    np.testing.assert_allclose(numbers * head["unit"], np.float16(frames[at]) @ axis, atol=0.01)


def test_of_a_long_film_only_the_frames_that_are_asked_for_are_read(tmp_path):
    file = FilmFile(tmp_path)
    file.begin(np.arange(6), np.zeros(6, bool), 3, n_slots=5)
    for epoch in (1, 2, 4, 7):
        file.add(epoch, np.full((6, 3), epoch))
    assert file.read(4, also=1).epochs.tolist() == [1, 7] and file.read(4).epochs.tolist() == [7]
    assert [frame[0, 0] for frame in file.read(4, also=2).frames] == [2, 7]


def film_axes(points):
    from core.figures import film_axes

    return film_axes(points.astype(np.float32))


def test_the_page_has_the_card(finished):
    from dashboard.components import location

    context = location.resolve(finished.view, f"?run={finished.run}&film=sets")
    page = sent(film.layout(finished.view, context))
    assert '"value": "sets"' in page and "The latent space as it forms" in page
