"""The Create model page without a browser: its fields, its drawing and its messages."""

import pytest
from app_under_test import fields, sent

from core.config import specs
from dashboard.components import location
from dashboard.pages.model import network, settings
from dashboard.pages.model import page as model


def test_the_drawing_follows_the_fields(finished):
    values = fields(model.NETWORK, n_latent=7) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING, epochs=12)["setting"]
    answer = finished.press("model-numbers.children", values)
    shown = sent(answer["model-numbers"])
    config = model.config.parse({"n_latent": 7}).for_data(240, 126)
    weights = sum(layer.weights for layer in config.layers(120, 6))
    assert f"{weights:,}" in shown and '"12"' in shown and "of 216 cells, 128 per step" in shown
    assert answer["model-create"]["disabled"] is False and answer["model-drawing"]["figure"]["layout"]


@pytest.mark.parametrize("name, dropout, weight", [("citeseq", 0.1, 0.3), ("counts", 0, 6 / 120)])
def test_what_an_empty_dropout_or_weight_means_follows_the_model(finished, name, dropout, weight):
    values = fields(model.NETWORK, model=name) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING)["setting"]
    answer = finished.press("model-numbers.children", values)
    assert answer['{"name":"dropout","type":"setting"}']["placeholder"] == f"automatic: {dropout}"
    assert answer['{"name":"weight_protein","type":"setting"}']["placeholder"] == f"automatic: {weight}"
    run = finished.view.runs.one(finished.view.runs.create(finished.preparation, {"model": name}, name))
    assert (run["config"]["dropout"], run["config"]["weight_protein"]) == (dropout, weight)
    finished.view.removals.remove([run["id"]])


@pytest.mark.parametrize("changed", [{}, {"dropout": 0.25, "weight_protein": 0.5}])
def test_what_the_model_of_a_run_chose_is_left_empty_so_that_another_model_chooses_its_own(finished, changed):
    run = finished.view.runs.one(
        finished.view.runs.create(finished.preparation, {"model": "counts"} | changed, "counts")
    )
    shown = settings.of_run(run, finished.view.preparations.one(finished.preparation)["record"])
    assert {name: shown[name] for name in settings.BY_MODEL} == dict.fromkeys(settings.BY_MODEL) | changed
    assert shown["n_latent"] == run["config"]["n_latent"] == 20
    finished.view.removals.remove([run["id"]])


def test_whole_groups_of_a_column_can_be_held_out(finished):
    here = location.resolve(finished.view, f"?preparation={finished.preparation}")
    page = sent(model.layout(finished.view, here))
    assert '"value": "sample"' in page.partition("setting-split_by")[0]
    values = fields(model.NETWORK) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING, split_by="sample")["setting"]
    answer = finished.press("model-numbers.children", values)
    assert "of about " in sent(answer["model-numbers"])
    run = finished.view.runs.one(finished.view.runs.create(finished.preparation, {"split_by": "sample"}, "g"))
    assert run["config"]["split_by"] == "sample"
    finished.view.removals.remove([run["id"]])


def test_the_target_is_a_control_where_counts_can_be_split_and_says_why_where_not(finished, monkeypatch):
    def page():
        here = location.resolve(finished.view, f"?preparation={finished.preparation}")
        return sent(model.layout(finished.view, here))

    assert "the encoder sees one part and the model predicts the other" in page()
    record = model.PreparationRecord.of(finished.view.preparations.one(finished.preparation))
    logs = record.model_copy(update={"kind": "lognorm"})
    monkeypatch.setattr(model.PreparationRecord, "of", lambda row: logs)
    assert "Does not apply: X holds log-normalised values, and only counts can be split" in page()
    _, config = finished.view.preparations.run_config(finished.preparation, {})
    assert config.target == "whole"


def test_a_field_left_empty_says_what_would_be_chosen(finished):
    page = sent(
        model.layout(finished.view, location.resolve(finished.view, f"?preparation={finished.preparation}"))
    )
    assert page.count('"placeholder": "automatic: 128"') == 2  # hidden units and batch size
    assert '"placeholder": "automatic: 20"' in page and '"placeholder": "automatic: 100"' in page
    run = finished.view.runs.one(finished.view.runs.create(finished.preparation, {"epochs": None}, "chosen"))
    kept = {name: run["config"][name] for name in ("n_latent", "n_hidden", "batch_size", "epochs")}
    assert kept == {"n_latent": 20, "n_hidden": 128, "batch_size": 128, "epochs": 100}
    finished.view.removals.remove([run["id"]])


