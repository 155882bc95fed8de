"""A diagnosis names what a made history shows, where it shows it, and settings that can help."""

import numpy as np
import pytest

from core.config import RunConfig, parse, specs
from core.config.run_facts import Baselines, Parts
from core.training.diagnosis import diagnose
from core.training.diagnosis_case import Case, State, trouble_of

N = 40
X = np.arange(N)
CONFIG = RunConfig(
    dropout=0.1, n_hidden=128, n_layers=1, n_latent=20, batch_size=128, epochs=N, schedule="constant"
)
BASELINES = Baselines(Parts(1.0, 1.0), Parts(0.5, 0.5))
FLAT = 0.45 + 0.55 * np.exp(-X / 3)
FALLING = 0.45 + 0.55 * np.exp(-X / 25)
RISING = np.where(X < 12, FLAT, FLAT[12] + 0.004 * (X - 12))
RNG = np.random.default_rng(0)


def history(valid, train=None, rates=None, **columns):
    train = valid - 0.01 if train is None else train
    rates = np.full(len(valid), 0.01) if rates is None else rates
    rows = [
        {"epoch": i + 1, "train_loss": float(t), "valid_loss": float(v), "learning_rate": float(r)}
        for i, (v, t, r) in enumerate(zip(valid, train, rates, strict=True))
    ]
    for name, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = float(value)
    return rows


def state(config=CONFIG, baselines=BASELINES, is_over=True, n_valid=400, **changed):
    return State(config, baselines, N, 5000, n_valid, is_over, **changed)


def annealed(n=N, peak=0.01):
    return peak * (1 + np.cos(np.pi * np.arange(n) / (n - 1))) / 2 + 1e-7


def one_cycle(**changed):
    return CONFIG.model_copy(update={"schedule": "onecycle"} | changed)


def labels(diagnosis):
    return [each.label for each in diagnosis.tries]


def test_of_what_happened_a_loss_that_was_no_number_alone_is_a_trouble():
    lost = "The loss stopped being a number in epoch 3. Training went back to the weights of epoch 2."
    resumed = "Training was interrupted and continued from the checkpoint of epoch 2."
    assert trouble_of(()) == trouble_of((resumed,)) == "" and trouble_of((resumed, lost)) == lost


def test_columns_say_the_same_as_dicts():
    rows = history(FALLING, valid_protein=np.where(X < 3, np.nan, 1.0))
    rows[5] |= {"valid_loss": None}
    columns = {
        name: np.array([np.nan if row[name] is None else row[name] for row in rows]) for name in rows[0]
    }
    for over in (True, False):
        assert diagnose(columns, state(is_over=over)) == diagnose(rows, state(is_over=over))
    assert diagnose({}, state()).case == diagnose({"epoch": np.empty(0)}, state()).case == Case.WAITING


def test_before_the_first_epoch_it_says_so():
    assert diagnose([], state(is_over=False)).case == Case.WAITING


def test_one_cycle_warms_up_until_its_peak_and_learns_afterwards():
    early = diagnose(history(FLAT[:8]), state(one_cycle(), is_over=False))
    assert early.case == Case.WARMING_UP and early.sentence.endswith("rises until epoch 12.")
    later = diagnose(history(FALLING[:20]), state(one_cycle(), is_over=False))
    assert later.case == Case.LEARNING and later.evidence[:2] == (11, 20)
    assert not later.tries  # the run goes on


def test_a_curve_that_still_falls_at_the_end_says_what_more_epochs_would_gain():
    found = diagnose(history(FALLING), state())
    assert found.case == Case.FALLING and "20 more epochs would likely gain" in found.sentence
    gain = (np.exp(-39 / 25) - np.exp(-59 / 25)) / (1 - np.exp(-39 / 25))
    said = float(found.sentence.split("likely gain ")[1].split("%")[0]) / 100
    assert said == pytest.approx(gain, rel=0.02)
    assert found.tries[0].changes == {"epochs": 60} and found.evidence[:2] == (28, 40)


def test_a_flat_curve_at_a_constant_rate_has_converged_at_an_epoch():
    found = diagnose(history(FLAT), state())
    assert found.case == Case.CONVERGED and "converged at epoch 1" in found.sentence
    assert 12 <= found.evidence.first <= 18 and found.tries[0].changes == {"seed": 1}


