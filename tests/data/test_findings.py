"""Each finding has a file that brings it and one that does not."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse
from simulated import HUMAN, codes, finding_of, human, set_values

from core import device
from core.data import checks, demo, read
from core.data.checks import memory
from core.data.checks import species as genes
from core.data.checks.context import Case
from core.data.standalone import gene_families
from core.preprocessing.recipe import STEPS


@pytest.fixture(scope="module")
def good():
    """A dataset about which there is nothing to warn. Read only: copy it."""
    return human()


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


# code -> (what brings it about in a copy of the good file, its severity, its repair)
CAUSES = {
    "not-finite": (lambda a: set_values(a, 3, 4, np.nan), "stop", "drop_not_finite"),
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
    "cells-empty": (lambda a: set_values(a, 7, slice(None), 0), "warning", "drop_empty_cells"),
    "unfiltered": (lambda a: set_values(a, slice(0, 150), slice(None), 0), "warning", "drop_empty_cells"),
    "genes-silent": (lambda a: set_values(a, slice(None), 50, 0), "note", None),
    "genes-constant": (lambda a: set_values(a, slice(None), 50, 2), "note", None),
    "cells-twice": (lambda a: _twice(a, 0), "warning", None),
    "cells-nearly-twice": (lambda a: _twice(a, 1), "warning", None),
    "proteins-hidden": (lambda a: _named(a, ["ADT_CD3", "CD4_TotalSeqB"]), "warning", "split_proteins"),
    "proteins-left-out": (lambda a: _protein(a, ["CD3", "IgG1-isotype"], [2, 3]), "note", None),
    "hashtags": (lambda a: _protein(a, ["CD3", "HTO-1"], [2, 3]), "note", None),
    "hashtags-found": (
        lambda a: a.obsm.__setitem__("HTO", np.ones((a.n_obs, 3), np.float32)),
        "note",
        None,
    ),
    "hashtag-doublets": (
        lambda a: a.obs.__setitem__("hashtag_class", ["singlet", "doublet"] * 110),
        "warning",
        "drop_hashtag_doublets",
    ),
    "proteins-missing": (
        lambda a: (
            _protein(a, ["CD3", "CD4"], [2, 3]),
            a.obsm["protein"].__setitem__("CD4", [np.nan] * 20 + [3.0] * 200),
        ),
        "warning",
        "drop_unmeasured_cells",
    ),
    "proteins-masked": (
        lambda a: (
            _protein(a, ["CD3", "CD4"], [2, 3]),
            a.obsm["protein"].__setitem__("CD4", [np.nan] * 20 + [3.0] * 200),
            a.uns.__setitem__("nuwa_masked_proteins", True),
        ),
        "note",
        None,
    ),
    "spliced-only": (
        lambda a: (
            a.layers.__setitem__("spliced", a.X.copy()),
            a.layers.__setitem__("unspliced", 2 * a.X),
        ),
        "warning",
        None,
    ),
    "mixed-values": (
        lambda a: setattr(a, "X", sparse.vstack([a.X[:110], a.X[110:].log1p()], format="csr")),
        "warning",
        "undo_log_in_some_cells",
    ),
    "proteins-constant": (lambda a: _protein(a, ["CD3", "CD4"], [2, 0]), "warning", None),
    "proteins-not-counts": (lambda a: _protein(a, ["CD3"], [0.5]), "warning", None),
    "columns-labels": (lambda a: a.obs.__setitem__("cell_type", ["a", "b"] * 110), "note", None),
    "columns-batch": (lambda a: a.obs.__setitem__("donor", ["a", "b"] * 110), "note", None),
    "batch-missing": (lambda a: a.obs.__setitem__("donor", [None, *"ab" * 109, "a"]), "warning", None),
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
    one = finding_of(adata, code)
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
    assert finding_of(adata, "clr").severity == "warning"
    assert "clr" not in codes(good)
    text = AnnData(np.array([["a"] * 30] * 20, dtype=object))
    assert finding_of(text, "not-numbers").severity == "stop"
    assert "raw-colours" in codes(demo.pbmc68k()) and "raw-colours" not in codes(good)


def test_size_is_held_against_memory(good):
    need = memory.needed(Case(good))
    assert 3 * 8 * good.X.count_nonzero() == need  # values and indices, three times
    assert "size-ram" not in codes(good, memory=1 << 40, gpu_memory=1 << 40)
    assert "more than half" in finding_of(good, "size-ram", memory=int(1.5 * need)).sentence
    assert "larger than" in finding_of(good, "size-ram", memory=need // 2).sentence
    assert "size-gpu" not in codes(good, memory=1 << 40)
    assert "a batch at a time" in finding_of(good, "size-gpu", memory=1 << 40, gpu_memory=need // 3).sentence
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
