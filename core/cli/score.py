"""python -m core score RUN_DIR: how good a trained run is, its spaces side by side, as a table or as JSON."""

import json
from pathlib import Path
from textwrap import wrap

from core import settings
from core.analysis.metrics.descriptions import SCORES, SPACES
from core.cli import say
from core.config import DEFAULT_RESOLUTION, RECORD_KEYS, parse
from core.errors import UserError
from core.text import near

COLUMN = 12  # letters
LEFT = ("config.json", "model.pt", "latent.npy", "input_axes.npy")  # what every trained run leaves


def add(parser):
    parser.add_argument(
        "folder", metavar="RUN_DIR", help="what `train --out` left, or the folder of a run of the page"
    )
    parser.add_argument("--labels", metavar="COLUMN", help="an obs column to hold the spaces against")
    parser.add_argument("--batch", metavar="COLUMN", help="an obs column whose values should mix (iLISI)")
    parser.add_argument(
        "--annotations", metavar="FILE", help="a table with such columns, a row for each cell"
    )
    parser.add_argument(
        "--resolution", type=float, default=DEFAULT_RESOLUTION, help="of the Leiden clusters (1.0)"
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
    named = [
        column_of(adata, name, arguments.annotations is not None)
        for name in (arguments.labels, arguments.batch)
    ]
    config, proof = _proof(folder, adata)
    for event in benchmark.judge(proof, config, rundir.spaces(folder, proof), arguments.resolution, *named):
        if isinstance(event, benchmark.Step):
            say(f"{event.words} ...")
    if arguments.json:
        print(json.dumps(event, indent=2, allow_nan=False))
    else:
        print("\n".join([*table(event), *_features(folder, proof, config)]))
    return 0


def run_folder(name, wanted=LEFT):
    """The folder of a trained run that has the files `wanted`; raises UserError."""
    folder = Path(name)
    if not folder.is_dir():
        raise UserError(f"There is no folder '{name}': name one that `train --out` has made.")
    if missing := [file for file in wanted if not (folder / file).is_file()]:
        raise UserError(f"'{name}' holds no trained run: {', '.join(missing)} is missing.")
    return folder


def data_of(folder, annotations):
    """The AnnData that the run was trained on, with the labels of a second file; raises UserError."""
    from core.data import read

    file = folder / "result.h5ad"
    if not file.exists():
        file = _shelved(folder)
    return read.read(file, annotations=annotations)


def _shelved(folder):
    """The data set of a run of the page, which lies two folders up."""
    from core.store import Store

    root, id = folder.resolve().parent.parent, folder.resolve().name
    if folder.resolve().parent.name != "runs" or not (root / "datasets").is_dir():
        raise UserError(f"'{folder}' has no result.h5ad, which holds the data: train it to its end first.")
    store = Store(settings.from_environment({"NUWA_DATA_DIR": str(root)}))
    try:
        return store.dataset_folder(store.row("run", id)["dataset"]).file
    finally:
        store.engine.dispose()


def column_of(adata, name, annotated=False):
    """(cells,) the names in an obs column, "" where one is missing, or None; what a second file brought goes first."""
    if name is None:
        return None
    if name not in adata.obs:
        alike = near(name, list(map(str, adata.obs.columns)))
        words = f"did you mean {' or '.join(alike)}?" if alike else f"it has {', '.join(adata.obs.columns)}."
        raise UserError(f"There is no obs column '{name}' in the data: {words}")
    while annotated and f"{name}_2" in adata.obs:
        name += "_2"
    values = adata.obs[name]
    return values.astype(object).where(values.notna(), "").astype(str).to_numpy()


def _proof(folder, adata):
    """(RunConfig, Evidence) of what lies in a run's folder and its data; raises UserError where they do not fit."""
    import numpy as np
    import torch

    from core import files
    from core.analysis.explore import Evidence
    from core.preprocessing.prepare import prepare
    from core.preprocessing.split import split_cells

    record = files.read_json(folder / "config.json")
    config = parse({name: value for name, value in record.items() if name not in RECORD_KEYS})
    latent, axes = (np.array(files.read_array(folder / f"{name}.npy")) for name in ("latent", "input_axes"))
    split = split_cells(adata.n_obs, config)
    matrix = prepare(adata, config, split)
    known = torch.load(folder / "model.pt", weights_only=True)
    names = [*map(str, matrix.genes), *map(str, matrix.proteins)]
    if len(latent) != adata.n_obs or names != [*known["genes"], *known["proteins"]]:
        raise UserError(
            "The data beside this run is not what it was trained on (other cells, genes or proteins): train it again."
        )
    return config, Evidence(matrix, split, latent, axes, None, None, 0, {})


def table(records):
    """Lines of text: a row a score, a column a space, then what each score means."""
    spaces, scores = (list(dict.fromkeys(record[what] for record in records)) for what in ("space", "score"))
    values = {(record["score"], record["space"]): record["value"] for record in records}
    width = max(len(SCORES[score].title) for score in scores) + 2
    heads = [wrap(SPACES[space], COLUMN - 1) for space in spaces]
    deepest = max(map(len, heads))
    heads = [[""] * (deepest - len(head)) + head for head in heads]
    lines = [" " * width + "".join(word.rjust(COLUMN) for word in line) for line in zip(*heads, strict=True)]
    for score in scores:
        found = (values[score, space] for space in spaces)
        cells = ("–" if value is None else f"{value:.3f}" for value in found)
        lines.append(SCORES[score].title.ljust(width) + "".join(cell.rjust(COLUMN) for cell in cells))
    if notes := sorted({f"{record['title']}: {record['note']}." for record in records if record["note"]}):
        lines += ["", *notes]
    judges = min(record["cells"] for record in records)
    return [*lines, "", f"On {judges:,} cells that judge.", *(SCORES[score].sentence for score in scores)]


def _features(folder, proof, config):
    """Lines on the variance explained: in all, and the worst genes and proteins."""
    from core.analysis.metrics import per_feature
    from core.export import run_folder as rundir

    say("Reconstruction by gene and protein ...")
    found = per_feature.by_feature(rundir.load_model(folder / "model.pt"), proof, config)
    rows, lines = per_feature.rows_of(found, proof.matrix), ["", "Variance explained (autoencoder, PCA)"]
    for kind, shares in per_feature.in_all(found, proof.matrix.n_genes).items():
        lines.append(f"  all {kind}s".ljust(20) + "".join(f"{share:>9.3f}" for share in shares))
        for name, _, model, pca, _ in [row for row in rows if row[1] == kind and row[2] != ""][:5]:
            lines.append(f"    {name}"[:19].ljust(20) + f"{model:>9.3f}{pca:>9.3f}")
    return lines
