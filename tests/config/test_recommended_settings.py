"""The recommended settings are those of the command line without options."""

from core.cli import COMMANDS, Parser, train
from core.config import RunConfig, parse, recommended


def of_command(*words):
    """The RunConfig of `python -m core train FILE --out DIR` with further words."""
    parser = Parser(prog="python -m core train")
    train.add(parser)
    return train._config(parser.parse_args(["cells.h5ad", "--out", "out", *words]), {}, {})[0]


def test_the_recommended_settings_are_the_defaults_of_every_setting():
    assert recommended() == RunConfig() and "train" in COMMANDS


def test_the_command_without_options_has_the_recommended_settings():
    assert of_command() == recommended()
    assert of_command("--batch-key", "donor") == recommended("donor")
    assert of_command("--epochs", "3") != recommended()


def test_a_record_of_the_recommended_settings_is_the_same_settings():
    assert parse(recommended("donor").model_dump()) == recommended("donor")
