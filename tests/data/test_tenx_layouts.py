"""Cell Ranger's matrices and those of its relatives come out the same, whatever they are called and packed in."""

import formats
import h5py
import numpy as np
import pandas as pd
import pytest
import tenx_layouts as layouts
from scipy import sparse

from core.data import ENDINGS, read, unreadable
from core.errors import Question, UserError


@pytest.fixture(scope="module")
def small():
    return formats.counts()


def notes(adata):
    return " ".join(adata.uns["nuwa_read"])


def same(adata, other):
    assert list(adata.var_names) == list(other.var_names) and list(adata.obs_names) == list(other.obs_names)
    np.testing.assert_array_equal(adata.X.toarray(), other.X.toarray())
    return True


def refused(path, *parts, **answers):
    with pytest.raises(UserError) as caught:
        read.read(path, **answers)
    for part in parts:
        assert part in str(caught.value), caught.value


@pytest.mark.parametrize("layout", layouts.LAYOUTS)
def test_the_counts_are_the_same_in_every_layout(small, tmp_path, layout):
    assert same(read.read(layouts.LAYOUTS[layout](small, tmp_path)), small)


def test_barcodes_keep_their_form(small, tmp_path):
    adata = read.read(layouts.without_suffix(small, tmp_path))
    assert list(adata.obs_names) == [name.removesuffix("-1") for name in small.obs_names]


def test_parts_of_velocity_are_layers_whose_sum_is_read(small, tmp_path):
    first, second = layouts.halves(small)
    for i, (layout, names) in enumerate(
        {
            layouts.kb_lamanno: ("spliced", "unspliced"),
            layouts.kb_nac: ("mature", "nascent"),
            layouts.starsolo_velocyto: ("spliced", "unspliced"),
            layouts.alevin_fry_usa: ("spliced", "unspliced"),
        }.items()
    ):
        (tmp_path / str(i)).mkdir()
        adata = read.read(layout(small, tmp_path / str(i)))
        for name, part in zip(names, (first, second), strict=True):
            np.testing.assert_array_equal(adata.layers[name].toarray(), part.toarray())
        assert "The counts are the sum of" in notes(adata)


def test_cells_that_only_one_part_names_keep_their_counts(small, tmp_path):
    folder = layouts.kb_lamanno(small, tmp_path)
    first, second = layouts.halves(small)
    (folder / "unspliced.mtx").write_text(layouts.mtx(second[5:][::-1]))
    (folder / "unspliced.barcodes.txt").write_text(layouts.lines(small.obs_names[5:][::-1]))
    adata = read.read(folder)
    expected = first + sparse.vstack([sparse.csr_matrix((5, small.n_vars)), second[5:]])
    np.testing.assert_array_equal(adata.X.toarray(), expected.toarray())


def test_columns_beside_the_cells_become_columns_of_obs(small, tmp_path):
    adata = read.read(layouts.parse(small, tmp_path))
    assert list(adata.obs["sample"]) == ["s1"] * 30 and list(adata.obs["gene_count"]) == list(range(30))
    assert list(adata.var["gene_ids"])[:2] == ["ENSG00000000000", "ENSG00000000001"]


def test_ids_and_names_are_kept_apart(small, tmp_path):
    for i, layout in enumerate((layouts.symbols_before_ids, layouts.kb_python, layouts.header_lines)):
        (tmp_path / str(i)).mkdir()
        adata = read.read(layout(small, tmp_path / str(i)))
        assert list(adata.var["gene_ids"]) == layouts.ids(small), layout.__name__


def test_each_type_of_feature_has_its_place(small, tmp_path):
    kinds = ["Gene Expression"] * 14 + ["Antibody Capture"] * 2
    kinds += ["Multiplexing Capture", "CRISPR Guide Capture", "Peaks", "Negative Control Probe"]
    files = layouts.trio(small) | {"features.tsv": layouts.lines(layouts.ids(small), small.var_names, kinds)}
    adata = read.read(layouts.put(tmp_path, files))
    assert adata.n_vars == 14 and list(adata.obsm["protein"].columns) == list(small.var_names[14:16])
    assert list(adata.obsm["hashtags"].columns) == [small.var_names[16]] and "is a hashtag" in notes(adata)
    for kind in kinds[17:]:
        assert kind in notes(adata)


def test_a_gene_and_its_antibody_keep_their_name(tmp_path):
    """In Cell Ranger's .h5 and folder, and in .h5ad with .raw."""
    both = formats.counts()
    both.obsm["protein"].columns = ["CD3E", "MS4A1", "CD19", "CD19x"]
    typed = formats.with_types(both)
    typed.var_names = [*both.var_names, *both.obsm["protein"].columns]
    typed.raw = typed.copy()
    typed.write_h5ad(tmp_path / "typed.h5ad")
    for path in (
        formats.tenx_h5(both, tmp_path),
        formats.tenx_folder(both, tmp_path),
        tmp_path / "typed.h5ad",
    ):
        adata = read.read(path)
        assert same(adata, both) and list(adata.obsm["protein"].columns) == ["CD3E", "MS4A1", "CD19", "CD19x"]
        np.testing.assert_array_equal(adata.obsm["protein"], both.obsm["protein"])
        assert adata.raw is None or list(adata.raw.var_names) == list(both.var_names)


