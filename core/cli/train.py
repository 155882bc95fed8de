"""python -m core train FILE --out DIR: the same job as on the page, and the folder it leaves."""

import argparse
import json
import os
from contextlib import suppress
from pathlib import Path

from core import settings
from core.cli import input_files, say
from core.config import RECORD_KEYS, parse, specs, upgraded
from core.errors import UserError
from core.training.phases import Clock


def add(parser):
    """Every RunConfig field as an option, its help beside it."""
    input_files.add(parser)
    parser.add_argument("--out", metavar="DIR", required=True, help="where the results go; made if need be")
    parser.add_argument(
        "--config", metavar="JSON", help="a file of settings, such as the config.json of another run"
    )
    parser.add_argument(
        "--recipe",
        metavar="JSON",
        help="a recipe that the page exported: its steps are applied to FILE, its settings to the run",
    )
    parser.add_argument(
        "--labels", metavar="COLUMN", help="an obs column to compare the clusters with (ARI, NMI)"
    )
    parser.add_argument("--tsne", action="store_true", help="draw t-SNE too, which is slow")
    parser.add_argument(
        "--resolution", type=float, default=1.0, help="of the Leiden clusters: 0.2, 0.4 ... 2.0 (1.0)"
    )
    parser.add_argument(
        "--denoised",
        action="store_true",
        help="put the denoised values of the used genes and proteins into result.h5ad, which then grows",
    )
    parser.add_argument(
        "--denoised-batch",
        metavar="NAME",
        help="the same, decoded as if all cells came from this batch (a value of --batch-key)",
    )
    group = parser.add_argument_group("settings of the run")
    for spec in specs():
        option = "--" + spec.name.replace("_", "-")
        words = f"{spec.help} ({_words(spec)})".replace("%", "%%")
        if spec.kind == "bool":
            group.add_argument(
                option, action=argparse.BooleanOptionalAction, default=None, help=words, dest=spec.name
            )
        else:
            hint = "|".join(spec.choices) if spec.choices else spec.kind.upper()
            group.add_argument(option, default=None, metavar=hint, help=words, dest=spec.name)


def run(arguments):
    """Train, explore, write; returns the exit code."""
    clock = Clock()
    clock.start("starting")
    settings.limit_threads()  # before anything below imports numpy's or torch's libraries
    steps, cooked = _recipe(arguments.recipe) if arguments.recipe else ((), {})
    config = _config(arguments, cooked)
    out = folder_of(arguments.out)
    from core.data import read

    read.SERVER.start()  # it loads the readers while torch is loaded here
    from core.cli.train_job import carry_out

    return carry_out(arguments, steps, config, out, clock)


def nearest(out):
    """The folder that --out names, or the nearest above it that exists."""
    return next(place for place in (out.absolute(), *out.absolute().parents) if place.exists())


def folder_of(name):
    """The folder of --out, which is or can be made; asked before the work, not after it."""
    out = Path(name)
    there = nearest(out)
    if not there.is_dir():
        raise UserError(f"'{there}' is a file: name a folder with --out.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"Nothing may be written in '{there}': name another folder with --out.")
    return out


def _config(arguments, cooked):
    """The RunConfig of the recipe's settings, of --config, which wins over them, and of the options, which win over all."""
    values = _from_file(arguments.config) if arguments.config else {}
    given = {spec.name for spec in specs() if getattr(arguments, spec.name) is not None}
    for spec in specs():
        if spec.name in given:
            value = getattr(arguments, spec.name)
            values[spec.name] = _plain(value) if spec.kind in ("int", "float") else value
    config = parse(cooked | values)
    for name in cooked.keys() & values.keys():
        if (wins := getattr(config, name)) != cooked[name]:
            said = f"--{name.replace('_', '-')}" if name in given else arguments.config
            say(f"  {name} is {wins} by {said}, and not {cooked[name]} as in the recipe.")
    return config


def _recipe(path):
    """(steps, settings) of the recipe in a file."""
    from core.preprocessing.recipe import from_json

    recipe = from_json(_text(path, "recipe"))
    return recipe.steps, recipe.settings


def _from_file(path):
    try:
        values = json.loads(_text(path, "settings"))
    except (ValueError, UnicodeDecodeError) as error:
        raise UserError(f"'{path}' is not JSON ({error}).") from None
    if not isinstance(values, dict):
        raise UserError(
            f"'{path}' should hold one JSON object of settings, such as the config.json of a run."
        )
    return upgraded({name: value for name, value in values.items() if name not in RECORD_KEYS})


def _words(spec):
    """The default of a setting in words."""
    if spec.kind in ("column", "genes"):
        return "none"
    return "chosen" if spec.default is None else spec.default


def _text(path, what):
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"The {what} in '{path}' cannot be read: {error.strerror or error}.") from None


def _plain(text):
    """A number where the text is one; pydantic judges the rest."""
    if isinstance(text, str):
        with suppress(ValueError):
            return int(text)
        with suppress(ValueError):
            return float(text)
    return text
