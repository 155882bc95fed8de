"""Text tables: separators, quotes, annotation columns, orientation, names."""

from file_cases import Case

CASES = [
    Case("c02_thousands_in_quotes.csv"),
    Case("c04_bom_crlf_trailing_comma.csv"),
    Case("c07_featurecounts.txt"),
    Case("c08_rhapsody.csv"),
    Case("c09_genes_nan_rows.csv", absent="without a name", open=True),
    Case("c11_excel_dates.csv", sentence="MARCHF1", open=True),
    Case("c12_no_cell_names.csv"),
    Case("c13_blank_first_line.csv"),
    Case("c15_runs_by_rice.csv"),
    Case("c28_counts_of_labels.csv"),
    Case(
        "c28_counts_of_labels.csv",
        ("--annotations", "c26_labels_other_prefix.csv"),
        name="c28_with_c26",
    ),
]
