"""The columns of a history beside the losses: gradient norm, speed, divergence and weight decay."""

import math

import pytest
import torch
from short_runs import BASE, base_matrix, fresh

from core.models import build
from core.preprocessing.matrix import Cells
from core.training import loop
from core.training.loop import fit, one_step
from core.training.optimizer import make_optimizer


def test_an_epoch_tells_norm_speed_divergence_and_decay(tiny):
    config = BASE.model_copy(update={"model": "variational", "epochs": 2, "l2": 0.02, "clip_grad": 0.0})
    split, matrix = base_matrix(tiny)
    model = fresh(matrix, config)
    for epoch in fit(model, matrix, split, config):
        squares = sum(float((m.weight**2).sum()) for m in model.modules() if isinstance(m, torch.nn.Linear))
        assert epoch.penalty_l2 == pytest.approx(0.01 * squares, rel=1e-5)
        (_, train_kl), (valid, valid_kl) = (
            loop.evaluate(model, matrix, rows, config) for rows in (split.train, split.valid)
        )
        assert valid == epoch.valid and valid_kl == epoch.valid_kl > 0
        assert epoch.train_kl == pytest.approx(train_kl, rel=0.3)  # of a sample
        assert epoch.cells_per_second == pytest.approx(len(split.train) / epoch.seconds)
        assert epoch.gradient_norm > 0


def test_the_norm_of_a_gradient_is_that_before_clipping():
    for longest in (0.0, 0.5, 1e6):
        config = BASE.model_copy(update={"clip_grad": longest})
        torch.manual_seed(0)
        model, cells = build(config, 20, 4), Cells(torch.ones(8, 24) * 100)
        length = one_step(model, make_optimizer(model, config), cells, config, 0.0).gradient_norm
        torch.manual_seed(0)
        model = build(config, 20, 4)
        loop.weighted(model.loss(cells), config).backward()
        assert length == pytest.approx(
            math.sqrt(sum((p.grad**2).sum().item() for p in model.parameters() if p.grad is not None)),
            rel=1e-5,
        )
