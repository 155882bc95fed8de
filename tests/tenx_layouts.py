"""Write one small dataset as Cell Ranger's relatives write theirs: LAYOUTS, {name: (dataset, folder) -> path}."""

import gzip
import io as bytes_io
import tarfile
import zipfile

import formats
import h5py
import numpy as np
from scipy import sparse
from tenx_files import halves, ids, lines, mtx, put, trio


def _columns(n, kind="features"):
    return lambda adata, folder: put(folder, trio(adata, kind=kind, columns=n))


def without_suffix(adata, folder):
    files = trio(adata)
    return put(folder, files | {"barcodes.tsv": files["barcodes.tsv"].replace("-1\n", "\n")})


def name_in_front(adata, folder):
    return put(folder, trio(adata, "GSM1_S1_", end=".gz"), (".gz",))


def name_behind(adata, folder):
    return put(folder, trio(adata, after="_S1", end=".gz", kind="genes"), (".gz",))


def stem_alone(adata, folder):
    """GSM1_S1.mtx.gz beside GSM1_S1_barcodes.txt and GSM1_S1.genes.csv."""
    return put(
        folder,
        {
            "GSM1_S1.mtx.gz": mtx(adata.X.T),
            "GSM1_S1_barcodes.txt": lines(adata.obs_names),
            "GSM1_S1.genes.csv": lines(ids(adata), adata.var_names, separator=","),
        },
        (".gz",),
    )


def shared_features(adata, folder):
    files = trio(adata, "GSM1_A_")
    return put(
        folder, {name.replace("GSM1_A_features", "GSE9_features"): text for name, text in files.items()}
    )


def shared_in_the_folder_above(adata, folder):
    files = trio(adata)
    features = files.pop("features.tsv")
    return put(folder, {"genes.tsv": features} | {f"S1/{name}": text for name, text in files.items()})


def plain_named_gz(adata, folder):
    return put(folder, trio(adata, end=".gz"))


def packed_named_plain(adata, folder):
    return put(folder, trio(adata), ("",))


def quoted(adata, folder):
    return put(folder, trio(adata) | {"features.tsv": lines(ids(adata), adata.var_names, quote='"')})


def header_lines(adata, folder):
    return put(
        folder,
        trio(adata)
        | {
            "barcodes.tsv": lines(adata.obs_names, header=["x"], quote='"'),
            "features.tsv": lines(ids(adata), adata.var_names, header=["gene_id", "gene_name"]),
        },
    )


def row_numbers_of_r(adata, folder):
    numbers = range(1, adata.n_obs + 1)
    return put(
        folder,
        trio(adata) | {"barcodes.tsv": lines(numbers, adata.obs_names, header=["", "x"], quote='"')},
    )


def array_form(adata, folder):
    return put(folder, trio(adata) | {"matrix.mtx": mtx(adata.X.T, "array")})


def cells_by_genes(adata, folder):
    return put(folder, trio(adata) | {"matrix.mtx": mtx(adata.X)})


def types_in_the_second_column(adata, folder):
    types = ["Gene Expression"] * adata.n_vars
    return put(folder, trio(adata) | {"features.tsv": lines(adata.var_names, types)})


def symbols_before_ids(adata, folder):
    return put(folder, trio(adata) | {"features.tsv": lines(adata.var_names, ids(adata))})


def other_names(adata, folder):
    """GSM1_A_counts.mtx beside GSM1_A_cellnames.txt and GSM1_A_genenames.txt."""
    matrix, cells = mtx(adata.X.T), lines(adata.obs_names)
    names = {"counts.mtx": matrix, "cellnames.txt": cells, "genenames.txt": lines(adata.var_names)}
    return put(folder, {f"GSM1_A_{name}": text for name, text in names.items()})


