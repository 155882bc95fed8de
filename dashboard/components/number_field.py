"""The field for a number: text with a range, a unit and its error below, checked by the server when it is left.

The only way in which a page asks for a number. In a layout stands

    number_field(ids.SEEDS, SEEDS_NUMBER, 3, help="...")

in its `register` the check, and the buttons that wait for a number that can be used

    number_field.watch(app, {ids.SEEDS: SEEDS_NUMBER}, [ids.GO])

and the callback that uses the number reads it with `SEEDS_NUMBER.read(text)`, which raises the same sentence again.
assets/72-number-fields.js tells screen readers which error belongs to which field.
"""

import dash_bootstrap_components as dbc
from dash import Input, Output, html

from core.config.numbers import text_of
from core.errors import UserError


def error_id(id):
    """The id of the error below a field."""
    return id | {"type": f"{id['type']}-error"} if isinstance(id, dict) else f"{id}-error"


def number_field(
    id, number, value=None, help="", label=None, placeholder=None, disabled=False, attributes=None
):
    """A field with its label, unit, range, help and error; `number` is the Number that it takes.

    `label` replaces that of `number`. `placeholder` says what an empty field means. `attributes` are those of the element
    around all.
    """
    control, error = number_input(id, number, value, placeholder, disabled)
    parts = [html.Label([label or number.label, control], className="nuwa-labelled")]
    if note := range_note(number):
        parts.append(html.Span(note, className="unit", id=range_id(id)))
    if help:
        parts.append(html.Div(help, className="help", id=f"{_name(id)}-help"))
    return html.Div([*parts, error], className="nuwa-field nuwa-number", **(attributes or {}))


def number_input(id, number, value=None, placeholder=None, disabled=False):
    """(control, its error) for a field that is laid out in another way, inside an element of class "nuwa-number"."""
    control = dbc.Input(
        id=id,
        type="text",
        inputmode="numeric" if number.whole and (number.low or 0) >= 0 else "decimal",
        value=text_of(value),
        placeholder=placeholder,
        disabled=disabled,
        debounce=True,
        autocomplete="off",
    )
    return control, html.Div(id=error_id(id), className="error", role="status")


def range_note(number):
    """Unit and range in words, such as "cells (1 to 65536)"."""
    limits = f"({number.range})" if number.range else ""
    return f"{number.unit} {limits}".strip()


def range_id(id):
    """The id of the unit and range beside a field."""
    return f"{_name(id)}-range"


def _name(id):
    return "-".join(map(str, id.values())) if isinstance(id, dict) else id


def error_of(number, value):
    """The sentence on a value that cannot be used, or ""."""
    try:
        number.read(value)
    except UserError as error:
        return str(error)
    return ""


def watch(app, numbers, buttons=(), idle=None, reasons=()):
    """Show the errors of fields, {id: Number}, when they are left; meanwhile their buttons are disabled and say why.

    `idle` is an Input that is true while no job of the buttons is under way: they are disabled meanwhile, too. `reasons`
    are further Inputs that hold a sentence while the buttons cannot be used.
    """

    @app.callback(
        [Output(error_id(id), "children") for id in numbers],
        [Input(id, "value") for id in numbers],
        prevent_initial_call=True,
    )
    def check(*values):
        return [error_of(number, value) for number, value in zip(numbers.values(), values, strict=True)]

    if buttons:
        block(app, buttons, [*reasons, *(Input(error_id(id), "children") for id in numbers)], idle)


BLOCK = """(...values) => {
    const busy = %s && values.pop() === false, errors = values.flat().filter(Boolean);
    return [...Array(%d).fill(busy || errors.length > 0), ...Array(%d).fill(errors.join(" "))];
}"""


def block(app, buttons, errors, idle=None):
    """Disable buttons while one of the Inputs `errors` holds a sentence, which becomes their title; `idle` as in `watch`."""
    n = len(buttons)
    app.clientside_callback(
        BLOCK % ("false" if idle is None else "true", n, n),
        [
            *(Output(button, "disabled") for button in buttons),
            *(Output(button, "title") for button in buttons),
        ],
        [*errors, *([] if idle is None else [idle])],
    )
