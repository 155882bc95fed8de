"""Every form in which people bring a dataset gives the same one; what only a person knows is asked."""

import gzip
import zipfile

import anndata
import formats
import h5py
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from anndata import AnnData
from constants import FIXTURES
from scipy import sparse

from core.data import ENDINGS, checks, ending, read
from core.errors import Question, UserError


@pytest.fixture(scope="module")
def small():
    return formats.counts()


def same(adata, other, proteins=True):
    """Do both hold the same counts for the same names?"""
    assert adata.shape == other.shape and list(adata.var_names) == list(other.var_names)
    assert list(adata.obs_names) == list(other.obs_names) and adata.X.dtype == np.float32
    np.testing.assert_array_equal(adata.X.toarray(), other.X.toarray())
    if proteins:
        pd.testing.assert_frame_equal(adata.obsm["protein"], other.obsm["protein"], check_names=False)
    return True


def told(adata):
    return " ".join(adata.uns["nuwa_read"])


def asked(path, **answers):
    """The Question that reading raises."""
    with pytest.raises(Question) as caught:
        read.read(path, **answers)
    return caught.value


def refused(path, *words, **answers):
    with pytest.raises(UserError) as caught:
        read.read(path, **answers)
    for word in words:
        assert word in str(caught.value), caught.value
    assert "\n" not in str(caught.value)


# --- the same set in every form


@pytest.mark.parametrize("write", formats.WITH_PROTEINS, ids=lambda write: write.__name__)
def test_genes_and_proteins_are_the_same_in_every_form(small, write, tmp_path):
    back = read.read(write(small, tmp_path))
    assert same(back, small)


@pytest.mark.parametrize("write", formats.GENES_ALONE, ids=lambda write: write.__name__)
def test_genes_are_the_same_in_every_form(small, write, tmp_path):
    assert same(read.read(write(small, tmp_path)), small, proteins=False)


@pytest.mark.parametrize("version", ["0.5", "0.6", "0.7"])
def test_files_of_old_anndata_are_read_whole(version):
    """Written by anndata 0.5.10, 0.6.22 and 0.7.8 themselves."""
    back = read.read(FIXTURES / f"anndata_{version}.h5ad")
    newest = read.read(FIXTURES / "anndata_0.7.h5ad")
    assert back.shape == (30, 20) and read.data_hash(back) == read.data_hash(newest)
    assert list(back.obs["group"].cat.categories) == ["a", "b", "c"] and back.obs["text"].iloc[4] == "x4"
    assert back.raw.shape == (30, 20) and back.obsm["X_pca"].shape == (30, 3)
    assert list(back.uns["nested"]["a"]) == [0, 1, 2] and back.var["hv"].tolist() == [True, False] * 10


def test_endings_are_known_by_the_longest():
    assert ending("a.H5AD") == ".h5ad" and ending("x.tsv.gz") == ".tsv.gz" and ending("notes.pdf") == ""
    assert ending("b.tar.gz") == ".tar.gz" and all(ending(f"x{end}") == end for end in ENDINGS)


# --- 10x


def test_of_two_genome_groups_one_is_asked_for(small, tmp_path):
    path = formats.tenx_h5(small, tmp_path, 2, ("GRCh38", "mm10"))
    question = asked(path)
    assert question.asks == "genome" and [value for value, _ in question.choices] == ["GRCh38", "mm10"]
    assert "2 genomes" in str(question) and question.record()["choices"][0] == ["GRCh38", "GRCh38"]
    assert same(read.read(path, genome="mm10"), small, proteins=False)


def test_of_mixed_species_one_or_all_can_be_read(small, tmp_path):
    path = formats.tenx_h5(small, tmp_path, 3, ("GRCh38", "mm10"))
    assert [value for value, _ in asked(path).choices] == ["GRCh38", "mm10", "all"]
    human = read.read(path, genome="GRCh38")
    assert list(human.var_names) == list(small.var_names[::2]) and human.obsm["protein"].shape == (30, 4)
    theirs = sc.read_10x_h5(path, genome="GRCh38", gex_only=True)
    np.testing.assert_array_equal(human.X.toarray(), theirs.X.toarray())
    assert read.read(path, genome="all").n_vars == 20


