"""Which dataset of a folder or an archive is read, and when a person is asked."""

import tarfile
import zipfile

import formats
import pytest
import tenx_layouts as layouts

from core.data import read
from core.errors import Question, UserError


@pytest.fixture(scope="module")
def small():
    return formats.counts(proteins=0)


@pytest.fixture(scope="module")
def other():
    return formats.counts(cells=25, seed=1, proteins=0)


def notes(adata):
    return " ".join(adata.uns["nuwa_read"])


def question(path, **answers):
    with pytest.raises(Question) as caught:
        read.read(path, **answers)
    return caught.value


def parts(path):
    """The answers to the question which dataset is meant."""
    one = question(path)
    assert one.asks == "part" and f"{len(one.choices)} datasets" in str(one)
    return [value for value, _ in one.choices]


def test_samples_in_one_folder_are_asked_for_by_file(small, other, tmp_path):
    files = layouts.trio(small, "GSM1_A_") | layouts.trio(other, "GSM2_B_") | {"filelist.txt": "a\tb\n"}
    folder = layouts.put(tmp_path, files)
    assert parts(folder) == ["GSM1_A_matrix.mtx", "GSM2_B_matrix.mtx"]
    assert read.read(folder, part="GSM2_B_matrix.mtx").n_obs == 25


def test_samples_in_folders_of_their_own_are_asked_for_by_folder(small, other, tmp_path):
    count = "count/sample_filtered_feature_bc_matrix"
    for sample, adata in (("S1", small), ("S2", other)):
        layouts.put(tmp_path / "per_sample_outs" / sample / count, layouts.trio(adata))
    assert parts(tmp_path) == [f"per_sample_outs/{sample}/{count}" for sample in ("S1", "S2")]
    assert read.read(tmp_path, part=f"per_sample_outs/S2/{count}").n_obs == 25


def test_the_counts_of_starsolo_are_asked_for_where_it_made_several(small, tmp_path):
    for kind in ("Gene/raw", "Gene/filtered", "GeneFull/filtered"):
        layouts.put(tmp_path / "Solo.out" / kind, layouts.trio(small))
    assert len(parts(tmp_path)) == 3
    assert read.read(tmp_path, part="Solo.out/Gene/raw").shape == small.shape


def test_raw_is_read_where_it_is_asked_for_or_alone(small, other, tmp_path):
    for kind, adata in (("raw", other), ("filtered", small)):
        layouts.put(tmp_path / f"{kind}_feature_bc_matrix", layouts.trio(adata))
    adata = read.read(tmp_path)
    assert (
        adata.n_obs == 30
        and "filtered_feature_bc_matrix was read, and not raw_feature_bc_matrix" in notes(adata)
    )
    assert read.read(tmp_path, part="raw_feature_bc_matrix").n_obs == 25


def test_files_that_a_person_named_are_asked_for(small, tmp_path):
    for name in ("pbmc.h5ad", "pbmc_filtered.h5ad", "pbmc_raw.h5ad"):
        formats.h5ad(small, tmp_path).rename(tmp_path / name)
    assert len(parts(tmp_path)) == 3


def test_a_folder_and_its_archive_or_h5_are_one_dataset(small, tmp_path):
    formats.tenx_folder(small.copy(), tmp_path, 2)
    with zipfile.ZipFile(tmp_path / "filtered_feature_bc_matrix.zip", "w") as archive:
        archive.writestr("x.txt", "nothing")
    assert read.read(tmp_path).shape == small.shape


def test_tables_beside_a_matrix_are_named_and_can_be_chosen(small, other, tmp_path):
    folder = formats.tenx_folder(small, tmp_path, 2)
    formats.table(other, folder, "proteins.csv")
    assert "were not read: proteins.csv" in notes(read.read(folder))
    assert read.read(folder, part="proteins.csv").n_obs == 25


def test_an_archive_of_archives_asks_for_one_and_then_for_what_lies_in_it(small, other, tmp_path):
    inner = layouts.put(tmp_path / "a", layouts.trio(small, "GSM1_") | layouts.trio(other, "GSM2_"))
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(inner, "a")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(tmp_path / "a.tar.gz", "x/a.tar.gz")
        archive.write(tmp_path / "a.tar.gz", "x/b.tar.gz")
    path = tmp_path / "all.zip"
    assert parts(path) == ["a.tar.gz", "b.tar.gz"]
    inside = question(path, part="b.tar.gz")
    assert [value for value, _ in inside.choices] == ["b.tar.gz/GSM1_matrix.mtx", "b.tar.gz/GSM2_matrix.mtx"]
    assert read.read(path, part="b.tar.gz/GSM2_matrix.mtx").n_obs == 25


def test_archives_in_archives_end_somewhere(small, tmp_path):
    path = layouts.tar(small, tmp_path)
    for i in range(3):
        with zipfile.ZipFile(tmp_path / f"{i}.zip", "w") as archive:
            archive.write(path, path.name)
        path = tmp_path / f"{i}.zip"
    with pytest.raises(UserError, match="lies in more than 3 archives"):
        read.read(path)


def test_a_bomb_in_an_archive_is_as_large_as_the_outer_one_allows(tmp_path):
    with zipfile.ZipFile(tmp_path / "inner.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("matrix.mtx", bytes(80 << 20))
    with zipfile.ZipFile(tmp_path / "outer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "inner.zip", "inner.zip")
    with pytest.raises(UserError, match="would unpack to more than"):
        read.read(tmp_path / "outer.zip")
