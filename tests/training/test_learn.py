"""A whole training: the same for the same seed, it obeys every setting, on the CPU and on a GPU."""

import numpy as np
import pytest
import torch
from scipy import sparse
from short_runs import BASE, same, trained, weights

from core.analysis import explore
from core.analysis.neighbors import find_neighbors
from core.config import NETWORK, TRAINING, RunConfig, specs
from core.config.models import MODELS
from core.errors import UserError
from core.models import build
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import inference, learn, loop
from core.training.loop import fit

EVERYTHING = {"batch_key": "sample", "input_dropout": 0.1, "dropout": 0.2, "norm": "layer", "n_layers": 2}


KNOWN = {spec.name: spec.models for spec in specs() if spec.models}  # settings that some models alone obey


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "settings", [{}, EVERYTHING | {"beta_warm_up": 0.5, "zero_inflated": True}], ids=["plain", "everything"]
)
def test_the_same_seed_gives_the_same_run_bit_for_bit(tiny, model, settings):
    """The whole of it, as the page and the command line train, whatever torch has drawn before."""
    obeyed = {name: value for name, value in settings.items() if model in KNOWN.get(name, (model,))}
    config = RunConfig(**BASE.model_dump(exclude=KNOWN.keys() | {"model"}) | {"model": model} | obeyed)
    runs = []
    for _ in range(2):
        torch.rand(3)
        events = list(learn.learn(tiny, config))
        assert len(events[-1].start.matrix.batch_names) == (2 if "batch_key" in settings else 0)
        runs.append((events[-1], [e.repeatable() for e in events if isinstance(e, loop.Epoch)]))
    (one, first), (two, second) = runs
    assert len(first) == 3 and first == second and same(one.weights, two.weights)
    np.testing.assert_array_equal(one.latent, two.latent)
    assert one.loss == two.loss and one.held_out == two.held_out


CHANGES = {
    "n_latent": 5,
    "n_hidden": 17,
    "n_hidden_protein": 9,
    "n_layers": 2,
    "norm": "layer",
    "activation": "tanh",
    "linear_path": False,
    "latent_noise": 0.3,
    "dropout": 0.3,
    "input_dropout": 0.3,
    "epochs": 4,
    "lr": 3e-3,
    "batch_size": 50,
    "optimizer": "sgd",
    "schedule": "constant",
    "weight_rna": 0.5,
    "weight_protein": 1.0,
    "l1": 1.0,
    "l2": 0.1,
    "clip_grad": 0.01,
    "train_share": 0.5,
    "valid_share": 0.2,
    "split_by": "cell_type",
    "patience": 1,
    "seed": 1,
}


def test_the_list_of_changes_names_every_field():
    fields = {spec.name for part in (NETWORK, TRAINING) for spec in specs(part)}
    variational = {spec.name for spec in specs() if spec.models and BASE.model not in spec.models}
    # What other models obey, devices, split counts and the metric of neighbours have tests of their own.
    assert set(CHANGES) == fields - variational - {"model", "device", "metric", "target", "split_share"}


@pytest.fixture(scope="module")
def base_run(tiny):
    return trained(tiny, BASE)


@pytest.mark.parametrize("field", CHANGES)
def test_no_control_is_without_effect(tiny, field, base_run):
    base = BASE
    if field == "patience":  # a rate at which the loss jumps, so that there is something to stop for
        base = BASE.model_copy(update={"epochs": 12, "lr": 5.0, "schedule": "constant"})
    model, epochs = base_run if base is BASE else trained(tiny, base)
    other, others = trained(tiny, base.model_copy(update={field: CHANGES[field]}))
    assert len(epochs) != len(others) or not same(weights(model), weights(other))
    if field in ("epochs", "patience"):
        assert len(epochs) != len(others)


VARIATIONAL = [name for name, record in MODELS.items() if record.variational]


VARIATIONAL_CHANGES = {"beta": 0.1, "beta_warm_up": 0.9}


@pytest.mark.parametrize("name", VARIATIONAL)
def test_a_variational_run_pays_for_its_divergence_and_obeys_its_settings(tiny, name):
    config = BASE.model_copy(update={"model": name, "epochs": 6})
    _, epochs = trained(tiny, config)
    assert all(0 < epoch.penalty_kl < 1 for epoch in epochs)
    for epoch in epochs:  # the loss stays that of the data, comparable with every other model's
        assert epoch.train.total == pytest.approx(epoch.train.rna + 0.3 * epoch.train.protein)
    assert epochs[-1].valid.total < epochs[0].valid.total
    obeyed = {spec.name for spec in specs() if name in spec.models} - {"target", "split_share"}
    changes = VARIATIONAL_CHANGES | ({"zero_inflated": True} if name == "counts" else {})
    assert set(changes) == obeyed
    for field, value in changes.items():
        _, others = trained(tiny, config.model_copy(update={field: value}))
        assert others[-1].train.total != epochs[-1].train.total, field


def test_a_batch_covariate_takes_the_batches_out_of_the_latent_space(tiny):
    """Two halves with another level each: given the batch, the latent space need not carry it."""
    adata = tiny.copy()
    second = np.arange(adata.n_obs) % 2 == 1
    adata.obs["run"] = np.where(second, "b", "a")
    boost = np.where(np.arange(adata.n_vars) % 3 == 0, 4, 1)
    adata.X = sparse.csr_matrix(np.where(second[:, None], adata.X.toarray() * boost, adata.X.toarray()))

    def told_apart(config):
        split = split_cells(adata.n_obs, config)
        matrix = prepare(adata, config, split)
        model = build(config, matrix.n_genes, matrix.n_proteins, len(matrix.batch_names))
        list(fit(model, matrix, split, config))
        z = inference.encode(model, matrix)
        near = find_neighbors(z).indices[:, 1:]
        return (second[near] == second[:, None]).mean()  # 0.5: neighbours come from both alike

    config = BASE.model_copy(update={"epochs": 40})
    apart, together = told_apart(config), told_apart(config.model_copy(update={"batch_key": "run"}))
    assert apart > 0.7 and together < apart - 0.1


def test_an_obs_column_that_cannot_be_a_batch_is_refused_in_a_sentence(tiny):
    adata = tiny.copy()
    adata.obs["one"] = "same"
    split = split_cells(adata.n_obs, BASE)
    for column, message in (("donor", "There is no obs column 'donor'"), ("one", "has 1 different values")):
        with pytest.raises(UserError, match=message):
            prepare(adata, BASE.model_copy(update={"batch_key": column}), split)


@pytest.mark.gpu
@pytest.mark.parametrize("model", MODELS)
def test_a_gpu_learns_what_the_cpu_learns(tiny, model):
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA GPU")
    adata = tiny.copy()
    adata.obs["run"] = np.where(np.arange(adata.n_obs) % 2, "a", "b")
    config = BASE.model_copy(update={"model": model, "batch_key": "run"})
    here, there = (
        list(learn.learn(adata, config.model_copy(update={"device": kind})))[-1] for kind in ("cpu", "cuda")
    )
    for a, b in zip(here.epochs, there.epochs, strict=True):
        assert a.valid.total == pytest.approx(b.valid.total, rel=1e-2)
    *_, explored = explore.explore(explore.trained_run(there), there.start.config)
    assert np.isfinite(explored.embeddings["latent_umap"]).all()
