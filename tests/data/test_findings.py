"""Each finding has a file that brings it and one that does not; repairs do what they say and leave their source alone."""

import json

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse
from simulated import HUMAN, annotated, human, normalised, scaled

from core import device
from core.data import checks, demo, read
from core.data.checks import memory
from core.data.checks import species as genes
from core.data.checks.context import Case
from core.data.standalone import gene_families
from core.data.standalone.antibodies import hidden_proteins
from core.data.standalone.unlog import find_grid
from core.errors import UserError
from core.preprocessing import steps
from core.preprocessing.recipe import STEPS


@pytest.fixture(scope="module")
def good():
    """A dataset about which there is nothing to warn. Read only: copy it."""
    return human()


def codes(adata, **limits):
    return {finding.code for finding in checks.examine(adata, **limits).findings}


def found(adata, code, **limits):
    """The one finding of a code."""
    (one,) = [f for f in checks.examine(adata, **limits).findings if f.code == code]
    return one


def test_a_good_file_has_notes_alone(good):
    report = checks.examine(good)
    assert [f.code for f in report.findings if f.severity != "note"] == []
    assert codes(good) == {"x-holds", "species", "mito", "ribo", "haemo", "no-proteins"}
    assert report.species == "human" and report.badge["words"] == "X: counts"


def _named(adata, names):
    adata.var_names = list(names) + list(adata.var_names[len(names) :])


def _ids(adata):
    adata.var_names = [f"ENSG{i:011d}" for i in range(adata.n_vars)]


def _protein(adata, names, values):
    adata.obsm["protein"] = pd.DataFrame(np.tile(values, (adata.n_obs, 1)), adata.obs_names, names)
    adata.obsm["protein"].iloc[:, 0] += np.arange(adata.n_obs)


def _twice(adata, change):
    rows = adata.X[:5].toarray()
    at = np.argmax(rows > 0, axis=1)
    rows[np.arange(5), at] += change
    adata.X[5:10] = rows


def _set(adata, rows, columns, value):
    X = adata.X.tolil()
    X[rows, columns] = value
    adata.X = sparse.csr_matrix(X)


