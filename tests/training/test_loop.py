"""The loop learns, is the same every time, obeys every setting, and always ends on its best weights."""

import copy
import itertools
import math

import numpy as np
import pytest
import torch
from short_runs import BASE, base_matrix, fresh, same, trained, weights
from torch import nn

from core.config import RunConfig
from core.models import build
from core.preprocessing.matrix import Cells
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import baselines, loop
from core.training.dataloader import Feed
from core.training.loop import NonFinite, Parts, fit, losses, one_step
from core.training.optimizer import make_optimizer
from core.training.schedule import learning_rate


@pytest.fixture(scope="module")
def prepared(tiny):
    return base_matrix(tiny)


def scripted(monkeypatch, valid):
    """Let the validation losses be those of a script, one an epoch."""
    totals = iter([x for value in valid for x in (0.5, value)])  # training sample first, then validation
    monkeypatch.setattr(loop, "evaluate", lambda *_: (Parts(next(totals), 0.0, None), None))


def test_a_few_epochs_beat_the_mean(tiny, prepared):
    split, matrix = prepared
    config = BASE.model_copy(update={"epochs": 12})
    mean = baselines.fit(matrix, split.train, config, 5).measure(matrix, split.valid, config).mean
    _, epochs = trained(tiny, config)
    assert min(epoch.valid.total for epoch in epochs) < 0.9 * mean.total
    assert min(epoch.valid.protein for epoch in epochs) < 0.8 * mean.protein
    assert [epoch.epoch for epoch in epochs] == list(range(1, 13))
    assert all(epoch.seconds > 0 for epoch in epochs)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.parametrize("schedule", ["onecycle", "constant", "cosine"])
