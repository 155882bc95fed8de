"""python -m core score RUN_DIR: scores of the spaces of a trained run, as a table or as JSON."""

import json
from textwrap import wrap

from core import settings
from core.analysis.metrics.descriptions import FROM_PCA, SCORES, SPACES, is_clustering
from core.cli import say
from core.cli.trained_run import column_of, data_of, run_folder, trained_run_of
from core.config import DEFAULT_RESOLUTION
from core.errors import UserError
from core.text import interval

COLUMN = 14  # letters


def add(parser):
    parser.add_argument(
        "folder", metavar="RUN_DIR", help="the folder that `train --out` wrote, or that of a run of the page"
    )
    parser.add_argument(
        "--labels", metavar="COLUMN", help="obs column of reference labels to compare the spaces with"
    )
    parser.add_argument("--batch", metavar="COLUMN", help="obs column of batches, which should mix (iLISI)")
    parser.add_argument(
        "--annotations", metavar="FILE", help="a table with such columns, one row for each cell"
    )
    parser.add_argument(
        "--resolution", type=float, default=DEFAULT_RESOLUTION, help="resolution of the Leiden clusters (1.0)"
    )
    parser.add_argument("--json", action="store_true", help="print the scores as records")


def run(arguments):
    """Print the scores; returns the exit code."""
    folder = run_folder(arguments.folder)
    if not 0 < arguments.resolution <= 100:
        raise UserError("The resolution is a number above 0, such as 1.0.")
    settings.limit_threads()  # before anything below imports numpy's or torch's libraries
    from core.analysis.metrics import benchmark
    from core.export import run_folder as rundir

    adata = data_of(folder, arguments.annotations)
    columns = [
        column_of(adata, name, arguments.annotations is not None)
        for name in (arguments.labels, arguments.batch)
    ]
    config, trained = trained_run_of(folder, adata)
    for event in benchmark.compare_spaces(
        trained, config, rundir.spaces(folder, trained), arguments.resolution, *columns
    ):
        if isinstance(event, benchmark.Step):
            say(f"{event.description} ...")
    if is_clustering(arguments.labels or ""):
        say(FROM_PCA)
    if arguments.json:
        print(json.dumps(event, indent=2, allow_nan=False))
    else:
        print("\n".join([*table(event), *_features(folder, trained, config)]))
    return 0


def table(records):
    """Lines of text: one row for each score, one column for each space, then what each score means."""
    spaces, scores = (list(dict.fromkeys(record[what] for record in records)) for what in ("space", "score"))
    values = {(record["score"], record["space"]): record for record in records}
    width = max(len(SCORES[score].title) for score in scores) + 2
    heads = [wrap(SPACES[space], COLUMN - 1) for space in spaces]
    deepest = max(map(len, heads))
    heads = [[""] * (deepest - len(head)) + head for head in heads]
    lines = [" " * width + "".join(word.rjust(COLUMN) for word in line) for line in zip(*heads, strict=True)]
    for score in scores:
        row = (values[score, space] for space in spaces)
        cells = (interval(record["value"], record["error"]).replace(" ", "") for record in row)
        lines.append(SCORES[score].title.ljust(width) + "".join(cell.rjust(COLUMN) for cell in cells))
    if notes := sorted({f"{record['title']}: {record['note']}." for record in records if record["note"]}):
        lines += ["", *notes]
    sizes = [record["cells"] for record in records]
    n_cells = f"{min(sizes):,}" + (f" to {max(sizes):,}" if max(sizes) > min(sizes) else "")
    words = (
        f"Scored on {n_cells} cells (--json has the number of each); ± is 1.96 standard errors over cells."
    )
    return [*lines, "", words, *(SCORES[score].sentence for score in scores)]


def _features(folder, trained, config):
    """Lines on the variance explained: of all features, and of the worst genes and proteins."""
    from core.analysis.metrics import per_feature
    from core.analysis.metrics.varying_features import varies
    from core.export import run_folder as rundir

    say("Reconstruction by gene and protein ...")
    model = rundir.load_model(folder / "model.pt")
    by_feature = per_feature.by_feature(model, trained, config)
    of = "; of genes that of molecules not seen" if getattr(model, "predicts_other_part", False) else ""
    rows, lines = (
        per_feature.rows_of(by_feature, trained.matrix, varies(trained.matrix, trained.split.train)),
        ["", f"Variance explained (autoencoder, PCA){of}"],
    )
    for kind, shares in per_feature.in_all(by_feature, trained.matrix.n_genes).items():
        lines.append(f"  all {kind}s".ljust(20) + "".join(f"{share:>9.3f}" for share in shares))
        for name, _, model, pca, _ in [row for row in rows if row[1] == kind and row[2] != ""][:5]:
            lines.append(f"    {name}"[:19].ljust(20) + f"{model:>9.3f}{pca:>9.3f}")
    return lines