@pytest.mark.parametrize(
    "changed, sentence",
    [
        ({"n_latent": 1000}, "1000 latent dimensions for 126 features"),
        ({"lr": "0"}, "Learning rate: '0' is too small"),
        ({"lr": ""}, "Learning rate is empty"),
        ({"epochs": "0"}, "Epochs: '0' is too small"),
        ({"epochs": "20.5"}, "Epochs: '20.5' is not a whole number"),
        (
            {"n_latent": "5000"},
            "Latent dimensions: '5000' is too large. Enter a whole number from 1 to 1000.",
        ),
        ({"n_latent": "5,000"}, "Latent dimensions: '5,000' can mean 5 or 5000."),
        ({"n_hidden": "1,5"}, "Hidden units, RNA: '1,5' is not a whole number"),
        ({"weight_rna": 0, "weight_protein": 0}, "nothing to learn"),
        ({"train_share": 0.95}, "must not exceed 1"),
    ],
)
def test_a_setting_that_cannot_work_gets_one_sentence(finished, changed, sentence):
    values = fields(model.NETWORK) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING)["setting"] | changed
    answer = finished.press("model-numbers.children", values)
    assert sentence in sent(answer["model-message"]) and answer["model-create"]["disabled"] is True
    before = len(finished.view.runs.all())
    pressed = values | {"model-create.n_clicks": 1}
    answer = finished.press("model-message.children", pressed, "model-create.n_clicks")
    assert sentence in sent(answer["model-message"]) and len(finished.view.runs.all()) == before


def test_the_device_is_found_without_torch():
    gpu = {"kind": "cuda", "name": "H200", "why": "torch sees a GPU."}
    cpu = {"kind": "cpu", "name": "CPU", "why": "torch sees no GPU."}
    assert network.device_for(None, "auto")[0] == "..."
    assert network.device_for(gpu, "auto") == ("GPU", "torch sees a GPU.")
    assert network.device_for(gpu, "cpu")[0] == "CPU"
    assert network.device_for(cpu, "cuda")[0] == "none"


def test_the_settings_of_an_existing_run_are_said_and_that_run_is_offered(finished):
    run = finished.view.runs.create(finished.preparation, {"epochs": 17}, "seventeen")
    values = fields(model.NETWORK) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING, epochs="17")["setting"]
    shown = finished.press("model-numbers.children", values)
    assert "The run 'seventeen' has these settings." in sent(shown["model-message"])
    assert f"/train?run={run}" in sent(shown["model-message"])
    assert (shown["model-create"]["children"], shown["model-same"]["data"]) == (
        "Create the same run again",
        run,
    )
    before = len(finished.view.runs.all())
    pressed = values | {"model-create.n_clicks": 1, "model-same.data": None}  # before the page has said so
    answer = finished.press("model-message.children", pressed, "model-create.n_clicks")
    assert "The run 'seventeen' has these settings." in sent(answer["model-message"])
    assert answer["model-same"]["data"] == run and len(finished.view.runs.all()) == before
    pressed |= {"model-same.data": run}
    link = finished.press("url.href", pressed, "model-create.n_clicks")["url"]["href"]
    assert len(finished.view.runs.all()) == before + 1
    for id in (run, link.removeprefix("/train?run=")):
        finished.view.removals.remove([id])


def other_value(spec):
    """A value of a setting that is not that of a run of the defaults, as its control has it."""
    if spec.kind == "bool":
        return not spec.default
    if spec.kind == "choice":
        return next(choice for choice in spec.choices if choice != spec.default)
    if spec.kind == "column":
        return "sample"
    step = 0.01 if spec.kind == "float" else 1
    value = {"valid_share": 0.05, "train_share": 0.8}.get(spec.name, (spec.default or 0.3) + step)
    return str(int(value) + 2 if spec.kind == "int" else value)


def test_each_setting_alone_offers_no_run(finished):
    """But those of models that are not chosen, which the run does not have."""
    run = finished.view.runs.create(finished.preparation, {}, "defaults")
    values = fields(model.NETWORK) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING)["setting"]

    def offered(**changed):
        now = values | {"setting": values["setting"] | changed}
        return finished.press("model-numbers.children", now)["model-same"]["data"]

    assert offered() == run
    for spec in specs():
        if spec.name in values["setting"]:
            is_foreign = bool(spec.models) and "citeseq" not in spec.models
            assert (offered(**{spec.name: other_value(spec)}) == run) == is_foreign, spec.name
    finished.view.removals.remove([run])


def test_a_run_that_starts_from_other_weights_is_another_run(finished):
    run = finished.view.runs.create(finished.preparation, {}, "fresh weights")
    values = fields(model.NETWORK) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING)["setting"]
    start = {"model-start.value": finished.run}
    assert finished.press("model-numbers.children", values)["model-same"]["data"] == run
    assert finished.press("model-numbers.children", values | start)["model-same"]["data"] is None
    started = finished.view.runs.create(finished.preparation, {"start_from": finished.run}, "on")
    assert finished.press("model-numbers.children", values | start)["model-same"]["data"] == started
    n, pressed = len(finished.view.runs.all()), values | start | {"model-create.n_clicks": 1}
    shown = finished.press("model-message.children", pressed, "model-create.n_clicks")
    assert "The run 'on' has these settings." in sent(shown["model-message"])
    assert len(finished.view.runs.all()) == n
    here = location.resolve(finished.view, f"?run={started}")
    page = model.layout(finished.view, here)
    field = next(part for part in page._traverse() if getattr(part, "id", None) == "model-start")
    assert field.value == finished.run
    for id in (run, started):
        finished.view.removals.remove([id])


def test_other_settings_offer_no_run(finished):
    values = fields(model.NETWORK) | {"model-preparation.data": finished.preparation}
    values["setting"] |= fields(model.TRAINING, epochs="18")["setting"]
    shown = finished.press("model-numbers.children", values)
    assert shown["model-message"]["children"] == "" and shown["model-create"]["children"] == "Create model"
