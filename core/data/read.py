"""Read a person's file into an AnnData of one normal form, or say in a sentence what is wrong with it."""

import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.utils import make_index_unique
from scipy import sparse

from core.data.identity import data_hash
from core.data.proteins import ProteinReport, protein_report, settle_proteins, split_features
from core.errors import DoesNotFit, UserError

__all__ = ["MIN_CELLS", "READERS", "ProteinReport", "data_hash", "protein_report", "read", "tidy"]

MIN_CELLS = 10  # below it there are not enough cells for training, validation and test
SPARSE_FROM = 0.6  # share of zeros from which a dense matrix is smaller as CSR (index + value: 8 bytes for 4)

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
OTHER_MAGIC = {
    b"\x1f\x8b": "a gzip archive: unpack it first",
    b"PK": "a zip archive: unpack it first",
    b"version https://git-lfs": "a Git LFS pointer: fetch the file itself (git lfs pull)",
    b"<": "a web page or XML: perhaps the download needed a login",
}


def read(path) -> AnnData:
    """The file at `path` as AnnData in normal form; see `tidy` for what that is.

    Raises UserError, one sentence, for every fault of the file.
    """
    path = Path(path)
    if not path.exists():
        raise UserError(f"There is no file '{path.name}': check its name and folder.")
    if path.suffix.lower() not in READERS:
        raise UserError(f"'{path.name}' is of a kind Nuwa cannot read: bring one of {', '.join(READERS)}.")
    if path.is_file() and path.stat().st_size == 0:
        raise UserError(f"'{path.name}' is empty (0 bytes): copy it again.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # anndata's remarks on names and old encodings become our notes
            return tidy(READERS[path.suffix.lower()](path), path.name)
    except UserError:
        raise
    except PermissionError:
        raise UserError(f"'{path.name}' may not be read by the server: ask for its permissions.") from None
    except MemoryError as error:
        raise DoesNotFit(
            f"'{path.name}' does not fit into the server's memory: bring fewer cells or genes."
        ) from error
    except Exception as error:
        # This is the edge: h5py and anndata answer a damaged file with a dozen kinds of exception.
        if type(error).__name__ == "IORegistryError":  # which anndata does not make public
            words = (
                f"was written by a newer anndata than ours ({version('anndata')}): save it with less in .uns."
            )
            raise UserError(f"'{path.name}' {words}") from error
        raise UserError(f"'{path.name}' is damaged or was not copied to its end: copy it again.") from error


def tidy(adata: AnnData, name: str = "the data set") -> AnnData:
    """`adata` in normal form, with what was changed in uns["nuwa_read"], a list of sentences.

    X is CSR float32 if it came sparse or has more than 60 % zeros, else dense float32 in C order; names are
    unique strings; X, layers and .raw hold genes, obsm["protein"] the proteins (cells, proteins) as DataFrame.
    Raises UserError where X is missing, too small, not numeric, or not finite.
    """
    notes: list[str] = []
    _check_shape(adata, name)
    _unique_names(adata, notes)
    adata = split_features(adata, notes)
    adata.X = _normal(adata.X, name)
    _check_values(adata, name)
    for key, layer in list(adata.layers.items()):
        if sparse.issparse(layer):
            adata.layers[key] = _checked(layer.tocsr())
    if adata.raw is not None and sparse.issparse(adata.raw.X):
        _checked(adata.raw.X)
    settle_proteins(adata, notes)
    adata.uns["nuwa_read"] = notes
    return adata


def _hdf5(path: Path) -> AnnData:
    """An .h5ad or a 10x .h5, told apart by what is inside, as people rename files."""
    _check_magic(path)
    with h5py.File(path, "r") as file:
        _check_links(file, path.name)
        if isinstance(file.get("matrix"), h5py.Group) and "barcodes" in file["matrix"]:
            return _tenx(file["matrix"])
        genomes = [group for group in file.values() if isinstance(group, h5py.Group) and "barcodes" in group]
        if len(genomes) > 1:
            raise UserError(f"'{path.name}' holds {len(genomes)} genomes: bring a file with one.")
        if genomes and "indptr" in genomes[0]:
            return _tenx(genomes[0])
        if "mod" in file and "X" not in file:
            raise UserError(
                f"'{path.name}' holds several modalities (MuData): save its RNA and proteins as .h5ad."
            )
        if "X" not in file and "obs" not in file and "encoding-type" not in file.attrs:
            inside = ", ".join(list(file)[:5]) or "nothing"
            raise UserError(
                f"'{path.name}' is neither an .h5ad nor a 10x .h5 file (it holds {inside}): check it."
            )
    return anndata.read_h5ad(path)


def _tenx(group: h5py.Group) -> AnnData:
    """A Cell Ranger matrix: version 3 has `features` with types, version 2 `genes` and `gene_names`."""
    features = group.get("features")
    names, ids = (features["name"], features["id"]) if features else (group["gene_names"], group["genes"])
    # Stored features x cells by column, which read as cells x features is CSR.
    n_features, n_cells = (int(n) for n in group["shape"][:])
    parts = (group["data"][:], group["indices"][:], group["indptr"][:])
    matrix = sparse.csr_matrix(parts, shape=(n_cells, n_features))
    var = pd.DataFrame({"gene_ids": ids.asstr()[:]}, index=names.asstr()[:])
    if features and "feature_type" in features:
        var["feature_types"] = pd.Categorical(features["feature_type"].asstr()[:])
    return AnnData(matrix, pd.DataFrame(index=group["barcodes"].asstr()[:]), var)


def _check_magic(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(2056)
    # HDF5 allows a block of the user's own in front: the signature is then at 512, 1024, 2048 ...
    if any(head[at : at + 8] == HDF5_MAGIC for at in (0, 512, 1024, 2048)):
        return
    for magic, words in OTHER_MAGIC.items():
        if head.lstrip().startswith(magic):
            raise UserError(f"'{path.name}' is not the HDF5 file its name promises but {words}.")
    raise UserError(f"'{path.name}' is not the HDF5 file its name promises: save it again as .h5ad.")


def _check_links(file: h5py.File, name: str) -> None:
    """Refuse HDF5 that reads from other files: an upload could show its sender what lies on this server."""

    def leads_away(key: str, link) -> bool | None:
        if isinstance(link, h5py.ExternalLink):
            return True
        item = file.get(key)
        return isinstance(item, h5py.Dataset) and (item.is_virtual or bool(item.external)) or None

    if file.visititems_links(leads_away):
        raise UserError(f"'{name}' takes values from other files by HDF5 links: save it as one whole file.")


def _check_shape(adata: AnnData, name: str) -> None:
    if adata.X is None:
        layers = f" (it has layers: {', '.join(adata.layers)})" if len(adata.layers) else ""
        raise UserError(
            f"'{name}' has no X, the matrix of values{layers}: put the counts into X and save again."
        )
    if adata.n_obs == 0:
        raise UserError(f"'{name}' has no cells: check how it was filtered and save it again.")
    if adata.n_vars == 0:
        raise UserError(f"'{name}' has no genes: check how it was filtered and save it again.")
    if adata.n_obs < MIN_CELLS:
        cells = "1 cell" if adata.n_obs == 1 else f"{adata.n_obs} cells"
        raise UserError(
            f"'{name}' has {cells} but training needs at least {MIN_CELLS} cells: bring more cells."
        )
    kind = adata.X.dtype.kind
    if kind == "c":
        raise UserError(f"X of '{name}' holds complex numbers: save real numbers.")
    if kind not in "buif":
        raise UserError(f"X of '{name}' holds text or objects, not numbers: save it as a matrix of numbers.")


def _unique_names(adata: AnnData, notes: list[str]) -> None:
    for axis, words in (("obs_names", "cell"), ("var_names", "gene")):
        names = pd.Index(getattr(adata, axis).astype(str))
        twice = names[names.duplicated()].unique()
        if len(twice):
            shown = ", ".join(twice[:3]) + (" ..." if len(twice) > 3 else "")
            plural = "name" if len(twice) == 1 else "names"
            notes.append(
                f"{len(twice):,} {words} {plural} occurred more than once and got a number: {shown}."
            )
            names = make_index_unique(names)
        setattr(adata, axis, names)


def _normal(matrix, name: str):
    with np.errstate(over="ignore"):  # 1e300 becomes infinite here and is refused with its place below
        if sparse.issparse(matrix):
            return _checked(sparse.csr_matrix(matrix, dtype=np.float32))
        dense = np.ascontiguousarray(matrix, dtype=np.float32)
    if 1 - np.count_nonzero(dense) / dense.size > SPARSE_FROM:
        return sparse.csr_matrix(dense)
    return dense


def _checked(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """`matrix`, sorted; indices beyond its shape, which would crash later, raise ValueError here."""
    matrix.check_format(full_check=True)
    matrix.sum_duplicates()
    return matrix


def _check_values(adata: AnnData, name: str) -> None:
    values = adata.X.data if sparse.issparse(adata.X) else adata.X.reshape(-1)
    finite = np.isfinite(values)
    if not finite.all():
        first = int(np.argmin(finite))
        if sparse.issparse(adata.X):
            cell = int(np.searchsorted(adata.X.indptr, first, side="right")) - 1
            gene = int(adata.X.indices[first])
        else:
            cell, gene = divmod(first, adata.n_vars)
        count = int(finite.size - np.count_nonzero(finite))
        where = f"gene '{adata.var_names[gene]}' in cell '{adata.obs_names[cell]}'"
        raise UserError(
            f"X of '{name}' has {count:,} missing (NaN) or infinite values, for example {where}:"
            " fill them or leave those cells or genes out."
        )
    if not np.any(values):
        raise UserError(f"Every value in X of '{name}' is 0: put the counts into X and save again.")


# A further format is one function and one line here.
READERS: dict[str, Callable[[Path], AnnData]] = {".h5ad": _hdf5, ".h5": _hdf5}
