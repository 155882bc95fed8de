"""Cell Ranger's files and their relatives, archives and loom."""

from file_cases import Case

CASES = [
    Case("a29_lies_on_its_side.h5ad", exit=1, sentence="lies on its side", cells=200, genes=80),
    Case("a29_lies_on_its_side.h5ad", ("--transpose",), name="a29_transposed", total=12249.0),
    Case("h06_filtered.h5"),
    Case(
        "h06_filtered.h5",
        ("--proteins", "m20_citeseq_count/umi_count"),
        name="h06_with_m20",
        proteins=8,
        sentence="Rows that count reads of no feature were left out: unmapped",
    ),
    Case("h06_unfiltered.h5", sentence="1,043 of 1,500 cells are empty"),
    Case("h10_gene_named_like_antibody.h5"),
    Case("m03_geo_raw.tar", ("--part", "GSM0000001_S1_matrix.mtx.gz")),
    Case(
        "m03_geo_raw.tar",
        name="m03_without_a_part",
        exit=2,
        sentence="2 datasets (GSM0000001_S1_matrix.mtx.gz, GSM0000002_S2_matrix.mtx.gz)",
    ),
    Case("m04_shared_features"),
    Case("m05_name_behind"),
    Case("m06_kb_python"),
    Case("m08_atlas_rows_cols", gene_names=("ENSG00000000100",)),  # the file has ids alone
    Case("m10_gz_that_is_plain"),
    Case("m11_quoted_by_r"),
    Case("m13_multi_outs"),
    Case("m15_array_form"),
    Case("m16_tar_in_zip.zip"),
    Case("m22_normalised_one_column", kind="lognorm"),
    Case("n01_attributes_of_text.loom"),
    Case("n02_no_feature_types.h5", cells=300, genes=266),
]
