"""python -m core train FILE --out DIR: train as on the page, and write the folder of the run."""

import argparse
import json
from contextlib import suppress
from pathlib import Path

from core import settings
from core.cli import continued, input_files, repairs, say
from core.cli.output_folder import output_folder
from core.config import RECORD_KEYS, parse, recommended, specs, upgraded
from core.errors import UserError
from core.training.phases import Clock


def add(parser):
    """Add FILE, the output options, and one option for each field of RunConfig."""
    input_files.add(parser)
    repairs.add(parser)
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder to write the run to")
    continued.add(parser)
    parser.add_argument(
        "--config", metavar="JSON", help="a file of settings, such as the config.json of another run"
    )
    parser.add_argument(
        "--recipe",
        metavar="JSON",
        help="an exported recipe: its steps are applied to FILE, its settings to the run",
    )
    parser.add_argument(
        "--labels", metavar="COLUMN", help="an obs column to compare the clusters with (ARI, NMI)"
    )
    parser.add_argument("--tsne", action="store_true", help="compute a t-SNE too, which is slow")
    parser.add_argument(
        "--resolution",
        type=float,
        default=1.0,
        help="resolution of the Leiden clusters: 0.2, 0.4 ... 2.0 (1.0)",
    )
    parser.add_argument(
        "--denoised",
        action="store_true",
        help="add the denoised values of the used genes and proteins to result.h5ad, which makes it larger",
    )
    parser.add_argument(
        "--denoised-batch",
        metavar="NAME",
        help="the same, decoded with this batch for all cells (a value of --batch-key)",
    )
    group = parser.add_argument_group("settings of the run")
    for spec in specs():
        option = "--" + spec.name.replace("_", "-")
        text = f"{spec.help} ({_default(spec)})".replace("%", "%%")
        if spec.kind == "bool":
            group.add_argument(
                option, action=argparse.BooleanOptionalAction, default=None, help=text, dest=spec.name
            )
        else:
            hint = "|".join(spec.choices) if spec.choices else spec.kind.upper()
            group.add_argument(option, default=None, metavar=hint, help=text, dest=spec.name)


def run(arguments):
    """Train, explore, write the folder; returns the exit code."""
    clock = Clock()
    clock.start("starting")
    settings.limit_threads()  # before anything below imports numpy's or torch's libraries
    steps, recipe_settings = _recipe(arguments.recipe) if arguments.recipe else ((), {})
    steps = (*repairs.chosen_repairs(arguments), *steps)
    out = output_folder(arguments.out)
    before = continued.settings_before(out, arguments)
    config, options = _config(arguments, recipe_settings, before)
    from core.data import read

    read.SERVER.start()  # it loads the readers while torch is loaded here
    from core.cli.train_job import carry_out

    return carry_out(arguments, steps, config, options, out, clock)


def _config(arguments, recipe_settings, before):
    """(The RunConfig, the names of the options).

    The recommended settings, then those of the recipe, those from `before` (core.cli.continued), of --config, of options.
    """
    values = settings_in(arguments.config) if arguments.config else {}
    options = {spec.name for spec in specs() if getattr(arguments, spec.name) is not None}
    for spec in specs():
        if spec.name in options:
            value = getattr(arguments, spec.name)
            values[spec.name] = _number(value) if spec.kind in ("int", "float") else value
    chosen = recommended().model_dump(exclude_unset=True) | recipe_settings
    config = parse((upgraded(before) if arguments.resume else chosen | before) | values)
    for name in recipe_settings.keys() & values.keys():
        if (value := getattr(config, name)) != recipe_settings[name]:
            source = f"--{name.replace('_', '-')}" if name in options else arguments.config
            say(f"  {name} is {value}, from {source}; the recipe has {recipe_settings[name]}.")
    return config, options


def _recipe(path):
    """(steps, settings) of the recipe in a file."""
    from core.preprocessing.recipe import from_json

    recipe = from_json(_text(path, "recipe"))
    return recipe.steps, recipe.settings


def settings_in(path):
    try:
        values = json.loads(_text(path, "settings"))
    except (ValueError, UnicodeDecodeError) as error:
        raise UserError(f"'{path}' is not JSON ({error}).") from None
    if not isinstance(values, dict):
        raise UserError(
            f"'{path}' should contain one JSON object of settings, such as the config.json of a run."
        )
    return upgraded({name: value for name, value in values.items() if name not in RECORD_KEYS})


def _default(spec):
    """The default of a setting as help shows it."""
    if spec.kind in ("column", "genes"):
        return "none"
    return "automatic" if spec.default is None else spec.default


def _text(path, what):
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"The {what} in '{path}' cannot be read: {error.strerror or error}.") from None


def _number(text):
    """A number where the text is one, else the text, which pydantic checks."""
    if isinstance(text, str):
        with suppress(ValueError):
            return int(text)
        with suppress(ValueError):
            return float(text)
    return text