def test_rows_that_count_reads_of_no_feature_are_left_out(small, tmp_path):
    tags = [f"CD{i}-ACGTACGTACGTACG" for i in range(1, 9)]
    counts = np.random.default_rng(0).poisson(9, (9, 30))
    for kind in ("umi_count", "read_count"):
        layouts.put(
            tmp_path / "out" / kind,
            {
                "matrix.mtx.gz": layouts.mtx(counts),
                "barcodes.tsv.gz": layouts.lines([name.removesuffix("-1") for name in small.obs_names]),
                "features.tsv.gz": layouts.lines([*tags, "unmapped"]),
            },
            (".gz",),
        )
    (tmp_path / "out" / "unmapped.csv").write_text("tag,count\nACGT,3\n")
    adata = read.read(formats.tenx_folder(small, tmp_path, 2), proteins=tmp_path / "out")
    assert list(adata.obsm["protein"].columns) == tags and "left out: unmapped" in notes(adata)
    np.testing.assert_array_equal(adata.obsm["protein"], counts[:8].T)
    assert "umi_count was read, and not read_count" in notes(adata)


def test_the_sides_of_a_matrix_that_names_do_not_tell_are_asked_for(small, tmp_path):
    plain = small.copy()
    plain.obs_names, plain.var_names = [f"s{i}x" for i in range(30)], [f"v{i}x" for i in range(20)]
    folder = layouts.atlas(plain, tmp_path)
    with pytest.raises(Question) as caught:
        read.read(folder)
    assert caught.value.asks == "transpose" and "which are the cells" in str(caught.value)
    assert same(read.read(folder, transpose=True), plain)
    assert read.read(folder, transpose=False).shape == (20, 30)


def test_files_of_another_sample_are_not_taken(small, tmp_path):
    """Though they would fit: their names say whose they are."""
    files = layouts.trio(small, "GSM1_A_") | layouts.trio(small, "GSM2_B_")
    del files["GSM2_B_barcodes.tsv"]
    folder = layouts.put(tmp_path, files)
    assert same(read.read(folder, part="GSM1_A_matrix.mtx"), small)
    refused(folder, "Beside 'GSM2_B_matrix.mtx' there is no barcodes.tsv", part="GSM2_B_matrix.mtx")


def test_two_files_that_may_name_the_features_are_named(small, tmp_path):
    files = layouts.trio(small, "GSM1_A_")
    files |= {f"GSE9_genes_{kind}.tsv": files["GSM1_A_features.tsv"] for kind in ("old", "new")}
    del files["GSM1_A_features.tsv"]
    folder = layouts.put(tmp_path, files)
    refused(folder, "Each of GSE9_genes_new.tsv and GSE9_genes_old.tsv may name the features")


def test_a_matrix_as_wide_as_high_follows_its_program(tmp_path):
    square = formats.counts(cells=20, genes=20)
    (tmp_path / "tenx").mkdir()
    (tmp_path / "kb").mkdir()
    assert same(read.read(layouts.put(tmp_path / "tenx", layouts.trio(square))), square)
    assert same(read.read(layouts.kb_python(square, tmp_path / "kb")), square)


@pytest.mark.parametrize(
    "part", [("features/name", "features/id"), ("barcodes",)], ids=lambda part: part[0].replace("/", " ")
)
def test_an_h5_without_names_is_refused(small, tmp_path, part):
    path = layouts.h5(small, tmp_path)
    with h5py.File(path, "r+") as file:
        for name in part:
            del file[f"matrix/{name}"]
    refused(path, "names no" if part[0] != "barcodes" else "'v3.h5'")


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("a.rds", "readRDS('a.rds')"),
        ("a.RData", "get(load('a.RData'))"),
        ("a.rda", "zellkonverter::writeH5AD"),
        ("a.h5Seurat", "SeuratDisk::Convert('a.h5Seurat', dest = 'h5ad')"),
        ("a.xlsx", "save the sheet as CSV"),
    ],
)
def test_what_another_program_opens_is_refused_with_the_line_that_converts_it(tmp_path, name, step):
    (tmp_path / name).write_bytes(b"\x1f\x8b123456789")
    for path in (tmp_path / name, tmp_path):
        refused(path, step, f"'{name}' cannot be read here")
    assert unreadable("a.csv") == "" and not any(unreadable(f"x{end}") for end in ENDINGS)


def test_names_of_the_cells_that_are_a_table_are_read_by_their_header(small, tmp_path):
    frame = pd.DataFrame({"n": range(30), "barcode": small.obs_names})
    files = layouts.trio(small)
    del files["barcodes.tsv"]
    folder = layouts.put(tmp_path, files | {"cell_metadata.csv": frame.to_csv(index=False)})
    (folder / "cell_metadata.csv").write_text(
        (folder / "cell_metadata.csv").read_text().replace("n,", "index,", 1)
    )
    assert same(read.read(folder), small)
