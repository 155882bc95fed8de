"""The command line: one file a command, each with `add(parser)` and `run(arguments)`."""

import argparse
import importlib
import os
import sys

from core.errors import OUT_OF_MEMORY, UserError, is_out_of_memory

COMMANDS = {
    "train": "train an autoencoder on a file and leave everything it yields in a folder",
    "join": "make one data set of several samples, with a batch column",
    "score": "say how good a trained run is, its spaces side by side",
    "map": "bring the cells of another file to a trained run, with labels of their neighbours",
    "verify": "train a run again from its bundle, and say whether it comes out the same",
    "inspect": "say what a file holds, and what stands in the way of training on it",
}
FAILED, MISTAKE, INTERRUPTED = 1, 2, 130


class Parser(argparse.ArgumentParser):
    """Answers a mistake with one sentence, as everything here does, and not with its whole usage."""

    def error(self, message):
        raise UserError(f"{message[0].upper()}{message[1:]} (see {self.prog} --help).")


def main(words):
    """Run one command; returns the exit code: 0 done, 1 failed, 2 a mistake of the user's, 130 interrupted."""
    parser = Parser(prog="python -m core", description="Nuwa without a browser.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, purpose in COMMANDS.items():
        importlib.import_module(f"core.cli.{name}").add(
            commands.add_parser(name, help=purpose, description=purpose)
        )
    try:
        arguments = parser.parse_args(words)
        return importlib.import_module(f"core.cli.{arguments.command}").run(arguments)
    except UserError as error:
        print(error, file=sys.stderr)
        return FAILED if isinstance(error, MemoryError) else MISTAKE
    except BrokenPipeError:  # whoever read our output has seen enough, as `| head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # the edge: memory runs out by many names, and all else keeps its traceback
        if not is_out_of_memory(error):
            raise
        print(OUT_OF_MEMORY, file=sys.stderr)
        return FAILED


def say(text):
    """A line on standard error, where progress belongs; standard output stays free for the result."""
    print(text, file=sys.stderr, flush=True)