def test_every_optimizer_learns_under_every_schedule(tiny, optimizer, schedule):
    lr = 0.1 if optimizer == "sgd" else 3e-3
    config = BASE.model_copy(update={"optimizer": optimizer, "schedule": schedule, "lr": lr, "epochs": 10})
    _, epochs = trained(tiny, config)
    assert epochs[-1].train.total < 0.9 * epochs[0].train.total


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
def test_l2_shrinks_weights_and_spares_biases_and_normalisations(optimizer):
    config = BASE.model_copy(update={"optimizer": optimizer, "l2": 0.5, "lr": 0.1})
    model = build(config, 20, 4)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.5)
    model.loss = lambda x: {"rna": sum((p * 0).sum() for p in model.parameters())}  # no gradient but decay's
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    one_step(model, make_optimizer(model, config), Cells(torch.zeros(3, 24)), config, 0.1)
    linear = {f"{name}.weight" for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    for name, value in model.named_parameters():
        if name not in linear:
            assert torch.equal(value, before[name]), name
        elif optimizer == "adam":  # classic: decay goes through the adaptive gradient
            assert not torch.equal(value, before[name])
        else:
            torch.testing.assert_close(value, before[name] * (1 - 0.1 * 0.5))


def test_l1_is_a_penalty_beside_the_loss_and_makes_weights_smaller(tiny):
    with_l1 = BASE.model_copy(update={"l1": 5.0, "epochs": 8})
    model, epochs = trained(tiny, with_l1)
    plain, others = trained(tiny, BASE.model_copy(update={"epochs": 8}))
    assert all(epoch.penalty_l1 == 0 for epoch in others)
    assert all(0 < epoch.penalty_l1 < 5 for epoch in epochs)
    size = loop.mean_absolute_weight
    assert size(model).item() < 0.9 * size(plain).item()
    for epoch in epochs:  # a loss is the weighted sum of its data terms, without penalties
        assert epoch.train.total == pytest.approx(epoch.train.rna + 0.3 * epoch.train.protein)


def test_the_penalty_is_l1_times_the_mean_absolute_weight():
    config = BASE.model_copy(update={"l1": 3.0})
    model = build(config, 20, 4)
    expected = 3.0 * loop.mean_absolute_weight(model).item()
    _, (l1, kl), _ = one_step(model, make_optimizer(model, config), Cells(torch.randn(8, 24)), config, 1e-3)
    assert l1.item() == pytest.approx(expected)


def test_the_divergence_costs_what_the_evidence_lower_bound_says():
    config = BASE.model_copy(update={"model": "variational"})
    model = build(config, 20, 4)
    cells = Cells(torch.randn(8, 24))
    model.train()
    torch.manual_seed(3)
    nats = model.loss(cells)["kl"].item()
    torch.manual_seed(3)
    _, (_, kl), _ = one_step(model, make_optimizer(model, config), cells, config, 1e-3, kl_weight=2 / 20)
    assert kl.item() == pytest.approx(nats * 2 / 20, rel=1e-6)


def test_a_clipped_gradient_is_no_longer_than_asked_for():
    config = BASE.model_copy(update={"clip_grad": 0.5, "optimizer": "sgd", "l2": 0.0})
    model = build(config, 20, 4)
    one_step(model, make_optimizer(model, config), Cells(torch.randn(8, 24) * 100), config, 1e-6)
    length = math.sqrt(sum((p.grad**2).sum().item() for p in model.parameters()))
    assert length == pytest.approx(0.5, rel=1e-3)


def test_a_gradient_whose_square_is_too_much_for_float32_is_shortened_and_not_lost():
    parameter = torch.nn.Parameter(torch.zeros(4))
    parameter.grad = torch.full((4,), 1e20)
    loop.clip_gradients([parameter], 10.0)
    assert parameter.grad.tolist() == pytest.approx([5.0] * 4)


def test_history_is_in_evaluation_mode_on_a_fixed_sample(prepared, monkeypatch):
    split, matrix = prepared
    config = BASE.model_copy(update={"dropout": 0.5, "input_dropout": 0.3, "norm": "batch"})
    row_sets, real = [], loop.evaluate
    monkeypatch.setattr(loop, "evaluate", lambda *a: row_sets.append(a[2]) or real(*a))
    model = fresh(matrix, config)
    passes = fit(model, matrix, split, config)
    epoch = next(passes)
    passes.close()  # the first epoch is the best so far: its weights are those that are left
    assert real(model, matrix, row_sets[0], config) == (epoch.train, None)
    assert real(model, matrix, split.valid, config) == (epoch.valid, None)
    list(fit(fresh(matrix, config), matrix, split, config))
    samples = row_sets[0::2]
    assert len(samples) == 4 and all(np.array_equal(sample, samples[0]) for sample in samples)
    assert len(samples[0]) == len(split.valid) and np.isin(samples[0], split.train).all()


def test_the_mode_of_the_model_survives_a_look_at_its_loss(prepared):
    split, matrix = prepared
    model = fresh(matrix, BASE).train()
    losses(model, matrix, split.valid, BASE)
    assert model.training


def test_losses_are_means_over_cells_however_they_are_cut(prepared, monkeypatch):
    split, matrix = prepared
    model = fresh(matrix, BASE)
    whole = losses(model, matrix, split.train, BASE)
    monkeypatch.setattr("core.preprocessing.matrix.BLOCK", 7)
    cut = losses(model, matrix, split.train, BASE)
    assert cut == pytest.approx(whole, rel=1e-5)


def test_the_best_epoch_is_the_one_with_the_lowest_validation_loss(prepared, monkeypatch):
    split, matrix = prepared
    scripted(monkeypatch, [3.0, 1.0, 2.0])
    model, kept = fresh(matrix, BASE), []
    epochs = []
    for epoch in fit(model, matrix, split, BASE):
        kept.append(weights(model))
        epochs.append(epoch)
    assert [epoch.best for epoch in epochs] == [True, True, False]
    assert same(weights(model), kept[1]) and not same(kept[1], kept[2])
    assert not model.training


def test_closing_the_loop_early_keeps_the_best_weights(prepared, monkeypatch):
    split, matrix = prepared
    scripted(monkeypatch, [1.0, 2.0, 3.0])
    model, kept = fresh(matrix, BASE), []
    passes = fit(model, matrix, split, BASE)
    for _ in itertools.islice(passes, 2):
        kept.append(weights(model))
    passes.close()
    assert same(weights(model), kept[0]) and not model.training


def test_a_wild_learning_rate_is_stopped_and_leaves_finite_weights(prepared):
    split, matrix = prepared
    wild = BASE.model_copy(
        update={
            "lr": 10.0,
            "optimizer": "sgd",
            "clip_grad": 0.0,
            "schedule": "constant",
            "norm": "none",
            "epochs": 50,
        }
    )
    model = fresh(matrix, wild)
    with pytest.raises(NonFinite, match="stopped being a number"):
        list(fit(model, matrix, split, wild))
    assert all(torch.isfinite(p).all() for p in model.parameters())


def test_a_loss_that_breaks_once_goes_on_from_the_last_weights_at_half_the_rate(prepared, monkeypatch):
    split, matrix = prepared
    seen, real_cells = [], Feed.cells
    n_batches = 2 * (math.ceil(len(split.train) / 64) + 2)  # two epochs: steps, then two looks at the loss

    def broken_once(self, rows, *hiding):
        seen.append(len(rows))
        cells = real_cells(self, rows, *hiding)
        return cells._replace(x=cells.x * np.nan) if len(seen) == n_batches + 1 else cells

    monkeypatch.setattr(Feed, "cells", broken_once)
    epochs = list(fit(fresh(matrix, BASE), matrix, split, BASE))
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3]
    assert epochs[2].note.startswith(
        "The loss stopped being a number in epoch 3. Training went back to the weights of epoch 2 and on"
    )
    assert not epochs[0].note and not epochs[1].note
    monkeypatch.undo()
    whole = list(fit(fresh(matrix, BASE), matrix, split, BASE))
    assert epochs[2].learning_rate == pytest.approx(whole[2].learning_rate / 2)
    assert math.isfinite(epochs[2].valid.total)


