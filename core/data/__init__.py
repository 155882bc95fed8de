"""Files of any kind to an AnnData in normal form, what it holds in words, and datasets to start with."""

from core.config.numbers import Number
from core.errors import UserError

# The datasets that come along: name -> the title it is shown under. Here, so that a light process can list them.
EXAMPLE = "pbmc_citeseq"  # the one that a newcomer starts with
DEMO_TITLES = {
    EXAMPLE: "Blood cells, CITE-seq (1,500 cells, 17 proteins)",
    "simulated": "Simulated CITE-seq (3,000 cells, 8 types)",
    "pbmc68k_reduced": "PBMC 68k, reduced (700 real blood cells)",
}

# Tables of text.
TABLES = tuple(f".{kind}{packed}" for kind in ("csv", "tsv", "txt", "tab") for packed in ("", ".gz"))
# What can be read, by the end of its name; here too for a light process. A folder is known by what lies in it.
HDF5 = (".h5ad", ".h5", ".hdf5", ".h5mu", ".loom")
ENDINGS = (
    *(*HDF5, ".zarr", *TABLES),
    *(".zip", ".tar", ".tar.gz", ".tgz", *(f"{kind}.gz" for kind in HDF5)),
)
# What people bring that only another program opens: ending -> what to do there.
_BY_R = (
    "run x <- {read}; zellkonverter::writeH5AD(if (inherits(x, 'Seurat')) Seurat::as.SingleCellExperiment(x) else x,"
    " 'counts.h5ad') in R, and bring counts.h5ad"
)
OTHER_PROGRAMS = {
    ".rds": _BY_R.format(read="readRDS('{name}')"),
    **dict.fromkeys((".rda", ".rdata"), _BY_R.format(read="get(load('{name}'))")),
    ".h5seurat": "run SeuratDisk::Convert('{name}', dest = 'h5ad') in R, and bring the .h5ad",
    ".qs": _BY_R.format(read="qs::qread('{name}')"),
    **dict.fromkeys((".xlsx", ".xls"), "save the sheet as CSV"),
    **dict.fromkeys(
        (".fastq", ".bam"), "bring the matrix of counts that Cell Ranger, STARsolo or kb count makes of it"
    ),
    **dict.fromkeys(
        (".bz2", ".xz", ".zst", ".7z", ".rar"), "unpack it, and pack it as .zip or .gz where that is needed"
    ),
    ".cloupe": "bring filtered_feature_bc_matrix.h5 of the same run",
}


# Which droplets of an unfiltered matrix are empty but caught antibodies, as the tutorial of the R package dsb has it for
# 10x: 10^1.5 protein counts at least, and fewer than 10^2.5 RNA counts.
DROPLETS = {"fewest_protein": 32, "most_rna": 316}
DROPLET_NUMBERS = {
    name: Number(f"Empty droplets: {label}", whole=True, low=1, high=10**9, optional=True)
    for name, label in (
        ("fewest_protein", "protein counts, at least"),
        ("most_rna", "RNA counts, fewer than"),
    )
}


def droplet_limits(values):
    """The limits of DROPLETS with other `values`, numbers or text (None: unchanged); raises UserError on an invalid one."""
    limits = dict(DROPLETS)
    for name, value in (values or {}).items():
        if name not in DROPLETS:
            raise UserError(f"'{name}' is no limit on droplets: there are {' and '.join(DROPLETS)}.")
        if (limit := DROPLET_NUMBERS[name].read(value)) is not None:
            limits[name] = limit
    return limits


def ending(name):
    """The ending of ENDINGS that a file's name has, the longest that fits, or ""."""
    fits = [end for end in ENDINGS if str(name).lower().endswith(end)]
    return max(fits, key=len, default="")


def unreadable(name):
    """A sentence on a file that only another program opens, with what to do there; "" for any other name."""
    plain = str(name).lower().removesuffix(".gz")
    steps = next((steps for end, steps in OTHER_PROGRAMS.items() if plain.endswith(end)), None)
    return steps and f"'{name}' cannot be read here: {steps.format(name=name)}." or ""


def check_trainable(findings):
    """Raise UserError where one of these findings ({"severity", "sentence"} each) forbids to train on a dataset."""
    for finding in findings:
        if finding["severity"] == "stop":
            raise UserError(f"This dataset cannot be trained on as it is. {finding['sentence']}")