def rows_and_columns_of_r(adata, folder):
    """counts.mtx beside rownames.csv and colnames.csv, as write.csv makes them."""
    sides = {"rownames": adata.var_names, "colnames": adata.obs_names}
    options = {"separator": ",", "quote": '"', "header": ["", "x"]}
    files = {
        f"{side}.csv": lines(range(1, len(names) + 1), names, **options) for side, names in sides.items()
    }
    return put(folder, files | {"counts.mtx": mtx(adata.X.T)})


def banner(change):
    """A writer of a matrix whose first line is `change(first line)`; "" leaves it out."""

    def write(adata, folder):
        files = trio(adata)
        first, rest = files["matrix.mtx"].split("\n", 1)
        files["matrix.mtx"] = change(first) + rest.removeprefix("%\n")
        return put(folder, files)

    return write


def kb_python(adata, folder):
    stem = "counts_unfiltered/cells_x_genes"
    return put(
        folder,
        {
            f"{stem}.mtx": mtx(adata.X),
            f"{stem}.barcodes.txt": lines(adata.obs_names),
            f"{stem}.genes.txt": lines(ids(adata)),
            f"{stem}.genes.names.txt": lines(adata.var_names),
            "run_info.json": "{}",
        },
    )


def kb_lamanno(adata, folder):
    first, second = halves(adata)
    files = {}
    for part, matrix in (("spliced", first), ("unspliced", second)):
        files[f"{part}.mtx"] = mtx(matrix)
        files[f"{part}.barcodes.txt"] = lines(adata.obs_names)
        files[f"{part}.genes.txt"] = lines(adata.var_names)
    return put(folder, files)


def kb_nac(adata, folder):
    first, second = halves(adata)
    empty = sparse.csr_matrix(adata.shape)
    parts = {"mature": first, "nascent": second, "ambiguous": empty}
    files = {f"cells_x_genes.{part}.mtx": mtx(matrix) for part, matrix in parts.items()}
    files["cells_x_genes.barcodes.txt"] = lines(adata.obs_names)
    return put(folder, files | {"cells_x_genes.genes.txt": lines(adata.var_names)})


def starsolo(adata, folder):
    whole = trio(adata)
    files = {
        f"Solo.out/Gene/{kind}/{name}": text for kind in ("raw", "filtered") for name, text in whole.items()
    }
    files["Solo.out/Gene/raw/UniqueAndMult-EM.mtx"] = whole["matrix.mtx"]
    files |= {"Solo.out/Gene/Summary.csv": "a,1\n", "Solo.out/Gene/Features.stats": "a 1\n"}
    return put(folder, files | {f"Solo.out/SJ/raw/{name}": text for name, text in whole.items()})


def starsolo_velocyto(adata, folder):
    first, second = halves(adata)
    files = trio(adata)
    del files["matrix.mtx"]
    files |= {"spliced.mtx": mtx(first.T), "unspliced.mtx": mtx(second.T)}
    return put(folder, {f"Velocyto/raw/{name}": text for name, text in files.items()})


def alevin_fry(adata, folder):
    return put(
        folder,
        {
            "quant.json": "{}",
            "alevin/quants_mat.mtx": mtx(adata.X),
            "alevin/quants_mat_rows.txt": lines(adata.obs_names),
            "alevin/quants_mat_cols.txt": lines(adata.var_names),
        },
    )


def alevin_fry_usa(adata, folder, all_named=True):
    first, second = halves(adata)
    parts = sparse.hstack([first, second, sparse.csr_matrix(adata.shape)])
    names = list(adata.var_names)
    if all_named:
        names += [f"{name}{end}" for end in ("-U", "-A") for name in names]
    alevin_fry(adata, folder)
    return put(folder, {"alevin/quants_mat.mtx": mtx(parts), "alevin/quants_mat_cols.txt": lines(names)})


def alevin_fry_usa_short(adata, folder):
    return alevin_fry_usa(adata, folder, all_named=False)