def test_a_loss_that_breaks_goes_on_from_the_last_epoch_even_where_another_was_better(prepared, monkeypatch):
    split, matrix = prepared
    scripted(monkeypatch, [1.0, 2.0, 2.0])
    seen, real_cells, model = [], Feed.cells, fresh(matrix, BASE)
    n_batches = math.ceil(len(split.train) / 64)

    def broken_once(self, rows, *hiding):
        seen.append(len(rows))
        cells = real_cells(self, rows, *hiding)
        return cells._replace(x=cells.x * np.nan) if len(seen) == 2 * n_batches + 1 else cells

    monkeypatch.setattr(Feed, "cells", broken_once)
    begun, step = [], one_step

    def watched(model, *rest):
        begun.append(weights(model))
        return step(model, *rest)

    monkeypatch.setattr("core.training.loop.one_step", watched)
    epochs, after = [], []
    for epoch in fit(model, matrix, split, BASE):
        epochs.append(epoch)
        after.append(weights(model))
    assert [epoch.best for epoch in epochs] == [True, False, False]
    assert "went back to the weights of epoch 2 " in epochs[2].note
    assert same(begun[3 * n_batches], after[1]) and not same(after[1], after[0])
    assert same(weights(model), after[0])  # and keeps the best in the end


def test_a_nan_in_the_third_epoch_gives_the_weights_of_the_best_before(prepared, monkeypatch):
    split, matrix = prepared
    good = fresh(matrix, BASE)
    passes = fit(good, matrix, split, BASE)
    epochs = list(itertools.islice(passes, 2))
    passes.close()

    seen, real_cells = [], Feed.cells
    n_batches = 2 * (math.ceil(len(split.train) / 64) + 2)  # two epochs: steps, then two looks at the loss

    def broken(self, rows, *hiding):
        seen.append(len(rows))
        cells = real_cells(self, rows, *hiding)
        return cells._replace(x=cells.x * np.nan) if len(seen) > n_batches else cells

    monkeypatch.setattr(Feed, "cells", broken)
    model, got = fresh(matrix, BASE), []
    went_back = "in epoch 3. Training went back to the weights of epoch 2 and on with half the learning rate. The loss"
    with pytest.raises(NonFinite, match=went_back):
        for epoch in fit(model, matrix, split, BASE):
            got.append(epoch)
    assert [e.repeatable() for e in got] == [e.repeatable() for e in epochs]
    assert same(weights(model), weights(good))


