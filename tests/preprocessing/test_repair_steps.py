"""Repairs do what they say and leave their source alone."""

import json

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse
from simulated import annotated, codes, finding_of, human, normalised, scaled, set_values

from core.data import checks, read
from core.data.checks import species as genes
from core.data.standalone.antibodies import hidden_proteins
from core.data.standalone.unlog import find_grid
from core.errors import UserError
from core.preprocessing import steps
from core.preprocessing.recipe import STEPS


@pytest.fixture(scope="module")
def good():
    """A dataset about which there is nothing to warn. Read only: copy it."""
    return human()


def same(one, other):
    difference = sparse.csr_matrix(one.X) != sparse.csr_matrix(other.X)
    return (
        difference.nnz == 0
        and one.obs_names.equals(other.obs_names)
        and one.var_names.equals(other.var_names)
    )


def repaired(adata, *names):
    """The repaired dataset; the source is found as it was."""
    before = adata.copy()
    made = steps.apply(adata, [{"name": n} for n in names])
    assert same(adata, before) and set(adata.uns) == set(before.uns)
    assert [one["name"] for one in steps.made_before(made)] == list(names)
    return made


@pytest.mark.parametrize("target", [1e4, 12_345.6, 1e6])
@pytest.mark.parametrize("ways", [1, 2])
def test_undoing_the_log_brings_the_counts_back(good, target, ways):
    adata = good[:, :3000].copy()
    counts = adata.X.copy()
    values = counts.multiply(target / counts.sum(axis=1)).tocsr()
    for _ in range(ways):
        values = values.log1p()
    adata.X = sparse.csr_matrix(values, dtype=np.float32)
    made = repaired(adata, "undo_log")
    assert checks.what_is(made.X).kind == "counts" and (counts != made.X).nnz == 0
    assert "100.0% of the cells" in steps.made_before(made)[0]["said"]


@pytest.mark.parametrize("log", [np.log1p, lambda v: np.log2(1 + v), lambda v: np.log10(1 + v)])
def test_the_base_of_the_log_is_found_when_genes_were_left_out(good, log):
    counts = good.X.toarray()[:, :400]
    values = log(counts / np.asarray(good.X.sum(axis=1)) * 1e4)
    adata = annotated(sparse.csr_matrix(values, dtype=np.float32))
    assert checks.what_is(adata.X).kind == "lognorm" and checks.what_is(adata.X).target_sum is None
    np.testing.assert_array_equal(repaired(adata, "undo_log").X.toarray(), counts)


def test_cells_whose_smallest_count_is_not_one_are_found_too():
    values = np.array([[2.0, 3, 8, 0], [4, 6, 9, 15], [1, 5, 0, 2]])
    grid = find_grid(sparse.csr_matrix(values / [[7], [3], [11]]))
    np.testing.assert_allclose(grid.factor, [7, 3, 11])
    assert grid.fits.all()


def test_a_column_with_the_sums_confirms_the_counts(good):
    adata = good.copy()
    adata.obs["total_counts"] = np.asarray(adata.X.sum(axis=1)).ravel()
    adata.X = sparse.csr_matrix(adata.X.multiply(1e4 / adata.X.sum(axis=1))).log1p().astype(np.float32)
    said = steps.made_before(repaired(adata, "undo_log"))[0]["said"]
    assert "'total_counts' confirms the sums of 100%" in said


def test_fractions_behind_a_log_stay_fractions_and_say_so():
    random = np.random.default_rng(0)
    adata = annotated(np.log1p(normalised(random.gamma(2, 1, (80, 60)))).astype(np.float32))
    made = repaired(adata, "undo_log")
    assert checks.what_is(made.X).kind == "normalized"
    assert "could not be restored to counts" in steps.made_before(made)[0]["said"]
    np.testing.assert_allclose(made.X.toarray(), np.expm1(adata.X), rtol=1e-5)


def test_raw_of_a_scaled_set_leads_back_to_counts_in_two_steps(good):
    adata = good.copy()
    counts = adata.X.copy()
    adata.obsm["X_pca"] = np.zeros((adata.n_obs, 2))
    adata.var["mean"] = 1.0
    adata.X = sparse.csr_matrix(counts.multiply(1e4 / counts.sum(axis=1))).log1p().astype(np.float32)
    adata.raw = adata
    adata = adata[:, :500].copy()
    adata.X = scaled(adata.X.toarray()).astype(np.float32)
    assert finding_of(adata, "no-counts").repair == "use_raw"
    logged = repaired(adata, "use_raw")
    assert logged.n_vars == good.n_vars and "X_pca" in logged.obsm and "mean" in logged.var
    assert finding_of(logged, "no-counts").repair == "undo_log"
    made = repaired(adata, "use_raw", "undo_log")
    assert (counts != made.X).nnz == 0
    assert "no-counts" not in codes(made)


