"""The option --repair: repairs that the data checks offer, done to FILE before anything else."""

from core.errors import UserError


def add(parser):
    """Add --repair, which may be given several times."""
    parser.add_argument(
        "--repair",
        action="append",
        default=[],
        metavar="NAME",
        help="repair FILE first; `inspect` names the repairs of each finding; may be given several times",
    )


def chosen_repairs(arguments):
    """The repairs of a command line as steps, in their order; raises UserError for an unknown one.

    Loads numpy: a command limits the threads of numeric libraries first.
    """
    from core.preprocessing.recipe import STEPS, chosen

    names = [name for name, step in STEPS.items() if step.repair]
    for name in arguments.repair:
        if name not in names:
            raise UserError(f"There is no repair '{name}'. Choose one of {', '.join(names)}.")
    return tuple(chosen({"name": name}) for name in arguments.repair)


def offer(finding):
    """The options that carry out the repairs of a finding's record, as text; "" where it offers none."""
    names = [name for name in (finding.get("repair"), *finding.get("others", ())) if name]
    return f"Repair: {' or '.join(f'--repair {name}' for name in names)}" if names else ""