def parse(adata, folder):
    return put(
        folder,
        {
            "DGE_filtered/DGE.mtx": mtx(adata.X),
            "DGE_filtered/all_genes.csv": lines(
                ids(adata),
                adata.var_names,
                ["hg38"] * adata.n_vars,
                separator=",",
                header=["gene_id", "gene_name", "genome"],
            ),
            "DGE_filtered/cell_metadata.csv": lines(
                adata.obs_names,
                ["s1"] * adata.n_obs,
                range(adata.n_obs),
                separator=",",
                header=["bc_wells", "sample", "gene_count"],
            ),
            "DGE_unfiltered/DGE.mtx": mtx(adata.X),
            "DGE_unfiltered/all_genes.csv": lines(ids(adata)),
            "DGE_unfiltered/cell_metadata.csv": lines(adata.obs_names),
        },
    )


def parse_of_version_1(adata, folder):
    """With genes.csv, which pandas numbers, and no genome."""
    genes = lines(
        *(range(adata.n_vars), ids(adata), adata.var_names),
        separator=",",
        header=["", "gene_id", "gene_name"],
    )
    cells = lines(adata.obs_names, range(30), separator=",", header=["cell_barcode", "umi_count"])
    return put(folder, {"DGE.mtx": mtx(adata.X), "genes.csv": genes, "cell_metadata.csv": cells})


def atlas(adata, folder):
    stem = "E-X-1.aggregated_filtered"
    files = {}
    for kind in ("counts", "normalised_counts"):
        files[f"{stem}_{kind}.mtx"] = mtx(adata.X.T)
        files[f"{stem}_{kind}.mtx_rows"] = lines(adata.var_names, adata.var_names)
        files[f"{stem}_{kind}.mtx_cols"] = lines(adata.obs_names)
    return put(folder, files)


def rhapsody(adata, folder):
    archive = bytes_io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, text in trio(adata, end=".gz").items():
            file.writestr(name, gzip.compress(text.encode()))
    return put(folder, {"S1_RSEC_MolsPerCell_MEX.zip": archive.getvalue()})


def multi(adata, folder):
    sample = "outs/per_sample_outs/S1"
    files = {
        f"{sample}/count/sample_filtered_feature_bc_matrix/{name}": text for name, text in trio(adata).items()
    }
    files |= {f"outs/multi/count/raw_feature_bc_matrix/{name}": text for name, text in trio(adata).items()}
    files[f"{sample}/metrics_summary.csv"] = "Category,Value\nCells,30\n"
    return put(folder, files | {"outs/multi/multiplexing_analysis/tag_calls_summary.csv": "a,b\nc,3\n"})


def outs(adata, folder):
    """Cell Ranger's: both matrices as folders and as .h5, with all that lies beside."""
    kinds = ("raw_feature_bc_matrix", "filtered_feature_bc_matrix")
    put(folder, {f"outs/{kind}/{name}": text for kind in kinds for name, text in trio(adata).items()})
    whole = h5(adata, folder).read_bytes()
    (folder / "v3.h5").unlink()
    aside = {"metrics_summary.csv": "Cells\n30\n", "molecule_info.h5": b"", "analysis/pca.csv": "a,b\n1,2\n"}
    return put(
        folder, {f"outs/{kind}.h5": whole for kind in kinds} | {f"outs/{n}": t for n, t in aside.items()}
    )


def h5(adata, folder):
    adata = adata.copy()
    adata.obsm["protein"] = adata.obsm["protein"].iloc[:, :0]
    return formats.tenx_h5(adata, folder)


def xenium(adata, folder):
    path = h5(adata, folder)
    aside = {"cells.csv.gz": "cell_id,x\na,1\n", "transcripts.zarr.zip": b"", "metrics_summary.csv": "a\n1\n"}
    put(folder, {f"out/{name}": content for name, content in aside.items()})
    path.rename(folder / "out" / "cell_feature_matrix.h5")
    return folder


