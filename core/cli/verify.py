"""python -m core verify BUNDLE.zip [DATA]: train a run again and compare the results; also with the folder or the id of a run."""

import json
import os
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from core import settings
from core.cli import FAILED, input_files, say
from core.cli.output_folder import existing_parent, output_folder
from core.config import RECORD_KEYS, parse
from core.errors import UserError
from core.export.bundle_zip import Bundle


def add(parser):
    parser.add_argument(
        "bundle",
        metavar="BUNDLE",
        help="bundle.zip of the Clusters page, its folder, the folder of a run, or the id of a run of the server",
    )
    parser.add_argument(
        "file",
        metavar="DATA",
        nargs="?",
        help="the file that the run was trained on (the result.h5ad of the bundle)",
    )
    parser.add_argument("--out", metavar="DIR", help="a folder to write the new run to (none)")
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    input_files.add_second(input_files.add_answers(parser, "how DATA is read"))


def run(arguments):
    """Train again and print the comparison; returns 0 where both are the same, else 1."""
    out = output_folder(arguments.out) if arguments.out else None
    if folder := _run_folder(arguments.bundle):
        _as_many_threads(json.loads((folder / "config.json").read_text()))
        return _print(_repeat(folder, arguments, out), arguments)
    with Bundle(arguments.bundle) as bundle, tempfile.TemporaryDirectory(prefix="nuwa-verify-") as unpacked:
        record = bundle.json("config.json")
        _as_many_threads(record)
        file = arguments.file or bundle.place("result.h5ad", Path(unpacked))
        if file is None:
            raise UserError(
                "The bundle has no result.h5ad: name the file that the run was trained on after the bundle."
            )
        arguments.file = str(file)
        first, recipe = bundle.first(), bundle.json("recipe.json")
        repeat = _train_again(first, recipe, arguments, out)
    return _print(repeat, arguments)


def _run_folder(name):
    """The folder of a run: `name` itself, or that of the run of the server with this id; None where it is neither."""
    for folder in (Path(name), settings.from_environment().data_dir / "runs" / Path(name).name):
        if (folder / "config.json").is_file() and not (folder / "versions.json").exists():
            return folder
    return None


def _repeat(folder, arguments, out):
    """The Repeat of a run in its folder, on the data that the arguments name or that is kept with it."""
    from core.cli.trained_run import file_of
    from core.export.run_source import first_of

    first = first_of(folder)
    arguments.file = arguments.file or str(file_of(folder))
    return _train_again(first, {"steps": []}, arguments, out)


def _as_many_threads(record):
    """Use as many threads as the run had, unless NUWA_THREADS is set: their number decides the order of sums."""
    threads = record.get("threads")
    if isinstance(threads, int) and 1 <= threads <= len(os.sched_getaffinity(0)):
        os.environ.setdefault("NUWA_THREADS", str(threads))
    settings.limit_threads()  # before anything imports numpy's or torch's libraries


def _print(repeat, arguments):
    """Print the comparison; returns the exit code."""
    if arguments.json:
        print(json.dumps(repeat.record(), indent=2))
    else:
        print("\n".join([repeat.verdict, *(f"  {line}" for line in [*repeat.lines, *repeat.reasons])]))
    return 0 if repeat.same else FAILED


def _train_again(first, recipe, arguments, out):
    """The Repeat of a run on the data that the arguments name; the new run is written to `out`, if any."""
    from core.data import read
    from core.export import reproduce
    from core.training import learn

    read.SERVER.start()  # it loads the readers while torch is loaded here
    say("Reading the data ...")
    adata = reproduce.data_of(
        input_files.read_file(arguments), first["record"], recipe, Path(arguments.file).name
    )
    scratch = existing_parent(out) if out else Path(tempfile.gettempdir())
    bar = tqdm(total=len(first["history"]), unit="epoch", disable=None, file=sys.stderr)
    for learnt in reproduce.train(adata, first, scratch):
        if isinstance(learnt, learn.Epoch):
            bar.update()
    bar.close()
    labels = None
    if learnt.latent is not None and first["clusters"] is not None:
        say("Computing neighbours and clusters ...")
        labels = reproduce.clusters_of(learnt, first["resolution"])
    if out:
        _write_run(out, learnt, first["record"])
    return reproduce.compare(learnt, labels, first, reproduce.names_hash(adata))


def _write_run(out, learnt, record):
    """Write the folder of the new run, as `train` does."""
    from core.export import run_folder
    from core.training import learn

    out.mkdir(parents=True, exist_ok=True)
    config = parse({k: v for k, v in record.items() if k not in RECORD_KEYS})
    facts = learn.learnt_facts(learnt)
    own_record = run_folder.config_record(config, facts, record["source"], record["data_hash"])
    run_folder.write_learnt(out, learnt, config, own_record)
    say(f"The new run is in {out}.")
