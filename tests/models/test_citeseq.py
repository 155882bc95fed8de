"""Models take tensors of cells and give codes, reconstructions and named losses."""

import copy
import math

import pytest
import torch
from torch import nn

from core.config import RunConfig
from core.config.models import MODELS
from core.models import build
from core.models.layers import ACTIVATIONS, Dropout, Hide, mean_absolute_weight
from core.models.variational import LOG_VARIANCE, divergence
from core.preprocessing.matrix import Cells

VARIATIONAL = [name for name, record in MODELS.items() if record.variational]
SQUARED = [name for name, record in MODELS.items() if not record.reads_counts]  # test_counts.py has the other
SMALL = RunConfig(n_hidden=16, n_hidden_protein=8, n_latent=3)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("name", SQUARED)
@pytest.mark.parametrize("n_proteins", [0, 5])
def test_every_model_encodes_decodes_and_scores(name, n_proteins):
    model = build(SMALL.model_copy(update={"model": name}), 20, n_proteins)
    x = torch.randn(7, 20 + n_proteins)
    z = model.encode(Cells(x))
    assert z.shape == (7, 3) and model.decode(z).shape == x.shape
    parts = model.loss(Cells(x))
    wanted = {"rna", "protein"} if n_proteins else {"rna"}
    wanted |= {"kl"} if name in VARIATIONAL else set()
    assert set(parts) == wanted
    assert all(value.ndim == 0 and value.item() > 0 for value in parts.values())
    assert set(model.eval().loss(Cells(x))) == wanted


def test_each_part_of_the_loss_is_the_mean_over_its_own_features():
    model = build(SMALL, 20, 5).eval()
    x = torch.randn(7, 25)
    made = model.decode(model.encode(Cells(x)))
    parts = model.loss(Cells(x))
    assert parts["rna"].item() == pytest.approx(((made - x)[:, :20] ** 2).mean().item(), rel=1e-6)
    assert parts["protein"].item() == pytest.approx(((made - x)[:, 20:] ** 2).mean().item(), rel=1e-6)


def test_protein_reaches_rna_through_the_latent_space_alone():
    model = build(SMALL, 20, 5).eval()
    x = torch.randn(7, 25)
    changed = x.clone()
    changed[:, 20:] += 1
    assert not torch.equal(model.encode(Cells(x)), model.encode(Cells(changed)))
    z = model.encode(Cells(x))
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


def test_a_minibatch_of_one_cell_passes_batch_norm_in_training():
    model = build(SMALL.model_copy(update={"norm": "batch"}), 20, 5).train()
    model.loss(Cells(torch.randn(16, 25)))
    kept = [m.running_mean.clone() for m in model.modules() if isinstance(m, nn.BatchNorm1d)]
    loss = sum(model.loss(Cells(torch.randn(1, 25))).values())
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
    assert (len(hidden) == 4) == (norm != "none") and hidden[-1] is Dropout


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_that_the_form_offers_is_built(name):
    model = build(SMALL.model_copy(update={"activation": name}), 20, 0)
    assert any(isinstance(part, ACTIVATIONS[name]) for part in model.modules())


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_dropout_hides_its_share_and_keeps_the_mean_and_draws_by_the_seed(share):
    layer, x = Dropout(share), torch.ones(1001, 301, requires_grad=True)  # not a multiple of four values
    torch.manual_seed(3)
    made = layer(x)
    assert made.unique().tolist() == pytest.approx([0, 1 / (1 - share)])
    assert (made == 0).float().mean().item() == pytest.approx(share, abs=0.005)
    made.sum().backward()
    assert torch.equal(x.grad, made.detach())
    torch.manual_seed(3)
    assert torch.equal(layer(x), made) and not torch.equal(layer(x), made)
    assert torch.equal(layer.eval()(x), x)


def test_a_hidden_protein_is_seen_at_its_mean_and_the_others_as_they_are():
    layer, x = Hide(0.3), torch.randn(500, 20)
    made = layer(x)
    hidden = made == 0
    assert torch.equal(made[~hidden], x[~hidden])
    assert hidden.float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert torch.equal(layer.eval()(x), x)


def test_input_dropout_hides_proteins_in_training_only():
    model = build(SMALL.model_copy(update={"input_dropout": 0.9, "norm": "none"}), 20, 5)
    x = torch.randn(4, 25)
    model.train()
    assert not torch.equal(model.encode(Cells(x)), model.encode(Cells(x)))
    model.eval()
    assert torch.equal(model.encode(Cells(x)), model.encode(Cells(x)))


def test_the_encoder_reads_what_is_seen_and_the_loss_the_whole():
    model = build(SMALL, 20, 5).eval()
    x, seen = torch.randn(4, 25), torch.randn(4, 20)
    both = Cells(x, seen=seen)
    assert torch.equal(model.encode(both), model.encode(Cells(torch.cat([seen, x[:, 20:]], dim=1))))
    expected = (model.decode(model.encode(both)) - x)[:, :20].square().mean()
    torch.testing.assert_close(model.loss(both)["rna"], expected)


@pytest.mark.parametrize("linear_path", [True, False])
def test_the_output_is_a_linear_map_of_hidden_units_and_with_the_linear_path_of_the_latent(linear_path):
    """By hand in float64: W [h, z, batch] + b, and without it W h + b."""
    settings = {"linear_path": linear_path, "norm": "none", "activation": "tanh"}
    model = build(SMALL.model_copy(update=settings), 20, 0, 2).eval()
    z, batch = torch.randn(7, 3), torch.eye(2)[[0, 1, 0, 1, 1, 0, 0]]
    weights = {name: value.double() for name, value in model.state_dict().items()}
    given = torch.cat([z, batch], dim=1).double()
    hidden = torch.tanh(
        given @ weights["blocks.decoder_rna_1.0.weight"].T + weights["blocks.decoder_rna_1.0.bias"]
    )
    known = torch.cat([hidden, given], dim=1) if linear_path else hidden
    by_hand = known @ weights["blocks.output_rna.0.weight"].T + weights["blocks.output_rna.0.bias"]
    torch.testing.assert_close(model.decode(z, batch).double(), by_hand, rtol=1e-5, atol=1e-5)


