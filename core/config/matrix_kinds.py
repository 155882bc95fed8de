"""The kinds of matrices, and what each is called in sentences and in badges."""

from typing import Literal

Kind = Literal["counts", "normalized", "lognorm", "scaled", "other"]
Form = Literal[
    "",
    "twice",
    "log2",
    "log10",
    "log base",
    "log counts",
    "clr cells",
    "clr genes",
    "centred",
    "negative counts",
    "missing",
    "zero",
    "binary",
    "rounded",
    "mixed",
    "mixed sums",
    "corrected",
]

KIND_WORDS: dict[str, str] = {
    "counts": "raw counts",
    "normalized": "normalised values (not log-transformed)",
    "lognorm": "log-normalised values",
    "scaled": "scaled values",
    "other": "values of an unknown kind",
}
FORM_WORDS: dict[str, str] = {
    "twice": "values that were log-transformed twice",
    "log2": "log-normalised values (base 2)",
    "log10": "log-normalised values (base 10)",
    "log base": "log-normalised values (another base)",
    "log counts": "log-transformed counts (not normalised)",
    "clr cells": "centred log-ratios (CLR) within each cell",
    "clr genes": "centred log-ratios (CLR) of each feature across cells",
    "centred": "centred values (not scaled)",
    "negative counts": "counts with negative values among them",
    "missing": "values with missing or infinite ones among them",
    "zero": "nothing but 0",
    "binary": "0 and 1 alone (presence and absence)",
    "rounded": "normalised values, rounded",
    "mixed": "whole numbers in some cells and fractions in others",
    "mixed sums": "counts in some cells and normalised, rounded values in others",
    "corrected": "corrected or estimated counts",
}
BADGES: dict[str, str] = {  # short, for plots
    "counts": "counts",
    "normalized": "normalised, not logged",
    "lognorm": "log-normalised",
    "scaled": "scaled",
    "other": "of an unknown kind",
    "twice": "logged twice",
    "log2": "log-normalised (base 2)",
    "log10": "log-normalised (base 10)",
    "log base": "log-normalised (another base)",
    "log counts": "logged counts",
    "clr cells": "CLR by cell",
    "clr genes": "CLR by feature",
    "centred": "centred",
    "negative counts": "counts, some negative",
    "missing": "values missing",
    "zero": "nothing but 0",
    "binary": "0 and 1 alone",
    "rounded": "normalised, rounded",
    "mixed": "of two kinds",
    "mixed sums": "of two kinds",
    "corrected": "corrected counts",
}
