"""The files of a Matrix Market folder as text: matrix, barcodes and features, and how they are written to a folder."""

import gzip
import io as bytes_io

import numpy as np
from scipy import io, sparse


def mtx(matrix, form="coordinate"):
    """A matrix as Matrix Market text."""
    file = bytes_io.BytesIO()
    whole = sparse.coo_matrix(matrix).astype(np.int64)
    io.mmwrite(file, whole.toarray() if form == "array" else whole)
    return file.getvalue().decode()


def put(folder, files, packed=()):
    """Write {path: text or bytes}; those whose names contain one of `packed` are packed by gzip, under that name."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(content) if any(part in name for part in packed) else content)
    return folder


def lines(*columns, separator="\t", header=None, quote=""):
    rows = [*([header] if header else []), *zip(*columns, strict=True)]
    return "".join(separator.join(f"{quote}{field}{quote}" for field in row) + "\n" for row in rows)


def ids(adata):
    return [f"ENSG{i:011d}" for i in range(adata.n_vars)]


def trio(adata, before="", after="", end="", kind="features", columns=3):
    """{name: text} of matrix, barcodes and features with this many columns, and parts of a name before and after."""
    parts = [ids(adata), list(adata.var_names), ["Gene Expression"] * adata.n_vars, ["chr1"] * adata.n_vars]
    chosen = parts[1:2] if columns == 1 else parts[:columns]
    return {
        f"{before}matrix{after}.mtx{end}": mtx(adata.X.T),
        f"{before}barcodes{after}.tsv{end}": lines(adata.obs_names),
        f"{before}{kind}{after}.tsv{end}": lines(*chosen),
    }


def halves(adata):
    """The counts in two parts that add up to them."""
    first = adata.X.copy()
    first.data = np.floor(first.data / 2)
    return first, sparse.csr_matrix(adata.X - first)
