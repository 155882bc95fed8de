"""The columns of obs: kinds, candidates for labels and batches, batches of one cell."""

import re

import pandas as pd

from core.data.checks.context import Case
from core.data.checks.finding import Column, Finding
from core.errors import UserError
from core.text import few

MAX_CLASSES = 100  # a column with more distinct values is no set of labels one can look at
LABEL_WORDS = ("type", "label", "annot", "cluster", "louvain", "leiden", "class", "ident", "phase")
BATCH_WORDS = ("batch", "donor", "sample", "library", "patient", "replicate", "lane", "plate", "subject")
# Words beside those that leave no doubt: donor_id is a batch, donor_age and sample_type are none.
BESIDE_BATCH = {"hashtag", "hto", "id", "ids", "name", "number", "no", "nr", "key", "index", "code"}
MOST_SURE, LEAST_CELLS = (
    12,
    30,
)  # batches, and cells of each, for which limits of their own can be told and looked at
# Values of a column that says what a droplet holds, ours and those of Seurat, scanpy and Cell Ranger.
DROPLETS = {"singlet", "doublet", "negative", "multiplet", "unassigned", "blank", "blanks", "ambiguous"}
SUFFIX = re.compile(r"[ACGT]{10,}-(\d+)$")  # Cell Ranger's aggr numbers its samples behind the barcode


def columns_of(obs: pd.DataFrame) -> tuple[Column, ...]:
    """A Column for each column of obs."""
    return tuple(_column(name, obs[name]) for name in obs.columns)


def check_labels(obs: pd.DataFrame, name: str) -> None:
    """Raises UserError where a column of obs holds measurements, or a name for each cell, and no labels of groups."""
    column = _column(name, obs[name])
    if column.kind == "number":
        raise UserError(
            f"The obs column '{name}' holds numbers ({column.distinct:,} different ones), not labels: choose a column of"
            " categories."
        )
    if column.kind == "text":
        raise UserError(
            f"The obs column '{name}' has {column.distinct:,} different values in {len(obs):,} cells, so it holds no labels"
            " of groups: choose another column."
        )


def sure_batch(obs: pd.DataFrame, columns: tuple[Column, ...]) -> str | None:
    """The one column that names the batches beyond doubt; None where there is none, or more than one.

    All words of its name say so, it has 2 to 12 values, and each of at least 30 cells.
    """
    found = []
    for column in columns:
        words = {word for word in re.split(r"[^a-z]+", column.name.lower()) if word}
        named = words & set(BATCH_WORDS) and words <= {*BATCH_WORDS, *BESIDE_BATCH}
        if column.role == "batch" and named and column.distinct <= MOST_SURE:
            sizes = obs[column.name].value_counts(dropna=False)
            if droplet_words(obs[column.name]):
                continue  # doublets are no batch
            if sizes[sizes > 0].min() >= LEAST_CELLS and obs[column.name].notna().all():
                found.append(column.name)
    return found[0] if len(found) == 1 else None


def findings(case: Case, columns: tuple[Column, ...]) -> list[Finding]:
    """Labels, batches, batches of one cell, samples that only the barcodes tell."""
    out = []
    for role, words in (("labels", "Labels to compare clusters with"), ("batch", "Possible batches")):
        named = [f"{column.name} ({column.distinct})" for column in columns if column.role == role]
        if named:
            out.append(Finding(f"columns-{role}", "note", f"{words}: {', '.join(named)}."))
    for column in columns:
        if column.role == "batch":
            if n := int(case.adata.obs[column.name].isna().sum()):
                cells = "1 cell has" if n == 1 else f"{n:,} cells have"
                words = f"{cells} no value in '{column.name}', so it cannot be the batch covariate: remove these cells, or fill it in."
                out.append(Finding("batch-missing", "warning", words))
            sizes = case.adata.obs[column.name].value_counts()
            alone = [str(name) for name in sizes.index[sizes == 1]]
            if alone:
                count = "1 batch" if len(alone) == 1 else f"{len(alone):,} batches"
                words = f"{count} of '{column.name}' has a single cell, from which no batch effect can be learned."
                words = words if len(alone) == 1 else words.replace("has a", "have a")
                out.append(Finding("batch-of-one", "warning", words, few(alone)))
    if not any(column.role == "batch" for column in columns):
        out += _suffixes(case.adata.obs_names)
    return out


def _suffixes(names) -> list[Finding]:
    found = pd.Series([match[1] for name in names if (match := SUFFIX.search(str(name)))], dtype=object)
    sizes = found.value_counts()
    if len(found) < len(names) or not 2 <= len(sizes) <= MAX_CLASSES:
        return []
    words = f"The barcodes end in {len(sizes)} numbers, which often stand for samples, but no column of obs names them."
    shown = ", ".join(f"-{name}: {n:,} cells" for name, n in sizes.head(3).items())
    return [Finding("batch-in-barcodes", "note", words, shown + (" ..." if len(sizes) > 3 else ""))]


def droplet_words(values: pd.Series) -> list[str]:
    """Those values of a column that name what a droplet holds, such as "doublet", in small letters."""
    return sorted({str(value).casefold() for value in values.dropna().unique()} & DROPLETS)


def _column(name, values: pd.Series) -> Column:
    distinct = int(values.nunique())
    examples = tuple(str(value) for value in values.dropna().unique()[:3])
    if pd.api.types.is_bool_dtype(values) or isinstance(values.dtype, pd.CategoricalDtype):
        kind = "category"
    elif pd.api.types.is_integer_dtype(values):  # cluster numbers are often plain integers
        kind = "category" if distinct <= 30 and distinct * 10 <= len(values) else "number"
    elif pd.api.types.is_numeric_dtype(values):
        kind = "number"
    else:
        kind = "category" if distinct * 2 <= len(values) else "text"
    role = ""
    if kind == "category" and 2 <= distinct <= MAX_CLASSES:
        lower = str(name).lower()
        role = "batch" if any(word in lower for word in BATCH_WORDS) else ""
        role = role or ("labels" if any(word in lower for word in LABEL_WORDS) else "")
        if set(droplet_words(values)) == {str(value).casefold() for value in values.dropna().unique()}:
            role = ""  # singlets and doublets are neither labels nor batches
    return Column(str(name), kind, distinct, examples, role)
