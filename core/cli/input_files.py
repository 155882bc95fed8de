"""What the commands share: the options that say how a file is to be read, and the reading itself."""

import argparse

from core.data import DEMO_TITLES, DROPLETS
from core.errors import Question, UserError

OPTIONS = {
    "genome": "--genome NAME",
    "part": "--part NAME",
    "transpose": "--transpose (rows are genes) or --no-transpose (rows are cells)",
}

DROPLET_WORDS = {
    "fewest_protein": "protein counts that an empty droplet has at least",
    "most_rna": "RNA counts of which it has fewer",
}


def add(parser):
    """FILE, and what only the person knows of it."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help=".h5ad, .h5mu, 10x .h5, a 10x folder or its archive, .loom, .zarr, csv, tsv or txt; or a demo: "
        + ", ".join(DEMO_TITLES),
    )
    group = add_answers(parser, "how FILE is read")
    add_second(group)


def add_second(group):
    """What a second file adds to FILE."""
    group.add_argument("--proteins", metavar="FILE", help="a second file with the proteins of the same cells")
    group.add_argument("--annotations", metavar="FILE", help="a table of labels, a row for each cell")
    group.add_argument(
        "--background",
        metavar="FILE",
        help="the unfiltered matrix, whose empty droplets tell the background of each protein (for DSB)",
    )
    for name, words in DROPLET_WORDS.items():
        group.add_argument(
            f"--droplets-{name.replace('_', '-')}",
            metavar="N",
            type=int,
            help=f"with --background: {words} ({DROPLETS[name]}, as the tutorial of the R package dsb has it)",
        )


def add_answers(parser, title):
    """What only the person knows of a file, in a group of options, which is returned."""
    group = parser.add_argument_group(title)
    group.add_argument("--genome", metavar="NAME", help="the genome that is meant where FILE has several")
    group.add_argument(
        "--part", metavar="NAME", help="the data set that is meant where a folder or archive has several"
    )
    group.add_argument(
        "--transpose",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the rows of a text table are genes (by default the names tell)",
    )
    return group


def read_file(arguments):
    """The AnnData that FILE and its options name, in normal form; raises UserError."""
    second = {name: getattr(arguments, name) for name in ("proteins", "annotations", "background")}
    second["droplets"] = {name: getattr(arguments, f"droplets_{name}") for name in DROPLETS}
    return read_one(arguments.file, arguments, **second)


def read_one(file, arguments, **second):
    """The AnnData of one file or demo, in normal form, by the answers among the arguments; raises UserError."""
    from core.data import demo, read

    if file in demo.DEMOS:
        return demo.DEMOS[file][1]()
    try:
        return read.read(
            file,
            genome=arguments.genome,
            part=arguments.part,
            transpose=arguments.transpose,
            **second,
        )
    except Question as question:
        values = ", ".join(str(value) for value, _ in question.choices)
        answers = f" ({values})" if question.asks != "transpose" else ""
        raise UserError(f"{question} Say so with {OPTIONS[question.asks]}{answers}.") from None
