"""Models take tensors of cells and give codes, reconstructions and named losses."""

import math

import pytest
import torch
from torch import nn

from core.config import RunConfig
from core.models import MODELS, build
from core.models.layers import ACTIVATIONS, mean_absolute_weight

SMALL = RunConfig(n_hidden=16, n_hidden_protein=8, n_latent=3)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n_proteins", [0, 5])
def test_every_model_encodes_decodes_and_scores(name, n_proteins):
    model = build(SMALL.model_copy(update={"model": name}), 20, n_proteins)
    x = torch.randn(7, 20 + n_proteins)
    z = model.encode(x)
    assert z.shape == (7, 3) and model.decode(z).shape == x.shape
    parts = model.loss(x)
    assert set(parts) == ({"rna", "protein"} if n_proteins else {"rna"})
    assert all(value.ndim == 0 and value.item() > 0 for value in parts.values())


def test_each_part_of_the_loss_is_the_mean_over_its_own_features():
    model = build(SMALL, 20, 5).eval()
    x = torch.randn(7, 25)
    made = model.decode(model.encode(x))
    parts = model.loss(x)
    assert parts["rna"].item() == pytest.approx(((made - x)[:, :20] ** 2).mean().item(), rel=1e-6)
    assert parts["protein"].item() == pytest.approx(((made - x)[:, 20:] ** 2).mean().item(), rel=1e-6)


def test_protein_reaches_rna_through_the_latent_space_alone():
    model = build(SMALL, 20, 5).eval()
    x = torch.randn(7, 25)
    changed = x.clone()
    changed[:, 20:] += 1
    assert not torch.equal(model.encode(x), model.encode(changed))
    z = model.encode(x)
    assert torch.equal(model.decode(z), model.decode(z.clone()))


def test_weights_start_gaussian_with_variance_one_over_fan_in_and_biases_at_zero():
    model = build(RunConfig(n_hidden=400, n_latent=50, n_layers=2), 1000, 30)
    maps = [m for m in model.modules() if isinstance(m, nn.Linear)]
    for layer in maps:
        values = layer.weight.detach().flatten() * math.sqrt(layer.in_features)
        spread = 4 / math.sqrt(len(values))
        assert abs(values.mean()) < spread and abs(values.std() - 1) < spread
        assert abs((values**4).mean() - 3) < 30 * spread  # of a uniform start it would be 1.8
        assert (layer.bias == 0).all()
    assert len(maps) == 2 * (2 * 2) + 2 + 1


def test_a_batch_of_one_cell_passes_batch_norm_in_training():
    model = build(SMALL.model_copy(update={"norm": "batch"}), 20, 5).train()
    model.loss(torch.randn(16, 25))
    kept = [m.running_mean.clone() for m in model.modules() if isinstance(m, nn.BatchNorm1d)]
    loss = sum(model.loss(torch.randn(1, 25)).values())
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())
    after = [m.running_mean for m in model.modules() if isinstance(m, nn.BatchNorm1d)]
    assert kept and all(torch.equal(a, b) for a, b in zip(kept, after, strict=True))


@pytest.mark.parametrize("norm", ["batch", "layer", "none"])
def test_latent_and_output_are_linear(norm):
    """What follows the last map of a side would bend the latent space or cut the reconstruction."""
    model = build(SMALL.model_copy(update={"norm": norm, "dropout": 0.5}), 20, 5)
    for name in ("latent", "output_rna", "output_protein"):
        assert [type(part) for part in model.blocks[name]] == [nn.Linear]
    hidden = [type(part) for part in model.blocks["encoder_rna_1"]]
    assert (len(hidden) == 4) == (norm != "none") and hidden[-1] is nn.Dropout


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_that_the_form_offers_is_built(name):
    model = build(SMALL.model_copy(update={"activation": name}), 20, 0)
    assert any(isinstance(part, ACTIVATIONS[name]) for part in model.modules())


def test_input_dropout_hides_in_training_only():
    model = build(SMALL.model_copy(update={"input_dropout": 0.9, "norm": "none"}), 20, 0)
    x = torch.randn(4, 20)
    model.train()
    assert not torch.equal(model.encode(x), model.encode(x))
    model.eval()
    assert torch.equal(model.encode(x), model.encode(x))


def test_the_mean_absolute_weight_is_over_all_linear_maps():
    model = build(SMALL, 20, 5)
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.Linear):
                layer.weight.fill_(-0.25)
                layer.bias.fill_(9.0)
    assert mean_absolute_weight(model).item() == pytest.approx(0.25)