# code -> (what brings it about in a copy of the good file, its severity, its repair)
CAUSES = {
    "not-finite": (lambda a: _set(a, 3, 4, np.nan), "stop", "drop_not_finite"),
    "all-zero": (lambda a: setattr(a, "X", a.X * 0), "stop", None),
    "not-finite-elsewhere": (
        lambda a: a.layers.__setitem__("smooth", np.full(a.shape, np.nan, np.float32)),
        "warning",
        None,
    ),
    "also-holds": (lambda a: a.layers.__setitem__("logs", a.X.log1p()), "note", None),
    "counts-found": (
        lambda a: (a.layers.__setitem__("umi", a.X.copy()), setattr(a, "X", a.X.log1p())),
        "note",
        None,
    ),
    "no-counts": (lambda a: setattr(a, "X", a.X.log1p()), "warning", "undo_log"),
    "logged-twice": (lambda a: setattr(a, "X", a.X.log1p().log1p()), "warning", "undo_log"),
    "x-unfit": (lambda a: setattr(a, "X", a.X * 0.37), "warning", None),
    "some-genes": (lambda a: a.obs.__setitem__("total_counts", 9e5), "note", None),
    "cell-names-repeated": (
        lambda a: setattr(a, "obs_names", [*a.obs_names[:-1], a.obs_names[0]]),
        "warning",
        "unique_names",
    ),
    "gene-names-repeated": (lambda a: _named(a, ["ACTB", "ACTB"]), "warning", "unique_names"),
    "gene-names-empty": (lambda a: _named(a, [""]), "warning", None),
    "gene-names-mixed": (lambda a: _named(a, [f"ENSG{i:011d}" for i in range(900)]), "note", None),
    "gene-names-ids": (_ids, "note", None),
    "gene-genomes": (lambda a: _named(a, [f"GRCh38_{n}" for n in HUMAN]), "note", "drop_genomes"),
    "gene-dates": (lambda a: _named(a, ["9-Sep", "1-Mar"]), "warning", "restore_date_genes"),
    "gene-numbers": (lambda a: _named(a, ["2.31E+19"]), "note", None),
    "gene-versions": (lambda a: _named(a, ["ENSG00000141510.18"]), "note", "drop_versions"),
    "species-unknown": (lambda a: setattr(a, "var_names", [f"g{i}" for i in range(a.n_vars)]), "note", None),
    "species-mixed": (
        lambda a: setattr(
            a, "var_names", [f"{'mm10___' if i % 2 else 'GRCh38_'}{n}" for i, n in enumerate(a.var_names)]
        ),
        "warning",
        None,
    ),
    "mito-lost": (lambda a: _named(a, [n.replace("MT-", "AT-") for n in HUMAN]), "warning", None),
    "mito-column": (
        lambda a: (
            _named(a, [n.replace("MT-", "AT-") for n in HUMAN]),
            a.obs.__setitem__("pct_counts_mt", 4.2),
        ),
        "note",
        None,
    ),
    "ribo-lost": (lambda a: _named(a, [n.replace("RPL", "RPQ") for n in HUMAN]), "note", None),
    "haemo-lost": (lambda a: _named(a, [n.replace("HBB", "HBS1L") for n in HUMAN]), "note", None),
    "few-cells": (lambda a: a._inplace_subset_obs(np.arange(100)), "warning", None),
    "cells-empty": (lambda a: _set(a, 7, slice(None), 0), "warning", "drop_empty_cells"),
    "unfiltered": (lambda a: _set(a, slice(0, 150), slice(None), 0), "warning", "drop_empty_cells"),
    "genes-silent": (lambda a: _set(a, slice(None), 50, 0), "note", None),
    "genes-constant": (lambda a: _set(a, slice(None), 50, 2), "note", None),
    "cells-twice": (lambda a: _twice(a, 0), "warning", None),
    "cells-nearly-twice": (lambda a: _twice(a, 1), "warning", None),
    "proteins-hidden": (lambda a: _named(a, ["ADT_CD3", "CD4_TotalSeqB"]), "warning", "split_proteins"),
    "proteins-left-out": (lambda a: _protein(a, ["CD3", "IgG1-isotype"], [2, 3]), "note", None),
    "hashtags": (lambda a: _protein(a, ["CD3", "HTO-1"], [2, 3]), "note", None),
    "proteins-constant": (lambda a: _protein(a, ["CD3", "CD4"], [2, 0]), "warning", None),
    "proteins-not-counts": (lambda a: _protein(a, ["CD3"], [0.5]), "warning", None),
    "columns-labels": (lambda a: a.obs.__setitem__("cell_type", ["a", "b"] * 110), "note", None),
    "columns-batch": (lambda a: a.obs.__setitem__("donor", ["a", "b"] * 110), "note", None),
    "batch-of-one": (lambda a: a.obs.__setitem__("donor", ["a", *"b" * 219]), "warning", None),
    "batch-in-barcodes": (
        lambda a: setattr(a, "obs_names", [f"{n[:-1]}{1 + i % 2}" for i, n in enumerate(a.obs_names)]),
        "note",
        None,
    ),
    "read": (lambda a: a.uns.__setitem__("nuwa_read", ["Something was changed."]), "note", None),
}


@pytest.mark.parametrize("code", CAUSES)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_each_finding_is_brought_about_by_its_cause(good, code):
    change, severity, repair = CAUSES[code]
    adata = good.copy()
    change(adata)
    one = found(adata, code)
    assert (one.severity, one.repair) == (severity, repair)
    assert one.sentence[0].isupper() or one.sentence[0] in ".0123456789" or one.sentence.startswith("layers")
    assert one.sentence.endswith(".") and len(one.sentence) < 260
    assert repair is None or repair in STEPS


def test_every_code_of_the_source_is_brought_about_here_or_below():
    import re
    from pathlib import Path

    folder = Path(checks.__file__).parent
    named = {c for p in folder.glob("*.py") for c in re.findall(r'Finding\(\s*"([a-z-]+)"', p.read_text())}
    below = {"transposed", "size-ram", "size-gpu", "clr", "raw-colours", "not-numbers"}
    plain = {"x-holds", "species", "mito", "no-proteins"}
    assert named - set(CAUSES) - below - plain == set()
    assert len(CAUSES) + len(below) + len(plain) > 40


@pytest.mark.parametrize(
    "name, values, sure",
    [
        ("donor_id", ["a", "b"] * 110, True),
        ("orig.sample", ["a", "b"] * 110, False),
        ("Batch", ["a", "b"] * 110, True),
        ("sample_type", ["a", "b"] * 110, False),
        ("donor", ["a"] * 195 + ["b"] * 25, False),  # too few cells for limits of their own
        ("donor", ["a", None] * 110, False),
        ("donor", [str(i % 20) for i in range(220)], False),
    ],
)
def test_the_batch_column_is_taken_only_where_there_is_no_doubt(good, name, values, sure):
    adata = good.copy()
    adata.obs[name] = pd.Categorical(values)
    assert checks.examine(adata).batch == (name if sure else None)
    adata.obs["lane"] = pd.Categorical(["1", "2"] * 110)
    assert checks.examine(adata).batch == (None if sure else "lane")


