"""Settings are refused in sentences, and their description of the network is what torch builds."""

import itertools

import pytest

from core import config, models
from core.config import RunConfig, chosen, gene_names, parse, specs, steps_for
from core.config.models import MODELS
from core.errors import UserError

PLAIN = RunConfig().for_data(3_000, 110)
NUMBERS = [spec for spec in specs() if spec.kind in ("int", "float")]


def refusal(**values):
    with pytest.raises(UserError) as caught:
        parse(values)
    text = str(caught.value)
    assert "\n" not in text and text.endswith((".", "?"))
    return text


def beyond(spec, low):
    """The first value on the forbidden side of a bound."""
    bound, is_open = (spec.low, spec.low_open) if low else (spec.high, spec.high_open)
    if is_open:
        return bound
    step = 1 if spec.kind == "int" else 1e-3 * max(1, abs(bound))
    return bound - step if low else bound + step


@pytest.mark.parametrize("spec", NUMBERS, ids=lambda spec: spec.name)
def test_every_number_has_bounds_that_are_kept_in_a_sentence(spec):
    assert spec.low is not None and spec.high is not None
    for low in (True, False):
        text = refusal(**{spec.name: beyond(spec, low)})
        assert spec.label in text and f"({spec.name})" in text and "should be" in text


@pytest.mark.parametrize("spec", NUMBERS, ids=lambda spec: spec.name)
def test_no_number_may_be_missing_text_or_infinite(spec):
    for value in ("many", float("nan"), float("inf")):
        assert spec.label in refusal(**{spec.name: value})


def test_a_learning_rate_of_zero_is_refused_with_its_label():
    assert refusal(lr=0) == "Learning rate (lr): it should be greater than 0, not 0."


def test_an_empty_field_is_asked_for_unless_it_may_be_empty():
    assert refusal(lr=None).startswith("Learning rate (lr) is empty")
    assert parse({"epochs": None, "n_latent": None}).epochs is None


def test_an_unknown_setting_is_refused_by_name_with_the_nearest_one():
    assert refusal(learning_rte=1) == "Unknown setting 'learning_rte'."
    assert refusal(n_latnet=3) == "Unknown setting 'n_latnet'; did you mean 'n_latent'?"


def test_every_mistake_is_named_at_once():
    text = refusal(n_latnet=3, lr=-1, optimizer="adamm")
    assert "n_latent" in text and "Learning rate" in text and "'adamw'" in text


def test_shares_must_leave_room_for_each_other():
    assert "must not exceed 1" in refusal(train_share=0.9, valid_share=0.2)
    assert parse({"train_share": 0.9, "valid_share": 0.1}).valid_share == 0.1


def test_a_loss_without_any_weight_is_refused():
    assert "nothing to learn" in refusal(weight_rna=0, weight_protein=0)


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValueError, match="frozen"):
        PLAIN.lr = 1


def test_the_specs_cover_every_field_with_a_label_and_a_sentence_of_help():
    fields = specs()
    no_settings = ["extensions", "start_from"]  # of a form: buttons set them
    assert [spec.name for spec in fields] == [n for n in RunConfig.model_fields if n not in no_settings]
    for spec in fields:
        assert spec.label and spec.help.endswith(".") and len(spec.help) > 20, spec.name
        assert spec.kind in ("bool", "int", "float", "choice", "column", "genes")
        assert (spec.kind == "choice") == bool(spec.choices)
        assert spec.default in spec.choices if spec.choices else spec.optional == (spec.default is None)
    parts = [specs(part) for part in (config.PREPARE, config.NETWORK, config.TRAINING)]
    assert sorted(itertools.chain(*parts)) == sorted(fields)
    assert len({spec.label for spec in fields}) == len(fields)


def test_what_a_spec_offers_is_what_the_config_accepts():
    for spec in specs():
        values = [*spec.choices]
        if spec.kind in ("int", "float"):
            values = [
                b for b, is_open in ((spec.low, spec.low_open), (spec.high, spec.high_open)) if not is_open
            ]
        for value in values:
            others = {"valid_share": 1e-9} if spec.name == "train_share" else {}
            if spec.models:
                others["model"] = spec.models[0]
            assert getattr(parse({spec.name: value} | others), spec.name) == value


def test_a_setting_that_a_model_does_not_obey_is_refused_by_name():
    assert refusal(beta=2) == (
        "Beta has no effect on the model citeseq, only on variational, linear and counts; leave it out."
    )
    assert parse({"model": "variational", "beta": 2}).beta == 2


