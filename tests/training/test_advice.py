"""The advice after training follows from the curve, the settings and the noise of the cells that are scored."""

import numpy as np
import pytest

from core.config import RunConfig
from core.training import advice
from core.training.advice import Shape, against_pca, noise_words, read_curve, standing

SETTINGS = RunConfig(dropout=0.1, n_hidden=128, n_layers=2, batch_size=128, epochs=40, latent_noise=0.1)
X = np.arange(40)
FALLING = 1 - 0.5 * X / 39
FLAT = 0.5 + 0.5 * np.exp(-X / 3)
RISING = np.where(X < 10, FLAT, 0.5 + 0.01 * (X - 9))


def history(valid, train=None):
    train = valid if train is None else train
    return [{"valid_loss": float(v), "train_loss": float(t)} for v, t in zip(valid, train, strict=True)]


def jumping(size, seed=0):
    return FLAT + np.random.default_rng(seed).normal(0, size, len(FLAT))


@pytest.mark.parametrize(
    ("valid", "shape"),
    [
        (FALLING, Shape.FALLING),
        (FLAT, Shape.FLAT),
        (RISING, Shape.RISING),
        (jumping(0.05), Shape.JUMPING),
        (FLAT[:4], Shape.SHORT),
        (FLAT[:1], Shape.SHORT),
        (np.full(40, 0.5), Shape.FLAT),
    ],
)
def test_a_curve_has_the_shape_that_a_person_sees(valid, shape):
    assert read_curve(history(valid), mean_loss=1.0).shape == shape


def test_a_curve_by_hand():
    curve = read_curve(
        history([1.0, 0.6, 0.5, 0.52, 0.54, 0.6], [1.0, 0.5, 0.4, 0.3, 0.2, 0.1]), mean_loss=1.5
    )
    assert curve.best_epoch == 3 and curve.n_epochs == 6  # the total fall is 1.5 - 0.5
    assert curve.rise == pytest.approx(0.04) and curve.gap == pytest.approx(0.1)
    assert curve.shape == Shape.RISING


def test_a_small_jump_is_no_over_fitting():
    valid = FLAT.copy()
    valid[-1] += 0.005
    assert read_curve(history(valid), 1.0).shape == Shape.FLAT


def said(valid, difference, n_train=5000, train=None, config=SETTINGS):
    return " ".join(advice.advice(history(valid, train), config, difference, n_train, 1.0))


def test_over_fitting_is_answered_by_units_layers_and_cells_not_by_early_stopping():
    words = said(RISING, (0.1, 0.01))
    assert "After epoch 11 the validation loss rises" in words and "over-fits" in words
    assert "Worth trying: fewer hidden units (now 128), fewer layers (now 2) and more cells." in words
    assert "early stopping" not in words and "more epochs" not in words.lower()


def test_what_is_at_its_end_already_is_not_advised():
    small = RunConfig(dropout=0.5, n_hidden=32, n_layers=1, batch_size=128)
    assert "Worth trying: more cells." in said(RISING, (0.1, 0.01), config=small)
    bare = RunConfig(dropout=0.0, n_hidden=128, latent_noise=0.0)
    assert "Worth trying: more hidden units (now 128)." in said(FLAT, (0.1, 0.01), config=bare)
    whole = RunConfig(lr=0.01, batch_size=6000)
    assert said(jumping(0.05), (0.1, 0.01), config=whole).endswith(
        "Worth trying: a lower learning rate (now 0.01)."
    )


def test_more_epochs_are_advised_only_while_the_loss_falls():
    assert "Worth trying: more epochs (now 40)." in said(FALLING, (0.1, 0.01))
    assert "Worth trying: more epochs (now 40)." in said(FALLING, (-0.1, 0.01))
    assert "more epochs do not help" in said(FLAT, (0.1, 0.01)) and "less dropout (now 0.1)" in said(
        FLAT, (0.1, 0.01)
    )


def test_a_gap_of_a_flat_curve_is_over_fitting():
    words = said(FLAT, (0.1, 0.01), train=FLAT - 0.2)
    assert "the training loss 40% of its fall below" in words and "fewer hidden units" in words


def test_a_good_run_gets_no_advice_and_one_level_with_pca_none_to_change_settings():
    assert said(FLAT, (-0.1, 0.01)) == ""
    level = said(FLAT, (0.1, 0.2))
    assert "Worth trying" not in level and "within noise" in level


def test_few_training_cells_are_named_as_the_reason():
    words = said(FLAT, (0.1, 0.01), n_train=200)
    assert "With 200 training cells a network rarely beats PCA" in words and "Worth trying" not in words


def test_the_noise_of_a_small_test_set_is_said():
    assert noise_words(25).startswith(
        "25 test cells: the difference is within noise."
    ) and "So few" in noise_words(25)
    assert noise_words(2500) == "2,500 test cells: the difference is within noise."
    assert standing((0.1, 0.2)) == "level" and standing((-0.1, 0.01)) == "below"
    assert standing((0.1, None)) == "above"  # of earlier versions


def test_an_empty_history_says_nothing():
    assert advice.advice([], SETTINGS, (0.1, 0.01), 10) == []


def scores(**changed):
    values = {}
    for name, (ours, pca, error) in changed.items():
        values |= {
            name: ours,
            f"{name}_pca": pca,
            f"{name}_difference": ours - pca,
            f"{name}_difference_error": error,
        }
    return values


def test_what_pca_is_better_at_and_what_the_run_is_good_for():
    found = scores(variance_explained_rna=(0.30, 0.34, 0.01), neighbours_kept_15=(0.42, 0.31, 0.02))
    pca, run = against_pca(found | {"ilisi": 1.6, "ilisi_input": 1.1})
    assert pca == "PCA explains more of RNA (0.34 against 0.30)."
    assert run == (
        "This run keeps more neighbours (0.42 against 0.31) and mixes batches, which PCA does not (1.60 against 1.10): "
        "for that it is worth using."
    )


def test_a_run_that_is_better_at_nothing_says_that_pca_is_simpler():
    found = scores(variance_explained_rna=(0.30, 0.34, 0.01), neighbours_kept_15=(0.30, 0.41, 0.02))
    pca, run = against_pca(found)
    assert "keeps more neighbours (0.41 against 0.30)" in pca and "PCA is simpler and quicker" in run
    level = scores(variance_explained_rna=(0.30, 0.34, 0.01), neighbours_kept_15=(0.40, 0.41, 0.02))
    assert against_pca(level)[1].startswith("This run keeps as many neighbours as PCA")
    assert against_pca({}) == ("", "") and against_pca(None) == ("", "")
    assert "models the raw counts" in against_pca({}, reads_counts=True)[1]
