"""Any path to an AnnData in normal form, in this very process; `core.data.read.read` does so in a safe one."""

import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from anndata import AnnData

from core.data import ENDINGS, HDF5, TABLES, ending, unreadable
from core.data.exchanged_axes import exchanged
from core.data.normal_form import tidy
from core.data.read.archives import is_gzip, is_zip
from core.data.read.axis_files import is_matrix
from core.data.read.empty_droplets import join_background
from core.data.read.folders import ARCHIVES, read_archive, read_folder
from core.data.read.hdf5 import is_hdf5, read_hdf5
from core.data.read.matrix_market import read_matrix
from core.data.read.second_file import join_annotations, join_proteins
from core.data.read.tables import read_labels, read_table
from core.data.read.which_counts import settle_counts
from core.data.read.zarrs import read_store
from core.errors import DoesNotFit, OwnError, UserError, is_out_of_memory, is_own
from core.sparse.access import in_memory

SMALL = 50_000_000  # bytes; a smaller file that asks for all memory is rather damaged than large


def _archive(path, reading) -> AnnData:
    return read_archive(path, reading, open_path)


def _hdf5(path, reading) -> AnnData:
    """HDF5, packed or not whatever its name says: browsers unpack a .gz on the way, and people pack without renaming."""
    is_packed = is_gzip(path) or (not is_hdf5(path) and is_zip(path))
    return (_archive if is_packed else read_hdf5)(path, reading)


# Ending -> (path, Reading) -> AnnData, not yet in normal form. A further format is one function and one line here.
READERS = {
    **dict.fromkeys((*HDF5, *(f"{kind}.gz" for kind in HDF5)), _hdf5),
    **dict.fromkeys(TABLES, read_table),
    **dict.fromkeys(ARCHIVES, _archive),
    ".zarr": read_store,
}


def load(path, reading, proteins=None, annotations=None, background=None, droplets=None) -> AnnData:
    """The file or folder at `path` in normal form, with a second file's proteins, labels or background joined.

    Raises UserError, one sentence, for every fault of a file, and Question where only the person knows.
    """
    adata = carefully(open_path, Path(path), reading)
    if reading.answers.get("transpose") and ending(Path(path).name).startswith((".h5ad", ".zarr")):
        adata = carefully(lambda p, r: _turned(adata, r.name(p), r), Path(path), reading)
    if proteins is not None:
        proteins = Path(proteins)
        reading.cells = adata.obs_names.astype(str)
        other = carefully(open_path, proteins, reading)
        adata = carefully(lambda p, r: join_proteins(adata, other, f"'{r.name(p)}'", r), proteins, reading)
    if annotations is not None:
        annotations = Path(annotations)
        reading.cells = adata.obs_names.astype(str)
        labels = carefully(read_labels, annotations, reading)
        join_annotations(adata, labels, f"'{reading.name(annotations)}'", reading)
    adata = carefully(lambda p, r: _settled(adata, r.name(p), r), Path(path), reading)
    if background is not None:
        background = Path(background)
        reading.cells, reading.large = (
            adata.obs_names,
            np.inf,
        )  # droplets hold little, and are looked at whole
        other = carefully(open_path, background, reading)
        said = carefully(
            lambda p, r: join_background(adata, other, f"'{r.name(p)}'", droplets), background, reading
        )
        adata.uns["nuwa_read"].append(said)
    return adata


def _turned(adata, name, reading):
    """`adata`, whose rows are genes as a person says, with cells as rows. Tables ask for this where they are read."""
    if adata.X is not None and not in_memory(adata.X):
        raise UserError(
            f"'{name}' is too large to exchange its rows and columns: save it with cells as rows."
        )
    adata, sentence = exchanged(adata)
    reading.say(sentence)
    return adata


def _settled(adata, name, reading) -> AnnData:
    """`adata` in normal form, with the place of its counts where a person had to say so."""
    adata = tidy(adata, name, reading.notes)
    n = len(reading.notes)
    settle_counts(adata, name, reading)
    adata.uns["nuwa_read"] += reading.notes[n:]
    return adata


def open_path(path: Path, reading) -> AnnData:
    """The AnnData at `path`, as its reader leaves it."""
    name = reading.name(path)
    if not path.exists():
        raise UserError(f"There is no file '{name}': check its name and folder.")
    if path.is_dir():
        return (
            read_store(path, reading)
            if ending(path.name) == ".zarr"
            else read_folder(path, reading, open_path)
        )
    if not path.is_file():
        raise UserError(f"'{name}' is neither a file nor a folder: bring a file.")
    if path.stat().st_size == 0:
        raise UserError(f"'{name}' is empty (0 bytes): copy it again.")
    if is_matrix(path):
        return read_matrix(path, reading)
    if not ending(path.name):
        if sentence := unreadable(name):
            raise UserError(sentence)
        raise UserError(f"'{name}' is of a kind Nuwa cannot read: bring one of {', '.join(ENDINGS)}.")
    if ending(path.name) == ".zarr":
        raise UserError(f"'{name}' is a file, but a zarr store is a folder: bring the folder or its .zip.")
    return READERS[ending(path.name)](path, reading)


def carefully(step, path, reading):
    """`step(path, reading)`, every fault raised as a sentence about `path`."""
    name = reading.name(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # anndata's remarks on names and old encodings become our notes
            return step(path, reading)
    except UserError:
        raise
    except PermissionError:
        raise UserError(f"'{name}' may not be read by the server: ask for its permissions.") from None
    except Exception as error:
        # This is the edge: h5py and anndata answer a damaged file with a dozen kinds of exception.
        if is_out_of_memory(error):
            raise _too_large(path, name) from error
        if "does not support dtype float16" in str(
            error
        ):  # scipy's message for what lies beside the cells' values
            fault = (
                "holds a sparse matrix of 16-bit numbers (float16), which cannot be read: save it as float32."
            )
            raise UserError(f"'{name}' {fault}") from error
        if type(error).__name__ == "IORegistryError":  # which anndata does not make public
            fault = (
                f"was written by a newer anndata than ours ({version('anndata')}): save it with less in .uns."
            )
            raise UserError(f"'{name}' {fault}") from error
        if is_own(error):
            raise OwnError.of(error, name) from error
        raise UserError(f"'{name}' is damaged or was not copied to its end: copy it again.") from error


def _too_large(path, name):
    if path.is_file() and path.stat().st_size < SMALL:
        fault = "asks for more memory than a file of its size can mean, so it is damaged: copy it again."
        return UserError(f"'{name}' {fault}")
    return DoesNotFit(f"'{name}' does not fit into the server's memory: bring fewer cells or genes.")
