"""Genes that are used always, never, or for their variance: what was asked for is done, and what could not be is said."""

import numpy as np
import pytest
import scanpy as sc
from anndata import AnnData

from core.config import RunConfig, parse
from core.data import demo
from core.data.checks import species
from core.data.count_sources import source_of
from core.errors import UserError
from core.preprocessing.gene_selection import CHOSEN, KEPT, NEVER, choose
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.sparse.moments import survey
from core.text import near

FAMILIES = ("MT-ND1", "MT-CO1", "RPS6", "RPLP0", "TOP2A", "MKI67", "MCM5")


@pytest.fixture(scope="module")
def cells():
    """500 simulated cells, 300 genes of which some have human names of note, in batches of which one is small."""
    adata = demo.simulated(n_cells=500, n_genes=320, n_proteins=0)
    seen = adata.X[split_cells(500, RunConfig()).train].sum(axis=0).A1 > 20
    adata = adata[:, np.flatnonzero(seen)[:300]].copy()
    adata.var_names = [*FAMILIES, *adata.var_names[len(FAMILIES) :]]
    adata.obs["chip"] = np.select([np.arange(500) < 15, np.arange(500) % 2 == 0], ["few", "b"], "c")
    return adata


def prepared(adata, **settings):
    config = parse({"n_top_genes": 60} | settings)
    return prepare(adata, config, split_cells(adata.n_obs, config))


def stats(adata, **settings):
    """The picture of the same choice."""
    source, train = source_of(adata), split_cells(adata.n_obs, RunConfig()).train
    config = parse({"n_top_genes": 60} | settings)
    return choose(adata, source, survey(source.values, train), config, train, applies=True).stats


def by_role(picture, role):
    return set(picture["names"][picture["role"] == role])


@pytest.mark.parametrize("flavor", ["seurat_v3", "seurat", "cell_ranger"])
@pytest.mark.parametrize("key", [None, "chip"])
def test_the_choice_is_scanpys_on_the_training_cells_and_genes_that_are_left(cells, flavor, key):
    first, second = cells.var_names[10:12]
    settings = {
        "hvg_flavor": flavor,
        "hvg_batch_key": key,
        "drop_genes": f"{first} {second}",
        "drop_mito": True,
    }
    matrix = prepared(cells, **settings)
    part = cells[split_cells(500, RunConfig()).train].copy()
    if flavor != "seurat_v3":
        sc.pp.normalize_total(part, target_sum=1e4)
        sc.pp.log1p(part)
    part = part[:, ~part.var_names.isin([first, second, "MT-ND1", "MT-CO1"])]
    part = part[part.obs["chip"] != "few"] if key else part
    sc.pp.highly_variable_genes(part := part.copy(), flavor=flavor, n_top_genes=60, batch_key=key)
    assert set(matrix.genes) == set(part.var_names[part.var["highly_variable"]])
    picture = stats(cells, **settings)
    assert by_role(picture, CHOSEN) == set(matrix.genes) and picture["flavor"] == flavor
    assert by_role(picture, NEVER) == {first, second, "MT-ND1", "MT-CO1"}
    assert any("'few' of 'chip': fewer than 20" in note for note in matrix.notes) == bool(key)


def test_genes_to_keep_come_on_top_and_those_never_used_make_room(cells):
    plain = prepared(cells)
    first, others = plain.genes[0], [name for name in cells.var_names if name not in plain.genes]
    kept = prepared(cells, keep_genes=f"{others[-1]}, {first}")
    assert set(kept.genes) == {*plain.genes, others[-1]}
    assert by_role(stats(cells, keep_genes=f"{others[-1]}, {first}"), KEPT) == {first, others[-1]}
    assert any("genes to the 60 variable genes" in note for note in kept.notes)
    without = prepared(cells, drop_genes=first)
    assert without.n_genes == 60 and first not in without.genes
    np.testing.assert_array_equal(without.rna.size, plain.rna.size)  # the totals count it still