def test_transposing_turns_matrix_layers_and_names(good):
    lying = AnnData(sparse.csr_matrix(good.X.T), obs=good.var.copy(), var=good.obs.copy())
    lying.layers["again"] = lying.X.copy()
    assert finding_of(lying, "transposed").repair == "transpose"
    made = repaired(lying, "transpose")
    assert same(made, good) and (made.layers["again"] != good.X).nnz == 0
    assert "transposed" not in codes(made)


def test_genes_that_share_a_name_are_told_apart_by_their_ids(good):
    adata = good.copy()
    adata.var["gene_ids"] = [f"ENSG{i:011d}" for i in range(adata.n_vars)]
    names = list(adata.var_names)
    names[100], names[101], names[102] = "TBCE", "TBCE", ""
    names[103] = "NKX2-1"  # no NKX2 beside it: a name of its own
    adata.var_names = names
    given = read.tidy(adata.copy(), "x")  # the reader numbers them, which loses which is which
    assert list(given.var_names[100:102]) == ["TBCE", "TBCE-1"]
    for one in (adata, given):
        assert finding_of(one, "gene-names-repeated").repair == "unique_names"
        made = repaired(one, "unique_names")
        assert list(made.var_names[100:104]) == [
            "TBCE-ENSG00000000100",
            "TBCE-ENSG00000000101",
            "ENSG00000000102",
            "NKX2-1",
        ]
        assert made.var_names.is_unique and made.var["name_before"].iloc[101] == one.var_names[101]


def test_names_without_ids_get_numbers(good):
    adata = good.copy()
    adata.var_names = ["TBCE", "TBCE", *adata.var_names[2:]]
    adata.obs_names = ["a", "a", *adata.obs_names[2:]]
    made = repaired(adata, "unique_names")
    assert list(made.var_names[:2]) == ["TBCE", "TBCE-1"] and list(made.obs_names[:2]) == ["a", "a-1"]
    assert not codes(made) & {"cell-names-repeated", "gene-names-repeated"}


def test_ids_become_symbols_where_var_knows_them(good):
    adata = good.copy()
    symbols = list(adata.var_names)
    symbols[60], symbols[61] = "TBCE", "TBCE"
    symbols[62] = np.nan
    adata.var["feature_name"] = symbols
    adata.var_names = [f"ENSG{i:011d}" for i in range(adata.n_vars)]
    assert finding_of(adata, "gene-names-ids").repair == "use_symbols"
    made = repaired(adata, "use_symbols")
    assert list(made.var_names[60:63]) == ["TBCE-ENSG00000000060", "TBCE-ENSG00000000061", "ENSG00000000062"]
    assert made.var_names[0] == "ACTB" and genes.species_of(made.var_names) == "human"


def test_versions_are_dropped(good):
    adata = good.copy()
    adata.var_names = ["ENSG00000141510.18", "ENSG00000141510.17", "ACTB", *adata.var_names[3:]]
    made = repaired(adata, "drop_versions")
    assert list(made.var_names[:3]) == ["ENSG00000141510", "ENSG00000141510-1", "ACTB"]


def test_empty_cells_are_dropped_with_all_that_is_known_of_them(good):
    adata = good.copy()
    adata.obsm["protein"] = pd.DataFrame(np.arange(220.0)[:, None], adata.obs_names, ["CD3"])
    set_values(adata, [3, 9], slice(None), 0)
    made = repaired(adata, "drop_empty_cells")
    assert made.n_obs == 218 and adata.obs_names[3] not in made.obs_names
    assert list(made.obsm["protein"]["CD3"][:4]) == [0, 1, 2, 4]
    assert "cells-empty" not in codes(made)


def test_antibodies_leave_the_genes_with_their_counts(good):
    adata = good.copy()
    tags = ["CD3_TotalSeqB", "CD4_TotalSeqB", "IgG1-isotype-control", "HTO-1"]
    adata.var_names = [*adata.var_names[:-4], *tags]
    adata.obsm["protein"] = pd.DataFrame(np.ones((220, 1), np.float32), adata.obs_names, ["CD8"])
    made = repaired(adata, "split_proteins")
    assert list(made.obsm["protein"].columns) == ["CD8", *tags] and made.n_vars == adata.n_vars - 4
    np.testing.assert_array_equal(made.obsm["protein"][tags], adata[:, tags].X.toarray())
    assert "proteins-hidden" not in codes(made)
    assert set(checks.examine(made).proteins.left_out) >= {"IgG1-isotype-control", "HTO-1"}