@pytest.mark.parametrize(("schedule", "last"), [("onecycle", 6 + 2), ("constant", 1 + 2), ("cosine", 1 + 2)])
def test_early_stopping_counts_once_the_rate_has_passed_its_peak(prepared, monkeypatch, schedule, last):
    split, matrix = prepared
    scripted(monkeypatch, [1.0] + [2.0] * 30)
    config = BASE.model_copy(update={"epochs": 20, "patience": 2, "schedule": schedule})
    epochs = list(fit(fresh(matrix, config), matrix, split, config))
    assert epochs[-1].epoch == last
    rates = [epoch.learning_rate for epoch in epochs]
    assert schedule != "onecycle" or 3 <= int(np.argmax(rates)) <= 6


def test_a_better_epoch_starts_the_count_again(prepared, monkeypatch):
    split, matrix = prepared
    scripted(monkeypatch, [5.0, 6.0, 4.0, 6.0, 6.0, 6.0])
    config = BASE.model_copy(update={"epochs": 20, "patience": 2, "schedule": "constant"})
    assert len(list(fit(fresh(matrix, config), matrix, split, config))) == 5


@pytest.mark.parametrize("cells", [(1, 64), (5, 1)])
def test_a_last_minibatch_of_one_cell_is_trained_on(tiny, cells):
    rest, batch_size = cells
    split = split_cells(tiny.n_obs, BASE)
    split = split._replace(train=split.train[: 2 * 64 + rest])
    config = BASE.model_copy(update={"batch_size": batch_size, "norm": "batch", "epochs": 1})
    matrix = prepare(tiny, config, split)
    (epoch,) = fit(fresh(matrix, config), matrix, split, config)
    assert math.isfinite(epoch.valid.total)


def test_one_cycle_is_torchs():
    config, steps = RunConfig(lr=0.02, schedule="onecycle"), 2000
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.02, total_steps=steps)
    for step in range(steps):
        ours = learning_rate(config, step, steps)
        assert ours == pytest.approx(reference.get_last_lr()[0], abs=0.02 * 2e-3)
        optimizer.step()
        if step < steps - 1:
            reference.step()


def test_one_cycle_begins_and_ends_at_torchs_shares_of_the_peak():
    config = RunConfig(lr=0.02, schedule="onecycle")
    assert learning_rate(config, 0, 100) == pytest.approx(0.02 / 25)
    assert learning_rate(config, 99, 100) == pytest.approx(0.02 / 25e4, rel=1e-9)
    assert max(learning_rate(config, i, 1001) for i in range(1001)) == pytest.approx(0.02)


def test_the_other_schedules_are_steady_or_fall_to_nothing():
    steady = [learning_rate(RunConfig(lr=0.1, schedule="constant"), i, 11) for i in range(11)]
    falling = [learning_rate(RunConfig(lr=0.1, schedule="cosine"), i, 11) for i in range(11)]
    assert set(steady) == {0.1}
    assert falling[0] == 0.1 and falling[5] == pytest.approx(0.05) and falling[-1] == pytest.approx(0)
    assert falling == sorted(falling, reverse=True)
    assert learning_rate(RunConfig(), 0, 1) > 0  # a single step must not divide by nothing


def test_the_fit_leaves_its_settings_alone(tiny, prepared):
    split, matrix = prepared
    before = copy.deepcopy(split)
    list(fit(fresh(matrix, BASE), matrix, split, BASE))
    assert all(np.array_equal(a, b) for a, b in zip(before[:3], split[:3], strict=True))
