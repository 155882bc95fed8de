"""The questions about a file and the repairs of its names in a real Chromium, each once."""

import zipfile

import anndata
import formats
import pytest
import tenx_layouts as layouts
from browsing import WORK, wait_until
from file_cases import counts as cases
from playwright.sync_api import expect

from core.data import count_sources, matrix_kind

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def small():
    return formats.counts(proteins=0)


@pytest.fixture
def upload(page, server):
    """upload(path): choose the file on the Data page; returns the id of its dataset once the file was looked at."""

    def chosen(path):
        page.goto(f"{server.base}/data")
        page.wait_for_selector("#upload input[type=file]", state="attached")
        page.set_input_files("#upload input[type=file]", path)
        expect(page.locator("#header")).to_contain_text(path.name, timeout=WORK)
        return next(row["id"] for row in server.view.datasets.all() if row["name"] == path.name)

    return chosen


@pytest.fixture
def answer(page, server):
    """answer(id, sentence, label): the page asks with this sentence; give the answer with this label."""

    def given(id, sentence, label):
        expect(page.locator("body")).to_contain_text(sentence, timeout=WORK)
        page.get_by_label(label, exact=True).check()
        page.get_by_role("button", name="Load with this answer").click()
        wait_until(lambda: server.view.datasets.one(id)["status"] == "ready")

    return given


def kept(server, id):
    """The dataset as it lies in its folder."""
    return anndata.read_h5ad(server.store.dataset_folder(id).file)


def repaired(page, server, name, button):
    """Press the button of a repair; returns the dataset that it makes."""
    page.get_by_role("button", name=button).click()
    title = f"{name} (repaired)"
    expect(page.get_by_role("heading", name=title)).to_be_visible(timeout=WORK)
    rows = wait_until(lambda: [row for row in server.view.datasets.all() if row["name"] == title])
    wait_until(lambda: server.view.datasets.one(rows[0]["id"])["status"] == "ready")
    return kept(server, rows[0]["id"])


def test_one_of_several_datasets_in_an_archive_is_chosen(server, small, upload, answer, tmp_path):
    other = formats.counts(cells=25, seed=1, proteins=0)
    with zipfile.ZipFile(tmp_path / "samples.zip", "w") as archive:
        for sample, adata in (("S1", small), ("S2", other)):
            for name, text in layouts.trio(adata, f"GSM_{sample}_").items():
                archive.writestr(f"GSE1/{name}", text)
    id = upload(tmp_path / "samples.zip")
    answer(id, "'samples.zip' holds 2 datasets", "GSM_S2_matrix.mtx")
    adata = kept(server, id)
    assert list(adata.obs_names) == list(other.obs_names) and (adata.X != other.X).nnz == 0


def test_the_genome_of_a_mixed_experiment_is_chosen(server, upload, answer, tmp_path):
    path = formats.tenx_h5(formats.counts(), tmp_path, 3, ("GRCh38", "mm10")).rename(tmp_path / "mixed.h5")
    id = upload(path)
    answer(id, "'mixed.h5' holds 2 genomes (GRCh38, mm10): which one is meant?", "mm10")
    assert kept(server, id).n_vars == 10


def test_which_side_of_a_table_is_cells_is_chosen(server, small, upload, answer, tmp_path):
    plain = small.copy()
    plain.obs_names, plain.var_names = [f"s{i}x" for i in range(30)], [f"v{i}x" for i in range(20)]
    id = upload(formats.table(plain, tmp_path, "sides.csv"))
    answer(id, "which are the cells?", "rows are cells, columns are genes")
    assert list(kept(server, id).var_names) == list(plain.var_names)


def test_genes_that_a_spreadsheet_made_dates_get_their_names(page, server, small, upload, answer, tmp_path):
    dated = small.copy()
    dated.var_names = [*list(small.var_names)[:-2], "9-Sep", "1-Dec"]
    id = upload(formats.table(dated, tmp_path, "dates.csv"))
    answer(id, "which are the cells?", "rows are cells, columns are genes")
    names = repaired(page, server, "dates.csv", "Restore genes named by dates").var_names
    assert list(names[-2:]) == ["SEPTIN9", "DELEC1"] and list(names[:-2]) == list(small.var_names)[:-2]


@pytest.mark.parametrize(
    "button, genes",
    [
        ("Restore dates, MTARC first", ["MTARC1", "MARCHF1"]),
        ("Restore dates, MARCHF first", ["MARCHF1", "MTARC1"]),
    ],
)
def test_which_of_two_genes_of_one_date_comes_first_is_chosen(
    page, server, small, upload, tmp_path, button, genes
):
    dated, name = small.copy(), f"{genes[0]}.h5ad"
    dated.var_names = [*list(small.var_names)[:-2], "1-Mar", "1-Mar-1"]
    upload(formats.h5ad(dated, tmp_path).rename(tmp_path / name))
    assert list(repaired(page, server, name, button).var_names[-2:]) == genes


def test_the_genome_in_front_of_genes_is_removed(page, server, small, upload, tmp_path):
    prefixed = small.copy()
    prefixed.var_names = "GRCh38_" + small.var_names
    path = formats.h5ad(prefixed, tmp_path).rename(tmp_path / "prefixed.h5ad")
    upload(path)
    names = repaired(page, server, "prefixed.h5ad", "Remove genome prefixes").var_names
    assert list(names) == list(small.var_names)


def test_which_matrix_holds_the_counts_is_chosen(server, upload, answer, tmp_path):
    id = upload(cases.two_that_differ(tmp_path).rename(tmp_path / "two.h5ad"))
    label = f'layers["umi"] ({cases.TOTAL:,.0f} in all, {cases.GENES} genes)'
    answer(id, "which are the raw counts?", label)
    assert server.view.datasets.one(id)["record"]["total"] == cases.TOTAL


@pytest.mark.parametrize(
    "write, button",
    [
        (cases.half_logged, "Undo the log in some cells"),
        (cases.half_logged, "Remove cells with fractions"),
        (cases.corrected, "Round to whole numbers"),
        (cases.divided_by_size_factors, "Restore counts"),
        (cases.proteins_missing_in_a_sample, "Remove cells without proteins"),
        (cases.proteins_missing_in_a_sample, "Remove the proteins"),
        (cases.proteins_missing_in_a_sample, "Mask missing proteins"),
        (cases.log_base_3, "Undo the log transform"),
    ],
)
def test_the_values_of_a_file_are_repaired(page, server, upload, tmp_path, write, button):
    name = f"{button.replace(' ', '_')}.h5ad"
    id = upload(write(tmp_path).rename(tmp_path / name))
    wait_until(lambda: server.view.datasets.one(id)["status"] == "ready")
    expect(page.get_by_role("button", name=button)).to_be_visible(timeout=WORK)
    adata = repaired(page, server, name, button)
    assert matrix_kind.what_is(adata.X).kind == "counts" and count_sources.counts_of(adata).where == "X"
