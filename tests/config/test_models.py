"""The record of a model says all that the rest of the program asks about it."""

import importlib
import inspect

import pytest

from core.config import models, parse, specs
from core.config.models import MODELS
from core.errors import UserError
from core.models import protocol

CASES = [pytest.param(record, id=name) for name, record in MODELS.items()]


def test_a_name_stands_for_one_model():
    with pytest.raises(ValueError, match="There is a model citeseq already"):
        models.register(MODELS["citeseq"])


def test_an_unknown_model_is_refused_with_the_names_there_are():
    for wrong in ("lineer", 3, ["citeseq"]):
        with pytest.raises(
            UserError, match="it should be 'citeseq', 'variational', 'linear' or 'counts', not"
        ):
            parse({"model": wrong})


@pytest.mark.parametrize("record", CASES)
def test_a_model_offers_what_the_protocol_of_its_kind_asks(record):
    module, name = record.module.split(":")
    model_class = getattr(importlib.import_module(module), name)
    protocols = [protocol.Model]
    protocols += [protocol.Likelihood] if record.variational else []
    protocols += [protocol.SplitModel] if "target" in record.settings else []
    protocols += [protocol.CountModel] if record.reads_counts else []
    protocols += [protocol.LinearDecoder] if record.linear_decoder else []
    for kind in protocols:
        for method in (n for n, f in vars(kind).items() if inspect.isfunction(f) and not n.startswith("_")):
            wanted = list(inspect.signature(getattr(kind, method)).parameters)
            assert (
                list(inspect.signature(getattr(model_class, method)).parameters)[: len(wanted)] == wanted
            ), method
    assert isinstance(model_class.nat, float)


@pytest.mark.parametrize("record", CASES)
def test_the_settings_of_a_record_are_fields(record):
    fields = {spec.name: spec for spec in specs()}
    assert set(record.settings) <= fields.keys() and record.before.keys() <= fields.keys()
    assert all(record.name in fields[name].models for name in record.settings)


def test_the_form_says_a_sentence_on_every_model():
    help_text = next(spec.help for spec in specs() if spec.name == "model")
    assert all(f"{name.capitalize()}: " in help_text for name in MODELS)
    dropout = next(spec.help for spec in specs() if spec.name == "dropout")
    assert dropout.endswith("Empty: 0.1 for citeseq and none for the others.")
