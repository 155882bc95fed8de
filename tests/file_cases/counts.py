"""Where the counts lie and what kind of values a matrix holds: .h5ad, .h5mu, joins."""

from file_cases import Case

CASES = [
    Case("a02_raw_var_named_index.h5ad", open=True),
    Case("a05_no_x_only_layers.h5ad", open=True),
    Case("a09_dense_float64.h5ad", counts="X"),
    Case("a12_cellxgene_schema6.h5ad"),
    Case("a15_binary_layer.h5ad", sentence="no raw counts", absent="are trained on", open=True),
    Case("a16_feature_types_gex_adt.h5ad", open=True),
    Case("a17_labels_with_holes.h5ad", counts="X"),
    Case("a19_odd_names.h5ad", counts="X"),
    Case("a23_protein_nan_in_a_batch.h5ad", open=True),
    Case("a30_tpm_rounded.h5ad", kind="normalized", open=True),
    Case(
        "a35_half_logged.h5ad",
        sentence=("40 cells hold whole numbers and 40 fractions", "obs['sample']"),
        open=True,
    ),
    Case("a41_last_batch_of_one.h5ad", counts="X"),
    Case("a43_log_cpm_only.h5ad", kind="lognorm"),
    Case("a44_velocity_layers_and_raw.h5ad", open=True),
    Case("a45_log2_of_counts.h5ad", kind="lognorm", open=True),
    Case("u01_clr_in_x_counts_in_layer.h5mu", open=True),
    Case("u03_several_rna_and_hto.h5mu", open=True),
]
