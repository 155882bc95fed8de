"""Reading the input file of a command, and the options for it."""

import argparse

from core.data import DEMO_TITLES, DROPLETS
from core.errors import Question, UserError

OPTIONS = {
    "genome": "--genome NAME",
    "part": "--part NAME",
    "counts": "--counts PLACE",
    "transpose": "--transpose (rows are genes) or --no-transpose (rows are cells)",
    "first_column": "--first-column WHAT",
    "numbers": "--numbers WHAT",
}

DROPLET_HELP = {
    "fewest_protein": "an empty droplet has at least so many protein counts",
    "most_rna": "an empty droplet has fewer RNA counts than this",
}


def add(parser):
    """Add FILE and the options for reading it."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help=".h5ad, .h5mu, 10x .h5, a 10x folder or its archive, .loom, .zarr, csv, tsv or txt; or a demo: "
        + ", ".join(DEMO_TITLES),
    )
    group = add_answers(parser, "how FILE is read")
    add_second(group)


def add_second(group):
    """Add the options that name a second file, whose content is added to FILE."""
    group.add_argument("--proteins", metavar="FILE", help="a second file with the proteins of the same cells")
    group.add_argument("--annotations", metavar="FILE", help="a table of labels, one row for each cell")
    group.add_argument(
        "--background",
        metavar="FILE",
        help="the unfiltered matrix, whose empty droplets give the background of each protein (for DSB)",
    )
    for name, text in DROPLET_HELP.items():
        group.add_argument(
            f"--droplets-{name.replace('_', '-')}",
            metavar="N",
            type=int,
            help=f"with --background: {text} ({DROPLETS[name]}, as in the tutorial of the R package dsb)",
        )


def add_answers(parser, title):
    """Add the options that answer a reader's questions; returns their group."""
    group = parser.add_argument_group(title)
    group.add_argument("--genome", metavar="NAME", help="the genome to use where FILE has several")
    group.add_argument(
        "--part", metavar="NAME", help="the dataset to use where a folder or archive has several"
    )
    group.add_argument(
        "--transpose",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the rows of a text table, .h5ad or .zarr are genes (in a table detected from the names)",
    )
    group.add_argument(
        "--first-column",
        choices=("names", "values"),
        help="what the first column of a text table holds, where it is not clear",
    )
    group.add_argument(
        "--numbers",
        choices=("thousands", "decimal"),
        help="what the comma or point in numbers such as 1,046 means, where it is not clear",
    )
    group.add_argument(
        "--counts",
        metavar="PLACE",
        help="the matrix of FILE that holds the raw counts: X, raw.X or the name of a layer (found from the values)",
    )
    return group


def read_file(arguments):
    """The AnnData of FILE and its options, in normal form; raises UserError."""
    second = {name: getattr(arguments, name) for name in ("proteins", "annotations", "background")}
    second["droplets"] = {name: getattr(arguments, f"droplets_{name}") for name in DROPLETS}
    return read_one(arguments.file, arguments, **second)


def read_one(file, arguments, **second):
    """The AnnData of one file or demo, in normal form; the arguments answer the reader's questions. Raises UserError."""
    from core.data import demo, read

    if file in demo.DEMOS:
        return demo.DEMOS[file][1]()
    try:
        return read.read(
            file,
            genome=arguments.genome,
            part=arguments.part,
            transpose=arguments.transpose,
            first_column=arguments.first_column,
            numbers=arguments.numbers,
            counts=arguments.counts,
            **second,
        )
    except Question as question:
        values = ", ".join(str(value) for value, _ in question.choices)
        answers = f" ({values})" if question.asks != "transpose" else ""
        raise UserError(f"{question} Say so with {OPTIONS[question.asks]}{answers}.") from None
