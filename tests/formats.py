"""Write one small dataset in every supported format."""

import gzip
import shutil
import tarfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.io import write_elem
from scipy import io, sparse


def counts(cells=30, genes=20, proteins=4, seed=0):
    """Small counts with realistic names: barcodes, symbols, and CD proteins in obsm["protein"]."""
    random = np.random.default_rng(seed)
    values = random.poisson(random.gamma(0.3, 1.0, (cells, genes)))
    values[:, 0] += 1
    values[0, :] += 1
    adata = AnnData(sparse.csr_matrix(values, dtype=np.float32))
    letters = random.choice(list("ACGT"), (cells, 14))
    adata.obs_names = ["".join(row) + "AC-1" for row in letters]
    known = ["ACTB", "GAPDH", "B2M", "MALAT1", "CD3E", "MS4A1", "LYZ", "NKG7", "MT-CO1", "RPL13"]
    adata.var_names = (known + [f"GENE{i}" for i in range(genes)])[:genes]
    adata.obs["group"] = pd.Categorical(np.array(["a", "b", "c"])[np.arange(cells) % 3])
    if proteins:
        names = [f"CD{i}" for i in range(1, proteins + 1)]
        adata.obsm["protein"] = pd.DataFrame(
            random.poisson(20, (cells, proteins)).astype(np.float32), adata.obs_names, names
        )
    return adata


def with_types(adata):
    """`adata` with its proteins as features of type Antibody Capture, as in Cell Ranger."""
    table = adata.obsm["protein"]
    types = ["Gene Expression"] * adata.n_vars + ["Antibody Capture"] * table.shape[1]
    var = pd.DataFrame({"feature_types": types}, index=[*adata.var_names, *table.columns])
    matrix = sparse.hstack([adata.X, sparse.csr_matrix(table.to_numpy())], format="csr")
    return AnnData(matrix, adata.obs.copy(), var)


def h5ad(adata, folder):
    path = folder / "set.h5ad"
    adata.write_h5ad(path)
    return path


def h5ad_dense(adata, folder):
    adata = adata.copy()
    adata.X = adata.X.toarray()
    path = folder / "dense.h5ad"
    adata.write_h5ad(path, compression="gzip")
    return path


def h5mu(adata, folder, names=("rna", "prot"), typed=False):
    """Two modalities, in the layout of the mudata package."""
    rna = adata.copy()
    del rna.obsm["protein"]
    protein = AnnData(
        sparse.csr_matrix(adata.obsm["protein"].to_numpy()),
        pd.DataFrame(index=adata.obs_names),
        pd.DataFrame(index=adata.obsm["protein"].columns),
    )
    if typed:
        rna.var["feature_types"], protein.var["feature_types"] = "Gene Expression", "Antibody Capture"
    path = folder / "set.h5mu"
    with h5py.File(path, "w") as file:
        file.attrs.update({"encoding-type": "MuData", "encoding-version": "0.1.0"})
        write_elem(file, "obs", pd.DataFrame(index=adata.obs_names))
        file.create_group("mod")
        for name, part in zip(names, (rna, protein), strict=True):
            write_elem(file["mod"], name, part)
    return path


def tenx_h5(adata, folder, version=3, genomes=("GRCh38",)):
    """Cell Ranger's .h5. Each of several genomes has an equal share of the genes (version 3), or all of them (2)."""
    path = folder / f"v{version}.h5"
    adata = with_types(adata) if version == 3 else adata
    matrix = sparse.csr_matrix(adata.X)
    with h5py.File(path, "w") as file:
        for name in ("matrix",) if version == 3 else genomes:
            group = file.create_group(name)
            group["barcodes"] = np.array(adata.obs_names, dtype="S")
            group["data"] = matrix.data.astype(np.int32)
            group["indices"], group["indptr"] = (
                matrix.indices.astype(np.int64),
                matrix.indptr.astype(np.int64),
            )
            group["shape"] = np.array(adata.shape[::-1], dtype=np.int32)
            names = np.array(adata.var_names, dtype="S")
            if version == 2:
                group["genes"] = group["gene_names"] = names
                continue
            features = group.create_group("features")
            features["id"] = features["name"] = names
            features["feature_type"] = np.array(adata.var["feature_types"], dtype="S")
            of = np.array([genomes[i % len(genomes)] for i in range(adata.n_vars)], dtype="S")
            features["genome"] = np.where(adata.var["feature_types"] == "Gene Expression", of, b"")
            if len(genomes) > 1:
                del features["name"]
                features["name"] = np.array(
                    [b"_".join(p) if p[0] else p[1] for p in zip(features["genome"][:], names, strict=True)]
                )
    return path