@pytest.mark.parametrize(
    ("switch", "gone"),
    [
        ("drop_mito", {"MT-ND1", "MT-CO1"}),
        ("drop_ribo", {"RPS6", "RPLP0"}),
        ("drop_cell_cycle", {"TOP2A", "MCM5"}),
    ],
)
def test_a_switch_leaves_its_family_out_but_for_what_is_to_be_kept(cells, switch, gone):
    kept = {"keep_genes": "MKI67", "n_top_genes": 0, switch: True}
    assert set(cells.var_names) - set(prepared(cells, **kept).genes) == gone
    mouse = cells.copy()
    mouse.var_names = [
        name.capitalize().replace("Mt-n", "mt-N").replace("Mt-c", "mt-C") for name in cells.var_names
    ]
    left = set(prepared(mouse, **kept | {"keep_genes": "Mki67"}).genes)
    assert {name.upper() for name in set(mouse.var_names) - left} == gone


def test_a_family_that_is_not_there_is_said(cells):
    other = cells[:, 20:].copy()
    assert any("no mitochondrial genes to remove" in note for note in prepared(other, drop_mito=True).notes)


def test_unknown_gene_names_are_reported_with_the_nearest(cells):
    notes = prepared(cells, keep_genes="mki67, TOP2, MCM5").notes
    assert any("'TOP2' (near: TOP2A); 2 of the 3 names" in note for note in notes)
    assert any("read 'mki67' as MKI67" in note for note in notes)
    with pytest.raises(UserError, match="Never use .drop_genes.: the dataset has no gene 'MCM' .near: MCM"):
        prepared(cells, drop_genes="MCM")
    with pytest.raises(UserError, match="MKI67 is in both lists"):
        prepared(cells, keep_genes="mki67", drop_genes="KI67")
    assert near("cd3e", ["CD3D", "CD3E", "cd3d"], 2) == ["CD3E", "cd3d"]


def test_a_kept_gene_that_teaches_nothing_is_said(cells):
    odd, split = cells.copy(), split_cells(500, RunConfig())
    odd.X = odd.X.toarray()
    odd.X[split.train, 5] = 0
    matrix = prepared(odd, keep_genes="MKI67")
    assert "MKI67" not in matrix.genes
    assert any("'MKI67': in the list Always use, but zero" in note for note in matrix.notes)


def test_no_gene_left_and_a_column_of_no_batches_are_refused(cells):
    with pytest.raises(UserError, match="all genes are in the list Never use"):
        prepared(cells, drop_genes="\n".join(cells.var_names))
    with pytest.raises(UserError, match="no obs column 'donor' for choosing genes within batches"):
        prepared(cells, hvg_batch_key="donor", n_top_genes=0)
    with pytest.raises(UserError, match="No gene varies"):
        prepared(AnnData(np.ones((60, 80), np.float32)), hvg_flavor="seurat")


def test_a_batch_in_which_hardly_a_gene_varies_has_no_say(cells):
    """The library that fits the curve ends its process where fewer than four genes vary."""
    odd = cells.copy()
    odd.X = odd.X.toarray()
    odd.X[:200] = odd.X[0]
    odd.obs["chip"] = np.select([np.arange(500) < 200, np.arange(500) % 2 == 0], ["same", "b"], "c")
    matrix = prepared(odd, hvg_batch_key="chip")
    assert matrix.n_genes == 60 and any("'same' of 'chip': too few" in note for note in matrix.notes)
    with pytest.raises(UserError, match="No gene varies"):
        prepared(AnnData(np.ones((60, 80), np.float32)))


def test_batches_that_are_all_too_small_are_put_together(cells):
    odd = cells.copy()
    odd.obs["chip"] = (np.arange(500) // 10).astype(str)
    matrix = prepared(odd, hvg_batch_key="chip")
    assert set(matrix.genes) == set(prepared(cells).genes)
    assert any("selected over all cells together" in note for note in matrix.notes)


def test_a_method_that_fails_gives_way_and_says_so():
    counts = np.random.default_rng(0).poisson(1, (60, 200)).astype(np.float32)
    counts[:, 1:150] = counts[:, :1]
    matrix = prepared(AnnData(counts), hvg_flavor="cell_ranger")  # too many genes have the same mean
    assert any("cell_ranger could not bin the genes by their means" in note for note in matrix.notes)
    logged = AnnData(np.log1p(1e4 * counts / counts.sum(axis=1, keepdims=True)))
    matrix = prepared(logged)
    assert matrix.kind == "lognorm"
    assert any("seurat_v3 needs raw counts" in note for note in matrix.notes)


def test_cell_cycle_genes_are_known_by_old_and_new_symbols_of_both_species():
    names = ["MCM5", "Mlf1ip", "CENPU", "GRCh38_TOP2A", "ACTB"]
    assert species.in_cycle(names).tolist() == [True, True, True, True, False]
