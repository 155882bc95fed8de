"""The command line: one file for each command, with `add(parser)` and `run(arguments)`."""

import argparse
import importlib
import os
import sys

from core.errors import OUT_OF_MEMORY, UserError, is_out_of_memory

COMMANDS = {
    "train": "train an autoencoder on a file and write the run to a folder",
    "choose": "train a handful of candidates under a budget of minutes and keep the best by a rule",
    "join": "join several samples to one dataset with a batch column",
    "score": "score the latent space of a trained run beside PCA and UMAP",
    "map": "map the cells of another file to a trained run and transfer labels",
    "search": "train several runs with other settings and keep the best",
    "runs": "list the runs of the server",
    "follow": "show the epochs of a run of the server as they end",
    "stop": "stop a run of the server",
    "compare": "show in what two runs of the server differ",
    "resume": "continue a stopped or failed run of the server from its checkpoint",
    "verify": "train a run again from its bundle and compare the results",
    "admin": "manage accounts, storage and queue of a data folder, and read the audit log",
    "backup": "write everything in the data folder to one file, also while the server runs",
    "restore": "write the data folder of a backup to an empty folder",
    "clean": "list what nothing in the data folder refers to, and remove it",
    "inspect": "show what a file contains and whether it can be trained on",
}
FAILED, MISTAKE, INTERRUPTED = 1, 2, 130


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one UserError, without the usage."""

    def error(self, message):
        raise UserError(f"{message[0].upper()}{message[1:]} (see {self.prog} --help).")


def main(words):
    """Run one command; returns the exit code: 0 done, 1 failed, 2 wrong input, 130 interrupted."""
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
    except BrokenPipeError:  # the reader of our output has closed it, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # running out of memory has many types; all else keeps its traceback
        if not is_out_of_memory(error):
            raise
        print(OUT_OF_MEMORY, file=sys.stderr)
        return FAILED


def say(text):
    """Print a line to standard error, where progress goes; standard output is for the result."""
    print(text, file=sys.stderr, flush=True)
