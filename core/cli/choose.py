"""python -m core choose FILE: train a handful of candidates under a budget of minutes, and keep the best by a written rule."""

import json

from core import settings
from core.cli import input_files, say
from core.config.candidates import DEFAULT_MINUTES, MINUTES, not_compared
from core.errors import UserError


def add(parser):
    input_files.add(parser)
    parser.add_argument(
        "--minutes",
        default=DEFAULT_MINUTES,
        metavar="N",
        help=f"a candidate that is not finished by then is stopped and not compared ({DEFAULT_MINUTES})",
    )
    parser.add_argument(
        "--batch-key",
        metavar="COLUMN",
        help="an obs column of batches, the batch covariate of every candidate",
    )
    parser.add_argument(
        "--labels", metavar="COLUMN", help="an obs column of labels, shown beside the choice, no part of it"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="the first of the two seeds of each candidate (0)"
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="a folder for choice.json, choice.html and settings.json, which train --config reads",
    )
    parser.add_argument("--json", action="store_true", help="print the candidates and the choice as JSON")


def run(arguments):
    """Print the candidates and the one that is kept; returns the exit code."""
    minutes = MINUTES.read(arguments.minutes)
    settings.limit_threads()  # before anything below imports numpy's or torch's libraries
    from core.analysis import choose
    from core.analysis.metrics.benchmark import Step
    from core.cli.output_folder import output_folder
    from core.config import parse, recommended
    from core.data import check_trainable, checks

    out = output_folder(arguments.out) if arguments.out else None
    adata = input_files.read_file(arguments)
    check_trainable(checks.examine(adata).record()["findings"])
    config = parse(recommended(arguments.batch_key).model_dump(exclude_unset=True) | {"seed": arguments.seed})
    labels, batches = (
        None if name is None else _column(adata, name) for name in (arguments.labels, arguments.batch_key)
    )
    said = ""
    for event in choose.choose(adata, config, minutes, labels, batches):
        if isinstance(event, Step) and event.description != said:
            said = event.description
            say(f"{said} ...")
    record = event.record()
    if out:
        _write(out, record)
    print(json.dumps(record, indent=2, allow_nan=False) if arguments.json else "\n".join(table(record)))
    return 0


def _column(adata, name):
    if name not in adata.obs:
        raise UserError(
            f"There is no obs column '{name}'; the file has: {', '.join(map(str, adata.obs.columns))}."
        )
    return adata.obs[name].astype(str).to_numpy()


def _write(out, record):
    from core import figures, files

    out.mkdir(parents=True, exist_ok=True)
    files.write_json(out / "choice.json", record)
    files.write_json(out / "settings.json", record["settings"])
    figures.write_html(figures.candidates(record), out / "choice.html", "Candidates")


HEAD = {
    "explained": "deviance",
    "pca": "its PCA",
    "consistency": "stability",
    "kept": "kept",
    "knn": "kNN",
    "ilisi": "iLISI",
    "seconds": "seconds",
}


def table(record):
    """Lines of text: a row for each candidate, the one that is kept marked, then the rule and how to train it."""
    records = record["records"]
    shown = [name for name in HEAD if any(one[name] is not None for one in records)]
    width = max(len(one["name"]) for one in records) + 4
    lines = [" " * width + "".join(HEAD[name].rjust(11) for name in shown)]
    for i, one in enumerate(records):
        mark = "* " if i == record["best"] else "  "
        values = (f"{one[name]:.1f}" if name == "seconds" else f"{one[name]:.4f}" for name in shown)
        lines.append((mark + one["name"]).ljust(width) + "".join(value.rjust(11) for value in values))
    options = " ".join(
        f"--{name.replace('_', '-')} {value}" for name, value in records[record["best"]]["settings"].items()
    )
    others = not_compared(record)
    return [
        *lines,
        "",
        *([others] if others else []),
        f"* is kept. Scored on {record['cells']:,} test cells for each of two seeds; stability on all cells.",
        record["rule"],
        f"To train it: python -m core train FILE --out DIR{' ' if options else ''}{options}",
    ]
