"""Whether a .h5ad follows the rules of cellxgene and zellkonverter (R) for the files that they read.

Of cellxgene's schema what can hold without ontologies: terms for tissue, assay, disease and the like, and Ensembl ids,
are for whoever submits to the portal. docs/bundle.md lists the rules with their places.
"""

import re
from typing import NamedTuple

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from core.data import backed
from core.sparse.access import is_sparse
from core.sparse.blocks import pieces

# Sources: CELLxGENE schema 5.2.0, github.com/chanzuckerberg/single-cell-curation, and the data requirements of cellxgene
# desktop, github.com/chanzuckerberg/cellxgene-documentation; AnnData2SCE of zellkonverter, github.com/theislab/zellkonverter.
CELLXGENE, ZELLKONVERTER = "cellxgene", "zellkonverter"
SUFFIX = re.compile(r"X_[a-zA-Z][a-zA-Z0-9_.-]*")
HEX, WORD = re.compile(r"#[0-9a-fA-F]{6}"), re.compile(r"[a-zA-Z]+")
FEW_ZEROS = 0.5  # share of zeros from which a matrix should be sparse
MOST_IN_R = 2**31 - 1  # values of a sparse matrix of R, whose indices are 32-bit integers
SHOWN = 3  # names in a sentence


class Finding(NamedTuple):
    """One rule, whose it is, whether the file follows it, and where it does not."""

    rule: str
    of: str
    holds: bool
    detail: str = ""


def check(path):
    """The Findings on the .h5ad at `path`; its matrices are read in blocks of cells."""
    with h5py.File(path, "r") as file:
        return check_adata(backed.opened(file, backed.EVERYTHING))


def check_adata(adata):
    """A list of Findings, one a rule, on an AnnData in memory or opened from its file."""
    return [
        Finding(rule, of, not wrong, "; ".join(wrong[:SHOWN]) + (" ..." if len(wrong) > SHOWN else ""))
        for rule, of, wrong in _findings(adata)
    ]


def _findings(adata):
    """(rule, whose, [what breaks it]) of each rule."""
    matrices = {"X": adata.X} | {f'layers["{name}"]': m for name, m in adata.layers.items()}
    seen = {where: _Values(matrix) for where, matrix in matrices.items()}
    yield "cell and gene names are text, and each occurs once", CELLXGENE, [*_names(adata)]
    yield "names of columns are text, occur once and do not begin with __", CELLXGENE, [*_columns(adata)]
    rule = "every entry of obsm is an array with a row for each cell and a column at least"
    yield rule, CELLXGENE, [*_arrays(adata)]
    rule = "an embedding's key is X_ and letters, digits, _ - or .; it has two columns or more"
    yield rule, CELLXGENE, [*_embeddings(adata)]
    yield "the values of embeddings are finite numbers", CELLXGENE, [*_finite(adata)]
    yield "there is an embedding to show, and default_embedding names one", CELLXGENE, [*_to_show(adata)]
    yield (
        "colours of a column are as many as its categories, #rrggbb or CSS names",
        CELLXGENE,
        [*_colours(adata)],
    )
    yield "nothing in uns is empty", CELLXGENE, [f"uns['{k}']" for k, v in adata.uns.items() if _is_empty(v)]
    rule = "a matrix with half of its values 0 is sparse by row, and stores no 0"
    yield rule, CELLXGENE, [f"{where}: {v.thin}" for where, v in seen.items() if v.thin]
    counts = seen.get('layers["counts"]')
    rule = "counts are whole numbers as float32, none below 0, and no cell is without any"
    yield rule, CELLXGENE, counts.as_counts() if counts else []
    shapes = [w for w, m in matrices.items() if tuple(m.shape) != adata.shape]
    yield "all layers have the cells and genes of X", CELLXGENE, shapes
    rule = "X and every layer are matrices of numbers that R can turn, with fewer than 2^31 stored values"
    yield rule, ZELLKONVERTER, [f"{where}: {v.strange}" for where, v in seen.items() if v.strange]
    rule = "obsm and varm become matrices: arrays or tables of numbers"
    yield rule, ZELLKONVERTER, [*_not_numbers(adata)]
    rule = "columns of obs and var are numbers, text, true or false, or categories of text"
    yield rule, ZELLKONVERTER, [*_frames(adata)]
    rule = "what lies in uns is text, a number, an array of either, a table, or a dict of such"
    yield rule, ZELLKONVERTER, [*_strange_in(adata.uns)]