@pytest.mark.parametrize("version", [2, 3])
def test_scanpy_reads_the_same_from_10x(small, tmp_path, version):
    path = formats.tenx_h5(small, tmp_path, version)
    theirs = sc.read_10x_h5(path, gex_only=True)
    assert same(read.read(path), AnnData(theirs.X, theirs.obs, theirs.var), proteins=False)
    folder = formats.tenx_folder(small, tmp_path, version)
    theirs = sc.read_10x_mtx(folder, gex_only=True)
    ours = read.read(folder)
    np.testing.assert_array_equal(ours.X.toarray(), theirs.X.toarray())
    assert list(ours.var_names) == list(theirs.var_names) and list(ours.var["gene_ids"]) == list(
        theirs.var["gene_ids"]
    )


def test_a_folder_of_geo_with_the_samples_name_in_front_is_read(small, tmp_path):
    folder = formats.tenx_folder(small, tmp_path, prefix="GSM123_")
    assert same(read.read(folder), small)
    assert same(read.read(folder / "GSM123_matrix.mtx.gz"), small)


def test_of_several_matrices_one_is_asked_for_but_filtered_is_preferred_to_raw(small, tmp_path):
    both = tmp_path / "outs"
    both.mkdir()
    formats.tenx_folder(small, both)
    formats.tenx_folder(small, both, name="raw_feature_bc_matrix")
    assert "filtered_feature_bc_matrix was read" in told(read.read(both))
    formats.tenx_folder(small, both, name="other")
    question = asked(both)
    assert "3 datasets" in str(question) and "other" in [value for value, _ in question.choices]
    assert same(read.read(both, part="other"), small)


def test_a_10x_folder_whose_parts_do_not_fit_is_refused(small, tmp_path):
    folder = formats.tenx_folder(small, tmp_path, 2)
    lines = (folder / "barcodes.tsv").read_text().splitlines()
    (folder / "barcodes.tsv").write_text("\n".join(lines[:-2]))
    refused(folder, "30 cells but names", "28 cells")
    (folder / "barcodes.tsv").unlink()
    refused(folder, "there is no barcodes.tsv")
    (folder / "matrix.mtx").write_text(
        "%%MatrixMarket matrix coordinate real general\n9 9 99999999999\n1 1 1\n"
    )
    refused(folder, "there is no barcodes.tsv")


def test_an_empty_folder_is_refused(tmp_path):
    refused(tmp_path, "neither a 10x matrix nor a zarr store")


# --- archives


