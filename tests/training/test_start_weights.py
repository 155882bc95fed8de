"""Training starts from the weights of another run: those of the features that both have, by name."""

from types import SimpleNamespace

import pytest
import torch
from short_runs import BASE

from core.config import RunConfig, specs
from core.config.models import MODELS
from core.errors import UserError
from core.models import build
from core.training.start_weights import start_from

KNOWN = {spec.name: spec.models for spec in specs() if spec.models}
BATCHES = ("a", "b")


def config_of(model, **values):
    base = BASE.model_dump(exclude=KNOWN.keys() | {"model", "extensions", "start_from"})
    return RunConfig(**base | {"model": model} | values)


def content_of(config, genes, proteins, batches=BATCHES):
    """The content of a model.pt whose network is untrained."""
    torch.manual_seed(1)
    model = build(config, len(genes), len(proteins), len(batches))
    weights = {name: torch.randn(value.shape).to(value.dtype) for name, value in model.state_dict().items()}
    names = {"genes": list(genes), "proteins": list(proteins), "groups": list(batches)}
    return {"config": config.model_dump(), "weights": weights} | names


def matrix_of(genes, proteins, batches=BATCHES):
    sizes = {"n_genes": len(genes), "n_proteins": len(proteins)}
    return SimpleNamespace(genes=genes, proteins=proteins, batch_names=batches, **sizes)


def started(config, content, genes, proteins, batches=BATCHES):
    """(state of the model, its fresh state, the sentence)."""
    torch.manual_seed(2)
    model = build(config, len(genes), len(proteins), len(batches))
    fresh = {name: value.clone() for name, value in model.state_dict().items()}
    sentence = start_from(model, content, matrix_of(genes, proteins, batches), config)
    return model.state_dict(), fresh, sentence


OLD = [f"gene{i}" for i in range(30)], ["CD3", "CD4", "CD19"]
NEW = ["gene7", "new1", "gene29", "gene0"] + [f"other{i}" for i in range(21)], ["CD19", "CD8", "CD3", "CD56"]


@pytest.mark.parametrize("model", MODELS)
def test_with_the_same_features_all_weights_are_those_of_the_other_run(model):
    config = config_of(model)
    content = content_of(config, *OLD)
    state, _, sentence = started(config, content, *OLD)
    assert all(torch.equal(value, content["weights"][name]) for name, value in state.items())
    assert "30 of 30 genes and 3 of 3 proteins are in both." in sentence


@pytest.mark.parametrize("model", MODELS)
def test_features_are_matched_by_name_and_new_ones_stay_fresh(model):
    config = config_of(model)
    content = content_of(config, *OLD)
    state, fresh, sentence = started(config, content, *NEW)
    assert "3 of 25 genes and 2 of 4 proteins are in both." in sentence
    old = content["weights"]
    for branch, (own, other) in {"rna": (NEW[0], OLD[0]), "protein": (NEW[1], OLD[1])}.items():
        output, first = f"blocks.output_{branch}.0.weight", f"blocks.encoder_{branch}_1.0.weight"
        for i, name in enumerate(own):
            expected = old[output][other.index(name)] if name in other else fresh[output][i]
            assert torch.equal(state[output][i], expected)
            expected = old[first][:, other.index(name)] if name in other else fresh[first][:, i]
            assert torch.equal(state[first][:, i], expected)
        assert torch.equal(state[first][:, -2:], old[first][:, -2:])  # one-hot batches
    assert torch.equal(state["blocks.latent.0.weight"], old["blocks.latent.0.weight"])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"n_latent": 5}, "Latent dimensions is 5, and that of the run is 4"),
        ({"n_hidden": 17}, "Hidden units"),
        ({"norm": "layer"}, "is layer"),
        ({"model": "variational"}, "Model is variational"),
    ],
)
def test_another_network_is_refused_with_what_differs(values, words):
    content = content_of(config_of("citeseq"), *OLD)
    config = config_of(**{"model": "citeseq"} | values)
    with pytest.raises(UserError, match=f"The model differs.*{words}.*choose fresh weights"):
        started(config, content, *OLD)


def test_settings_without_weights_may_differ():
    content = content_of(config_of("citeseq"), *OLD)
    started(config_of("citeseq", dropout=0.4, lr=0.5, epochs=9, seed=8), content, *OLD)


def test_runs_without_a_common_feature_or_with_other_batches_are_refused():
    config = config_of("citeseq")
    content = content_of(config, *OLD)
    with pytest.raises(UserError, match="no gene and no protein in common"):
        started(config, content, ["x", "y"], ["z"])
    with pytest.raises(UserError, match="other batches"):
        started(config, content, *OLD, batches=("a", "c"))


def test_a_run_on_rna_alone_starts_from_one_on_both():
    state, _, sentence = started(
        config_of("citeseq"), content_of(config_of("citeseq"), OLD[0], []), OLD[0], []
    )
    assert "30 of 30 genes and 0 of 0 proteins" in sentence


def test_a_genome_in_front_of_names_hides_no_gene():
    config = config_of("citeseq")
    content = content_of(config, *OLD)
    genes = [f"GRCh38______{name}" for name in OLD[0]]
    state, _, sentence = started(config, content, genes, OLD[1])
    assert all(torch.equal(value, content["weights"][name]) for name, value in state.items())
    assert "30 of 30 genes and 3 of 3 proteins are in both." in sentence
