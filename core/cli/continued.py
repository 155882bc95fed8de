"""A training that continues: from the checkpoint in the folder of --out, or from the weights of another run."""

import shutil
from pathlib import Path

from core import checkpoint_file, settings
from core.cli.trained_run import run_folder
from core.config import parse, specs, upgraded
from core.config.fields import NETWORK
from core.config.run_files import START_WEIGHTS
from core.errors import UserError

WEIGHTS = "model.pt"
FINISHED = "scores.json"  # written after all else that training needs


def add(parser):
    """Add --resume and --start-from."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--resume",
        action="store_true",
        help="continue the training in the folder of --out from its newest checkpoint, with its settings",
    )
    group.add_argument(
        "--start-from",
        metavar="RUN_OR_FOLDER",
        help="start from the weights of another run: its folder, or its id or name on the server",
    )


def settings_before(out, arguments):
    """{setting: value} that apply unless options say otherwise: those of the checkpoint, or the network of the other run.

    With --start-from it has "start_from", the folder or id of that run. Raises UserError where there is no such checkpoint
    or run, or where `out` has an interrupted training that would be lost.
    """
    if arguments.resume:
        return _kept(out).head["of"]["settings"]
    if checkpoint_file.newest(out) and not (out / FINISHED).exists():
        epoch = checkpoint_file.newest(out).epoch
        raise UserError(
            f"'{out}' has a training that was interrupted after epoch {epoch}: add --resume to continue it, or name another "
            "folder."
        )
    if not arguments.start_from:
        return {}
    from core.export.run_folder import weights_in

    path, source = _weights_of(arguments.start_from)
    network = parse(upgraded(weights_in(path)["config"]))
    return {spec.name: getattr(network, spec.name) for spec in specs(NETWORK)} | {"start_from": source}


def _kept(out):
    """The checkpoint of a folder; raises UserError where there is none that is whole."""
    if kept := checkpoint_file.newest(out):
        return kept
    if checkpoint_file.is_damaged(out):
        raise UserError(f"All checkpoints in '{out}' are damaged: train again without --resume.")
    raise UserError(f"There is no checkpoint in '{out}' to resume from: leave --resume out.")


def _weights_of(name):
    """(path of the weights, what a record calls their run) of a folder, or of a run of the server by its id or name."""
    if Path(name).is_dir():
        return run_folder(name, (WEIGHTS,)) / WEIGHTS, str(Path(name))
    server = settings.from_environment()
    if not (server.data_dir / "runs").is_dir():
        raise UserError(f"There is no folder '{name}', and no run of a server in {server.data_dir}.")
    from core.cli.server_run import run_of
    from core.store import Store

    store = Store(server)
    try:
        row = run_of(store, name)
    finally:
        store.engine.dispose()
    path = server.data_dir / "runs" / row["id"] / WEIGHTS
    if not path.exists():
        raise UserError(f"The run '{row['name']}' has no weights yet: choose one that is trained.")
    return path, row["id"]


def weights(config, arguments):
    """(path, content) of the weights that training starts from; (None, None) for fresh ones."""
    if not arguments.start_from:
        return None, None
    from core.export.run_folder import weights_in

    path, _ = _weights_of(arguments.start_from)
    return path, weights_in(path)


def checkpoints(out, arguments, start):
    """The Checkpoints of a training into the folder `out`, which the first of them creates; `start` is as `keep_start` has it."""
    from core.training.checkpoint import Checkpoints

    class OfFolder(Checkpoints):
        again = "add --resume to the command"
        is_first = not arguments.resume

        def read(self):
            return super().read() if arguments.resume else None

        def write(self, *parts):
            out.mkdir(parents=True, exist_ok=True)
            if self.is_first:  # of a finished run, which this one replaces
                checkpoint_file.remove(out)
                for name in (START_WEIGHTS, FINISHED):
                    (out / name).unlink(missing_ok=True)
                self.is_first = False
            keep_start(out, start)
            super().write(*parts)

    return OfFolder(out)


def keep_start(out, start):
    """Copy the weights that training started from, at the path `start` or None, into `out`: a repeat of the run needs them."""
    if start and not (out / START_WEIGHTS).exists():
        shutil.copy(start, out / START_WEIGHTS)
