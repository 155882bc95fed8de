"""python -m core join FILE FILE ... --out FILE: join samples to one dataset, and say what is left out."""

from pathlib import Path

from core import settings
from core.cli import input_files, say
from core.cli.findings import warn
from core.cli.output_folder import output_file
from core.errors import UserError

COPIES = 2  # of all values, beside the files that were read: the shared part of each, and the joined dataset


def add(parser):
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="two files or more, of any format, or names of demos"
    )
    parser.add_argument(
        "--out", metavar="FILE", required=True, help="the .h5ad file to write, which must not exist yet"
    )
    parser.add_argument(
        "--names",
        metavar="NAME",
        nargs="+",
        help="names of the samples, in the order of the files (the names of the files)",
    )
    parser.add_argument(
        "--batch-column",
        metavar="NAME",
        default="sample",
        help="the obs column that names each cell's sample (sample)",
    )
    input_files.add_answers(parser, "how the files are read")


def run(arguments):
    """Say what is left out, join the samples, write the file; returns the exit code."""
    out, names = _new_file(arguments.out), _names(arguments)
    settings.limit_threads()  # before anything below imports numpy's libraries
    from core import device, files
    from core.data import checks, read
    from core.training import memory

    adatas = []
    for name, file in zip(names, arguments.files, strict=True):
        say(f"Reading {file} ...")
        adatas.append(input_files.read_one(file, arguments))
        warn(checks.examine(adatas[-1]).record()["findings"], name)
    samples = [read.Sample(name, adata) for name, adata in zip(names, adatas, strict=True)]
    planned = read.plan([read.outline(*sample) for sample in samples], arguments.batch_column)
    for loss in planned.lost:
        say(f"  Left out: {loss}")
    read.check_room(COPIES * sum(map(memory.n_bytes, adatas)), device.free_memory())
    say("Joining ...")
    joined = read.tidy(read.join_samples(samples, planned), "the joined dataset")
    files.whole(out, joined.write_h5ad)
    cells, genes = joined.shape
    print(
        f"{cells:,} cells and {genes:,} genes of {len(samples)} samples, named in obs['{planned.batch}']: {out}"
    )
    return 0


def _new_file(name):
    """The Path of --out, an .h5ad file that does not exist yet; raises UserError."""
    out = output_file(name, (".h5ad",))
    if out.exists():
        raise UserError(f"'{out}' exists already: name another file with --out.")
    return out


def _names(arguments):
    """One name for each file: those of --names, else those of the files."""
    if arguments.names is None:
        return [Path(file).name.partition(".")[0] for file in arguments.files]
    if len(arguments.names) != len(arguments.files):
        raise UserError(
            f"There are {len(arguments.files)} files and {len(arguments.names)} names: give one name for each file."
        )
    return arguments.names
