"""Datasets to start with: a real CITE-seq set, one simulated, one real that scanpy ships; nothing is fetched."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData, read_h5ad
from scipy import sparse

from core.data import DEMO_TITLES
from core.data.normal_form import tidy

TYPES = tuple(f"type {letter}" for letter in "ABCDEFGH")
SHARES = np.array([0.22, 0.18, 0.16, 0.14, 0.11, 0.09, 0.07, 0.03])  # the rarest is 3 % of the cells
# Types of one family share most of their markers. A and B, and C and D, differ weakly in RNA and clearly
# in protein, as naive and memory T cells do (CD45RA, CD45RO): that is what proteins are measured for.
FAMILIES = np.array([0, 0, 1, 1, 2, 3, 3, 4])
WEAK = np.array([True, True, True, True, False, False, False, False])

LIBRARY = 4_000  # median counts of a cell
DISPERSION = 4.0  # of the negative binomial: variance = mean + mean^2 / 4
ISOTYPES = ("IgG1-isotype-control", "IgG2a-isotype-control")

# scripts/make_example.py wrote it; examples/LICENSE.md has its origin and licence.
EXAMPLE_FILE = Path(__file__).parent / "examples" / "pbmc_citeseq.h5ad"


def pbmc_citeseq() -> AnnData:
    """1,500 blood cells by CITE-seq: raw counts of 3,010 genes and of 17 proteins, with labels of cell types."""
    return tidy(read_h5ad(EXAMPLE_FILE), EXAMPLE_FILE.name)


def simulated(seed: int = 0, n_cells: int = 3000, n_genes: int = 2000, n_proteins: int = 20) -> AnnData:
    """A simulated CITE-seq set of 8 cell types: counts in X (CSR float32) and in obsm["protein"].

    Two of the proteins are isotype controls; `n_proteins` is 0 or at least 4. Raises ValueError otherwise.
    """
    if n_proteins and n_proteins < 4:
        raise ValueError("n_proteins is 0, or 4 and more: two are isotype controls")
    random = np.random.default_rng(seed)
    kind = random.permutation(_exact(SHARES, n_cells))
    sample = random.integers(0, 2, n_cells)
    depth = random.lognormal(0, 0.35, n_cells)
    cells = [f"cell-{i:05d}" for i in range(1, n_cells + 1)]
    obs = pd.DataFrame(
        {
            "cell_type": pd.Categorical.from_codes(kind, list(TYPES)),
            "sample": pd.Categorical.from_codes(sample, ["sample 1", "sample 2"]),
        },
        index=cells,
    )
    var = pd.DataFrame(index=[f"SIM-{i:04d}" for i in range(1, n_genes + 1)])
    adata = AnnData(_rna(random, kind, sample, depth, n_genes), obs, var)
    if n_proteins:
        names = [f"ADT-{i:02d}" for i in range(1, n_proteins - 1)] + list(ISOTYPES)
        adata.obsm["protein"] = pd.DataFrame(_protein(random, kind, sample, n_proteins), cells, names)
        adata.uns["isotype_controls"] = list(ISOTYPES)
    adata.uns["title"] = "simulated CITE-seq of 8 cell types"
    adata.uns["nuwa_read"] = []
    return adata


def pbmc68k() -> AnnData:
    """700 blood cells, scaled values of 765 genes in X and log-normalised ones in .raw; shipped with scanpy."""
    import scanpy  # seconds to import, so only when asked for

    return tidy(scanpy.datasets.pbmc68k_reduced(), "pbmc68k_reduced")


def _exact(shares: np.ndarray, n: int) -> np.ndarray:
    """Type numbers (n,) in the given shares, to the cell."""
    return np.searchsorted(np.cumsum(shares), (np.arange(n) + 0.5) / n).clip(max=len(shares) - 1)


def _rna(random, kind, sample, depth, n_genes: int) -> sparse.csr_matrix:
    """Negative binomial counts (cells, genes): a few genes are high and most low, as in real cells."""
    base = random.normal(0, 2.7, n_genes)  # natural log; this spread gives 70 to 85 % zeros
    programs = np.zeros((len(TYPES), n_genes))
    size = max(n_genes // 40, 2)
    for family in np.unique(FAMILIES):
        genes = random.choice(n_genes, size, replace=False)
        programs[np.ix_(family == FAMILIES, genes)] += random.normal(2.0, 0.5, size)
    for one, weak in enumerate(WEAK):
        genes = random.choice(n_genes, max(size // 4, 2) if weak else size, replace=False)
        programs[one, genes] += random.normal(1.0 if weak else 2.0, 0.2, len(genes))
    shift = random.normal(0, 0.08, n_genes)  # the small difference of the second sample
    blocks = []
    for low in range(0, len(kind), 2000):  # a block at a time, so that 100,000 cells fit as well
        rows = slice(low, low + 2000)
        rate = np.exp(base + programs[kind[rows]] + sample[rows, None] * shift)
        rate *= (LIBRARY * depth[rows] / rate.sum(axis=1))[:, None]
        rate *= random.standard_gamma(DISPERSION, rate.shape) / DISPERSION
        blocks.append(sparse.csr_matrix(random.poisson(rate), dtype=np.float32))
    return sparse.vstack(blocks, format="csr")


def _protein(random, kind, sample, n_proteins: int) -> np.ndarray:
    """Antibody counts (cells, proteins), float32: background everywhere, foreground on the types that carry it."""
    real = n_proteins - len(ISOTYPES)
    carries = np.zeros((len(TYPES), n_proteins), dtype=bool)
    # First what sets the look-alike types apart, then families, then single types, round and round.
    marks = [
        [0],
        [1],
        [2],
        [3],
        *([t for t in range(8) if FAMILIES[t] == f] for f in range(5)),
        [4],
        [5],
        [6],
        [7],
    ]
    for protein in range(real):
        carries[marks[protein % len(marks)], protein] = True
    carries[:, real:] = False
    background = random.lognormal(np.log(25), 0.5, n_proteins)
    background[real:] = random.uniform(5, 12, len(ISOTYPES))
    fold = random.uniform(10, 30, n_proteins)
    # One factor for a cell, shared by its antibodies (its size, the wash): DSB estimates it from the isotypes.
    stickiness = random.lognormal(0, 0.3, len(kind)) * np.where(sample == 1, 1.15, 1.0)
    rate = stickiness[:, None] * background * np.where(carries[kind], fold, 1.0)
    return random.poisson(rate * random.standard_gamma(5.0, rate.shape) / 5.0).astype(np.float32)


DEMOS: dict[str, tuple[str, Callable[[], AnnData]]] = {
    "pbmc_citeseq": (DEMO_TITLES["pbmc_citeseq"], pbmc_citeseq),
    "simulated": (DEMO_TITLES["simulated"], simulated),
    "pbmc68k_reduced": (DEMO_TITLES["pbmc68k_reduced"], pbmc68k),
}
