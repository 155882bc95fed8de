"""python -m core join FILE FILE ... --out FILE: several samples to one data set, and what that leaves out."""

from pathlib import Path

from core import settings
from core.cli import input_files, say
from core.errors import UserError

COPIES = 2  # of all values, beside the files that were read: what is shared of each, and the joined data set


def add(parser):
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="two files or more, of any format, or names of demos"
    )
    parser.add_argument(
        "--out", metavar="FILE", required=True, help="the .h5ad to write; it must not be there yet"
    )
    parser.add_argument(
        "--names",
        metavar="NAME",
        nargs="+",
        help="what the samples are called, in the order of the files (theirs)",
    )
    parser.add_argument(
        "--batch-column",
        metavar="NAME",
        default="sample",
        help="the obs column that names each cell's sample (sample)",
    )
    input_files.add_answers(parser, "how the files are read")


def run(arguments):
    """Say what joining leaves out, join, write; returns the exit code."""
    out, names = _target(arguments.out), _names(arguments)
    settings.limit_threads()  # before anything below imports numpy's libraries
    from core import device, files
    from core.data import read
    from core.training import memory

    adatas = []
    for file in arguments.files:
        say(f"Reading {file} ...")
        adatas.append(input_files.read_one(file, arguments))
    samples = [read.Sample(name, adata) for name, adata in zip(names, adatas, strict=True)]
    planned = read.plan([read.outline(*sample) for sample in samples], arguments.batch_column)
    for words in planned.lost:
        say(f"  Left out: {words}")
    read.check_room(COPIES * sum(map(memory.n_bytes, adatas)), device.free_memory())
    say("Joining ...")
    joined = read.tidy(read.join_samples(samples, planned), "the joined data set")
    files.whole(out, joined.write_h5ad)
    cells, genes = joined.shape
    print(
        f"{cells:,} cells and {genes:,} genes of {len(samples)} samples, named in obs['{planned.batch}']: {out}"
    )
    return 0


def _target(name):
    """The path of --out, which can be written and overwrites nothing; asked before the work, not after it."""
    out = Path(name)
    if out.suffix != ".h5ad":
        raise UserError(f"'{out.name}' does not end with .h5ad: name such a file with --out.")
    if out.exists():
        raise UserError(f"'{out}' is there already: name another file with --out.")
    if not out.absolute().parent.is_dir():
        raise UserError(f"There is no folder '{out.parent}': make it first, or name another file with --out.")
    return out


def _names(arguments):
    """A name a file: those of --names, else those of the files."""
    if arguments.names is None:
        return [Path(file).name.partition(".")[0] for file in arguments.files]
    if len(arguments.names) != len(arguments.files):
        raise UserError(
            f"There are {len(arguments.files)} files and {len(arguments.names)} names: give each file one."
        )
    return arguments.names
