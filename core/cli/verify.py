"""python -m core verify BUNDLE.zip [DATA]: train a run again, and say whether its latent space comes out the same."""

import json
import os
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from core import settings
from core.cli import FAILED, input_files, say
from core.cli.train import folder_of, nearest
from core.config import RECORD_KEYS, parse
from core.errors import UserError
from core.export.bundle_zip import Taken


def add(parser):
    parser.add_argument("bundle", metavar="BUNDLE", help="bundle.zip of the Clusters page, or its folder")
    parser.add_argument(
        "file",
        metavar="DATA",
        nargs="?",
        help="the file that was brought; left out: the result.h5ad of the bundle",
    )
    parser.add_argument("--out", metavar="DIR", help="where what was trained goes; left out: nowhere")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    input_files.add_second(input_files.add_answers(parser, "how DATA is read"))


def run(arguments):
    """Train again and print what came of it; returns 0 where it is the same, else 1."""
    out = folder_of(arguments.out) if arguments.out else None
    with Taken(arguments.bundle) as taken, tempfile.TemporaryDirectory(prefix="nuwa-verify-") as unpacked:
        record = taken.json("config.json")
        # As many threads as the run had, where nobody says otherwise: their number decides the order of sums.
        cores = len(os.sched_getaffinity(0))
        threads = record.get("threads")
        if isinstance(threads, int) and 1 <= threads <= cores:
            os.environ.setdefault("NUWA_THREADS", str(threads))
        settings.limit_threads()  # before anything below imports numpy's or torch's libraries
        file = arguments.file or taken.place("result.h5ad", Path(unpacked))
        if file is None:
            raise UserError(
                "The bundle holds no result.h5ad: name the file that was brought behind the bundle."
            )
        arguments.file = str(file)
        found = _again(taken, record, arguments, out)
    if arguments.json:
        print(json.dumps(found.record(), indent=2))
    else:
        print("\n".join([found.verdict, *(f"  {line}" for line in [*found.lines, *found.reasons])]))
    return 0 if found.same else FAILED


def _again(taken, record, arguments, out):
    """The Repeat of a bundle on the data that the arguments name; what was trained goes to `out` where it is named."""
    from core.data import read
    from core.export import reproduce
    from core.training import learn

    first, recipe = taken.first(), taken.json("recipe.json")
    read.SERVER.start()  # it loads the readers while torch is loaded here
    say("reading the data ...")
    adata = reproduce.data_of(input_files.read_file(arguments), record, recipe, Path(arguments.file).name)
    scratch = nearest(out) if out else Path(tempfile.gettempdir())
    bar = tqdm(total=len(first["history"]), unit="epoch", disable=None, file=sys.stderr)
    for learnt in reproduce.train(adata, first, scratch):
        if isinstance(learnt, learn.Epoch):
            bar.update()
    bar.close()
    labels = None
    if learnt.latent is not None:
        say("neighbours, clusters ...")
        labels = reproduce.clusters_of(learnt, first["resolution"])
    if out:
        _leave(out, learnt, record)
    return reproduce.compare(learnt, labels, first, reproduce.names_hash(adata))


def _leave(out, learnt, record):
    """What was learnt, as `train` leaves it."""
    from core.export import run_folder
    from core.training import learn

    out.mkdir(parents=True, exist_ok=True)
    config = parse({k: v for k, v in record.items() if k not in RECORD_KEYS})
    facts = learn.start_facts(learnt.start) | learn.learnt_facts(learnt)
    mine = run_folder.config_record(config, facts, record["source"], record["data_hash"])
    run_folder.write_learnt(out, learnt, config, mine)
    say(f"What was trained is in {out}.")
