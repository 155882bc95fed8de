"""A training that is interrupted goes on from its checkpoint as if nothing had happened, or says why it cannot."""

import errno
import os
import shutil

import numpy as np
import pytest
import torch
from short_runs import BASE, same

from core import checkpoint_file
from core.config import RunConfig, parse, specs
from core.config.models import MODELS
from core.errors import UserError
from core.training import checkpoint, learn, loop
from core.training.checkpoint import Checkpoints
from core.training.learn import Answer

KNOWN = {spec.name: spec.models for spec in specs() if spec.models}  # settings that some models alone obey


def settings(**values):
    base = BASE.model_dump(exclude=KNOWN.keys() | {"model", "extensions"}) | {"epochs": 4}
    model = values.get("model", BASE.model)
    return RunConfig(**base | {k: v for k, v in values.items() if model in KNOWN.get(k, (model,))})


def run(adata, config, checkpoints=None, pause=None):
    """(Learnt, or None where it was paused after epoch `pause`; the Start)."""
    work, answer, start = learn.learn(adata, config, checkpoints=checkpoints), None, None
    while True:
        try:
            event = work.send(answer)
        except StopIteration:
            return None, start
        answer = None
        if isinstance(event, learn.Start):
            start = event
        elif isinstance(event, loop.Epoch) and event.epoch == pause:
            answer = Answer.PAUSE
        elif isinstance(event, learn.Learnt):
            return event, start


def losses(learnt):
    return [epoch.repeatable()._replace(note="") for epoch in learnt.epochs]


def assert_equal(one, two):
    """Two Learnts are equal to the last bit, with every epoch once."""
    assert [epoch.epoch for epoch in two.epochs] == list(range(1, len(one.epochs) + 1))
    assert losses(one) == losses(two) and one.best_epoch == two.best_epoch
    assert same(one.weights, two.weights) and one.loss == two.loss
    np.testing.assert_array_equal(one.latent, two.latent)


def resumed_as_if_uninterrupted(adata, config, folder, pause=2):
    whole, _ = run(adata, config)
    assert run(adata, config, Checkpoints(folder), pause)[0] is None
    torch.rand(5)  # another process has drawn other numbers
    again, start = run(adata, config, Checkpoints(folder))
    assert [epoch.epoch for epoch in start.before] == list(range(1, pause + 1))
    assert_equal(whole, again)
    assert f"from the checkpoint of epoch {pause}." in learn.learnt_facts(again).happened[0]
    return again


@pytest.mark.parametrize(
    "model", [BASE.model, *(pytest.param(m, marks=pytest.mark.slow) for m in MODELS if m != BASE.model)]
)
def test_a_resumed_training_ends_as_the_uninterrupted_one(tiny, tmp_path, model):
    dropout = {"dropout": 0.2, "input_dropout": 0.1, "latent_noise": 0.1}
    resumed_as_if_uninterrupted(tiny, settings(model=model, **dropout), tmp_path)


OTHERS = {
    "batch covariate": {"batch_key": "sample", "norm": "batch"},
    "whole target": {"target": "whole"},
    "constant": {"schedule": "constant"},
    "cosine": {"schedule": "cosine"},
    "adam": {"optimizer": "adam"},
    "sgd": {"optimizer": "sgd", "lr": 0.1},
    "rmsprop": {"optimizer": "rmsprop"},
    "early stopping": {"epochs": 30, "lr": 5.0, "schedule": "constant", "patience": 3},
    "extension": {"extensions": [{"after": 3, "epochs": 2, "lr": 0.003}]},
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "model, kind",
    [
        (model, kind)
        for model in MODELS
        for kind in OTHERS
        if model == BASE.model
        or kind in ("batch covariate", "extension")  # which a model could obey in its own way
    ],
)
def test_a_training_of_any_kind_is_resumed_bit_for_bit(tiny, tmp_path, model, kind):
    again = resumed_as_if_uninterrupted(tiny, settings(model=model, **OTHERS[kind]), tmp_path, pause=3)
    if kind == "extension":
        assert [epoch.segment for epoch in again.epochs] == [1, 1, 1, 2, 2]


@pytest.mark.slow
def test_early_stopping_counts_on_after_it_was_interrupted(tiny, tmp_path):
    config = settings(**OTHERS["early stopping"])
    again = resumed_as_if_uninterrupted(tiny, config, tmp_path, pause=3)
    assert 3 < len(again.epochs) < 30


