"""Cell Ranger's files and their relatives, archives and loom."""

from file_cases import Case

CASES = [
    Case("a29_lies_on_its_side.h5ad", exit=1, sentence="lies on its side", cells=200, genes=80),
    Case("a29_lies_on_its_side.h5ad", ("--transpose",), name="a29_transposed", total=12249.0, open=True),
    Case("h06_filtered.h5"),
    Case(
        "h06_filtered.h5",
        ("--proteins", "m20_citeseq_count/umi_count"),
        name="h06_with_m20",
        proteins=8,
        open=True,
    ),
    Case("h06_unfiltered.h5", sentence="1,043 of 1,500 cells are empty"),
    Case("h10_gene_named_like_antibody.h5", open=True),
    Case("m03_geo_raw.tar", ("--part", "GSM0000001_S1_matrix.mtx.gz"), open=True),
    Case("m04_shared_features", open=True),
    Case("m05_name_behind", open=True),
    Case("m06_kb_python", open=True),
    Case("m08_atlas_rows_cols", open=True),
    Case("m10_gz_that_is_plain", open=True),
    Case("m11_quoted_by_r", open=True),
    Case("m13_multi_outs", open=True),
    Case("m15_array_form", open=True),
    Case("m16_tar_in_zip.zip", open=True),
    Case("m22_normalised_one_column", kind="lognorm"),
    Case("n01_attributes_of_text.loom", open=True),
    Case("n02_no_feature_types.h5", cells=300, genes=266, open=True),
]