def test_an_annealed_curve_cannot_tell_but_its_extension_at_a_constant_rate_can():
    curve = history(FLAT, rates=annealed())
    assert diagnose(curve, state(one_cycle())).case == Case.CANNOT_TELL
    cosine = diagnose(curve, state(CONFIG.model_copy(update={"schedule": "cosine"})))
    assert cosine.case == Case.CANNOT_TELL and "Under cosine" in cosine.sentence
    rates = np.concatenate([annealed(), np.full(10, 0.003)])
    flat = diagnose(history(np.append(FLAT, np.full(10, FLAT[-1])), rates=rates), state(one_cycle()))
    assert flat.case == Case.CONVERGED
    on = FALLING[-1] - 0.01 * np.arange(1, 11)
    falling = diagnose(history(np.append(FALLING, on), rates=rates), state(one_cycle()))
    assert falling.case == Case.FALLING


def test_over_fitting_is_a_rise_of_the_validation_loss_while_the_training_loss_falls():
    train = FLAT - 0.003 * X
    found = diagnose(history(RISING, train), state())
    assert found.case == Case.OVER_FITTING and found.evidence.first in (12, 13)
    assert "over-fits since epoch 1" in found.sentence and found.tries[0].changes == {"n_hidden": 32}
    running = diagnose(history(RISING, train), state(is_over=False))
    assert running.case == Case.OVER_FITTING


def test_a_rise_within_the_noise_of_few_validation_cells_is_no_over_fitting():
    slight = np.where(X < 12, FLAT, FLAT[12] + 0.0005 * (X - 12))
    train = FLAT - 0.006 * X
    assert diagnose(history(slight, train), state(n_valid=20)).case != Case.OVER_FITTING
    assert diagnose(history(slight, train), state(n_valid=4000)).case == Case.OVER_FITTING


def test_a_gap_without_a_rise_does_no_harm():
    found = diagnose(history(FLAT, FLAT - 0.2 * (1 - np.exp(-X / 3))), state())
    assert found.case == Case.GAP and "36%" in found.sentence


def test_a_loss_that_jumps_or_climbs_back_has_too_high_a_rate():
    jumps = RNG.normal(0, 0.06, N)
    found = diagnose(history(FLAT + jumps, FLAT + RNG.normal(0, 0.06, N)), state())
    assert found.case == Case.RATE_TOO_HIGH and found.tries[0].changes == {"lr": 0.0033}
    assert {"batch_size": 256} in [each.changes for each in found.tries]
    blown = FLAT.copy()
    blown[8:20] = 50.0
    found = diagnose(history(blown), state())
    assert found.case == Case.RATE_TOO_HIGH and found.evidence[:2] == (9, 20)
    assert found.tries[0].changes == {"lr": 0.001}
    running = diagnose(history(blown[:12]), state(is_over=False))
    assert running.case == Case.RATE_TOO_HIGH


def test_a_validation_loss_that_climbs_alone_is_over_fitting_and_no_high_rate():
    climbing = np.where(X < 5, FLAT, FLAT[5] + 0.02 * (X - 5))
    assert diagnose(history(climbing, FLAT * 0.9), state()).case == Case.OVER_FITTING


def test_a_loss_that_creeps_has_too_low_a_rate_and_at_the_default_rate_too_few_epochs():
    creeping = 1.3 - 0.003 * X
    low = diagnose(history(creeping), state(CONFIG.model_copy(update={"lr": 1e-5})))
    assert low.case == Case.RATE_TOO_LOW and low.tries[0].changes == {"lr": 0.001}
    short = diagnose(history(creeping), state())
    assert short.case == Case.TOO_SHORT and short.tries[0].changes == {"epochs": 80}
    sgd = diagnose(history(creeping), state(CONFIG.model_copy(update={"optimizer": "sgd"})))
    assert sgd.case == Case.RATE_TOO_LOW and sgd.tries[0].changes["optimizer"] == "adamw"


def test_three_epochs_are_too_few():
    found = diagnose(history(FLAT[:3]), state())
    assert found.case == Case.TOO_SHORT and found.tries[0].changes == {"epochs": 20}


def test_a_flat_curve_at_the_mean_has_learnt_nothing():
    level = 1.0 + RNG.normal(0, 1e-4, N)
    found = diagnose(history(level, level.copy()), state(CONFIG.model_copy(update={"l1": 5.0})))
    assert found.case == Case.NO_BETTER_THAN_MEAN and found.tries[0].changes == {"l1": 0.0}


