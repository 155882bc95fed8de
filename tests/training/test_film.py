"""The latent space as it forms: frames that turn as little as they can, within their price, without a trace in the run."""

import numpy as np
import pytest
import torch
from scipy.stats import ortho_group
from short_runs import BASE, base_matrix, fresh, same, weights

from core.store.film import FilmFile
from core.training import film as films
from core.training.film import Recorder, aligned
from core.training.inference import encode
from core.training.loop import fit


@pytest.fixture(scope="module")
def prepared(tiny):
    return base_matrix(tiny)


def filmed(prepared, keep, config=BASE, n_epochs=None):
    """(the trained model, its epochs) of a training that is filmed."""
    split, matrix = prepared
    model = fresh(matrix, config)
    recorder, epochs = Recorder(keep, matrix, split, config, "cpu", n_epochs or config.epochs), []
    for epoch in fit(model, matrix, split, config):
        recorder.look(model, epoch.epoch)
        epochs.append((epoch, weights(model)))
    return model, epochs, recorder


def test_a_film_changes_no_bit_of_the_training_and_keeps_its_mode(prepared, tmp_path):
    config = BASE.model_copy(update={"dropout": 0.3, "input_dropout": 0.2, "model": "variational"})
    _, plain, _ = filmed(prepared, None, config)
    _, with_film, _ = filmed(prepared, FilmFile(tmp_path), config)
    for (one, before), (two, after) in zip(plain, with_film, strict=True):
        assert one.repeatable() == two.repeatable() and same(before, after)
    assert FilmFile(tmp_path).epochs()


def test_the_last_frame_is_the_latent_space_of_the_last_epoch_turned(prepared, tmp_path, monkeypatch):
    monkeypatch.setattr(films, "SHARE", 1e9)
    model, epochs, _ = filmed(prepared, FilmFile(tmp_path))
    film = FilmFile(tmp_path).read()
    split, matrix = prepared
    assert film.epochs.tolist() == [1, 2, 3] and len(film.cells) == matrix.n_cells
    assert (film.is_validation == np.isin(film.cells, split.valid)).all() and film.is_validation.any()
    model.load_state_dict(epochs[-1][1])
    latent = encode(model, matrix, film.cells)
    for one, two in ((film.frames[-1], latent),):  # distances stay: a rotation, no scaling
        distances = [np.linalg.norm(x - x[0], axis=1) for x in (one, two)]
        np.testing.assert_allclose(*distances, rtol=0.01, atol=0.01)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_latent_space_that_only_turned_stands_still(mirrored):
    random = np.random.default_rng(0)
    before = aligned(random.normal(size=(200, 5)).astype(np.float32))
    turn = ortho_group.rvs(5, random_state=1)
    turn[:, 0] *= np.sign(np.linalg.det(turn)) * (-1 if mirrored else 1)
    after = aligned(before @ turn + 3.0, before)
    np.testing.assert_allclose(after, before, atol=1e-4)
    np.testing.assert_allclose(aligned(2 * before @ turn, before), 2 * before, atol=1e-4)  # it grows in place


def test_an_expensive_frame_is_rare_and_a_cheap_one_is_not(prepared, tmp_path, monkeypatch):
    config = BASE.model_copy(update={"epochs": 60, "patience": 0})
    for share, most in ((1e-9, 2), (1e9, 60)):
        monkeypatch.setattr(films, "SHARE", share)
        filmed(prepared, FilmFile(tmp_path), config)
        epochs = FilmFile(tmp_path).epochs()
        assert len(epochs) == most and (epochs[0], epochs[-1]) == (1, 60)


def test_a_full_disk_ends_the_film_and_not_the_training(prepared, tmp_path, monkeypatch):
    monkeypatch.setattr(films, "SHARE", 1e9)

    def full(self, epoch, points):
        raise OSError("No space left on device")

    keep = FilmFile(tmp_path)
    monkeypatch.setattr(FilmFile, "add", full)
    _, epochs, recorder = filmed(prepared, keep)
    assert len(epochs) == 3 and recorder.keep is None and FilmFile(tmp_path).read() is None


def test_a_resumed_film_goes_on_from_the_epoch_before(tmp_path):
    random = np.random.default_rng(0)
    first = FilmFile(tmp_path)
    first.begin(np.arange(10, 20), np.arange(10) < 3, 4, n_slots=6)
    frames = random.normal(size=(5, 10, 4)).astype(np.float32)
    for epoch, frame in zip((1, 3, 5, 7, 9), frames, strict=True):
        first.add(epoch, frame)
    second = FilmFile(tmp_path)
    kept = second.resume(before=6)
    assert kept.epochs.tolist() == [1, 3, 5] and kept.cells.tolist() == list(range(10, 20))
    second.add(6, frames[4])
    film = FilmFile(tmp_path).read()
    assert film.epochs.tolist() == [1, 3, 5, 6]
    np.testing.assert_allclose(film.frames, frames[[0, 1, 2, 4]], rtol=1e-3, atol=1e-3)
    assert FilmFile(tmp_path / "nothing").resume(before=6) is None
    assert FilmFile(tmp_path).resume(before=1) is None


def test_a_resumed_run_goes_on_with_its_cells(prepared, tmp_path, monkeypatch):
    monkeypatch.setattr(films, "SHARE", 1e9)
    split, matrix = prepared
    keep = FilmFile(tmp_path)
    keep.begin(np.array([3, 8, 100]), np.array([True, False, False]), BASE.n_latent, n_slots=4)
    keep.add(1, np.ones((3, BASE.n_latent)))
    recorder = Recorder(FilmFile(tmp_path), matrix, split, BASE, "cpu", 3)
    recorder.look(fresh(matrix, BASE), 2)
    film = FilmFile(tmp_path).read()
    assert film.epochs.tolist() == [1, 2] and film.cells.tolist() == [3, 8, 100]


def test_a_full_film_stays_spread_over_the_run(tmp_path):
    keep = FilmFile(tmp_path)
    keep.begin(np.arange(3), np.zeros(3, bool), 2, n_slots=8)
    for epoch in range(1, 101):
        keep.add(epoch, np.full((3, 2), epoch))
        film = FilmFile(tmp_path).read()
        assert len(film.epochs) <= 8 and (film.epochs[0], film.epochs[-1]) == (1, epoch)
        assert (film.frames[:, 0, 0] == film.epochs).all()
    assert np.diff(film.epochs[:-1]).max() <= 40
    assert (tmp_path / "film.npy").stat().st_size < 600


def test_numbers_beyond_float16_and_a_damaged_film_are_read(tmp_path):
    keep = FilmFile(tmp_path)
    keep.begin(np.arange(2), np.zeros(2, bool), 2, n_slots=3)
    keep.add(1, np.array([[1e9, -1e9], [0.0, 1.0]]))
    assert np.isfinite(keep.read().frames).all()
    assert keep.read(since=1).frames.shape == (0, 2, 2)
    for damage in ("[[1, 99]]", "{", ""):
        (tmp_path / "film.json").write_text(damage)
        assert keep.read() is None


def test_torch_draws_the_same_numbers_after_a_look(prepared, tmp_path):
    split, matrix = prepared
    model = fresh(matrix, BASE)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    Recorder(FilmFile(tmp_path), matrix, split, BASE, "cpu", 3).look(model, 1)
    assert torch.equal(torch.rand(3), expected) and model.training