def test_log_ratios_and_text_and_a_logged_raw_are_told(good):
    adata = good[:, :40].copy()
    values = adata.X.toarray()
    adata.X = np.log1p(values / np.exp(np.log1p(values).mean(axis=1, keepdims=True)))
    assert found(adata, "clr").severity == "warning"
    assert "clr" not in codes(good)
    text = AnnData(np.array([["a"] * 30] * 20, dtype=object))
    assert found(text, "not-numbers").severity == "stop"
    assert "raw-colours" in codes(demo.pbmc68k()) and "raw-colours" not in codes(good)


def test_size_is_held_against_memory(good):
    need = memory.needed(Case(good))
    assert 3 * 8 * good.X.count_nonzero() == need  # values and indices, three times
    assert "size-ram" not in codes(good, memory=1 << 40, gpu_memory=1 << 40)
    assert "more than half" in found(good, "size-ram", memory=int(1.5 * need)).sentence
    assert "larger than" in found(good, "size-ram", memory=need // 2).sentence
    assert "size-gpu" not in codes(good, memory=1 << 40)
    assert "a batch at a time" in found(good, "size-gpu", memory=1 << 40, gpu_memory=need // 3).sentence
    assert 0 < device.memory() <= 1 << 46


# --- names of genes


@pytest.mark.parametrize(
    "names, species",
    [
        (HUMAN, "human"),
        (["Actb", "Gapdh", "Malat1", "mt-Nd1"], "mouse"),
        ([f"ENSG{i:011d}.3" for i in range(9)], "human"),
        ([f"ENSMUSG{i:011d}" for i in range(9)], "mouse"),
        ([f"ENSDARG{i:011d}" for i in range(9)], "zebrafish"),
        (
            ["GRCh38_ACTB", "GRCh38_GAPDH", "GRCh38_B2M", "mm10___Actb", "mm10___Gapdh", "mm10___B2m"],
            "human and mouse",
        ),
        ([f"SIM-{i}" for i in range(50)], ""),
        (["ACTB", "foo"], ""),
        ([], ""),
    ],
)
def test_the_species_is_told_by_the_names(names, species):
    assert genes.species_of(names) == species


def test_sets_of_genes_hold_their_members_and_no_look_alikes():
    names = ["MT-ND1", "mt-Co1", "ENSG00000198888", "ENSMUSG00000064341.2", "MTOR", "MT1X", "MTND1P23"]
    names += ["RPL3", "Rps4x", "RPLP0", "RPS27A", "RPL36AL", "Rpl13a", "RPSA", "RPS6KA1", "RPL7P1", "MRPL3"]
    names += ["HBB", "Hba-a1", "ENSG00000244734", "HBEGF", "HBS1L", "HBP1"]
    held = gene_families.members(names)
    assert list(np.flatnonzero(held["mito"])) == [0, 1, 2, 3]
    assert list(np.flatnonzero(held["ribo"])) == [7, 8, 9, 10, 11, 12, 13]
    assert list(np.flatnonzero(held["haemo"])) == [17, 18, 19]


def test_tables_of_gene_ids_have_the_form_of_ensembl():
    tables = (
        gene_families.MITO_HUMAN,
        gene_families.MITO_MOUSE,
        gene_families.HAEMO_HUMAN,
        gene_families.HAEMO_MOUSE,
    )
    ids = [id for table in tables for id in table.values() if id]
    assert all(gene_families.ENSEMBL.match(id) for id in ids) and len(set(ids)) == len(ids)
    assert len(gene_families.MITO_HUMAN) == len(gene_families.MITO_MOUSE) == 13


@pytest.mark.parametrize("name", ["pbmc10k_citeseq", "pbmc3k", "baron_pancreas_human"])
def test_shares_of_gene_sets_agree_with_scanpy(real_data, name):
    import scanpy

    adata = read.read(real_data(f"{name}.h5ad"))
    report = checks.examine(adata)
    adata.var["mito"] = adata.var_names.str.startswith("MT-")
    adata.var["ribo"] = gene_families.members(adata.var_names)["ribo"]
    table, _ = scanpy.pp.calculate_qc_metrics(adata, qc_vars=["mito", "ribo"], percent_top=None, log1p=False)
    for which in ("mito", "ribo"):
        if which == "mito" and name == "pbmc10k_citeseq":
            np.testing.assert_allclose(report.shares[which], adata.obs["pct_mito"], rtol=1e-6)
        elif adata.var[which].any():
            np.testing.assert_allclose(
                report.shares[which], table[f"pct_counts_{which}"], rtol=1e-4, atol=1e-4
            )
        else:
            assert which not in report.shares
    if name == "pbmc10k_citeseq":  # variable genes alone: what was measured over all genes is taken from obs
        np.testing.assert_array_equal(report.n_counts, adata.obs["n_counts_all_genes"])
        np.testing.assert_array_equal(report.n_genes, adata.obs["n_genes_all_genes"])
        assert {"some-genes", "mito-column"} <= {f.code for f in report.findings}
    else:
        np.testing.assert_allclose(report.n_counts, table["total_counts"])
        np.testing.assert_array_equal(report.n_genes, table["n_genes_by_counts"])
    if name == "baron_pancreas_human":
        assert "mito-lost" in {f.code for f in report.findings}
    if name == "pbmc3k":  # its own columns agree, measured by the tutorial that made it
        np.testing.assert_allclose(report.shares["mito"] / 100, adata.obs["percent_mito"], atol=2e-3)


# --- repairs


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
    assert found(adata, "no-counts").repair == "use_raw"
    logged = repaired(adata, "use_raw")
    assert logged.n_vars == good.n_vars and "X_pca" in logged.obsm and "mean" in logged.var
    assert found(logged, "no-counts").repair == "undo_log"
    made = repaired(adata, "use_raw", "undo_log")
    assert (counts != made.X).nnz == 0
    assert "no-counts" not in codes(made)


def test_transposing_turns_matrix_layers_and_names(good):
    lying = AnnData(sparse.csr_matrix(good.X.T), obs=good.var.copy(), var=good.obs.copy())
    lying.layers["again"] = lying.X.copy()
    assert found(lying, "transposed").repair == "transpose"
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
        assert found(one, "gene-names-repeated").repair == "unique_names"
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
    _ids(adata)
    assert found(adata, "gene-names-ids").repair == "use_symbols"
    made = repaired(adata, "use_symbols")
    assert list(made.var_names[60:63]) == ["TBCE-ENSG00000000060", "TBCE-ENSG00000000061", "ENSG00000000062"]
    assert made.var_names[0] == "ACTB" and genes.species_of(made.var_names) == "human"


def test_versions_are_dropped(good):
    adata = good.copy()
    _named(adata, ["ENSG00000141510.18", "ENSG00000141510.17", "ACTB"])
    made = repaired(adata, "drop_versions")
    assert list(made.var_names[:3]) == ["ENSG00000141510", "ENSG00000141510-1", "ACTB"]


def test_empty_cells_are_dropped_with_all_that_is_known_of_them(good):
    adata = good.copy()
    adata.obsm["protein"] = pd.DataFrame(np.arange(220.0)[:, None], adata.obs_names, ["CD3"])
    _set(adata, [3, 9], slice(None), 0)
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
    _set(adata, 3, slice(None), 0)
    made = read.tidy(steps.apply(adata, [{"name": "drop_empty_cells"}]), "x")
    made.write_h5ad(tmp_path / "x.h5ad")
    (one,) = steps.made_before(read.read(tmp_path / "x.h5ad"))
    assert one["name"] == "drop_empty_cells" and one["said"] == "1 empty cell was removed; 219 remain."
    assert (one["before"]["cells"], one["after"]["cells"]) == (220, 219)


def test_the_record_offers_what_the_findings_ask_for(good):
    adata = good.copy()
    _set(adata, 3, slice(None), 0)
    report = checks.examine(adata)
    record = json.loads(json.dumps(report.record()))
    assert report.repairs == ["drop_empty_cells"]
    assert record["badge"]["words"] == "X: counts" and record["matrices"]["X"]["kind"] == "counts"


def test_of_one_gene_or_name_it_is_said_in_the_singular(good):
    one = good.copy()
    one.var_names = ["", *one.var_names[1:]]
    assert found(one, "gene-names-empty").sentence == "1 gene is without a name, so it cannot be looked up."
    twice = good.copy()
    twice.var_names = ["GAPDH", *twice.var_names[1:]]
    assert found(twice, "gene-names-repeated").sentence.startswith(
        "1 gene name stands for more than one gene"
    )
    twice = good.copy()
    twice.obs_names = [twice.obs_names[1], *twice.obs_names[1:]]
    assert found(twice, "cell-names-repeated").sentence.startswith("1 cell name is repeated")
