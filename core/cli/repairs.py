"""The option --repair: repairs that the data checks offer, done to FILE before anything else."""

from core.preprocessing.recipe import STEPS, chosen

REPAIRS = [name for name, step in STEPS.items() if step.repair]


def add(parser):
    """Add --repair, which may be given several times."""
    parser.add_argument(
        "--repair",
        action="append",
        default=[],
        choices=REPAIRS,
        metavar="NAME",
        help=f"repair FILE first, as `inspect` offers it; may be given several times: {', '.join(REPAIRS)}",
    )


def chosen_repairs(arguments):
    """The repairs of a command line as steps, in their order."""
    return tuple(chosen({"name": name}) for name in arguments.repair)


def offer(finding):
    """The options that carry out the repairs of a finding's record, as text; "" where it offers none."""
    names = [name for name in (finding.get("repair"), *finding.get("others", ())) if name]
    return f"Repair: {' or '.join(f'--repair {name}' for name in names)}" if names else ""