def h5_without(*gone):
    """A writer of a 10x .h5 that lacks some parts."""

    def write(adata, folder):
        path = h5(adata, folder)
        with h5py.File(path, "r+") as file:
            for part in gone:
                del file[f"matrix/features/{part}"]
        return path

    return write


def cellbender(adata, folder):
    path = h5(adata, folder)
    with h5py.File(path, "r+") as file:
        file["droplet_latents/cell_probability"] = np.ones(30)
        file["metadata/learning_curve_train_elbo"] = np.ones(3)
        file["matrix/latent_scale"] = np.ones(30)
    return path.rename(folder / "cellbender_out_filtered.h5")


def tar(adata, folder, name="S1_RAW.tar", mode="w"):
    with tarfile.open(folder / name, mode) as archive:
        for inner, text in trio(adata, "GSM1_S1_", end=".gz").items():
            entry, content = tarfile.TarInfo(inner), gzip.compress(text.encode())
            entry.size = len(content)
            archive.addfile(entry, bytes_io.BytesIO(content))
    return folder / name


def tar_named_tar_gz(adata, folder):
    return tar(adata, folder, "S1.tar.gz")


def tar_gz_named_tar(adata, folder):
    return tar(adata, folder, "S1.tar", "w:gz")


def tar_in_zip(adata, folder):
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.write(tar(adata, folder, "S1.tar.gz", "w:gz"), "sample/S1.tar.gz")
    (folder / "S1.tar.gz").unlink()
    return folder / "all.zip"


def zip_in_tar(adata, folder):
    content = (rhapsody(adata, folder) / "S1_RSEC_MolsPerCell_MEX.zip").read_bytes()
    with tarfile.open(folder / "all_RAW.tar", "w") as archive:
        entry = tarfile.TarInfo("GSM1_S1.zip")
        entry.size = len(content)
        archive.addfile(entry, bytes_io.BytesIO(content))
    return folder / "all_RAW.tar"


def packed_h5(adata, folder):
    path = h5(adata, folder)
    path.write_bytes(gzip.compress(path.read_bytes()))  # whose name still says .h5
    return path


def plain_h5_named_gz(adata, folder):
    return h5(adata, folder).rename(folder / "v3.h5.gz")


def loom_gz(adata, folder):
    path = formats.loom(adata, folder)
    (folder / "set.loom.gz").write_bytes(gzip.compress(path.read_bytes()))
    return folder / "set.loom.gz"


LAYOUTS = {
    **{f"features_{n}_columns": _columns(n) for n in (1, 2, 3, 4)},
    "genes_2_columns": _columns(2, "genes"),
    "genes_1_column": _columns(1, "genes"),
    **{
        write.__name__: write
        for write in (
            *(name_in_front, name_behind, stem_alone, shared_features, shared_in_the_folder_above),
            *(plain_named_gz, packed_named_plain, quoted, header_lines, row_numbers_of_r, array_form),
            *(cells_by_genes, types_in_the_second_column, symbols_before_ids, other_names),
            *(rows_and_columns_of_r, parse_of_version_1),
            *(kb_python, kb_lamanno, kb_nac, starsolo, starsolo_velocyto, alevin_fry, alevin_fry_usa),
            *(alevin_fry_usa_short, parse, atlas, rhapsody, multi, outs, xenium, cellbender),
            *(tar, tar_named_tar_gz, tar_gz_named_tar, tar_in_zip, zip_in_tar),
            *(packed_h5, plain_h5_named_gz, loom_gz),
        )
    },
    "banner_in_lower_case": banner(lambda first: first.lower() + "\n"),
    "banner_after_a_byte_order_mark": banner(lambda first: f"\ufeff{first}\n"),
    "no_banner": banner(lambda first: ""),
    "h5_without_types": h5_without("feature_type"),
    "h5_without_ids": h5_without("id", "feature_type", "genome"),
}
