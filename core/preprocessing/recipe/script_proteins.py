"""The part of a recipe's script that transforms the counts of proteins."""

from typing import NamedTuple

from core.config.dataset_record import DatasetRecord
from core.errors import UserError

MEANS = """

def geometric_means(counts):
    n = np.maximum((~np.isnan(counts)).sum(axis=0), 1)  # masked proteins are NaN
    return np.exp(np.nansum(np.log1p(counts), axis=0, dtype=np.float64) / n).astype(np.float32)
"""
TRANSFORMS = {
    "none": '''

def transformed(counts, table):
    """Counts of proteins as they are."""
    return counts
''',
    "clr": MEANS
    + '''

def transformed(counts, table):
    """CLR for each protein, by the cells that train."""
    return np.log1p(counts / geometric_means(counts[train]))
''',
    "clr_cells": MEANS
    + '''

def transformed(counts, table):
    """CLR within each cell."""
    return np.log1p(counts / geometric_means(counts.T)[:, None])
''',
    "dsb": '''

# {droplets:,} empty droplets: mean and deviation of log(count + 10), for each protein.
BACKGROUND = {background}
ISOTYPES = {isotypes}


def transformed(counts, table):
    """DSB: against the empty droplets, and without each cell's technical component, by the cells that train."""

    def scaled_by_background(part):
        mean, sd = np.array([BACKGROUND[name] for name in part.columns]).reshape(-1, 2).T
        return against_background(part.to_numpy(dtype=np.float32), mean, sd)

    values, controls = (scaled_by_background(table[names]) for names in (table.columns.drop(LEFT_OUT, "ignore"), ISOTYPES))
    if values.shape[1] + controls.shape[1] < ENOUGH:
        return values
    background = background_means(np.hstack([values, controls]))
    technical = fit(values, controls, background, train)
    return values - np.outer(technical.component(controls, background), technical.slopes)
''',
}


class Proteins(NamedTuple):
    """The function `transformed` of the script, and the names in script_files.FILES that it needs."""

    code: str
    files: tuple[str, ...] = ()


def protein_part(transform: str, record: DatasetRecord) -> Proteins:
    """How the script transforms proteins; `record` is that of the dataset.

    Raises UserError where DSB has no background to go by.
    """
    if any(finding.code == "proteins-not-counts" for finding in record.findings):
        transform = "none"  # as prepare has it
    if transform != "dsb":
        return Proteins(TRANSFORMS[transform])
    droplet_background = record.protein_background
    if not droplet_background:
        raise UserError(
            "DSB needs the unfiltered matrix, and this dataset has none: add it on the Data page."
        )
    background = {
        name: [m, s]
        for name, m, s in zip(
            droplet_background.names, droplet_background.mean, droplet_background.sd, strict=True
        )
    }
    left_out = record.proteins_left_out
    isotypes = [name for name in droplet_background.names if left_out.get(name, "").startswith("isotype")]
    code = TRANSFORMS["dsb"].format(
        droplets=droplet_background.droplets, background=background, isotypes=isotypes
    )
    return Proteins(code, ("dsb",))
