"""Where the counts lie and what kind of values a matrix holds: .h5ad, .h5mu, joins."""

import formats
import numpy as np
import pandas as pd
from anndata import AnnData, concat
from scipy import sparse

from file_cases import Case

CELLS, GENES = 60, 80


def cells():
    """Counts of 60 cells and 80 genes, with 4 proteins; always the same."""
    adata = formats.counts(CELLS, GENES)
    adata.obs["sample"] = pd.Categorical(np.where(np.arange(CELLS) < CELLS // 2, "one", "two"))
    return adata


COUNTS = cells().X.toarray()
TOTAL, PROTEIN_TOTAL = float(COUNTS.sum()), float(cells().obsm["protein"].to_numpy().sum())
FIRST = tuple(cells().var_names[:5])


def per_cell(target):
    return COUNTS / COUNTS.sum(axis=1, keepdims=True) * target


def with_x(values):
    adata = cells()
    adata.X = sparse.csr_matrix(values, dtype=np.float32)
    return adata


def logged():
    return with_x(np.log1p(per_cell(1e4)))


def parts():
    """The counts as three matrices that add up to them, the last one small."""
    random = np.random.default_rng(3)
    spliced = random.binomial(COUNTS.astype(int), 0.7)
    ambiguous = random.binomial(COUNTS.astype(int) - spliced, 0.15)
    names = ("spliced", "unspliced", "ambiguous")
    values = (spliced, COUNTS - spliced - ambiguous, ambiguous)
    return {
        name: sparse.csr_matrix(matrix, dtype=np.float32) for name, matrix in zip(names, values, strict=True)
    }


def velocity_beside_raw(folder):
    adata = logged()
    adata.layers.update(parts())
    adata.raw = cells()
    return formats.h5ad(adata, folder)


def velocity_alone(folder):
    adata = logged()
    adata.layers.update(parts())
    return formats.h5ad(adata, folder)


def velocity_in_later_words(folder):
    adata = logged()
    for name, other in (("mature", "spliced"), ("nascent", "unspliced"), ("ambiguous", "ambiguous")):
        adata.layers[name] = parts()[other]
    return formats.h5ad(adata, folder)


def counts_in_a_layer_of_any_name(folder):
    adata = logged()
    adata.layers["aa_binary"] = adata.X.sign()
    adata.layers["Measured"] = cells().X
    return formats.h5ad(adata, folder)


def narrow_x_and_wide_raw(folder):
    adata = logged()
    adata.raw = cells()
    adata = adata[:, :30].copy()
    adata.layers["counts"] = cells()[:, :30].X
    return formats.h5ad(adata, folder)


def a_small_part_in_a_layer(folder):
    adata = logged()
    adata.layers["exons"] = parts()["ambiguous"]
    return formats.h5ad(adata, folder)


def two_that_differ(folder):
    adata = logged()
    adata.layers["umi"], adata.layers["reads"] = cells().X, cells().X * 3
    return formats.h5ad(adata, folder)


def binary(folder):
    return formats.h5ad(with_x(COUNTS > 0), folder)


def rounded(target, name, genes=GENES):
    def write(folder):
        return formats.h5ad(with_x(np.rint(per_cell(target)))[:, :genes].copy(), folder)

    write.__name__ = name
    return write


def log_of(log, name, values=COUNTS):
    def write(folder):
        return formats.h5ad(with_x(log(values)), folder)

    write.__name__ = name
    return write


def half_logged(folder):
    values = COUNTS.copy()
    values[CELLS // 2 :] = np.log1p(per_cell(1e4))[CELLS // 2 :]
    return formats.h5ad(with_x(values), folder)


def corrected(folder):
    values = COUNTS.copy()
    values[:, 3:20] *= 0.83
    return formats.h5ad(with_x(values), folder)


def divided_by_size_factors(folder):
    return formats.h5ad(with_x(COUNTS / np.linspace(0.37, 2.9, CELLS)[:, None]), folder)


def without_x(folder):
    adata = AnnData(obs=cells().obs, var=cells().var)
    adata.layers["logcounts"], adata.layers["counts"] = logged().X, cells().X
    return formats.h5ad(adata, folder)


def typed(*words):
    def write(folder):
        adata = formats.with_types(cells())
        types = np.where(adata.var["feature_types"] == "Gene Expression", words[0], words[1]).astype(object)
        types[-1] = words[2]
        adata.var["feature_types"] = types
        return formats.h5ad(adata, folder)

    write.__name__ = "types_" + "_".join(words).replace(" ", "_")
    return write


def proteins_missing_in_a_sample(folder):
    adata = cells()
    table = adata.obsm.pop("protein").astype(float)
    table.iloc[CELLS // 2 :] = np.nan
    adata.obsm["ADT"] = table
    return formats.h5ad(adata, folder)


def proteins_zero_in_a_sample(folder):
    adata = cells()
    adata.obsm["protein"].iloc[: CELLS // 2] = 0
    return formats.h5ad(adata, folder)


def clr_beside_counts(folder):
    adata = cells()
    adata.obsm["protein_counts"] = adata.obsm["protein"].copy()
    adata.obsm["protein"] = np.log1p(adata.obsm["protein"] / 20)
    return formats.h5ad(adata, folder)


def hashtags_in_obsm(folder):
    adata = cells()
    adata.obsm["HTO"] = np.random.default_rng(0).poisson(9, (CELLS, 3)).astype(np.float32)
    return formats.h5ad(adata, folder)


log_base_3 = log_of(lambda values: np.log1p(values) / np.log(3), "log_base_3", per_cell(1e4))


def brought_to_one_depth(folder):
    random = np.random.default_rng(0)
    return formats.h5ad(
        with_x(np.array([random.multinomial(300, row / row.sum()) for row in COUNTS.astype(float)])), folder
    )


def rounded_in_a_sample(folder):
    values = COUNTS.copy()
    values[CELLS // 2 :] = np.rint(per_cell(1e4))[CELLS // 2 :]
    return formats.h5ad(with_x(values), folder)


def spliced_as_x(folder):
    adata = with_x(parts()["spliced"])
    adata.layers.update(parts())
    return formats.h5ad(adata, folder)


def guides_and_peaks(folder):
    random = np.random.default_rng(1)
    names = [*(f"guide{i}" for i in range(3)), *(f"chr1:{i}00-{i}90" for i in range(5))]
    types = ["CRISPR Guide Capture"] * 3 + ["Peaks"] * 5
    others = AnnData(sparse.csr_matrix(random.poisson(2, (CELLS, 8)), dtype=np.float32), cells().obs[[]])
    others.var = pd.DataFrame({"feature_types": types}, index=names)
    genes = cells()
    del genes.obsm["protein"]
    genes.var["feature_types"] = "Gene Expression"
    return formats.h5ad(concat([genes, others], axis=1, merge="first"), folder)


NO_COUNTS = {"counts": None, "sentence": "no raw counts", "absent": "are trained on."}
CASES = [
    Case("a02_raw_var_named_index.h5ad"),
    Case("a05_no_x_only_layers.h5ad", sentence="The file has no X"),
    Case("a09_dense_float64.h5ad", counts="X"),
    Case("a12_cellxgene_schema6.h5ad"),
    Case("a15_binary_layer.h5ad", **NO_COUNTS),
    Case("a16_feature_types_gex_adt.h5ad"),
    Case("a17_labels_with_holes.h5ad", counts="X"),
    Case("a19_odd_names.h5ad", counts="X"),
    Case("a23_protein_nan_in_a_batch.h5ad", sentence="30 of 80 cells have no protein values"),
    Case(
        "a30_tpm_rounded.h5ad",
        kind="normalized",
        sentence="every cell sums to 1,000,000: normalised and rounded",
    ),
    Case(
        "a35_half_logged.h5ad",
        sentence="40 cells hold whole numbers and 40 fractions; obs['sample'] parts them",
    ),
    Case("a41_last_batch_of_one.h5ad", counts="X"),
    Case("a43_log_cpm_only.h5ad", kind="lognorm"),
    Case(
        "a44_velocity_layers_and_raw.h5ad",
        sentence='raw.X: all values are whole numbers from 0 to 22. Not used: X (log-normalised values); layers["ambiguous"] (4 % of the molecules)',
    ),
    Case(
        "a45_log2_of_counts.h5ad",
        kind="lognorm",
        sentence="Un-logged in base 2, all values are whole numbers",
    ),
    Case("u01_clr_in_x_counts_in_layer.h5mu"),
    Case("u03_several_rna_and_hto.h5mu", sentence="10 hashtags"),
    Case(
        "a12_cellxgene_schema6.h5ad",
        ("--names", "one", "two"),
        name="a12_joined_with_a12",
        files=("a12_cellxgene_schema6.h5ad",),
        cells=160,
        total=24498.0,
        counts="X",
    ),
    Case(
        "a09_dense_float64.h5ad",
        name="a09_joined_with_a12",
        files=("a12_cellxgene_schema6.h5ad",),
        cells=160,
        total=24498.0,
        counts="X",
        gene_names=("CD3E", "CD3D", "CD8A", "CD4", "IL7R"),
    ),
    Case(
        "m22_normalised_one_column",
        name="m22_joined_with_a43",
        files=("a43_log_cpm_only.h5ad",),
        exit=2,
        sentence="different scales (m22_normalised_one_column: log-normalised values, 10,000 a cell, a43",
    ),
    Case(velocity_beside_raw, total=TOTAL, counts="raw.X", sentence="% of the molecules"),
    Case(velocity_alone, total=TOTAL, sentence="Counts are the sum of"),
    Case(velocity_in_later_words, total=TOTAL, counts='layers["counts"]'),
    Case(counts_in_a_layer_of_any_name, total=TOTAL, counts='layers["Measured"]', gene_names=FIRST),
    Case(narrow_x_and_wide_raw, total=TOTAL, counts="raw.X", genes=GENES),
    Case(a_small_part_in_a_layer, sentence="of the values that X shows", absent="are trained on."),
    Case(
        two_that_differ, exit=2, sentence=("which are the raw counts?", 'layers["reads"]', "--counts PLACE")
    ),
    Case(
        two_that_differ,
        ("--counts", "umi"),
        name="two_that_differ_named",
        total=TOTAL,
        counts='layers["umi"]',
    ),
    Case(two_that_differ, ("--counts", "X"), name="two_that_differ_wrong", exit=2, sentence="not raw counts"),
    Case(binary, form="binary", **NO_COUNTS),
    Case(rounded(1e4, "rounded_to_10000"), form="rounded", **NO_COUNTS),
    Case(rounded(1e6, "rounded_cpm"), form="rounded", **NO_COUNTS),
    Case(log_of(np.log1p, "log_of_counts"), kind="lognorm", form="log counts"),
    Case(log_of(lambda v: np.log2(v + 1), "log2_of_counts"), kind="lognorm", form="log counts"),
    Case(log_of(lambda v: np.log10(v + 1), "log10_of_counts"), kind="lognorm", form="log counts"),
    Case(log_of(lambda v: np.log10(v + 1), "log10_of_cpm", per_cell(1e6)), kind="lognorm", form="log10"),
    Case(
        log_base_3, kind="lognorm", form="log base", sentence="Un-logged in base 3, every cell sums to 10,000"
    ),
    Case(
        log_of(lambda v: np.log1p(v) / np.log(5), "log_of_counts_in_base_5"),
        kind="lognorm",
        form="log counts",
        sentence="Un-logged in base 5, all values are whole numbers",
    ),
    Case(brought_to_one_depth, kind="counts"),
    Case(
        rounded_in_a_sample,
        form="mixed sums",
        sentence="30 of 60 cells sum to 10,000, nearly: normalised and rounded there",
    ),
    Case(spliced_as_x, counts="X", sentence='X is layers["spliced"], so'),
    Case(
        guides_and_peaks,
        total=TOTAL,
        genes=GENES,
        proteins=0,
        sentence=(
            "3 of type 'CRISPR Guide Capture' are in obsm['crispr']",
            "5 of type 'Peaks' are in obsm['peaks']",
        ),
    ),
    Case(
        half_logged,
        form="mixed",
        sentence="30 cells hold whole numbers and 30 fractions; obs['sample'] parts them",
    ),
    Case(corrected, form="corrected", **NO_COUNTS),
    Case(divided_by_size_factors, kind="normalized", **NO_COUNTS),
    Case(without_x, total=TOTAL, counts='layers["counts"]'),
    *(
        Case(typed(*words), total=TOTAL, genes=GENES, proteins=3, sentence="hashtag")
        for words in (
            ("GEX", "ADT", "HTO"),
            ("RNA", "Antibody", "hashtag"),
            ("gene", "protein", "Multiplexing Capture"),
        )
    ),
    Case(
        proteins_missing_in_a_sample,
        proteins=4,
        sentence=("30 of 60 cells have no protein values", "all cells of two in obs['sample']"),
    ),
    Case(proteins_zero_in_a_sample, proteins=4, sentence="all cells of one in obs['sample']"),
    Case(clr_beside_counts, proteins=4, protein_total=PROTEIN_TOTAL),
    Case(hashtags_in_obsm, proteins=4, protein_total=PROTEIN_TOTAL, sentence="3 hashtags are in obsm['HTO']"),
]
