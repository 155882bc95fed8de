"""Proteins that a batch lacks are left out of the loss, neutral for the encoder, and predicted by the decoder."""

import numpy as np
import pandas as pd
import pytest
import torch
from anndata import AnnData
from scipy import sparse

from core.config import RunConfig
from core.config.models import MODELS
from core.errors import UserError
from core.models import build
from core.preprocessing.prepare import prepare
from core.preprocessing.protein_transforms import clr, geometric_means
from core.preprocessing.split import split_cells
from core.preprocessing.steps.repairs import mask_proteins
from core.training import inference, learn
from core.training.dataloader import Feed
from core.training.gpu_matrix import Resident

QUICK = {"n_hidden": 16, "n_hidden_protein": 8, "n_latent": 4, "n_top_genes": 0, "device": "cpu"}
LACKED = slice(0, 3)  # proteins that the second batch was not stained for
ROWS = np.arange(120)


@pytest.fixture(scope="module")
def whole():
    """The known set: 60 genes and 6 proteins that follow the same two factors, in every cell of two batches."""
    random = np.random.default_rng(0)
    factors = random.standard_normal((400, 2))
    genes, proteins = (
        random.poisson(np.exp(level + factors @ (random.choice([-0.8, 0.8], (2, n)))))
        for level, n in ((1.5, 60), (4, 6))
    )
    adata = AnnData(sparse.csr_matrix(genes, dtype=np.float32))
    adata.obs_names, adata.var_names = [f"cell{i}" for i in range(400)], [f"G{i}" for i in range(60)]
    names = [f"CD{i}" for i in range(1, 7)]
    adata.obsm["protein"] = pd.DataFrame(proteins.astype(np.float32), adata.obs_names, names)
    adata.obs["batch"] = np.where(np.arange(400) % 2, "stained", "in part")
    return adata


@pytest.fixture(scope="module")
def lacking(whole):
    """The same, but for three proteins of one batch."""
    adata = whole.copy()
    values = adata.obsm["protein"].to_numpy(np.float32).copy()
    values[(adata.obs["batch"] == "in part").to_numpy(), LACKED] = np.nan
    adata.obsm["protein"] = pd.DataFrame(values, adata.obs_names, adata.obsm["protein"].columns)
    return mask_proteins(adata)[0]


def prepared(adata, **settings):
    config = RunConfig(**QUICK | settings)
    split = split_cells(adata.n_obs, config)
    return config, split, prepare(adata, config, split)


