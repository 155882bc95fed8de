"""A setting with its label, help, unit and bounds, as the form and the command line need them."""

from typing import NamedTuple, get_args

from pydantic import Field

from core.config import models
from core.config.numbers import Number

PREPARE, NETWORK, TRAINING = "prepare", "network", "training"


def setting(default, part, label, help, *, unit="", folded=False, step=None, choices=(), **bounds):
    """A field of RunConfig: `help` is the text beside it, `folded` puts it under "more settings".

    `help` and `choices` may be functions, for what depends on the models that are registered.
    """
    extra = {"part": part, "label": label, "help": help, "unit": unit, "folded": folded, "step": step}
    return Field(default, json_schema_extra=extra | {"choices": choices}, **bounds)


class Spec(NamedTuple):
    """A field as a form or a command line needs it."""

    name: str
    part: str
    label: str
    help: str
    unit: str
    folded: bool
    kind: str  # "bool", "int", "float", "choice", "column" of obs, or "genes": their names as text
    choices: tuple
    default: object
    low: float | None  # smallest allowed value
    low_open: bool  # True: the value must be above `low`
    high: float | None
    high_open: bool
    step: float | None
    optional: bool  # True: may be left empty
    models: tuple  # the models that obey it; empty: all

    @property
    def number(self):
        """The Number that the field takes, or None for a field of another kind."""
        if self.kind not in ("int", "float"):
            return None
        bounds = (self.low, self.high, self.low_open, self.high_open)
        return Number(self.label, self.kind == "int", *bounds, self.unit, self.optional)


def spec(name, info):
    """The Spec of a pydantic field that `setting` made."""
    extra = {key: value() if callable(value) else value for key, value in info.json_schema_extra.items()}
    bounds = {k: getattr(m, k) for m in info.metadata for k in ("ge", "gt", "le", "lt") if hasattr(m, k)}
    kind, choices, optional = _kind(info.annotation)
    if extra["choices"]:
        kind, choices = "choice", extra["choices"]
    return Spec(
        name=name,
        kind=kind,
        models=models.that_obey(name),
        default=info.default,
        low=bounds.get("ge", bounds.get("gt")),
        low_open="gt" in bounds,
        high=bounds.get("le", bounds.get("lt")),
        high_open="lt" in bounds,
        optional=optional,
        **extra | {"choices": choices},
    )


def _kind(annotation):
    if annotation in (bool, int, float):
        return annotation.__name__, (), False
    if annotation in (int | None, float | None):
        return "int" if annotation == int | None else "float", (), True
    if annotation == str | None:
        return "column", (), True
    if annotation is str:
        return "genes", (), False
    return "choice", get_args(annotation), False
