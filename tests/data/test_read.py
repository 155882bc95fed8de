"""A good file comes back in one normal form; a bad one is refused in a sentence."""

import anndata
import formats
import h5py
import numpy as np
import pandas as pd
import pytest
import zarr
from anndata import AnnData
from constants import REAL_DATA as DATA
from scipy import sparse

from core.data import backed, checks, demo, read
from core.errors import UserError

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data at {DATA} (NUWA_TEST_DATA)")


def counts(cells=30, genes=20, seed=0, proteins=0):
    """Small integer counts, a quarter of them above 0, every cell and gene with some."""
    random = np.random.default_rng(seed)
    values = random.poisson(random.gamma(0.3, 1.0, (cells, genes)))
    values[:, 0] += 1
    values[0, :] += 1
    adata = AnnData(sparse.csr_matrix(values, dtype=np.float32))
    adata.obs_names = [f"cell{i}" for i in range(cells)]
    adata.var_names = [f"gene{i}" for i in range(genes)]
    if proteins:
        names = [f"P{i}" for i in range(proteins)]
        adata.obsm["protein"] = pd.DataFrame(random.poisson(20, (cells, proteins)), adata.obs_names, names)
    return adata


def saved(adata, folder, name="set.h5ad"):
    path = folder / name
    adata.write_h5ad(path)
    return path


def with_types(adata, proteins, kinds=("Antibody Capture",)):
    """`adata` with protein features after its genes, as Cell Ranger writes them."""
    random = np.random.default_rng(1)
    extra = sparse.csr_matrix(random.poisson(30, (adata.n_obs, proteins)), dtype=np.float32)
    types = ["Gene Expression"] * adata.n_vars + [kinds[i % len(kinds)] for i in range(proteins)]
    names = [*adata.var_names, *(f"ab{i}" for i in range(proteins))]
    var = pd.DataFrame({"feature_types": pd.Categorical(types)}, index=names)
    return AnnData(sparse.hstack([adata.X, extra], format="csr"), adata.obs.copy(), var)


def write_tenx(path, adata, version=3):
    """`adata` as Cell Ranger 3 (features) or 2 (a genome group) would write it."""
    matrix = sparse.csr_matrix(adata.X)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix" if version == 3 else "GRCh38")
        group["barcodes"] = np.array(adata.obs_names, dtype="S")
        group["data"] = matrix.data.astype(np.int32)
        group["indices"], group["indptr"] = matrix.indices.astype(np.int64), matrix.indptr.astype(np.int64)
        group["shape"] = np.array(adata.shape[::-1], dtype=np.int32)
        names = np.array(adata.var_names, dtype="S")
        if version == 2:
            group["genes"] = group["gene_names"] = names
            return path
        features = group.create_group("features")
        features["id"] = features["name"] = names
        if "feature_types" in adata.var:
            features["feature_type"] = np.array(adata.var["feature_types"].astype(str), dtype="S")
    return path


def halved(path, *places):
    """The file at `path`, the values of its sparse matrices at these places made float16."""
    with h5py.File(path, "r+") as file:
        for place in places:
            values = file[place]["data"][:].astype(np.float16)
            del file[place]["data"]
            file[place]["data"] = values
    return path


def refused(path, *words):
    """Read `path`, which must be refused in one line that has all of `words`."""
    with pytest.raises(UserError) as caught:
        read.read(path)
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith(".")
    for word in words:
        assert word in sentence, sentence
    return sentence


def test_a_sparse_matrix_comes_back_as_float32_csr(tmp_path):
    adata = counts()
    for kind, dtype in ((sparse.csc_matrix, np.float64), (sparse.csr_matrix, np.int32)):
        stored = adata.copy()
        stored.X = kind(adata.X, dtype=dtype)
        back = read.read(saved(stored, tmp_path))
        assert isinstance(back.X, sparse.csr_matrix) and back.X.dtype == np.float32
        assert (back.X != adata.X).nnz == 0


def test_a_dense_matrix_becomes_sparse_only_when_mostly_zero(tmp_path):
    mostly_zero = counts()
    mostly_zero.X = mostly_zero.X.toarray().astype(np.float64)
    assert sparse.issparse(read.read(saved(mostly_zero, tmp_path)).X)
    full = counts()
    full.X = np.asfortranarray(np.random.default_rng(0).normal(size=full.shape))
    back = read.read(saved(full, tmp_path)).X
    assert isinstance(back, np.ndarray) and back.dtype == np.float32 and back.flags.c_contiguous


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize("large", [np.inf, 0])
def test_a_sparse_matrix_of_float16_is_widened(tmp_path, monkeypatch, kind, large):
    """scipy has none, so anndata neither writes nor reads one; other programs write it."""
    monkeypatch.setattr(backed, "LARGE", large)
    adata = counts()
    adata.X = kind(adata.X)
    adata.layers["counts"] = adata.X.copy()
    adata.raw = adata.copy()
    path = halved(saved(adata, tmp_path), "X", "layers/counts", "raw/X")
    back = backed.loaded(read.read(path), np.inf, "")
    for matrix in (back.X, back.layers["counts"], back.raw.X):
        assert matrix.dtype == np.float32 and (matrix != adata.X).nnz == 0