def test_an_archive_may_hold_a_single_file(small, tmp_path):
    path = formats.h5ad(small, tmp_path)
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.write(path, "folder/set.h5ad")
    assert same(read.read(tmp_path / "one.zip"), small)
    (tmp_path / "two.h5ad.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert same(read.read(tmp_path / "two.h5ad.gz"), small)


def test_archives_that_mean_harm_are_refused_before_anything_is_written(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for name, words in (
        ("../out.csv", "would be written elsewhere"),
        ("/tmp/out.csv", "would be written elsewhere"),
    ):
        with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
            archive.writestr(name, "x")
        refused(tmp_path / "evil.zip", words, scratch=scratch)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("matrix.mtx", bytes(80 << 20))
    refused(tmp_path / "bomb.zip", "would unpack to more than 0.1 GB", scratch=scratch)
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        entry = zipfile.ZipInfo("set.h5ad")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    refused(tmp_path / "link.zip", "holds a link ('set.h5ad')", scratch=scratch)
    assert not any(scratch.iterdir()) and not (tmp_path / "out.csv").exists()


def test_what_is_packed_to_nothing_is_refused_before_it_is_read(small, tmp_path):
    """Over 64 MB of each, packed to a few hundred kB, as a bomb of any size would be."""
    table, line = tmp_path / "bomb.csv.gz", b",0" * 2000 + b"\n"
    table.write_bytes(gzip.compress(b",".join(b"GENE%d" % i for i in range(2001)) + b"\n" + line * 17_500, 6))
    matrix = tmp_path / "matrix.mtx.gz"
    head = b"%%MatrixMarket matrix coordinate integer general\n20 30 12000000\n"
    matrix.write_bytes(gzip.compress(head + b"1 1 1\n" * 12_000_000, 6))
    (tmp_path / "barcodes.tsv").write_text("".join(f"c{i}\n" for i in range(30)))
    (tmp_path / "genes.tsv").write_text("".join(f"g{i}\n" for i in range(20)))
    for path in (table, matrix):
        refused(path, f"'{path.name}' would unpack to more than 0.1 GB", "unpack it yourself")
    dense = formats.h5ad(small, tmp_path)
    with h5py.File(dense, "a") as file:
        told = dict(file["X"].attrs) | {"encoding-type": "array", "encoding-version": "0.2.0"}
        del file["X"], told["shape"]
        x = file.create_dataset("X", (30_000, 20_000), "f4", chunks=(100, 20_000), compression="gzip")
        x[:1000] = 1
        x.attrs.update(told)
    refused(dense, "unpacks to 2.4 GB of values", "without compression")


def test_thin_counts_that_pack_well_are_read(tmp_path):
    random = np.random.default_rng(0)
    counts = sparse.csr_matrix(random.poisson(random.lognormal(-6, 2, 9000), (2000, 9000)).astype(np.float32))
    dense = AnnData(counts.toarray())
    dense.write_h5ad(tmp_path / "dense.h5ad", compression="gzip")
    back = read.read(tmp_path / "dense.h5ad")
    assert (tmp_path / "dense.h5ad").stat().st_size < counts.shape[0] * counts.shape[1] * 4 / 15
    assert (counts != back.X).nnz == 0


# --- MuData


def test_modalities_are_told_apart_by_what_they_hold(small, tmp_path):
    many = formats.counts(genes=400, proteins=20)
    for typed in (False, True):
        back = read.read(formats.h5mu(many, tmp_path, ("one", "two"), typed))
        assert same(back, many)
    assert "modality 'one'" in told(back) and "modality 'two'" in told(back)
    # The names say the opposite of what is inside: what is inside counts.
    assert same(read.read(formats.h5mu(many, tmp_path, ("prot", "rna"), typed=True)), many)


def test_a_mudata_without_genes_is_refused(small, tmp_path):
    path = formats.h5mu(small, tmp_path)
    with h5py.File(path, "a") as file:
        del file["mod/rna"]
    refused(path, "no modality of genes (it has prot)")


# --- loom


def test_a_loom_file_keeps_its_layers_and_attributes(small, tmp_path):
    back = read.read(formats.loom(small, tmp_path))
    np.testing.assert_array_equal(back.layers["spliced"].toarray(), small.X.toarray())
    assert list(back.obs["group"]) == list(small.obs["group"]) and back.obsm["umap"].shape == (30, 2)


def test_scanpy_reads_the_same_from_loom(small, tmp_path):
    pytest.importorskip("loompy")
    path = formats.loom(small, tmp_path)
    assert same(read.read(path), sc.read_loom(path), proteins=False)


# --- tables


def test_a_table_packed_in_a_pipe_is_read(small, tmp_path):
    """Which has no name in its head, and so a byte of 0."""
    path = formats.table(small, tmp_path)
    packed = tmp_path / "piped.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert b"\0" in packed.read_bytes()[:4] and same(read.read(packed), small, proteins=False)


@pytest.mark.parametrize("turned", [False, True])
def test_a_tables_orientation_is_found_and_can_be_confirmed(small, tmp_path, turned):
    path = formats.table(small, tmp_path, turned=turned)
    assert same(read.read(path), small, proteins=False)
    assert f"the {'columns' if turned else 'rows'} were taken as cells" in told(read.read(path))
    question = asked(path, ask=True)
    assert (question.asks, question.default, question.sure) == ("transpose", turned, True)
    assert same(read.read(path, ask=True, transpose=turned), small, proteins=False)
    assert read.read(path, transpose=not turned).shape == (20, 30)


def test_a_table_whose_names_say_nothing_is_asked_about(small, tmp_path):
    plain = small.copy()
    plain.obs_names, plain.var_names = [f"s{i}x" for i in range(30)], [f"v{i}x" for i in range(20)]
    question = asked(formats.table(plain, tmp_path))
    assert not question.sure and [value for value, _ in question.choices] == [False, True]
    assert same(read.read(tmp_path / "set.csv", transpose=False), plain, proteins=False)


@pytest.mark.parametrize(
    "options",
    [
        {"name": "set.txt", "r_header": True},
        {"r_header": True, "turned": True},
        {"sep": ";"},
        {"name": "set.txt", "sep": " "},
        {"name": "set.csv.gz"},
        {"quoting": 1},
        {"encoding": "utf-8-sig"},
        {"lineterminator": "\r\n"},
    ],
    ids=str,
)
def test_a_table_may_be_written_in_many_ways(small, tmp_path, options):
    assert same(read.read(formats.table(small, tmp_path, **options)), small, proteins=False)


def test_decimal_commas_are_read_and_said(small, tmp_path):
    halves = small.copy()
    halves.X = halves.X * 0.5
    back = read.read(formats.table(halves, tmp_path, sep=";", decimal=","))
    assert same(back, halves, proteins=False) and "Decimal commas" in told(back)


def test_near_whole_numbers_become_counts(small, tmp_path):
    near = small.copy()
    near.X = near.X * np.float32(1.00001)
    back = read.read(formats.table(near, tmp_path))
    assert same(back, small, proteins=False) and "rounded" in told(back)
    assert checks.what_is(back.X).kind == "counts"


def test_columns_of_text_become_columns_of_obs(small, tmp_path):
    path = formats.table(small, tmp_path)
    frame = pd.read_csv(path, index_col=0)
    frame.insert(0, "patient", ["anna", "bert"] * 15)
    frame.to_csv(path)
    back = read.read(path)
    assert same(back, small, proteins=False) and list(back.obs["patient"][:2]) == ["anna", "bert"]


def test_what_is_no_number_is_named_with_its_place(small, tmp_path):
    path = formats.table(small, tmp_path)
    frame = pd.read_csv(path, index_col=0).astype(object)
    frame.iloc[4, 2] = "many"
    frame.to_csv(path)
    refused(path, "'many' is not a number", f"row '{small.obs_names[4]}', column 'B2M'")
    lines = path.read_text().replace("many", "3").splitlines()
    path.write_text("\n".join([*lines[:7], lines[7].rpartition(",")[0], *lines[8:]]))
    refused(path, "Line 8", "has 20 fields but the first has 21")
    path.write_bytes("\n".join([*lines, "\2"]).encode())
    refused(path, "not plain text")


def test_a_table_of_labels_is_no_matrix(small, tmp_path):
    small.obs.to_csv(tmp_path / "labels.csv")
    refused(tmp_path / "labels.csv", "holds text ('a')", "join it")


# --- the real ones


WHOLE = (
    *("citeseq.h5mu", "filtered_feature_bc_matrix", "filtered_feature_bc_matrix.h5"),
    *("filtered_feature_bc_matrix.tar.gz", "rna.loom", "rna.zarr.zip"),
)
PARTS = ("rna_200cells_cells_by_genes.csv.gz", "rna_200cells_genes_by_cells.tsv.gz")


@pytest.fixture(scope="module")
def cells600(real_data):
    return read.read(real_data("formats/citeseq_feature_types.h5ad"))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*WHOLE, *PARTS])