@pytest.mark.parametrize(
    "names, hidden",
    [
        (["ACTB", "CD4", "CD19", "CD8A"], []),  # genes, all of them
        (["ACTB", "CD3", "CD16"], []),  # two may be odd spellings
        (["ACTB", "CD3E", "CD3", "CD4", "CD16", "CD45RA"], ["CD3", "CD4", "CD16", "CD45RA"]),
        (["CD4", "ACTB", "GAPDH", "B2M", "ADT_CD4", "ADT_CD8"], ["ADT_CD4", "ADT_CD8"]),
        (["ACTB", "anti-CD3", "Mouse_IgG1_isotype_ctrl"], ["anti-CD3", "Mouse_IgG1_isotype_ctrl"]),
        (["ACTB", "Hashtag1_TotalSeqC", "HTO_2"], ["Hashtag1_TotalSeqC", "HTO_2"]),
    ],
)
def test_antibodies_are_told_from_genes(names, hidden):
    adata = annotated(np.ones((12, len(names)), np.float32))
    adata.var_names = names
    assert hidden_proteins(adata) == hidden


def test_real_genes_are_never_taken_for_antibodies(real_data):
    for name in ("pbmc3k", "baron_pancreas_human", "pbmc10k_citeseq"):
        assert hidden_proteins(read.read(real_data(f"{name}.h5ad"))) == []


@pytest.mark.parametrize(
    "name", sorted({name for name, step in STEPS.items() if step.repair} - {"transpose"})
)
def test_a_repair_that_does_not_apply_says_so(good, name):
    with pytest.raises(UserError, match=r"\.$"):
        steps.apply(good.copy(), [{"name": name}])


def test_an_unknown_repair_is_refused(good):
    with pytest.raises(UserError, match="no step 'glue'"):
        steps.apply(good.copy(), [{"name": "glue"}])


def test_the_record_of_repairs_survives_a_file(good, tmp_path):
    adata = good.copy()
    set_values(adata, 3, slice(None), 0)
    made = read.tidy(steps.apply(adata, [{"name": "drop_empty_cells"}]), "x")
    made.write_h5ad(tmp_path / "x.h5ad")
    (one,) = steps.made_before(read.read(tmp_path / "x.h5ad"))
    assert one["name"] == "drop_empty_cells" and one["said"] == "1 empty cell was removed; 219 remain."
    assert (one["before"]["cells"], one["after"]["cells"]) == (220, 219)


def test_the_record_offers_what_the_findings_ask_for(good):
    adata = good.copy()
    set_values(adata, 3, slice(None), 0)
    report = checks.examine(adata)
    record = json.loads(json.dumps(report.record()))
    assert report.repairs == ["drop_empty_cells"]
    assert record["badge"]["words"] == "X: counts" and record["matrices"]["X"]["kind"] == "counts"


def test_of_one_gene_or_name_it_is_said_in_the_singular(good):
    one = good.copy()
    one.var_names = ["", *one.var_names[1:]]
    assert (
        finding_of(one, "gene-names-empty").sentence == "1 gene is without a name, so it cannot be looked up."
    )
    twice = good.copy()
    twice.var_names = ["GAPDH", *twice.var_names[1:]]
    assert finding_of(twice, "gene-names-repeated").sentence.startswith(
        "1 gene name stands for more than one gene"
    )
    twice = good.copy()
    twice.obs_names = [twice.obs_names[1], *twice.obs_names[1:]]
    assert finding_of(twice, "cell-names-repeated").sentence.startswith("1 cell name is repeated")


def test_genes_of_raw_are_renamed_as_those_of_x(good):
    adata = good[:, :40].copy()
    adata.raw = good[:, :60].copy()
    adata.raw.var["gene_ids"] = [f"ENSG{i:011d}" for i in range(60)]
    for of in (adata, adata.raw):
        of.var.index = [f"GRCh38_{name}" for name in of.var.index]
    made = repaired(adata, "drop_genomes")
    assert list(made.raw.var_names) == list(good.var_names[:60])
    assert list(made.raw.var["name_before"])[:2] == list(adata.raw.var_names[:2])
    assert list(adata.raw.var_names)[0].startswith("GRCh38_")
