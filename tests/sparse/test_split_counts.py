"""Split counts: both parts add up to the whole, are scaled by their own statistics, and train as dense layers do."""

import numpy as np
import pytest
import torch
from scipy import sparse
from torch.nn import functional as F

from core.sparse.linear import first_layer, mse
from core.sparse.rows import Rows, normalisation
from core.sparse.split_counts import Draw, SplitCounts

N, G, TARGET = 300, 40, 1_000.0


@pytest.fixture(scope="module")
def rows():
    """300 cells of 40 genes, some never seen, one large, and half as many molecules in genes that are not used."""
    random = np.random.default_rng(0)
    values = random.poisson(random.gamma(0.6, 1.0, G), (N, G)).astype(np.float32)
    values[:, 0] = random.poisson(80, N)
    values[:, 1], values[5] = 0, 0
    made = Rows.of(sparse.csr_matrix(values))
    made.size = normalisation(values.sum(axis=1) + random.poisson(150, N), TARGET, True).size
    return made


def by_hand(rows, splitter, cells, number):
    """(seen, target) of the `cells`, (cells, genes) float64 counts, from the numbers that the splitter drew."""
    held = rows.held(cells)
    without = SplitCounts(rows, splitter.share, splitter.seed, None, logged=False)
    indptr, indices, parts = without.parts(held, Draw(cells, number))
    shares = splitter.share, 1 - splitter.share
    return [
        sparse.csr_matrix((part, indices.astype(int), indptr), (len(cells), G)).toarray() * share
        for part, share in zip(parts, shares, strict=True)
    ]


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_the_parts_add_up_to_the_counts_and_come_again_for_the_same_draw(rows, share):
    splitter, cells = SplitCounts(rows, share, 3, TARGET), np.arange(N)
    seen, target = by_hand(rows, splitter, cells, 4)
    np.testing.assert_allclose(seen + target, rows.dense(cells), atol=1e-4)
    assert seen.sum() / rows.dense(cells).sum() == pytest.approx(share, abs=0.02)
    again = splitter.parts(rows.held(cells), Draw(cells, 4))[2]
    for one, other in zip(again, splitter.parts(rows.held(cells), Draw(cells, 4))[2], strict=True):
        np.testing.assert_array_equal(one, other)
    assert (again[0] != splitter.parts(rows.held(cells), Draw(cells, 5))[2][0]).any()


def test_each_part_is_normalised_by_its_own_total_of_all_genes(rows):
    splitter, cells = SplitCounts(rows, 0.7, 3, TARGET, logged=False), np.arange(N)
    _, _, (seen, target) = splitter.parts(rows.held(cells), Draw(cells, 1))
    counts = by_hand(rows, splitter, cells, 1)
    indptr = rows.held(cells).rows.indptr
    whole = TARGET / rows.size
    for values, part, share in ((seen, counts[0], 0.7), (target, counts[1], 0.3)):
        used = np.add.reduceat(np.append(values, 0), indptr[:-1]) * (np.diff(indptr) > 0)
        total = TARGET * part.sum(axis=1) / np.maximum(used, 1e-9)  # what the values were divided by
        filled = part.sum(axis=1) > 0
        assert (total / (share * whole))[filled].mean() == pytest.approx(1, abs=0.02)
        np.testing.assert_allclose(total[filled], np.rint(total[filled]), rtol=1e-4)


@pytest.mark.parametrize("n_hidden", [4, 64])  # by the Gram form and by the residual
def test_loss_and_gradients_are_those_of_dense_layers_in_float64(rows, n_hidden):
    splitter, cells = SplitCounts(rows, 0.5, 1, TARGET).fit(np.arange(N), 5.0), np.arange(20)
    counts = by_hand(rows, splitter, cells, 7)
    minibatch = splitter.minibatch(cells, draw=Draw(cells, 7))
    _, indices, logs = SplitCounts(rows, 0.5, 1, TARGET).parts(rows.held(cells), Draw(cells, 7))
    indptr = minibatch.indptr
    x = []
    for base, (slope, _, clip), part in (
        (splitter.seen_base, splitter.seen_scale, logs[0]),
        (splitter.base, splitter.scale, logs[1]),
    ):
        dense = sparse.csr_matrix((part, indices.astype(int), indptr), (len(cells), G)).toarray()
        scaled = np.clip(
            dense.astype(np.float64) * slope + _unclipped(splitter, part is logs[0]), -clip, clip
        )
        np.testing.assert_allclose(
            scaled[dense == 0], np.broadcast_to(base, dense.shape)[dense == 0], atol=1e-5
        )
        x.append(torch.from_numpy(scaled))
    assert all((count > 0).any() for count in counts)
    np.testing.assert_allclose(minibatch.dense_seen(), x[0], atol=2e-5)
    np.testing.assert_allclose(minibatch.dense(), x[1], atol=2e-5)
    torch.manual_seed(0)
    weights = [torch.randn(s) / 3 for s in ((G, n_hidden), (n_hidden,), (G, n_hidden), (G,))]
    one, other = ([w.clone().to(t).requires_grad_() for w in weights] for t in (torch.float32, torch.float64))
    hidden = first_layer(minibatch, one[0], one[1]).tanh()
    loss = mse(minibatch, hidden, one[2], one[3])
    loss.backward()
    expected = F.mse_loss(F.linear((x[0] @ other[0] + other[1]).tanh(), other[2], other[3]), x[1])
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a.grad, b.grad, atol=2e-5 * b.grad.abs().max().item() + 1e-7)


def _unclipped(splitter, seen):
    """(genes,) -mean / sd of a part."""
    slope, shift, _ = splitter.seen_scale if seen else splitter.scale
    return (splitter.seen_base if seen else splitter.base).numpy() + shift


def test_statistics_are_those_of_the_parts_of_the_training_cells(rows):
    train = np.arange(0, N, 2)
    splitter = SplitCounts(rows, 0.5, 1, TARGET).fit(train, np.inf)
    for number in range(3):  # draws that the statistics have not seen
        minibatch = splitter.minibatch(train, draw=Draw(train, number))
        for part in (minibatch.dense_seen(), minibatch.dense()):
            varied = part[:, splitter.varies]
            assert varied.mean().item() == pytest.approx(0, abs=0.05)
            assert varied.std(dim=0).mean().item() == pytest.approx(1, abs=0.1)
    assert not splitter.varies[1] and splitter.varies[0]
