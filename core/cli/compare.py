"""python -m core compare A B: the settings and scores in which two runs of the server's data folder differ."""

import json

from core import settings

LABEL = 32  # letters


def add(parser):
    for name in ("first", "second"):
        parser.add_argument(name, metavar=name[0].upper(), help="the id or the name of a run")
    parser.add_argument("--json", action="store_true", help="print the differences as JSON")


def run(arguments):
    """Print what differs; returns the exit code."""
    from core.cli.server_run import run_of
    from core.store import Store

    store = Store(settings.from_environment())
    rows = [run_of(store, text) for text in (arguments.first, arguments.second)]
    store.engine.dispose()
    found = differences(*rows)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        print("\n".join(lines(found, [row["name"] for row in rows])))
    return 0


def differences(first, second):
    """{"settings": {label: [value, value]}, "scores": ...} of two rows of runs, of what differs alone.

    Scores are those of scores.json without their errors, and the loss on the scored cells.
    """
    from core.config import parse, setting_rows
    from core.config.run_facts import RunFacts

    sides = []
    for row in (first, second):
        facts = RunFacts.upgraded(row["facts"])
        loss = {"loss": facts.loss.total} if facts and facts.loss else {}
        scores = {k: v for k, v in (row["scores"] or {}).items() if not k.endswith("_error")}
        table = {
            label: f"{value} {unit}".strip() for label, value, unit in setting_rows(parse(row["config"]))
        }
        sides.append((table, loss | scores))
    return {
        what: {
            name: [one.get(name), other.get(name)]
            for name in dict.fromkeys([*one, *other])
            if one.get(name) != other.get(name)
        }
        for what, (one, other) in zip(("settings", "scores"), zip(*sides, strict=True), strict=True)
    }


def lines(found, names):
    """The differences as text."""
    text = []
    for what, table in found.items():
        text.append(f"{what.capitalize()} that differ: {len(table) or 'none'}")
        if table:
            text.append(" " * LABEL + "  ".join(name[:22].ljust(22) for name in names).rstrip())
        for label, values in table.items():
            cells = ["–" if v is None else f"{v:.4g}" if isinstance(v, float) else str(v) for v in values]
            text.append(
                label[: LABEL - 1].ljust(LABEL) + "  ".join(cell[:22].ljust(22) for cell in cells).rstrip()
            )
    return text
