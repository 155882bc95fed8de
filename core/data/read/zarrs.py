"""Zarr stores: a folder of an AnnData or a MuData, as anndata writes it."""

import anndata
import zarr

from core.data import backed
from core.data.read import mudata
from core.data.read.archives import check_values, number_bytes
from core.errors import UserError

# Of the values in memory while they are read and brought into normal form: as a rule, and at most.
HELD, COPIES = 2, 4


def is_store(folder):
    """Is this folder the root of a zarr store?"""
    return any((folder / name).is_file() for name in (".zgroup", "zarr.json", ".zmetadata"))


def read_store(path, reading):
    """The AnnData in a zarr folder, of zarr format 2 or 3."""
    name = reading.name(path)
    if not is_store(path):
        raise UserError(f"'{name}' is not a zarr store (no .zgroup or zarr.json in it): save it again.")
    _check_links(path, name)
    declared = _check_room(path, name)
    if (path / "mod").is_dir() and not (path / "X").exists():
        stores = [p for p in sorted((path / "mod").iterdir()) if is_store(p)]
        modalities = {p.name: _opened(p, reading, declared, name) for p in stores}
        return mudata.combine(modalities, None, name, reading)
    return _opened(path, reading, declared, name)


def _opened(path, reading, declared, name):
    """One AnnData of a store, the matrices of a large one left there."""
    group = zarr.open_group(path, mode="r")
    if backed.is_large(group, reading.large):
        return backed.opened(group, backed.EVERYTHING)
    need = min(declared, backed.bytes_in(group))
    reading.take(HELD * need, name, COPIES * need)
    return backed.widened(group) if backed.has_halves(group) else anndata.read_zarr(path)


def _check_room(path, name):
    """Bytes of all values that a store declares; refuses more than the files in it can mean."""
    total, todo = 0, [zarr.open_group(path, mode="r")]
    while todo:
        for _, item in todo.pop().members():
            if isinstance(item, zarr.Group):
                todo.append(item)
            else:
                total += number_bytes(int(item.size), item.dtype)
    check_values(total, sum(file.stat().st_size for file in path.rglob("*") if file.is_file()), name)
    return total


def _check_links(path, name):
    """Refuse links: a store could show its sender what lies elsewhere on this server."""
    if any(member.is_symlink() for member in path.rglob("*")):
        raise UserError(f"'{name}' holds links to other files: copy the files themselves.")
