"""Plain values to a RunConfig, with a sentence for every error."""

from pydantic import ValidationError

from core.config.run_config import RunConfig, specs
from core.errors import UserError
from core.text import near


def parse(values):
    """A RunConfig from a plain dict; raises UserError with one sentence that names each field at fault."""
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        raise UserError(" ".join(_sentence(e) for e in error.errors())) from None


def _sentence(error):
    """One pydantic error as a sentence with the labels of the form."""
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        close = near(name, RunConfig.model_fields, 1)
        return f"Unknown setting '{name}'" + (f"; did you mean '{close[0]}'?" if close else ".")
    text = error["msg"].removeprefix("Value error, ")
    text = text[0].lower() + text[1:]
    if not name:
        return text[0].upper() + text[1:] + "."
    field = RunConfig.model_fields.get(error["loc"][0])
    label = field.json_schema_extra["label"] if field else name
    if error["input"] is None:
        return f"{label} ({name}) is empty. Enter {_wanted(name)}."
    return f"{label} ({name}): {text.replace('input should', 'it should')}, not {error['input']!r}."


def _wanted(name):
    """What a field takes, in words."""
    number = next((spec.number for spec in specs() if spec.name == name), None)
    return number.wanted if number else "a value"