def test_the_statistics_are_those_of_the_cells_that_have_a_protein(whole, lacking):
    _, split, matrix = prepared(lacking)
    names = list(matrix.proteins[LACKED])
    stained = (lacking.obs["batch"] == "stained").to_numpy()
    assert np.array_equal(matrix.measured[:, 0], stained) and matrix.measured[:, 3:].all()
    training = whole.obsm["protein"][names].to_numpy(np.float32)[
        np.intersect1d(split.train, np.flatnonzero(stained))
    ]
    values = clr(training, geometric_means(training))
    n = matrix.n_genes
    np.testing.assert_allclose(matrix.mean[n:][LACKED], values.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(matrix.sd[n:][LACKED], values.std(axis=0, ddof=1), rtol=1e-5)
    seen = matrix.dense(np.arange(400))
    assert np.isfinite(seen).all()
    np.testing.assert_allclose(
        seen[~stained, n : n + 3], 0, atol=1e-5
    )  # the mean, so the encoder learns nothing
    assert any(
        note.startswith("200 cells lack values of 3 proteins: they are masked") for note in matrix.notes
    )


@pytest.mark.parametrize("model", sorted(MODELS))
def test_what_was_not_measured_adds_nothing_to_the_loss_of_any_model(lacking, model):
    config, _, matrix = prepared(lacking, model=model)
    network = build(config, matrix.n_genes, matrix.n_proteins).eval()
    cells = Feed(matrix).cells(ROWS)
    z = network.encode(cells)
    x, counts = cells.x.clone(), None if cells.counts is None else cells.counts.clone()
    hidden = ~cells.measured.bool()
    for values in filter(torch.is_tensor, (x, counts)):
        values[:, matrix.n_genes :][hidden] = 77.0
    changed = cells._replace(x=x, counts=counts)
    network.encode = lambda _: z  # what the encoder reads is not what this is about
    network.posterior = lambda _: (z, torch.zeros_like(z))
    assert network.loss(changed)["protein"] == network.loss(cells)["protein"]
    assert network.loss(changed._replace(measured=None))["protein"] != network.loss(cells)["protein"]
    if hasattr(network, "evidence"):
        assert torch.equal(*(network.evidence(z, one, torch.zeros_like) for one in (cells, changed)))


@pytest.mark.parametrize("model", ["citeseq", "counts"])
def test_the_decoder_predicts_the_proteins_that_a_batch_lacks(whole, lacking, model):
    *_, learnt = learn.learn(
        lacking, RunConfig(**QUICK | {"model": model, "epochs": 40, "batch_key": "batch"})
    )
    matrix = learnt.start.matrix
    network = build(learnt.start.config, matrix.n_genes, matrix.n_proteins, 2)
    network.load_state_dict(learnt.weights)
    predicted = np.vstack([values for _, values in inference.denoised(network, matrix)])[:, matrix.n_genes :]
    lacks = ~matrix.measured[:, 0]
    truth = np.log1p(whole.obsm["protein"][list(matrix.proteins)].to_numpy())
    for protein in range(3):
        assert np.corrcoef(predicted[lacks, protein], truth[lacks, protein])[0, 1] > 0.8
    assert learnt.loss.protein < learnt.start.on_scored.mean.protein
    assert np.isfinite([*learnt.start.on_scored.pca, *learnt.start.on_scored.mean]).all()


def test_the_mean_s_loss_is_that_of_the_measured_values(lacking):
    _, split, matrix = prepared(lacking)
    *_, learnt = learn.learn(lacking, RunConfig(**QUICK | {"epochs": 1}))
    rows = learnt.start.split.scored
    errors = (matrix.dense(rows)[:, matrix.n_genes :] - matrix.mean_of(split.train)[matrix.n_genes :]) ** 2
    by_hand = (errors * matrix.measured[rows]).mean()
    assert learnt.start.on_scored.mean.protein == pytest.approx(by_hand, rel=1e-4)


def test_a_protein_that_is_0_in_all_of_a_batch_is_masked_there(lacking):
    adata = lacking.copy()
    adata.obsm["protein"].loc[adata.obs["batch"] == "stained", adata.obsm["protein"].columns[4]] = 0
    place = list(prepared(adata)[2].proteins).index(adata.obsm["protein"].columns[4])
    assert prepared(adata)[2].measured[:, place].all()
    by_batch = prepared(adata, batch_key="batch")[2].measured[:, place]
    assert np.array_equal(by_batch, (adata.obs["batch"] != "stained").to_numpy())


def test_masked_proteins_reach_a_gpu_as_they_reach_the_cpu(lacking):
    matrix = prepared(lacking)[2]
    (_, cells), *_ = Resident(matrix, "cpu", "dense").minibatches(ROWS, 120)
    assert torch.equal(cells.measured, Feed(matrix).cells(ROWS).measured)


def test_a_mask_and_dsb_are_refused_together(lacking):
    with pytest.raises(UserError, match="DSB needs the values of all proteins in every cell"):
        prepared(lacking, protein_transform="dsb")
    assert np.isfinite(prepared(lacking, protein_transform="clr_cells")[2].protein).all()


def test_a_cell_with_every_protein_needs_no_mask(whole):
    with pytest.raises(UserError, match="Every cell has its protein values"):
        mask_proteins(whole)