def test_a_list_of_genes_is_read_however_it_was_pasted():
    pasted = "CD3E, CD4;CD8A\n'MS4A1'\t\"NKG7\" CD4\n"
    assert gene_names(pasted) == ("CD3E", "CD4", "CD8A", "MS4A1", "NKG7")
    assert gene_names("") == gene_names(" ,\n") == ()


@pytest.mark.parametrize("model", ["citeseq", "variational", "linear"])
def test_a_record_of_before_split_counts_was_trained_on_whole_ones(model):
    record = RunConfig(model=model).model_dump()
    for name in ("target", "split_share"):
        record.pop(name)
    assert parse(record).target == "whole" and not parse(record).splits_counts
    assert parse({"model": model}).splits_counts  # no record, but a wish
    for name in ("linear_path", "latent_noise", "split_by"):  # of a version before these
        record.pop(name)
    assert parse(record).target == "whole"


@pytest.mark.parametrize("model", list(MODELS))
def test_runs_of_before_the_metric_keep_euclidean_distances_and_new_ones_are_by_cosine(model):
    record = RunConfig(model=model).model_dump()
    assert record.pop("metric") == "cosine" and parse({"model": model}).metric == "cosine"
    assert parse(record).metric == "euclidean"
    record.pop("split_by")  # of a version before that, too
    assert parse(record).metric == "euclidean" and parse(record).split_by is None
    assert parse(record | {"metric": "cosine"}).metric == "cosine"


def test_a_latent_space_with_too_few_directions_has_euclidean_distances():
    metrics = {n: RunConfig(n_latent=n).for_data(3_000, 110).metric for n in (1, 3, 4, 20)}
    assert metrics == {1: "euclidean", 3: "euclidean", 4: "cosine", 20: "cosine"}
    assert RunConfig().for_data(3_000, 11, kind="counts").metric == "euclidean"  # 2 dimensions are chosen


@pytest.mark.parametrize(
    "settings, kind, words",
    [
        ({}, "counts", ""),
        ({}, "lognorm", "only counts can be split"),
        ({}, "normalized", "only counts can be split"),
        ({"batch_key": "donor"}, "counts", "with a batch covariate (donor)"),
        ({"modalities": "protein"}, "counts", "has no RNA"),
    ],
)
def test_counts_are_split_where_they_can_be_and_elsewhere_the_reason_is_said(settings, kind, words):
    config = RunConfig(**settings)
    step, chosen = config.target_step(kind), config.for_data(3_000, 110, 0, kind)
    assert step.applies == (not words) and words in step.reason
    assert chosen.target == ("whole" if words else "split")
    assert not RunConfig(target="whole").for_data(3_000, 110).splits_counts


def test_a_model_that_does_not_split_counts_has_no_setting_for_it():
    assert not RunConfig(model="counts").splits_counts
    assert parse(RunConfig(model="counts").for_data(3_000, 110, 0, "counts").model_dump()).model == "counts"
    text = refusal(model="counts", target="whole")
    assert "has no effect on the model counts" in text


def test_a_gene_in_both_lists_is_refused_by_name():
    text = refusal(keep_genes="CD4 CD8A", drop_genes="CD8A, ACTB")
    assert text.startswith("CD8A is in both lists of genes") and "keep_genes" in text
    assert parse({"keep_genes": "CD8A", "drop_cell_cycle": True}).keep_genes == "CD8A"


def test_a_record_of_before_the_linear_path_is_read_as_the_model_it_was():
    record = RunConfig(n_latent=7).model_dump()
    for name in MODELS["citeseq"].before:
        record.pop(name)
    assert (parse(record).linear_path, parse(record).latent_noise, parse(record).n_latent) == (False, 0.0, 7)
    older = {name: value for name, value in record.items() if name not in ("protein_transform", "keep_genes")}
    assert not parse(older | {"clr": True}).linear_path
    record.pop("split_by")  # nor had it a column to split by
    assert not parse(record).linear_path and parse(record).split_by is None
    assert parse({"n_latent": 7}).linear_path  # no record, but a wish
    other = RunConfig(model="counts").model_dump()
    assert parse(
        {name: value for name, value in other.items() if name not in MODELS["citeseq"].before}
    ) == RunConfig(model="counts")


def test_a_config_survives_being_written_down():
    changed = RunConfig(lr=3e-4, epochs=7, norm="layer")
    assert parse(changed.model_dump()) == changed


@pytest.mark.parametrize(
    ("cells", "batch_size", "epochs"),
    [
        (20, 128, 100),  # one step an epoch would make 1,500: the most is 100
        (2_550, 128, 75),  # 20 steps an epoch, 75 times 20 is 1,500
        (5_798, 128, 33),
        (5_000_000, 1024, 5),  # the least
        (2_550, 1024, 100),
        (2_550, None, 75),
    ],
)
def test_epochs_follow_from_the_number_of_steps(cells, batch_size, epochs):
    assert RunConfig(batch_size=batch_size).n_epochs(cells) == epochs
    assert RunConfig(batch_size=batch_size, epochs=3).n_epochs(cells) == 3


