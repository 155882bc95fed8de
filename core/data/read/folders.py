"""Find the dataset in a folder or an archive, however deep: a 10x matrix, a zarr store, one file, or a further archive."""

import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from core.data import TABLES, ending, unreadable
from core.data.read import axis_files, matrix_market, zarrs
from core.data.read.archives import GZ, is_gzip, unpack
from core.errors import UserError
from core.text import few

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
DEEPEST = 8  # folders in folders; Cell Ranger's multi needs five
NESTED = 3  # archives in archives
MOST = 50  # answers of a question
# What programs leave beside their matrices: Cell Ranger, Space Ranger, Xenium, STARsolo, CITE-seq-Count, kb-python, GEO.
ASIDE = re.compile(
    r"^\.|_?summary\.csv|molecule_info|tag_calls|cells_per_(tag|protospacer)|protospacer_calls|feature_reference"
    r"|tissue_positions|per_barcode_metrics|fragments\.tsv|peak_annotation|singlecell\.csv|dense_umis|^unmapped\.csv"
    r"|^(cells|transcripts|analysis|(cell|nucleus)_boundaries|cell_feature_matrix)\.(csv|zarr)|^analysis\.tar"
    r"|^(readme|license|filelist|requirements)\b.*\.txt|^experiment_info|\.ec\.txt",
    re.IGNORECASE,
)
ASIDE_FOLDER = re.compile(
    r"^(\..*|__MACOSX|analysis|spatial|vdj_\w+|aux_\w+|SJ|SC_RNA_\w+|multiplexing_analysis|uncorrected_cells)$"
)
# All droplets, multimappers, reads and normalised values beside the matrix that is meant.
LESSER = re.compile(r"unfiltered|(?<![a-z])raw|uniqueandmult[-\w]*|read_count|normali[sz]ed", re.IGNORECASE)
BETTER = re.compile(r"filtered|umi_count|sample_|matrix", re.IGNORECASE)


class Dataset(NamedTuple):
    """One of the datasets in a folder."""

    name: str  # as --part takes it: that of its folder or file, its path where several have that name
    inside: str  # its path in the folder
    paths: tuple[Path, ...]  # several are parts of one: matrices of spliced and unspliced counts
    is_matrix: bool = False


def read_archive(path, reading, open_path):
    """The dataset in an archive, unpacked into the reading's scratch folder; `open_path` as in `read_folder`."""
    name, outer = reading.name(path), (reading.archives, reading.packed)
    if reading.archives == NESTED:
        raise UserError(f"'{name}' lies in more than {NESTED} archives: unpack the outer ones yourself.")
    folder = Path(tempfile.mkdtemp(dir=reading.scratch))
    reading.archives, reading.packed = outer[0] + 1, outer[1] or path.stat().st_size
    try:
        unpack(path, folder, name, reading.packed)
        if (
            is_gzip(path) and ending(path.name) not in ARCHIVES
        ):  # the one file inside has the name of the archive
            reading.names |= {str(inner): GZ.sub("", name) for inner in folder.iterdir()}
        return read_folder(folder, reading, open_path, name)
    finally:
        reading.archives, reading.packed = outer


def read_folder(path, reading, open_path, name=None):
    """The dataset in the folder at `path`; `name` is what a person knows it by. Asks which where there are several.

    `open_path(path, reading)` reads a file of any format.
    """
    name = name or reading.name(path)
    datasets, tables = _main(_datasets(path))
    if not datasets:
        for file in path.rglob("*"):
            if sentence := unreadable(file.name):
                raise UserError(sentence)
        raise UserError(f"'{name}' holds neither a 10x matrix nor a zarr store nor another file Nuwa reads.")
    dataset = _chosen(datasets, tables, name, reading)
    if tables and dataset not in tables:
        reading.say(f"Tables in '{name}' were not read: {few([table.name for table in tables])}.")
    outer = reading.part
    reading.part = f"{outer}{dataset.name}/"
    try:
        return _read(dataset, path, reading, open_path)
    finally:
        reading.part = outer


def _read(dataset, root, reading, open_path):
    place = dataset.paths[0]
    if dataset.is_matrix:
        folders = [place.parent, *([place.parent.parent] if place.parent != root else [])]
        if len(dataset.paths) > 1:
            return matrix_market.read_parts(list(dataset.paths), reading, folders)
        return matrix_market.read_matrix(place, reading, folders)
    return zarrs.read_store(place, reading) if zarrs.is_store(place) else open_path(place, reading)