def tenx_h5_2(adata, folder):
    return tenx_h5(adata, folder, 2)


def tenx_folder(adata, folder, version=3, prefix="", name="filtered_feature_bc_matrix"):
    """Cell Ranger's folder; version 2 has no gz and no types."""
    path = folder / name
    path.mkdir()
    adata = with_types(adata) if version == 3 else adata
    end = ".gz" if version == 3 else ""
    features = pd.DataFrame({"id": [f"ENSG{i:011d}" for i in range(adata.n_vars)], "name": adata.var_names})
    if version == 3:
        features["type"] = adata.var["feature_types"].to_numpy()
    io.mmwrite(path / "matrix.mtx", sparse.coo_matrix(adata.X.T.astype(np.int32)))
    if prefix or end:
        plain = (path / "matrix.mtx").read_bytes()
        (path / "matrix.mtx").unlink()
        where = path / f"{prefix}matrix.mtx{end}"
        where.write_bytes(gzip.compress(plain) if end else plain)
    options = {"sep": "\t", "header": False, "index": False}
    kind = "features" if version == 3 else "genes"
    features.to_csv(path / f"{prefix}{kind}.tsv{end}", **options)
    pd.DataFrame(adata.obs_names).to_csv(path / f"{prefix}barcodes.tsv{end}", **options)
    return path


def tenx_folder_2(adata, folder):
    return tenx_folder(adata, folder, 2)


def packed(path, form):
    """Pack the folder at `path` into an archive beside it, with the files that macOS adds, and remove the folder."""
    for junk in ("._matrix.mtx", ".DS_Store"):
        (path / junk).write_bytes(b"\0\5\x16\7")
    out = path.with_name(f"{path.name}.{form}")
    if form == "zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for member in sorted(path.rglob("*")):
                archive.write(member, member.relative_to(path.parent))
            archive.writestr(f"__MACOSX/{path.name}/._barcodes.tsv", b"\0\5\x16\7")
    else:
        with tarfile.open(out, "w:gz") as archive:
            archive.add(path, path.name)
    shutil.rmtree(path)
    return out


def tenx_zip(adata, folder):
    return packed(tenx_folder(adata, folder), "zip")


def tenx_tar(adata, folder):
    return packed(tenx_folder(adata, folder), "tar.gz")


def loom(adata, folder):
    path = folder / "set.loom"
    with h5py.File(path, "w") as file:
        file.create_dataset("matrix", data=adata.X.toarray().T, chunks=(8, 8), compression="gzip")
        file.create_group("layers").create_dataset("spliced", data=adata.X.toarray().T)
        text = h5py.string_dtype()
        file.create_dataset("row_attrs/Gene", data=np.array(adata.var_names, object), dtype=text)
        file.create_dataset("col_attrs/CellID", data=np.array(adata.obs_names, object), dtype=text)
        file.create_dataset("col_attrs/group", data=np.array(adata.obs["group"].astype(str)), dtype=text)
        file.create_dataset("col_attrs/umap", data=np.ones((adata.n_obs, 2)))
    return path


def zarr(adata, folder):
    path = folder / "set.zarr"
    adata.write_zarr(path)
    return path


def zarr_zip(adata, folder):
    return packed(zarr(adata, folder), "zip")


def table(adata, folder, name="set.csv", turned=False, r_header=False, **options):
    """A text table of X: cells x genes, or transposed; `r_header` leaves the corner out, as R does."""
    frame = adata.to_df().astype(int) if np.all(adata.X.data % 1 == 0) else adata.to_df()
    frame = frame.T if turned else frame
    path = folder / name
    options = {"sep": "\t" if ".tsv" in name or ".txt" in name else ","} | options
    frame.to_csv(path, **options)
    if r_header:
        lines = path.read_text().split("\n")
        path.write_text("\n".join([lines[0].removeprefix(options["sep"]), *lines[1:]]))
    return path


def csv(adata, folder):
    return table(adata, folder)


def tsv_gz(adata, folder):
    return table(adata, folder, "set.tsv.gz", turned=True)


# Formats that hold the whole dataset; the last ones hold genes only.
WITH_PROTEINS = (h5ad, h5ad_dense, h5mu, tenx_h5, tenx_folder, tenx_zip, tenx_tar, zarr, zarr_zip)
GENES_ALONE = (tenx_h5_2, tenx_folder_2, loom, csv, tsv_gz)
FORMS = {write.__name__: write for write in (*WITH_PROTEINS, *GENES_ALONE)}


def put(adata, folder, form):
    """Write `adata` in one of FORMS; returns the path."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    return FORMS[form](adata, Path(folder))