def test_worse_than_pca_names_the_part_that_is_behind():
    baselines = Baselines(Parts(1.3, 1.0, 1.0), Parts(0.5, 0.44, 0.2))
    valid = FLAT + 0.1
    parts = {"valid_rna": FLAT - 0.005, "valid_protein": FLAT + 0.03}
    found = diagnose(history(valid, **parts), state(baselines=baselines, difference=(0.05, 0.001)))
    assert found.case == Case.WORSE_THAN_PCA and "in the proteins" in found.sentence
    assert found.evidence.part == "protein" and {"n_hidden": 32} in [each.changes for each in found.tries]
    parts = {"valid_rna": FLAT + 0.2, "valid_protein": FLAT - 0.3}
    found = diagnose(history(valid, **parts), state(baselines=baselines, difference=(0.05, 0.001)))
    assert "in RNA" in found.sentence and found.evidence.part == "rna"
    level = diagnose(history(valid, **parts), state(baselines=baselines, difference=(0.05, 0.1)))
    assert level.case != Case.WORSE_THAN_PCA


def test_few_training_cells_are_named_as_the_reason():
    few = state(difference=(0.05, 0.001))._replace(n_train=200)
    found = diagnose(history(FLAT), few)
    assert found.case == Case.WORSE_THAN_PCA and "200 training cells" in found.sentence
    assert labels(found) == ["Train on more cells"]


def test_proteins_that_stay_at_their_mean_are_not_learnt():
    baselines = Baselines(Parts(1.3, 1.0, 1.0), Parts(0.5, 0.44, 0.2))
    parts = {"valid_rna": FLAT, "valid_protein": np.full(N, 0.99)}
    config = CONFIG.model_copy(update={"weight_protein": 0.001})
    found = diagnose(history(FLAT + 0.001, **parts), state(config, baselines))
    assert found.case == Case.PROTEINS_NOT_LEARNT and found.tries[0].changes == {"weight_protein": 0.3}
    assert found.evidence.part == "protein"


@pytest.mark.parametrize(
    ("changed", "cause"),
    [({}, "too high"), ({"scale": False}, "not scaled"), ({"clip_grad": 0.0}, "gradients are not clipped")],
)
def test_a_loss_that_is_not_a_number_has_a_cause(changed, cause):
    found = diagnose(history(FLAT[:3]), state(CONFIG.model_copy(update=changed), trouble="It stopped."))
    assert found.case == Case.NOT_A_NUMBER and cause in found.sentence
    assert found.tries[0].changes["lr"] == 0.001 and found.evidence[:2] == (3, 3)
    assert diagnose([], state(trouble="It stopped.")).evidence is None


CASES = {
    "falling": (history(FALLING), state()),
    "over-fitting": (history(RISING, FLAT - 0.003 * X), state()),
    "bare": (history(RISING, FLAT - 0.003 * X), state(CONFIG.model_copy(update={"dropout": 0.0}))),
    "level": (history(FLAT), state(difference=(0.05, 0.001))),
    "annealed": (history(FLAT, rates=annealed()), state(one_cycle())),
}


@pytest.mark.parametrize("name", CASES)
def test_what_the_tutorial_shows_not_to_help_is_never_recommended(name):
    epochs, seen = CASES[name]
    for each in diagnose(epochs, seen).tries:
        assert "patience" not in each.changes
        assert each.changes.get("l2", 0) <= seen.config.l2
        assert each.changes.get("dropout", 0) <= 0.1


@pytest.mark.parametrize("name", CASES)
def test_every_change_is_one_that_the_form_takes(name):
    epochs, seen = CASES[name]
    known = {spec.name for spec in specs()}
    for each in diagnose(epochs, seen).tries:
        assert set(each.changes) <= known and parse(seen.config.model_dump() | each.changes)


def test_dropout_is_recommended_where_there_is_none_and_no_protein_that_it_hurts():
    bare = CONFIG.model_copy(update={"dropout": 0.0, "n_hidden": 32})
    over = history(RISING, FLAT - 0.003 * X)
    assert diagnose(over, state(bare)).tries[0].changes == {"dropout": 0.1}
    proteins = Baselines(Parts(1.0, 1.0, 1.0), Parts(0.5, 0.5, 0.5))
    assert labels(diagnose(over, state(bare, proteins))) == ["Train on more cells"]


def test_epochs_without_a_finite_loss_are_left_out():
    epochs = history(FLAT)
    epochs[5]["valid_loss"] = float("nan")
    epochs[6]["train_loss"] = None
    assert diagnose(epochs, state()).case == Case.CONVERGED
