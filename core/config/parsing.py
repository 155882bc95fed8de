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
        return f"{label} ({name}) needs a value{_range(name)}; the field is empty or holds something that is not allowed."
    return f"{label} ({name}): {text.replace('input should', 'it should')}, not {error['input']!r}."


def _range(name):
    """The allowed range of a field in words, or ""."""
    spec = next((s for s in specs() if s.name == name), None)
    if spec is None or spec.high is None:
        return ""
    whole = "a whole number " if spec.kind == "int" else ""
    return f", {whole}from {'above ' if spec.low_open else ''}{spec.low:,.10g} to {'below ' if spec.high_open else ''}{spec.high:,.10g}"
