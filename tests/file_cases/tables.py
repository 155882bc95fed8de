"""Text tables: separators, quotes, annotation columns, orientation, names."""

from file_cases import Case

CASES = [
    Case("c02_thousands_in_quotes.csv", open=True),
    Case("c04_bom_crlf_trailing_comma.csv", open=True),
    Case("c07_featurecounts.txt", open=True),
    Case("c08_rhapsody.csv", open=True),
    Case("c09_genes_nan_rows.csv", absent="without a name", open=True),
    Case("c11_excel_dates.csv", sentence="MARCHF1", open=True),
    Case("c12_no_cell_names.csv", open=True),
    Case("c13_blank_first_line.csv", open=True),
    Case("c15_runs_by_rice.csv", open=True),
    Case("c28_counts_of_labels.csv"),
    Case(
        "c28_counts_of_labels.csv",
        ("--annotations", "c26_labels_other_prefix.csv"),
        name="c28_with_c26",
        open=True,
    ),
]