class _Values:
    """What one pass over a matrix shows: is it stored as the rules ask, and does it hold counts?"""

    def __init__(self, matrix):
        self.strange = self.thin = ""
        self.whole, self.low, self.empty_cells = True, 0.0, 0
        self.dtype, n_zeros, n_stored_zeros = None, 0, 0
        thin = is_sparse(matrix)
        if not thin and not isinstance(matrix, np.ndarray | h5py.Dataset):
            self.strange = f"it is a {type(matrix).__name__}"
            return
        n_stored = 0
        for _, block in pieces(matrix):
            values = block.data if sparse.issparse(block) else block
            self.dtype = values.dtype
            if values.dtype.kind not in "buif":
                self.strange = "it holds no numbers"
                return
            filled = values != 0
            n_stored += values.size
            n_stored_zeros += values.size - int(np.count_nonzero(filled))
            n_zeros += int(np.prod(block.shape)) - int(np.count_nonzero(filled))
            self.whole = self.whole and bool((np.floor(values) == values).all())
            self.low = min(self.low, float(values.min(initial=0)))
            in_cell = abs(block).sum(axis=1) if sparse.issparse(block) else np.abs(block).sum(axis=1)
            self.empty_cells += int((np.ravel(in_cell) == 0).sum())
        if thin and n_stored > MOST_IN_R:
            self.strange = f"{n_stored:,} values are stored"
        many = n_zeros >= FEW_ZEROS * max(1, int(np.prod(matrix.shape)))
        if many and (not thin or matrix.format != "csr"):
            self.thin = "most of its values are 0 and it is not sparse by row"
        elif thin and n_stored_zeros:
            self.thin = f"{n_stored_zeros:,} zeros are stored"

    def as_counts(self):
        """What keeps these from being raw counts as the rule has them."""
        wrong = [] if self.dtype == np.float32 else [f"they are {self.dtype}"]
        wrong += [] if self.whole else ["not all are whole numbers"]
        wrong += ["some are below 0"] if self.low < 0 else []
        return wrong + ([f"{self.empty_cells:,} cells have none"] if self.empty_cells else [])


def _names(adata):
    for where, names in (("obs", adata.obs_names), ("var", adata.var_names)):
        if not names.is_unique:
            yield f"{where}: {names[names.duplicated()][0]} occurs more than once"
        if not all(isinstance(name, str) for name in names):
            yield f"{where} has names that are no text"


def _columns(adata):
    for where, frame in (("obs", adata.obs), ("var", adata.var)):
        if not frame.columns.is_unique:
            yield f"{where} has two columns of one name"
        yield from (f"{where}: {c}" for c in frame.columns if not isinstance(c, str) or c.startswith("__"))


def _arrays(adata):
    for key, value in adata.obsm.items():
        if not isinstance(value, np.ndarray):
            yield f"obsm['{key}'] is a {type(value).__name__}"
        elif value.ndim != 2 or value.shape[1] < 1 or len(value) != adata.n_obs:
            yield f"obsm['{key}'] has the shape {value.shape}"


def _shown(adata):
    """(key, array) of what cellxgene takes for embeddings."""
    return [(k, v) for k, v in adata.obsm.items() if k.startswith("X_") and isinstance(v, np.ndarray)]


def _embeddings(adata):
    for key, value in _shown(adata):
        if not SUFFIX.fullmatch(key) or key == "X_spatial":
            yield f"obsm['{key}']"
        elif value.ndim != 2 or value.shape[1] < 2:
            yield f"obsm['{key}'] has one column"


def _finite(adata):
    for key, value in _shown(adata):
        if value.dtype.kind not in "fiu":
            yield f"obsm['{key}'] holds no numbers"
        elif not np.isfinite(value).all():
            yield f"obsm['{key}'] has values that are missing or infinite"


def _to_show(adata):
    known = [key for key, value in _shown(adata) if value.ndim == 2 and value.shape[1] > 1]
    if not known:
        yield "there is none"
    if "default_embedding" in adata.uns and str(adata.uns["default_embedding"]) not in adata.obsm:
        yield f"default_embedding is {adata.uns['default_embedding']}"


def _colours(adata):
    for key, colours in adata.uns.items():
        column = key.removesuffix("_colors")
        if column == key or column not in adata.obs:
            continue
        values = adata.obs[column]
        if not isinstance(values.dtype, pd.CategoricalDtype):
            yield f"{column} has colours and no categories"
            continue
        colours = [str(c) for c in np.ravel(np.asarray(colours, dtype=object))]
        if len(colours) < len(values.cat.categories):
            yield f"{column} has {len(values.cat.categories)} categories and {len(colours)} colours"
        elif not any(all(form.fullmatch(c) for c in colours) for form in (HEX, WORD)):
            yield f"the colours of {column} are not written alike"


def _is_empty(value):
    if isinstance(value, bool | np.bool_ | int | float | np.number) or value is None:
        return False
    return np.size(value) == 0 if isinstance(value, np.ndarray) else len(value) == 0


def _not_numbers(adata):
    for where, part in (("obsm", adata.obsm), ("varm", adata.varm)):
        for key, value in part.items():
            kinds = value.dtypes if isinstance(value, pd.DataFrame) else [getattr(value, "dtype", None)]
            if not all(getattr(kind, "kind", "O") in "buif" for kind in kinds):
                yield f"{where}['{key}']"


def _frames(adata):
    for where, frame in (("obs", adata.obs), ("var", adata.var)):
        for column in frame.columns:
            values = frame[column]
            if isinstance(values.dtype, pd.CategoricalDtype):
                values = values.cat.categories
            text = pd.api.types.is_string_dtype(values) or values.dtype == object
            plain = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)
            if not plain and not (text and all(isinstance(v, str) or pd.isna(v) for v in values)):
                yield f"{where}['{column}'] holds {values.dtype}"


def _strange_in(items, where="uns"):
    for key, value in items.items():
        place = f"{where}['{key}']"
        if isinstance(value, dict):
            yield from _strange_in(value, place)
        elif isinstance(value, np.ndarray):
            if value.dtype.names or not (
                value.dtype.kind in "buifUST" or all(isinstance(v, str) for v in value.ravel())
            ):
                yield place
        elif not isinstance(
            value, str | bool | int | float | np.number | np.bool_ | pd.DataFrame
        ) and not sparse.issparse(value):
            yield place