def test_the_same_600_real_cells_have_the_same_counts_in_every_format(cells600, real_data, name):
    back = read.read(real_data(f"formats/{name}"))
    expected = cells600[back.obs_names].copy()
    assert back.n_obs == (200 if name in PARTS else 600)
    assert same(back, expected, proteins="protein" in back.obsm)
    assert ("protein" in back.obsm) == (not name.startswith("rna"))


def test_real_proteins_and_labels_of_second_files_are_joined(cells600, real_data):
    back = read.read(
        real_data(f"formats/{PARTS[1]}"),
        proteins=real_data("formats/protein_200cells.csv.gz"),
        annotations=real_data("formats/metadata.csv"),
    )
    expected = cells600[back.obs_names].copy()
    np.testing.assert_array_equal(back.obsm["protein"], expected.obsm["protein"])
    assert list(back.obs["cell_type"]) == list(expected.obs["cell_type"]) and len(back) == 200


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pbmc10k_citeseq", "pbmc3k", "baron_pancreas_human"])
def test_real_files_are_as_anndata_reads_them(real_data, name):
    ours, theirs = read.read(real_data(f"{name}.h5ad")), anndata.read_h5ad(real_data(f"{name}.h5ad"))
    assert ours.shape == theirs.shape and (sparse.csr_matrix(theirs.X) != ours.X).nnz == 0


def test_scanpy_agrees_on_the_real_10x_files(real_data):
    ours = read.read(real_data("formats/filtered_feature_bc_matrix.h5"))
    for theirs in (
        sc.read_10x_h5(real_data("formats/filtered_feature_bc_matrix.h5"), gex_only=True),
        sc.read_10x_mtx(real_data("formats/filtered_feature_bc_matrix"), gex_only=True),
    ):
        assert ours.shape == theirs.shape and (ours.X != theirs.X).nnz == 0