@pytest.mark.parametrize(
    ("cells", "batch_size", "n_hidden", "steps"),
    [(600, 128, 128, 1_500), (6_000, 128, 128, 1_500), (24_000, 256, 128, 2_121), (10**6, 1024, 256, 5_390)],
)
def test_batch_width_and_steps_grow_with_the_number_of_cells(cells, batch_size, n_hidden, steps):
    defaults = chosen(cells)
    assert (defaults.batch_size, defaults.n_hidden, defaults.steps) == (batch_size, n_hidden, steps)


def test_the_latent_space_is_always_narrower_than_the_features():
    for n_features in range(2, 200):
        assert 1 <= chosen(1_000, n_features).n_latent < n_features


def test_what_is_left_empty_is_chosen_and_what_is_given_is_kept():
    config = RunConfig(n_hidden=7).for_data(3_000, 110)
    assert (config.n_hidden, config.n_latent, config.batch_size, config.epochs) == (7, 20, 128, 75)
    assert config.for_data(10**6, 3) == config
    assert RunConfig(batch_size=255).for_data(3_000, 110).epochs == 100
    assert all(
        value is not None for name, value in config if name not in ("batch_key", "hvg_batch_key", "split_by")
    )


@pytest.mark.parametrize("n_proteins", [0, 5])
@pytest.mark.parametrize("n_layers", [1, 2, 3])
@pytest.mark.parametrize("norm", ["batch", "layer", "none"])
def test_the_layers_are_those_torch_builds_weight_for_weight(norm, n_layers, n_proteins):
    config = RunConfig(norm=norm, n_layers=n_layers, n_hidden=24, n_hidden_protein=7, n_latent=4)
    layers = config.layers(30, n_proteins)
    model = models.build(config, 30, n_proteins)
    assert sum(layer.weights for layer in layers) == sum(p.numel() for p in model.parameters())
    assert {layer.name for layer in layers} == set(model.blocks)
    for layer in layers:
        counted = sum(p.numel() for p in model.blocks[layer.name].parameters())
        assert (layer.name, layer.weights) == (layer.name, counted)
    assert len(layers) == (1 + n_layers * 2 + 1 if not n_proteins else 1 + 2 * (n_layers * 2 + 1))


def test_the_decoder_mirrors_the_encoder():
    layers = RunConfig(n_layers=3).for_data(3_000, 512).layers(500, 12)
    for branch in ("rna", "protein"):
        down = [x for x in layers if (x.side, x.branch) == ("encoder", branch)]
        up = [x for x in layers if (x.side, x.branch) == ("decoder", branch)]
        assert [down[0].n_in, *(x.n_out for x in down)] == [x.n_out for x in reversed(up)]
    assert {layer.name for layer in layers if layer.plain} == {"latent", "output_rna", "output_protein"}


def test_the_branch_of_proteins_is_absent_without_proteins():
    assert {layer.branch for layer in PLAIN.layers(100, 0)} == {"rna", "latent"}


def test_more_latent_dimensions_than_features_are_refused_with_advice():
    with pytest.raises(UserError, match="1000 latent dimensions for 20 features.*for example 2"):
        RunConfig(n_latent=1000).check_against(20, 0)
    RunConfig(n_latent=21).check_against(20, 2)
    with pytest.raises(UserError, match="22 latent"):
        RunConfig(n_latent=22).check_against(20, 2)


def test_no_gene_left_is_refused_with_advice():
    with pytest.raises(UserError, match="No gene is left"):
        PLAIN.check_against(0, 10)


def test_one_feature_is_refused_as_nothing_to_learn_from():
    for n_latent in (None, 1, 5):
        with pytest.raises(UserError, match="at least two features are needed"):
            RunConfig(n_latent=n_latent).check_against(1, 0)
    with pytest.raises(UserError, match="Only one protein is left .* add the RNA"):
        RunConfig(modalities="protein").check_against(0, 1)
    RunConfig(n_latent=1).check_against(1, 1)
    RunConfig(n_latent=1).check_against(2, 0)


@pytest.mark.parametrize("kind", list(config.KIND_WORDS))
def test_every_kind_of_matrix_has_an_answer_for_every_step(kind):
    steps = steps_for(kind, has_proteins=True)
    assert set(steps) == {spec.name for spec in specs(config.PREPARE)}
    for step in steps.values():
        assert step.applies == (step.reason == "")
    assert not steps_for(kind, has_proteins=False)["protein_transform"].applies
