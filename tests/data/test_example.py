"""The CITE-seq example that Nuwa ships: what its file holds, under which licence, and how it was made."""

import numpy as np
import pytest
from scipy import sparse

from core.analysis import cell_types
from core.data import DEMO_TITLES, EXAMPLE, checks, demo
from core.data.standalone.gene_lookup import find_genes


@pytest.fixture(scope="module")
def example():
    return demo.pbmc_citeseq()


def test_the_example_has_the_size_that_its_title_says(example):
    assert 1_000 <= example.n_obs <= 2_000 and example.obsm["protein"].shape == (example.n_obs, 17)
    assert f"{example.n_obs:,} cells, 17 proteins" in DEMO_TITLES[EXAMPLE]
    assert demo.EXAMPLE_FILE.stat().st_size < 4e6


def test_the_example_holds_raw_counts_of_genes_and_proteins(example):
    assert sparse.isspmatrix_csr(example.X) and example.X.nnz and example.X.min() >= 0
    assert (example.X.data == np.round(example.X.data)).all()
    proteins = example.obsm["protein"].to_numpy()
    assert (proteins == np.round(proteins)).all() and proteins.min() >= 0 and proteins.sum(axis=0).min() > 0


def test_the_example_has_labels_and_isotype_controls(example):
    assert {"CD4+ T-cells", "Monocytes", "B-cells"} <= set(example.obs["cell_type"])
    assert 10 <= example.obs["cell_type_fine"].nunique() <= 20
    assert set(example.uns["isotype_controls"]) == {"IgG1", "IgG2a", "IgG2b"}


def test_the_example_has_the_genes_that_name_its_cells(example):
    named = cell_types.shipped("pbmc")
    for cell_type in ("CD4 T cells", "CD8 T cells", "NK cells", "B cells", "CD14 monocytes"):
        there = [gene for gene in find_genes(named[cell_type], example.var_names) if gene]
        assert len(there) >= 5, cell_type
    assert any(name.startswith("MT-") for name in example.var_names)
    assert {"CD4", "CD14", "CD19"} <= set(example.var_names)  # the genes of its antibodies


def test_the_example_can_be_trained_on_and_asks_nothing(example):
    report = checks.examine(example).record()
    assert not [f for f in report["findings"] if f["severity"] == "stop" or f["repair"]]
    assert set(report["proteins_left_out"]) == {"IgG1", "IgG2a", "IgG2b"} and report["batch"] is None


def test_origin_and_licence_lie_beside_the_example(example):
    text = (demo.EXAMPLE_FILE.parent / "LICENSE.md").read_text()
    assert "CC BY 4.0" in text and "10x Genomics" in text and "scripts/make_example.py" in text
    assert f"{example.n_obs:,} " in text and f"{example.n_vars:,} genes" in text
    assert "CC BY 4.0" in example.uns["source"] and f"{example.n_vars:,} genes" in example.uns["source"]


@pytest.mark.slow
def test_the_script_makes_the_same_example_again(example, real_data, tmp_path):
    from scripts import make_example

    make_example.main([str(real_data("pbmc10k_citeseq.h5ad")), "--out", str(tmp_path / "again.h5ad")])
    assert (tmp_path / "again.h5ad").stat().st_size < 4e6
    import anndata

    again = anndata.read_h5ad(tmp_path / "again.h5ad")
    assert (again.X != example.X).nnz == 0 and list(again.var_names) == list(example.var_names)
    assert again.obsm["protein"].equals(example.obsm["protein"]) and list(again.obs_names) == list(
        example.obs_names
    )