def _chosen(datasets, tables, name, reading):
    """The one that is meant: the only one, the answer, or the one beside which all others are of less use."""
    answer = reading.answers.get("part")
    if isinstance(answer, str) and answer.startswith(reading.part):
        rest = answer.removeprefix(reading.part)
        for dataset in (*datasets, *tables):
            if rest in (dataset.name, dataset.inside) or rest.startswith(f"{dataset.name}/"):
                return dataset
    best = [dataset for dataset in datasets if not _is_lesser(dataset, datasets)]
    if len(datasets) > 1 and len(best) == 1:
        others = few([dataset.name for dataset in datasets if dataset not in best])
        reading.say(f"'{name}' holds {len(datasets)} matrices; {best[0].name} was read, and not {others}.")
    if len(best) == 1:
        return best[0]
    names = [dataset.name for dataset in datasets]
    choices = [(f"{reading.part}{one}", one) for one in names[:MOST]]
    sentence = f"'{name}' holds {len(names)} datasets ({few(names)}): which one is meant?"
    chosen = reading.answer(sentence, "part", choices)
    return next(dataset for dataset in datasets if f"{reading.part}{dataset.name}" == chosen)


def _is_lesser(dataset, datasets):
    """Is there the same dataset in a better form: filtered, without multimappers, of molecules, not normalised?"""
    key, lesser, better = _form(dataset)
    if "multi/" in dataset.inside and lesser and any("per_sample_outs" in one.inside for one in datasets):
        return True  # all droplets of all samples of Cell Ranger's multi
    if not dataset.is_matrix and ending(dataset.inside) not in (".h5", ".h5.gz"):
        return False  # names of other files are a person's own
    forms = [_form(one) for one in datasets]
    return any(form[0] == key and (form[1], -form[2]) < (lesser, -better) for form in forms)


def _form(dataset):
    """((name without such words, ending), how many words say that it is a lesser form of it, how many that it is a better one)."""
    inside = dataset.inside.lower()
    end = ending(inside)
    inside = GZ.sub("", inside.removesuffix(end)).removesuffix(".mtx")
    lesser = len(LESSER.findall(inside))
    rest = LESSER.sub("", inside)
    key = re.sub(r"[^a-z0-9]", "", BETTER.sub("", rest))
    return (key, end), lesser, len(re.findall("filtered|umi_count", rest))


def _main(datasets):
    """(datasets, tables) without copies of one dataset; tables count as datasets only where there is nothing better."""
    tables = [one for one in datasets if not one.is_matrix and _is_table(one.paths[0])]
    archives = [one for one in datasets if ending(one.paths[0].name) in ARCHIVES]
    if len(tables) + len(archives) == len(datasets):
        tables = []
    kept = [one for one in datasets if one not in tables]
    files = {one.paths[0] for one in kept}
    unpacked = files | {one.paths[0].parent for one in kept if one.is_matrix}
    copies = [one for one in archives if one.paths[0].with_name(_stem(one.paths[0].name)) in unpacked]
    copies += [one for one in kept if one.is_matrix and Path(f"{one.paths[0].parent}.h5") in files]
    return [one for one in kept if one not in copies], tables


def _stem(name):
    return name[: len(name) - len(ending(name))]


def _datasets(root):
    """Every dataset below `root`. Its name is that of its folder or file, and its path where several have that name."""
    datasets = list(_places(root, root, DEEPEST))
    if len({dataset.name for dataset in datasets}) < len(datasets):
        datasets = [dataset._replace(name=dataset.inside) for dataset in datasets]
    return datasets


def _places(folder, root, deep):
    """Every dataset in `folder` and below it."""

    def placed(path, paths, is_matrix=False):
        inside = path.name if path == root else str(path.relative_to(root))
        return Dataset(path.name, inside, tuple(paths), is_matrix)

    if zarrs.is_store(folder):
        yield placed(folder, [folder])
        return
    entries = sorted(folder.iterdir())
    files = [path for path in entries if path.is_file() and not ASIDE.search(path.name)]
    groups = {}
    for path in files:
        if axis_files.is_matrix(path):
            part, whose = matrix_market.part_of_velocity(path)
            groups.setdefault((whose, "") if part else (whose, path.name), []).append(path)
    for paths in groups.values():
        yield placed(folder if len(groups) == 1 else paths[0], paths, is_matrix=True)
    for path in files:
        is_name = groups and axis_files.role_of(path)
        if not axis_files.is_matrix(path) and not is_name and ending(path.name):
            yield placed(path, [path])
    for path in entries if deep else ():
        if path.is_dir() and not ASIDE_FOLDER.search(path.name):
            yield from _places(path, root, deep - 1)


def _is_table(path):
    return ending(path.name) in TABLES
