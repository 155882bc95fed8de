"""Ranges and lists of settings, as people type them and as files hold them, and what a search may not do."""

import json

import pytest

from core.config import RunConfig
from core.config.search import (
    Dimension,
    SearchRecord,
    checked,
    dimension,
    explained,
    of_text,
    reserve,
    searchable,
    suggested_text,
)
from core.errors import UserError


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("n_latent", "10, 20, 50", Dimension("n_latent", (10, 20, 50))),
        ("n_latent", "10,20,50", Dimension("n_latent", (10, 20, 50))),
        ("n_latent", "5 to 50", Dimension("n_latent", (), 5, 50)),
        ("n_hidden", "16..512", Dimension("n_hidden", (), 16, 512, None, True)),
        ("lr", "0.001 to 0.1", Dimension("lr", (), 0.001, 0.1, None, True)),
        ("lr", "1e-3; 0,01", Dimension("lr", (0.001, 0.01))),
        ("dropout", "0 to 0.5", Dimension("dropout", (), 0.0, 0.5)),
        ("optimizer", "adam, adamw", Dimension("optimizer", ("adam", "adamw"))),
        ("linear_path", "yes no", Dimension("linear_path", (True, False))),
    ],
)
def test_text_is_a_list_or_a_range(name, text, expected):
    assert of_text(name, text) == expected
    assert dimension(name, json.loads(json.dumps(expected.record()))) == expected


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("n_latent", "10", "enter 2 to 50 different values"),
        ("n_latent", "", "enter 2 to 50 different values"),
        ("n_latent", "10, 10", "enter 2 to 50 different values"),
        ("n_latent", "50 to 5", "has to end above its beginning"),
        ("n_latent", "0, 5", "'0' is too small"),
        ("lr", "a lot", "is not a number"),
        ("optimizer", "adam, newton", "'newton' is not one of"),
        ("seed", "1, 2", "seed cannot be searched: all trials must be scored alike"),
        ("n_latnt", "1, 2", "did you mean 'n_latent'?"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_a_sentence(name, text, sentence):
    with pytest.raises(UserError, match=sentence.replace("?", r"\?")):
        of_text(name, text)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (5, "takes a list"),
        ({"low": 1}, "has to end above its beginning"),
        ({"low": 1, "high": 5, "width": 2}, "a range has no 'width'"),
        ({"low": 1, "high": 5, "step": 0}, "the step is a number above 0"),
        ({"low": 1, "high": 5, "step": 1.5}, "the step is a whole number"),
        ({"low": 1, "high": 5, "step": 1, "log": True}, "a logarithmic range has no step"),
    ],
)
def test_a_file_with_a_wrong_range_is_refused(values, sentence):
    with pytest.raises(UserError, match=sentence):
        dimension("n_latent", values)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"space": {}}, "No setting is searched"),
        ({"objective": "beauty"}, "There is no objective 'beauty'"),
        ({"pruner": "axe"}, "There is no pruning 'axe'"),
        ({"n_trials": 0}, "from 1 to 1000"),
        ({"minutes": 0}, "The minutes are above 0"),
        ({"objective": "neighbours"}, "cannot be pruned"),
        ({"objective": "proteins", "pruner": "none"}, "no RNA and proteins together"),
        ({"space": {"weight_protein": [0.1, 0.3]}}, "losses cannot be compared"),
        ({"space": {"model": ["citeseq", "counts"]}}, "cannot be compared"),
    ],
)
def test_a_search_that_cannot_be_carried_out_is_refused(changed, sentence):
    record = SearchRecord(**({"space": {"n_latent": [2, 4]}} | changed))
    with pytest.raises(UserError, match=sentence):
        checked(record, has_proteins=False)


def test_a_search_reserves_test_cells_for_its_winner():
    config = RunConfig()
    assert RunConfig(**reserve(config, 240)).split_sizes(240)[2] >= 20
    assert RunConfig(**reserve(config, 100_000)).split_sizes(100_000)[2] == 10_000
    generous = RunConfig(train_share=0.6, valid_share=0.1)
    assert reserve(generous, 1000) == {"train_share": 0.6, "valid_share": 0.1}
    with pytest.raises(UserError, match="30 cells are too few for a search"):
        reserve(config, 30)


def test_the_variance_explained_is_a_mean_over_the_parts():
    assert explained({"rna": 0.5, "protein": 0.2}, {"rna": 1.0, "protein": 1.0}) == pytest.approx(0.65)
    assert explained({"rna": 0.5, "protein": None}, {"rna": 1.0, "protein": None}) == 0.5
    assert explained({"total": 0.5}, {"total": 2.0}) == 0.75
    assert explained({}, {}) is None


@pytest.mark.parametrize("name", [spec.name for spec in searchable()])
def test_what_the_form_suggests_can_be_searched(name):
    assert of_text(name, suggested_text(name))


def test_combinations_are_counted_where_all_are_lists():
    assert SearchRecord(space={"n_latent": [2, 4], "n_layers": [1, 2, 3]}).n_combinations == 6
    assert SearchRecord(space={"n_latent": {"low": 2, "high": 4}}).n_combinations is None
