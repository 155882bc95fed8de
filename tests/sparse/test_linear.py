"""Both sparse ends give the loss and the gradients of dense layers, for every kind of gene and cell."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse as scipy_sparse
from torch.nn import functional as F

from core.config import RunConfig
from core.models.layers import ByInput
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.sparse.linear import first_layer, gram_pays, mse, pays
from core.sparse.minibatch import Standardised

CLIPPED, CONSTANT, EMPTY, FULL = 0, 1, 2, 3  # genes, and cell 2 has no counts


def counts(n_cells=40, n_genes=30, seed=0):
    """(cells, genes) float32 dense, mostly zero: logged counts with one gene and one cell of each awkward
    kind."""
    random = np.random.default_rng(seed)
    values = np.log1p(random.poisson(random.gamma(0.5, 0.4, n_genes), (n_cells, n_genes))).astype(np.float32)
    kinds = n_genes > FULL
    if kinds:
        values[:, CLIPPED] = 3 + random.random(n_cells) / 3  # mean / sd is about 30, above any clip
        values[:, CONSTANT], values[:, EMPTY] = 2, 0
        values[:, FULL] = 1 + random.random(n_cells)
    if n_cells > 2:
        values[2] = 0
    return values


def moments(values):
    """Mean and sd of each gene over the cells that have counts, as training cells would give them."""
    used = values[values.any(axis=1)] if values.any() else values
    mean, sd = used.mean(axis=0), used.std(axis=0)
    return mean, np.where(sd < 1e-5, 1, sd).astype(np.float32)


def by_hand(values, clip):
    """(cells, genes) float64: what the model is to see."""
    mean, sd = moments(values)
    return np.clip((values.astype(np.float64) - mean) / sd, -clip, clip)


def standardised(values, clip):
    return Standardised(scipy_sparse.csr_matrix(values), *moments(values), clip)


def weights(n_genes, n_hidden, seed=0):
    """Encoder weight (genes, hidden) and bias, decoder weight (genes, hidden) and bias."""
    torch.manual_seed(seed)
    shapes = [(n_genes, n_hidden), (n_hidden,), (n_genes, n_hidden), (n_genes,)]
    return [(torch.randn(shape) / 3).requires_grad_() for shape in shapes]


def double(tensors):
    return [t.detach().double().requires_grad_() for t in tensors]


def both_ways(minibatch, parameters):
    """(loss, its gradients) by the sparse ends, and by dense layers in float64."""
    learnt = double(parameters)
    seen, target = minibatch.dense_seen().double(), minibatch.dense().double()
    dense = F.mse_loss(F.linear(torch.tanh(seen @ learnt[0] + learnt[1]), *learnt[2:]), target)
    hidden = torch.tanh(first_layer(minibatch, *parameters[:2]))
    loss = mse(minibatch, hidden, *parameters[2:])
    return (loss, torch.autograd.grad(loss, parameters)), (dense, torch.autograd.grad(dense, learnt))


def assert_same(ours, reference):
    """Equal to 1e-5 of the largest entry of a gradient, or of a tenth of the largest of all.

    A gradient that is small because large parts cancel keeps fewer digits in float32.
    """
    (loss, gradients), (dense, expected) = ours, reference
    assert loss.item() == pytest.approx(dense.item(), rel=1e-5)
    largest = max(other.abs().max().item() for other in expected)
    for one, other in zip(gradients, expected, strict=True):
        assert one.dtype == torch.float32
        size = max(other.abs().max().item(), largest / 10)
        torch.testing.assert_close(one.double(), other, rtol=0, atol=1e-5 * size)


@pytest.fixture(params=["gram", "residual"])
def form(request, monkeypatch):
    """The squared error by either of its forms, whatever the shapes."""
    monkeypatch.setattr("core.sparse.linear.gram_pays", lambda *_: request.param == "gram")


@pytest.mark.parametrize("clip", [10.0, 2.0, np.inf])
def test_base_and_counts_together_are_the_clipped_z_scores(clip):
    values = counts()
    x = standardised(values, clip)
    rows = np.arange(len(values))
    expected = by_hand(values, clip)
    np.testing.assert_allclose(x.minibatch(rows).dense().numpy(), expected, rtol=1e-5, atol=1e-5)
    assert (expected[2, CLIPPED] == -clip) == np.isfinite(
        clip
    )  # its zeros are clipped, where there is a clip
    assert x.density == pytest.approx((values != 0).mean())
    assert x.rows.indices.dtype == np.uint16


def test_a_minibatch_is_the_matrix_that_the_dense_path_sees(tiny):
    config = RunConfig(n_top_genes=0)
    split = split_cells(tiny.n_obs, config)
    matrix = prepare(tiny, config, split)
    genes = slice(0, matrix.n_genes)
    x = matrix.standardised
    rows = split.train[::3]
    np.testing.assert_allclose(x.minibatch(rows).dense().numpy(), matrix.dense(rows)[:, genes], atol=2e-6)


def test_entries_for_one_place_are_added_up_before_the_clip():
    twice = scipy_sparse.csr_matrix(([3.0, 4.0], [1, 1], [0, 2]), shape=(1, 2), dtype=np.float32)
    x = Standardised(twice, np.zeros(2), np.ones(2), 5.0)
    assert x.minibatch([0]).dense().tolist() == [[0.0, 5.0]]
    assert twice.nnz == 2  # the caller's matrix stays as it was


def test_many_genes_need_wider_indices():
    wide = scipy_sparse.csr_matrix(([1.0, 2.0], ([0, 0], [7, 69_999])), shape=(1, 70_000), dtype=np.float32)
    x = Standardised(wide, np.zeros(70_000), np.ones(70_000))
    assert x.rows.indices.dtype == np.int32
    assert_same(*both_ways(x.minibatch([0, 0]), weights(70_000, 2)))


@pytest.mark.parametrize("clip", [10.0, 2.0, np.inf])
@pytest.mark.parametrize("hide", [0.0, 0.3])
def test_loss_and_gradients_are_those_of_dense_layers(form, clip, hide):
    x = standardised(counts(), clip)
    assert_same(*both_ways(x.minibatch(np.arange(40), hide, seed=5), weights(30, 7)))


@pytest.mark.parametrize("genes_at_once", [1, 7, 29, 30])
def test_weights_that_are_gone_through_piece_by_piece_make_the_same_sums(form, genes_at_once, monkeypatch):
    monkeypatch.setattr("core.sparse.minibatch.NEAR", genes_at_once * 4 * 7)
    minibatch = standardised(counts(), 10.0).minibatch(np.arange(40), hide=0.3, seed=5)
    assert_same(*both_ways(minibatch, weights(30, 7)))
    assert len(minibatch.cuts(genes_at_once)) == -(-30 // genes_at_once) + 1


@pytest.mark.parametrize(
    "rows",
    [[5], [2], [2, 2], [3, 3, 9, 3], [39, 0, 17]],
    ids=["one", "empty", "empty twice", "repeats", "any order"],
)
def test_any_rows_make_a_minibatch(form, rows):
    values = counts()
    minibatch = standardised(values, 10.0).minibatch(rows)
    assert minibatch.n_cells == len(rows)
    np.testing.assert_allclose(minibatch.dense().numpy(), by_hand(values, 10.0)[rows], rtol=1e-5, atol=1e-5)
    assert_same(*both_ways(minibatch, weights(30, 7)))


@pytest.mark.parametrize("rows", [[0, -1], [40]])
def test_a_row_that_does_not_exist_is_refused(rows):
    with pytest.raises(IndexError):
        standardised(counts(), 10.0).minibatch(rows)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    n_cells=st.integers(1, 20),
    n_genes=st.integers(1, 40),
    n_hidden=st.integers(1, 9),
    seed=st.integers(0, 99),
    clip=st.sampled_from([1.0, 10.0, np.inf]),
    hide=st.sampled_from([0.0, 0.5]),
)
def test_odd_shapes_are_no_exception(n_cells, n_genes, n_hidden, seed, clip, hide):
    x = standardised(counts(n_cells, n_genes, seed), clip)
    rows = np.random.default_rng(seed).integers(0, n_cells, n_cells + 3)
    assert_same(*both_ways(x.minibatch(rows, hide, seed), weights(n_genes, n_hidden, seed)))


@pytest.mark.parametrize("hide", [0.0, 0.3])
def test_groups_follow_the_genes(hide):
    minibatch = standardised(counts(), 10.0).minibatch(np.arange(40), hide, seed=5)
    group = torch.eye(3)[torch.arange(40) % 3]
    parameters = weights(33, 7)[:2]
    learnt = double(parameters)
    dense = torch.cat([minibatch.dense_seen(), group], dim=1).double() @ learnt[0] + learnt[1]
    ours = first_layer(minibatch, *parameters, group)
    torch.testing.assert_close(ours.double(), dense, rtol=1e-5, atol=1e-5)
    pull = torch.randn(40, 7)
    gradients = torch.autograd.grad((ours * pull).sum(), parameters)
    expected = torch.autograd.grad((dense * pull).sum(), learnt)
    for one, other in zip(gradients, expected, strict=True):
        torch.testing.assert_close(one.double(), other, rtol=1e-5, atol=1e-4)


def test_the_gradient_of_a_part_of_a_larger_loss_is_scaled(form):
    minibatch = standardised(counts(), 10.0).minibatch(np.arange(12))
    (_, once), _ = both_ways(minibatch, parameters := weights(30, 4))
    hidden = torch.tanh(first_layer(minibatch, *parameters[:2]))
    (0.3 * mse(minibatch, hidden, *parameters[2:]) + hidden.sum() * 0).backward()
    for parameter, gradient in zip(parameters, once, strict=True):
        torch.testing.assert_close(parameter.grad, 0.3 * gradient)
        assert parameter.grad.stride() == parameter.stride()  # as an optimiser expects it


def test_hidden_counts_are_zeros_for_the_encoder_and_stay_in_the_target():
    values = counts(200, 30)
    x = standardised(values, 10.0)
    minibatch = x.minibatch(np.arange(200), hide=0.25, seed=3)
    whole, seen, base = minibatch.dense().numpy(), minibatch.dense_seen().numpy(), x.base.numpy()
    np.testing.assert_allclose(whole, by_hand(values, 10.0), rtol=1e-5, atol=1e-5)
    hidden = seen != whole
    assert hidden[values != 0].mean() == pytest.approx(0.25, abs=0.03)
    np.testing.assert_array_equal(seen[hidden], np.broadcast_to(base, seen.shape)[hidden])
    again, other = (x.minibatch(np.arange(200), hide=0.25, seed=seed).dense_seen().numpy() for seed in (3, 4))
    assert (again == seen).all() and (other != seen).any()


def test_a_minibatch_filled_again_forgets_the_one_before(form):
    x = standardised(counts(), 10.0)
    first, rows = x.minibatch(np.arange(30), hide=0.5), np.arange(30, 40)
    first.by_gene()
    again = x.minibatch(rows, into=first)
    assert again is first
    fresh = x.minibatch(rows)
    torch.testing.assert_close(again.dense_seen(), fresh.dense(), rtol=0, atol=0)
    (loss, gradients), _ = both_ways(again, weights(30, 5))
    (expected, others), _ = both_ways(fresh, weights(30, 5))
    assert loss == expected and all(map(torch.equal, gradients, others))


@pytest.mark.parametrize("end", ["first_layer", "mse"])
def test_a_backward_pass_after_the_next_minibatch_is_refused(form, end):
    x = standardised(counts(), 10.0)
    minibatch, (*encoder, weight, bias) = x.minibatch(np.arange(8)), weights(30, 5)
    if end == "first_layer":
        loss = first_layer(minibatch, *encoder).sum()
    else:
        loss = mse(minibatch, torch.zeros(8, 5), weight, bias)
    x.minibatch(np.arange(8), into=minibatch)
    with pytest.raises(RuntimeError, match="filled again"):
        loss.backward()


def test_the_loss_is_right_where_its_terms_are_far_larger():
    """A gene with mean / sd of 300 and no clip: the terms are a thousand times what is left of them."""
    values = counts(200, 30)
    values[2, CLIPPED], values[2, CONSTANT] = 3, 2
    values[:, CLIPPED] = 3 + np.random.default_rng(0).standard_normal(200) / 100
    minibatch = standardised(values, np.inf).minibatch(np.arange(200))
    parameters = weights(30, 6)
    with torch.no_grad():
        loss = mse(minibatch, torch.zeros(200, 6), parameters[2], torch.zeros(30))
    assert minibatch.square_sum > 500 * 200 * 30
    assert loss.item() == pytest.approx((minibatch.dense().double() ** 2).mean().item(), rel=1e-5)


def test_a_weight_that_is_not_a_number_shows(form):
    minibatch, parameters = standardised(counts(), 10.0).minibatch(np.arange(9)), weights(30, 5)
    with torch.no_grad():
        parameters[2][FULL, 1] = float("nan")
        assert torch.isnan(mse(minibatch, torch.ones(9, 5), *parameters[2:]))
        parameters[0][FULL, 1] = float("nan")
        seen = first_layer(minibatch, *parameters[:2])
    assert torch.isnan(seen[:, 1]).all() and torch.isfinite(seen[:, 0]).all()


@pytest.mark.parametrize("optimizer", [torch.optim.AdamW, torch.optim.SGD])
def test_a_few_steps_end_where_dense_steps_end(form, optimizer):
    x, ends = standardised(counts(), 10.0), []
    for dense in (True, False):
        torch.manual_seed(0)
        encoder, decoder = ByInput(torch.nn.Linear(30, 6)), torch.nn.Linear(6, 30)
        steps = optimizer([*encoder.parameters(), *decoder.parameters()], lr=1e-2)
        minibatch = None
        for seed in range(10):
            minibatch = x.minibatch(
                np.random.default_rng(seed).permutation(40)[:16], hide=0.2, seed=seed, into=minibatch
            )
            if dense:
                loss = F.mse_loss(decoder(torch.tanh(encoder(minibatch.dense_seen()))), minibatch.dense())
            else:
                hidden = torch.tanh(first_layer(minibatch, encoder.weight, encoder.bias))
                loss = mse(minibatch, hidden, decoder.weight, decoder.bias)
            steps.zero_grad()
            loss.backward()
            steps.step()
        ends.append(torch.cat([p.detach().ravel() for p in (*encoder.parameters(), *decoder.parameters())]))
    torch.testing.assert_close(*ends, rtol=0, atol=2e-4)


@pytest.mark.parametrize(("density", "expected"), [(0.03, True), (0.2, True), (0.35, False), (1.0, False)])
def test_the_rule_says_what_was_measured(density, expected):
    assert pays(density) is expected


@pytest.mark.parametrize(
    ("batch_size", "n_hidden", "expected"),
    [
        (48, 64, False),
        (64, 64, True),
        (96, 128, False),
        (128, 128, True),
        (448, 512, False),
        (1024, 512, True),
    ],
)
def test_the_gram_form_is_for_minibatches_no_smaller_than_the_hidden_width(batch_size, n_hidden, expected):
    assert gram_pays(batch_size, n_hidden) is expected