def test_float16_is_widened_in_zarr_and_mudata_too(tmp_path):
    adata = counts(proteins=4)
    half = adata.X.data.astype(np.float16)
    adata.write_zarr(tmp_path / "set.zarr")
    store = zarr.open_group(tmp_path / "set.zarr", mode="r+", use_consolidated=False)
    del store["X/data"]
    store["X"].create_array("data", data=half)
    zarr.consolidate_metadata(tmp_path / "set.zarr")
    mixed = halved(formats.h5mu(adata, tmp_path), "mod/rna/X")
    for path in (tmp_path / "set.zarr", mixed):
        back = read.read(path)
        assert back.X.dtype == np.float32 and (back.X != adata.X).nnz == 0


def test_float16_beside_the_values_is_named(tmp_path):
    adata = counts()
    adata.obsp["near"] = sparse.identity(adata.n_obs, format="csr", dtype=np.float32)
    refused(halved(saved(adata, tmp_path), "obsp/near"), "16-bit", "save it as float32")


def test_everything_else_in_the_file_is_kept(tmp_path):
    adata = counts()
    adata.layers["counts"] = adata.X.copy()
    adata.raw = adata.copy()
    adata.obs["group"] = pd.Categorical(["a", "b"] * 15)
    adata.obsm["X_pca"] = np.ones((30, 2))
    adata.uns["title"] = "mine"
    back = read.read(saved(adata, tmp_path))
    assert "counts" in back.layers and back.raw.shape == (30, 20) and "X_pca" in back.obsm
    assert list(back.obs["group"].cat.categories) == ["a", "b"] and back.uns["title"] == "mine"
    assert back.uns["nuwa_read"] == []


def test_a_file_read_once_can_be_saved_and_read_again(tmp_path):
    adata = with_types(counts(), 3)
    first = read.read(saved(adata, tmp_path))
    second = read.read(saved(first, tmp_path, "again.h5ad"))
    assert read.data_hash(first) == read.data_hash(second)


def test_repeated_names_get_a_number_and_a_note(tmp_path):
    adata = counts()
    adata.var_names = ["ACTB", "ACTB", *adata.var_names[2:]]
    adata.obs_names = ["cell0", "cell0", "cell0", *adata.obs_names[3:]]
    back = read.read(saved(adata, tmp_path))
    assert back.var_names.is_unique and back.obs_names.is_unique
    notes = " ".join(back.uns["nuwa_read"])
    assert "1 gene name" in notes and "ACTB" in notes and "1 cell name" in notes


@pytest.mark.parametrize("version", [2, 3])
def test_both_versions_of_10x_files_are_read(tmp_path, version):
    adata = counts()
    back = read.read(write_tenx(tmp_path / "filtered.h5", adata, version))
    assert list(back.obs_names) == list(adata.obs_names) and list(back.var_names) == list(adata.var_names)
    assert (back.X != adata.X).nnz == 0


def test_contents_and_not_the_ending_tell_10x_from_h5ad(tmp_path):
    adata = counts()
    write_tenx(tmp_path / "renamed.h5ad", adata)
    saved(adata, tmp_path, "renamed.h5")
    first, second = (read.read(tmp_path / f"renamed{ending}") for ending in (".h5ad", ".h5"))
    assert read.data_hash(first) == read.data_hash(second)


def test_a_missing_or_empty_file_is_refused(tmp_path):
    refused(tmp_path / "no.h5ad", "no file 'no.h5ad'")
    (tmp_path / "empty.h5ad").touch()
    refused(tmp_path / "empty.h5ad", "empty (0 bytes)")


def test_an_unknown_ending_is_refused_with_those_we_know(tmp_path):
    (tmp_path / "a.pdf").write_text("x")
    refused(tmp_path / "a.pdf", ".h5ad")


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"gene,cell1\nA,3\n", "save it again"),
        (b"<!DOCTYPE", "web page"),
    ],
)
def test_a_file_that_is_not_hdf5_is_named_for_what_it_is(tmp_path, start, words):
    (tmp_path / "a.h5ad").write_bytes(start + b" " * 3000)
    refused(tmp_path / "a.h5ad", "not the HDF5 file", words)


@pytest.mark.parametrize("start", [b"\x1f\x8b\x08", b"PK\3\4"])
def test_a_file_that_is_an_archive_by_its_first_bytes_alone_is_damaged(tmp_path, start):
    (tmp_path / "a.h5ad").write_bytes(start + b" " * 3000)
    refused(tmp_path / "a.h5ad", "damaged archive", "copy it again")


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.8, 0.95, 0.999])
def test_a_truncated_file_is_refused_at_any_length(tmp_path, share):
    whole = saved(counts(200, 100), tmp_path).read_bytes()
    (tmp_path / "cut.h5ad").write_bytes(whole[: int(len(whole) * share)])
    refused(tmp_path / "cut.h5ad", "'cut.h5ad' is damaged", "copy it again")