@pytest.mark.slow
def test_a_training_that_had_ended_is_not_trained_further(tiny, tmp_path):
    whole, _ = run(tiny, settings(), Checkpoints(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]
    again, start = run(tiny, settings(), Checkpoints(tmp_path))
    assert len(start.before) == 4
    assert_equal(whole, again)


def test_an_extension_goes_on_under_a_schedule_of_its_own(tiny, tmp_path):
    first, _ = run(tiny, settings(), Checkpoints(tmp_path))
    extended = settings(extensions=[{"after": 4, "epochs": 3, "lr": BASE.lr / 3}])
    longer, start = run(tiny, extended, Checkpoints(tmp_path))
    assert start.n_epochs == 7 and losses(longer)[:4] == losses(first)
    assert [epoch.segment for epoch in longer.epochs] == [1] * 4 + [2] * 3
    assert max(epoch.learning_rate for epoch in longer.epochs[4:]) <= BASE.lr / 3
    assert_equal(run(tiny, extended)[0], longer)  # the same from the start, as a bundle repeats it


@pytest.fixture(scope="module")
def second_epoch(tiny, tmp_path_factory):
    """The folder of a training that was paused after its second epoch; it has a checkpoint of the first one as well."""
    folder = tmp_path_factory.mktemp("paused")

    class Eager(Checkpoints):
        is_due = True

    assert run(tiny, settings(), Eager(folder), pause=2)[0] is None
    assert {path.name for path in folder.iterdir()} == set(checkpoint_file.NAMES)
    return folder


@pytest.fixture
def paused(second_epoch, tmp_path):
    """A copy of it."""
    return shutil.copytree(second_epoch, tmp_path / "run")


def test_a_checkpoint_with_flipped_bytes_is_noticed_and_the_older_one_used(tiny, paused):
    newest = paused / checkpoint_file.NAMES[0]
    data = bytearray(newest.read_bytes())
    data[len(data) // 2] ^= 0x10
    newest.write_bytes(data)
    kept = checkpoint_file.newest(paused)
    assert kept.damaged and kept.epoch == 1
    again, start = run(tiny, settings(), Checkpoints(paused))
    assert "The newest checkpoint was damaged, so the older one was used." in start.resumed[0]
    assert_equal(run(tiny, settings())[0], again)


@pytest.mark.parametrize("length", [0, 10, 200, -1])
def test_checkpoints_that_are_cut_off_are_refused_in_a_sentence(tiny, paused, length):
    for name in checkpoint_file.NAMES:
        (paused / name).write_bytes((paused / name).read_bytes()[:length])
    with pytest.raises(UserError, match="All checkpoints of this run are damaged. Train it again"):
        next(learn.learn(tiny, settings(), checkpoints=Checkpoints(paused)))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_ends_the_training_with_a_sentence_and_keeps_the_earlier_checkpoint(
    tiny, paused, monkeypatch, number
):
    before = {path.name: path.read_bytes() for path in paused.iterdir()}
    monkeypatch.setattr(os, "fsync", full_disk(number))
    with pytest.raises(
        UserError, match="disk of the server is full.*The checkpoint of epoch 2 is kept. Free"
    ):
        run(tiny, settings(), Checkpoints(paused))
    assert {path.name: path.read_bytes() for path in paused.iterdir()} == before


def full_disk(number):
    def raise_error(*_):
        raise OSError(number, os.strerror(number))

    return raise_error


CHANGED = {
    "other cells": (
        lambda a: a[:230].copy(),
        {},
        r"other cells than at its checkpoint \(230, and it had 240\)",
    ),
    "another order": (lambda a: a[::-1].copy(), {}, "other cells than at its checkpoint"),
    "other values": (lambda a: _doubled(a), {}, "The dataset has other values"),
    "fewer genes": (lambda a: a, {"n_top_genes": 40}, "The setting 'Variable genes' is 40, and it was 0"),
    "no scaling": (lambda a: a, {"scale": False}, "The setting 'Centre and scale' is False, and it was True"),
    "another split": (lambda a: a, {"train_share": 0.5}, "The setting 'Training cells' is 0.5"),
    "another model": (lambda a: a, {"model": "variational"}, "The setting 'Model' is variational"),
}


def _doubled(adata):
    adata = adata.copy()
    adata.X[0] = adata.X[0] * 2
    return adata


@pytest.mark.parametrize("case", CHANGED)
def test_other_data_or_settings_are_refused_with_the_reason(tiny, paused, case):
    change, values, sentence = CHANGED[case]
    with pytest.raises(UserError, match=sentence) as error:
        list(learn.learn(change(tiny), settings(**values), checkpoints=Checkpoints(paused)))
    assert "start a new run from its weights" in str(error.value)


def test_a_checkpoint_of_a_version_with_fewer_settings_and_columns_is_resumed(tiny, paused):
    head, content = checkpoint_file.read(paused / checkpoint_file.NAMES[0])
    for name in ("metric", "split_by"):  # core.config.run_config.ADDED
        del head["of"]["settings"][name]
    checkpoint_file.write(paused, head, content)
    saved, record = Checkpoints(paused).read(), head["of"]["settings"]
    saved.check(head["of"] | {"settings": parse(record).model_dump(mode="json")})
    older = {
        k: v for k, v in checkpoint._plain(saved.epochs[0]).items() if k not in ("usage", "gradient_norm")
    }
    again = checkpoint._epoch(older | {"a column of a newer version": 1})
    assert again.train == saved.epochs[0].train and again.gradient_norm is None


def test_nothing_in_a_checkpoint_is_unpickled(paused):
    _, content = checkpoint_file.read(paused / checkpoint_file.NAMES[0])
    harmful = b"cos\nsystem\n(S'true'\ntR."
    checkpoint_file.write(paused, {"epoch": 3, "of": {}}, harmful)
    with pytest.raises(Exception, match="[Ww]eights"):
        Checkpoints(paused).read()
    assert content[:2] == b"PK"  # of torch.save


def test_a_loss_that_is_not_a_number_leaves_no_checkpoint(tiny, tmp_path, monkeypatch):
    real = loop.evaluate
    n_calls = iter(range(1000))
    broken = loop.Parts(float("nan"), 0.0, None), None
    monkeypatch.setattr(loop, "evaluate", lambda *a: real(*a) if next(n_calls) < 4 else broken)
    learnt, _ = run(tiny, settings(), Checkpoints(tmp_path))
    assert learnt.failure and len(learnt.epochs) == 2 and not list(tmp_path.iterdir())


def test_a_checkpoint_is_due_by_what_it_costs_whatever_the_clock_says(tmp_path, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(checkpoint.time, "time", lambda: -1e9)  # a clock that jumped
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.is_due  # what one costs is not known yet
    for cost, interval in ((0.01, 1.0), (0.1, 10.0), (1.0, 60.0), (3.0, 150.0)):
        checkpoints.cost, checkpoints.since = cost, now[0]
        now[0] += interval - 0.01
        assert not checkpoints.is_due
        now[0] += 0.02
        assert checkpoints.is_due
        assert cost / interval <= 0.02
