"""python -m core map RUN_DIR FILE: reference mapping: encode the cells of another file and label them by their neighbours."""

from core import settings
from core.cli import input_files, say
from core.cli.output_folder import output_file
from core.cli.trained_run import RUN_FILES, column_of, data_of, run_folder
from core.config import DEFAULT_RESOLUTION, RECORD_KEYS, SURE, parse
from core.errors import UserError

ENDINGS = (".h5ad", ".csv")


def add(parser):
    parser.add_argument(
        "folder", metavar="RUN_DIR", help="the folder that `train --out` wrote, or that of a run of the page"
    )
    input_files.add(parser)
    parser.add_argument(
        "--labels", metavar="COLUMN", help="the obs column of the run's data to transfer (the run's clusters)"
    )
    parser.add_argument(
        "--own",
        metavar="COLUMN",
        help="the obs column of FILE to compare the labels with (the one of the same name)",
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=SURE,
        help=f'share of the neighbours\' votes below which a label is "unknown" ({SURE})',
    )
    parser.add_argument(
        "--batch", metavar="NAME", help="the batch of the run that all new cells are encoded as"
    )
    parser.add_argument("--device", default=None, help="cpu or cuda (the device of the run)")
    parser.add_argument("--out", metavar="FILE", help="the file to write the mapped cells to: .h5ad or .csv")


def run(arguments):
    """Map the cells, print a summary, write them to --out; returns the exit code."""
    folder = run_folder(arguments.folder, (*RUN_FILES, "embeddings/latent_umap.npy"))
    out = output_file(arguments.out, ENDINGS) if arguments.out else None
    if not 0 <= arguments.threshold <= 1:
        raise UserError("The threshold is a share of the votes, a number from 0 to 1.")
    settings.limit_threads()  # before anything below imports numpy's or torch's libraries
    import numpy as np

    from core import device, files
    from core.analysis import label_transfer, mapping_summary, query, reference_mapping
    from core.export import mapped_h5ad, tables
    from core.export import run_folder as rundir

    record = files.read_json(folder / "config.json")
    config = parse({name: value for name, value in record.items() if name not in RECORD_KEYS})
    say("Reading the run ...")
    trained = rundir.load_trained(folder / "model.pt")
    title, names, codes = _labels(folder, arguments.labels)
    say(f"Reading {arguments.file} ...")
    adata = input_files.read_file(arguments)
    own = _own(adata, arguments)
    new_cells = query.prepare_query(adata, trained, arguments.batch)
    for note in new_cells.notes:
        say(f"  {note}")
    wanted = arguments.device or config.device
    used = device.choose(wanted)
    say(f"Encoding {adata.n_obs:,} cells on {used.name} ...")
    *_, latent = reference_mapping.encode_query(new_cells, trained, used.kind)
    say("Looking for the nearest cells of the run ...")
    arrays = rundir.carried(folder, config, latent, codes, wanted)
    confidence = arrays["confidence"]
    sure = mapping_summary.sure(arrays["codes"], confidence, arguments.threshold)
    print("\n".join(report(title, names, sure, confidence, arrays["farness"], own)))
    if out is not None:
        labels = mapping_summary.labels_of(names, arrays["codes"], confidence, arguments.threshold)
        if out.suffix == ".csv":
            files.whole(out, tables.mapped(np.asarray(adata.obs_names), labels, arrays).write)
        else:
            facts = {
                "title": title,
                "batch": arguments.batch,
                "k": label_transfer.N_NEAR,
                "threshold": arguments.threshold,
            }
            facts |= {
                part: getattr(new_cells, part) for part in ("missing_genes", "missing_proteins", "notes")
            }
            files.whole(out, mapped_h5ad.result(adata, record | facts, arrays, labels, names).write)
        say(f"The mapped cells are in {out}.")
    return 0


def report(title, names, sure, confidence, farness, own=None):
    """Lines of text: one row for each label, the distance of the cells, and the agreement with their own labels."""
    from core.analysis import mapping_summary

    rows = mapping_summary.counts_of(names, sure, confidence)
    width = max(len(title), *(len(name) for name, *_ in rows)) + 2
    lines = [f"{title:<{width}}{'cells':>10}{'share':>9}{'confidence':>12}"]
    lines += [f"{name:<{width}}{n:>10,}{share:>9.1%}{mean:>12.3f}" for name, n, share, mean in rows]
    lines += ["", mapping_summary.distance_words(farness)[0]]
    if own is not None:
        lines.append(mapping_summary.agreement_words(mapping_summary.agreement(own[1], names, sure), own[0]))
    return lines


def _labels(folder, column):
    """(title, names, (cells,) codes into them) of the labels of the cells that the run was trained on."""
    import numpy as np

    from core import files
    from core.config.run_files import clusters_of
    from core.data.checks.obs_columns import check_labels

    if column is None:
        codes = np.array(files.read_array(folder / f"{clusters_of(DEFAULT_RESOLUTION)}.npy"))
        return "cluster", [str(i) for i in range(codes.max() + 1)], codes
    adata = data_of(folder, None)
    values = column_of(adata, column)
    check_labels(adata.obs, column)
    names, codes = np.unique(values, return_inverse=True)
    if names[0] == "":  # cells without a label
        names, codes = names[1:], codes - 1
    if not len(names):
        raise UserError(
            f"No cell of the run has a value of {column}, so there is no label to transfer: choose another column."
        )
    if len(codes) != len(files.read_array(folder / "latent.npy")):
        raise UserError(
            "The data beside this run has other cells than the run was trained on: train it again."
        )
    return column, names.tolist(), codes


def _own(adata, arguments):
    """(column, (cells,) labels) of the new cells' own, or None."""
    column = arguments.own or arguments.labels
    if column is None or (arguments.own is None and column not in adata.obs):
        return None
    return column, column_of(adata, column)