@pytest.mark.parametrize("seed", range(12))
def test_a_file_with_holes_is_refused_or_read_but_never_crashes(tmp_path, seed):
    adata = counts(200, 100)
    path = tmp_path / "holes.h5ad"
    adata.write_h5ad(path, compression="gzip")
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(seed)
    at = int(random.integers(100, len(content) - 400))
    content[at : at + 300] = random.bytes(300)
    path.write_bytes(content)
    try:
        read.read(path)  # the holes may lie where nothing is
    except UserError as error:
        assert "holes.h5ad" in str(error)


def test_indices_beyond_the_matrix_are_refused(tmp_path):
    path = saved(counts(), tmp_path)
    with h5py.File(path, "a") as file:
        file["X/indices"][5] = 999
    refused(path, "damaged")


def test_a_missing_part_is_refused(tmp_path):
    path = saved(counts(), tmp_path)
    with h5py.File(path, "a") as file:
        del file["X/indptr"]
    refused(path, "damaged")


def test_hdf5_of_another_program_is_refused_with_what_it_holds(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["weights"] = np.ones(3)
    refused(tmp_path / "a.h5", "none of .h5ad, .h5mu, 10x .h5 and .loom", "weights")


def test_links_to_other_files_are_refused(tmp_path):
    secret = saved(counts(), tmp_path, "secret.h5ad")
    path = saved(counts(), tmp_path)
    with h5py.File(path, "a") as file:
        del file["X"]
        file["X"] = h5py.ExternalLink(str(secret), "/X")
    refused(path, "links")
    layout = h5py.VirtualLayout(shape=(30, 20), dtype="f4")
    layout[:] = h5py.VirtualSource(str(secret), "X", shape=(30, 20))
    with h5py.File(path, "a") as file:
        del file["X"]
        file.create_virtual_dataset("X", layout)
    refused(path, "links")


def stops(adata):
    """What the doctor finds that forbids training."""
    return [finding for finding in checks.examine(adata).findings if finding.severity == "stop"]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_nan_and_infinity_are_read_and_found_with_their_place(tmp_path, bad, form):
    adata = counts()
    values = adata.X.toarray() if form is sparse.csr_matrix else adata.X.toarray() + 0.5
    values[7, 3] = values[9, 0] = bad
    adata.X = form(values)
    (stop,) = stops(read.read(saved(adata, tmp_path)))
    assert stop.code == "not-finite" and "in 2 of the cells and 2 of the genes" in stop.evidence
    assert stop.sentence.startswith(
        "2 values of X are missing (NaN) or infinite, for example gene 'gene3' in cell 'cell7'"
    )


def test_a_matrix_without_cells_genes_or_values_is_refused(tmp_path):
    adata = counts()
    refused(saved(adata[:0].copy(), tmp_path), "no cells")
    refused(saved(adata[:, :0].copy(), tmp_path), "no genes")
    refused(saved(adata[:1].copy(), tmp_path), "1 cell but", f"at least {read.MIN_CELLS} cells")
    refused(saved(AnnData(obs=adata.obs, var=adata.var), tmp_path), "no X")
    adata.X = sparse.csr_matrix(adata.shape, dtype=np.float32)
    assert [stop.code for stop in stops(read.read(saved(adata, tmp_path)))] == ["all-zero"]


def test_text_and_complex_numbers_in_x_are_refused(tmp_path):
    path = saved(counts(), tmp_path)
    text = h5py.string_dtype()
    for values, word in ((np.full((30, 20), "a", dtype=object), "text"), (np.ones((30, 20)) * 1j, "complex")):
        with h5py.File(path, "a") as file:
            del file["X"]
            item = file.create_dataset("X", data=values, dtype=text if word == "text" else values.dtype)
            kind = ("string-array", "0.2.0") if word == "text" else ("array", "0.2.0")
            item.attrs["encoding-type"], item.attrs["encoding-version"] = kind
        refused(path, word)


def test_an_encoding_from_the_future_is_named_as_such(tmp_path):
    path = saved(counts(), tmp_path)
    with h5py.File(path, "a") as file:
        file.create_group("uns/new").attrs.update({"encoding-type": "zork", "encoding-version": "9"})
    refused(path, "newer anndata")


def test_examining_changes_nothing():
    adata = demo.simulated(n_cells=50, n_genes=60, n_proteins=4)
    before = read.data_hash(adata)
    checks.examine(adata)
    checks.display_of(adata)
    assert read.data_hash(adata) == before


@needs_data
def test_a_real_file_is_as_anndata_reads_it():
    path = DATA / "pbmc3k.h5ad"
    ours, theirs = read.read(path), anndata.read_h5ad(path)
    assert ours.shape == (2638, 16579) and (ours.X != theirs.X).nnz == 0
    assert set(ours.obsm) == set(theirs.obsm) and ours.obs.equals(theirs.obs)
