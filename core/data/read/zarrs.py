"""Zarr stores: a folder of an AnnData or a MuData, as anndata writes it."""

import anndata
import zarr

from core.data import ondisk
from core.data.read import mudata
from core.errors import UserError


def is_store(folder):
    """Is this folder the root of a zarr store?"""
    return any((folder / name).is_file() for name in (".zgroup", "zarr.json", ".zmetadata"))


def read_store(path, reading):
    """The AnnData in a zarr folder, of zarr format 2 or 3."""
    if not is_store(path):
        raise UserError(f"'{path.name}' is not a zarr store (no .zgroup or zarr.json in it): save it again.")
    _check_links(path)
    if (path / "mod").is_dir() and not (path / "X").exists():
        modalities = {p.name: anndata.read_zarr(p) for p in sorted((path / "mod").iterdir()) if is_store(p)}
        return mudata.combine(modalities, None, path.name, reading)
    group = zarr.open_group(path, mode="r")
    if ondisk.is_large(group, reading.large):
        return ondisk.opened(group, ondisk.EVERYTHING)
    return anndata.read_zarr(path)


def _check_links(path):
    """Refuse links: a store could show its sender what lies elsewhere on this server."""
    if any(member.is_symlink() for member in path.rglob("*")):
        raise UserError(f"'{path.name}' holds links to other files: copy the files themselves.")
