"""Find the dataset in a folder, or in an archive: a 10x matrix, a zarr store, or one file; at most one folder down."""

import tempfile
from pathlib import Path

from core.data import ending
from core.data.read import tenx, zarrs
from core.data.read.archives import unpack
from core.errors import UserError
from core.text import few

GZIPPED = (".h5ad.gz", ".h5.gz")
ARCHIVES = (".zip", ".tar.gz", ".tgz", *GZIPPED)


def read_archive(path, reading, open_path):
    """The dataset in an archive, unpacked into the reading's scratch folder; `open_path` as in `read_folder`."""
    folder = Path(tempfile.mkdtemp(dir=reading.scratch))
    name = reading.name(path)
    unpack(path, folder, name)
    if ending(path.name) in GZIPPED:  # the one file inside has the name of the archive
        reading.names |= {str(inner): name.removesuffix(path.suffix) for inner in folder.iterdir()}
    return read_folder(folder, reading, open_path, name)


def read_folder(path, reading, open_path, name=None):
    """The dataset in the folder at `path`; `name` is what a person knows it by. Asks which where there are several.

    `open_path(path, reading)` reads a file of any format.
    """
    name = name or reading.name(path)
    found = _here(path)
    if not found:
        below = [_here(p) for p in sorted(path.iterdir()) if p.is_dir() and not _hidden(p)]
        found = {n: place for inner in below for n, place in inner.items()}
        if len(found) < sum(map(len, below)):  # files of one name in several folders
            found = {str(p.relative_to(path)): p for inner in below for p in inner.values()}
    if not found:
        raise UserError(f"'{name}' holds neither a 10x matrix nor a zarr store nor another file Nuwa reads.")
    if len(found) > 1:
        plain = {n: place for n, place in found.items() if "raw_" not in n}
        if len(plain) == 1:  # Cell Ranger leaves its matrix of all droplets beside the one of cells
            reading.say(f"'{name}' holds {len(found)} matrices; {next(iter(plain))} was read.")
            found = plain
    if len(found) > 1:
        choices = [(n, n) for n in list(found)[:50]]
        sentence = f"'{name}' holds {len(found)} datasets ({few(found)}): which one is meant?"
        chosen = reading.answer(sentence, "part", choices)
        found = {chosen: found[chosen]}
    place = next(iter(found.values()))
    return zarrs.read_store(place, reading) if zarrs.is_store(place) else open_path(place, reading)


def _here(folder):
    """{name: path} of the datasets that lie right in `folder`."""
    if zarrs.is_store(folder):
        return {folder.name: folder}
    files = sorted(p for p in folder.iterdir() if not _hidden(p))
    if matrices := [p for p in files if p.is_file() and tenx.is_matrix(p)]:
        return {folder.name if len(matrices) == 1 else p.name: p for p in matrices}
    stores = [p for p in files if p.is_dir() and zarrs.is_store(p)]
    return {p.name: p for p in [*files, *stores] if p in stores or _is_single(p)}


def _is_single(path):
    return path.is_file() and ending(path.name) not in ("", *ARCHIVES)


def _hidden(path):
    return path.name.startswith(".") or path.name == "__MACOSX"
