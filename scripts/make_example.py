"""Make the CITE-seq example that Nuwa ships: `python scripts/make_example.py SOURCE`. Seconds; the same file every time.

SOURCE is an .h5ad of the 10x Genomics dataset pbmc_10k_protein_v3: raw counts in X, a table of proteins in
obsm["protein"], the labels `cell_type` and `cell_type_fine`, isotype controls in uns. What is kept of it:

- cells: N_CELLS, drawn at random (SEED) within each `cell_type_fine` in its share, so that rare types stay;
- genes: the N_GENES that vary most (seurat_v3, on these cells), mitochondrial genes, the genes of the marker sets of
  core/analysis/cell_types, and the genes of the antibodies; all of them found in 3 of the cells or more;
- proteins: all of them, with the isotype controls.

core/data/examples/LICENSE.md says where the data come from and under which licence they are.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import anndata  # noqa: E402  after the path
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import scanpy  # noqa: E402
from scipy import sparse  # noqa: E402

from core.analysis import cell_types  # noqa: E402
from core.data.demo import EXAMPLE_FILE  # noqa: E402
from core.data.standalone.gene_lookup import find_genes  # noqa: E402

SEED, N_CELLS, N_GENES, LEAST_CELLS = 0, 1_500, 3_000, 3
LABELS = ["cell_type", "cell_type_fine"]
SOURCE = (
    "10x Genomics, 10k PBMCs from a Healthy Donor, Gene Expression with a Panel of TotalSeq-B Antibodies "
    "(pbmc_10k_protein_v3, 2018), CC BY 4.0; {cells:,} cells and {genes:,} genes of it"
)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", help="the .h5ad of pbmc_10k_protein_v3")
    parser.add_argument("--out", default=EXAMPLE_FILE, help="the file to write (%(default)s)")
    chosen = parser.parse_args(arguments)
    example = reduced(anndata.read_h5ad(chosen.source))
    example.write_h5ad(chosen.out, compression="gzip", compression_opts=9)
    size = Path(chosen.out).stat().st_size / 1e6
    print(f"{chosen.out}: {example.n_obs:,} cells, {example.n_vars:,} genes, {size:.2f} MB")


def reduced(whole):
    """The AnnData of the example from that of the whole dataset."""
    cells = whole[rows_by_share(whole.obs["cell_type_fine"], N_CELLS, SEED)].copy()
    cells = cells[:, np.asarray((cells.X > 0).sum(axis=0)).ravel() >= LEAST_CELLS].copy()
    ranked = scanpy.pp.highly_variable_genes(cells, n_top_genes=N_GENES, flavor="seurat_v3", inplace=False)
    wanted = {
        gene for name in cell_types.SETS for genes in cell_types.shipped(name).values() for gene in genes
    }
    wanted |= set(cells.obsm["protein"].columns)
    named = {gene for gene in find_genes(sorted(wanted), cells.var_names) if gene}
    keep = ranked["highly_variable"].to_numpy() | cells.var_names.isin(named)
    keep |= cells.var_names.str.startswith("MT-")
    counts = sparse.csr_matrix(cells.X[:, keep], dtype=np.float32)
    obs = pd.DataFrame({name: cells.obs[name].astype(str).astype("category") for name in LABELS})
    example = anndata.AnnData(counts, obs, pd.DataFrame(index=cells.var_names[keep]))
    example.obsm["protein"] = cells.obsm["protein"].astype(np.float32)
    example.uns["isotype_controls"] = [str(name) for name in cells.uns["isotype_controls"]]
    example.uns["source"] = SOURCE.format(cells=example.n_obs, genes=example.n_vars)
    return example


def rows_by_share(labels, n, seed):
    """(n,) rows in their order: of each label as many as its share of all cells, by largest remainder."""
    shares = labels.value_counts().sort_index()
    exact = shares * n / len(labels)
    sizes = exact.astype(int)
    rest = (exact - sizes).sort_values(ascending=False, kind="stable").index[: n - sizes.sum()]
    sizes[rest] += 1
    random = np.random.default_rng(seed)
    drawn = [
        random.choice(np.flatnonzero(labels == name), size, replace=False) for name, size in sizes.items()
    ]
    return np.sort(np.concatenate(drawn))


if __name__ == "__main__":
    main()