def test_the_noise_on_the_latent_is_a_share_of_its_spread_and_for_training_alone():
    seen = []
    model = build(SMALL.model_copy(update={"dropout": 0.0, "latent_noise": 0.5}), 20, 0)
    model.errors = lambda z, cells: seen.append(z) or {}
    cells = Cells(torch.randn(20_000, 20))
    model.loss(cells)
    z = model.encode(cells)
    noise = ((seen[0] - z) / z.std(dim=0)).detach()
    assert noise.std(dim=0) == pytest.approx([0.5] * 3, rel=0.05)
    assert abs(noise.mean()) < 0.02
    model.eval().loss(cells)
    assert torch.equal(seen[1], model.encode(cells))
    model.train().loss(Cells(torch.randn(1, 20)))
    assert torch.isfinite(seen[2]).all()  # one cell has no spread, so no noise


def test_weights_leave_and_come_back_as_those_of_any_linear_map():
    """The first map of the genes lies the other way in memory, which is nobody else's affair."""
    torch.manual_seed(0)
    model, other = build(SMALL, 20, 5), build(SMALL, 20, 5)
    shapes = {layer.name: (layer.n_out, layer.n_in) for layer in SMALL.layers(20, 5)}
    for name, shape in shapes.items():
        assert tuple(model.state_dict()[f"blocks.{name}.0.weight"].shape) == shape
    other.load_state_dict(copy.deepcopy(model.state_dict()))
    x = Cells(torch.randn(4, 25))
    assert torch.equal(other.eval().encode(x), model.eval().encode(x))


def test_the_mean_absolute_weight_is_over_all_linear_maps():
    model = build(SMALL, 20, 5)
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.Linear):
                layer.weight.fill_(-0.25)
                layer.bias.fill_(9.0)
    assert mean_absolute_weight(model).item() == pytest.approx(0.25)


# --- variational


def test_the_divergence_is_that_of_two_gaussians():
    mean, log_variance = torch.randn(2, 9, 4, dtype=torch.float64)
    posterior = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    known = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0))
    assert divergence(mean, log_variance).item() == pytest.approx(known.sum(dim=1).mean().item(), rel=1e-12)
    assert divergence(torch.zeros(3, 2), torch.zeros(3, 2)).item() == 0


@pytest.mark.parametrize("name", ["variational", "linear"])
def test_a_variational_model_samples_in_training_and_shows_its_mean(name):
    model = build(RunConfig(model=name, n_hidden=16, n_latent=3, norm="none"), 20, 0)
    cells = Cells(torch.randn(7, 20))
    mean, log_variance = model.posterior(cells)
    assert torch.equal(model.encode(cells), mean) and log_variance.shape == mean.shape
    assert model.loss(cells)["rna"] != model.loss(cells)["rna"]  # two draws
    model.eval()
    known = ((model.decode(mean) - cells.x) ** 2).mean().item()
    assert model.loss(cells)["rna"].item() == pytest.approx(known, rel=1e-6)


def test_a_wild_cell_leaves_the_divergence_finite():
    model = build(RunConfig(model="variational", n_hidden=16, n_latent=3, norm="none"), 20, 0)
    parts = model.loss(Cells(torch.full((2, 20), 1e4)))
    assert all(torch.isfinite(value) for value in parts.values())
    _, log_variance = model.posterior(Cells(torch.full((2, 20), 1e6)))
    assert LOG_VARIANCE[0] <= log_variance.min() and log_variance.max() <= LOG_VARIANCE[1]


@pytest.mark.parametrize("n_batches", [0, 3])
def test_the_linear_decoder_is_its_loadings(n_batches):
    model = build(RunConfig(model="linear", n_hidden=16, n_latent=3, n_layers=2), 20, 5, n_batches).eval()
    batch = torch.eye(3)[[0, 1, 2, 1]] if n_batches else None
    z = torch.randn(4, 3)
    moved = model.decode(z + torch.tensor([0.0, 2.0, 0.0]), batch) - model.decode(z, batch)
    torch.testing.assert_close(moved, 2 * model.loadings()[:, 1].expand(4, 25), atol=1e-5, rtol=1e-5)


# --- the batch covariate


@pytest.mark.parametrize("name", MODELS)
def test_the_batch_of_a_cell_reaches_both_sides(name):
    model = build(RunConfig(model=name, n_hidden=16, n_latent=3), 20, 5, 2).eval()
    x, (here, there) = torch.randn(4, 25), torch.eye(2)[:, None].expand(2, 4, 2)
    z = model.encode(Cells(x, here))
    assert not torch.equal(z, model.encode(Cells(x, there)))
    assert not torch.equal(model.decode(z, here), model.decode(z, there))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n_batches", [0, 4])
def test_the_records_count_the_weights_that_torch_counts(name, n_batches):
    config = RunConfig(model=name, n_latent=3, n_hidden=16, n_layers=2)
    model = build(config, 30, 6, n_batches)
    assert sum(p.numel() for p in model.parameters()) == sum(
        x.weights for x in config.layers(30, 6, n_batches)
    )
