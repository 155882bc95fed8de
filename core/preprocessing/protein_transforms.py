"""Protein counts to what a model sees of them, before centring and scaling, and the way back."""

from typing import NamedTuple

import numpy as np

from core.data.matrix_kind import what_is
from core.data.protein_background import background_of
from core.data.protein_panel import check_measured, protein_report
from core.data.standalone.log_counts import PSEUDOCOUNT
from core.errors import UserError
from core.preprocessing import dsb, protein_mask

NO_BACKGROUND = (
    "DSB needs empty droplets, and this dataset knows of none: add its unfiltered matrix on the Data page (on the "
    "command line --background FILE), or choose another transform of the proteins."
)


DSB_NEEDS_ALL = (
    "DSB needs the values of all proteins in every cell, and some are missing: remove the cells without proteins, or "
    "choose CLR as the transform of the proteins (protein_transform)."
)


class AsTheyAre:
    """Counts, or whatever the file holds."""

    name = "none"

    def forward(self, counts, rows):
        """(len(rows), proteins) values of the counts of the cells `rows`."""
        return counts

    def backward(self, values, rows):
        """(len(rows), proteins) counts that would become `values` in the cells `rows`."""
        return values

    def log_scale(self, rows):
        """What counts are multiplied by before log1p, (cells, 1) or (proteins,); None where no logarithm is taken."""
        return None

    def of(self, cells):
        """The transform of these cells alone, numbered from 0."""
        return self

    def controls(self, counts):
        """The same for counts (cells, isotypes) of the isotype controls; None where a protein goes by its own measure."""
        return None

    def record(self):
        """What mapping further cells the same way needs, beside the proteins' names: plain values and arrays."""
        return {"transform": self.name}


class Clr(AsTheyAre):
    """Centred log-ratio for each protein across cells; `means` (proteins,) are those of the training cells."""

    name = "clr"

    def __init__(self, means):
        self.means = means

    def forward(self, counts, rows):
        return clr(counts, self.means)

    def backward(self, values, rows):
        return np.expm1(values) * self.means

    def log_scale(self, rows):
        return 1 / self.means

    def record(self):
        return {"transform": self.name, "means": self.means}


class ClrCells(AsTheyAre):
    """Centred log-ratio within each cell; `means` (cells, 1) are each cell's own, so a further cell needs nothing."""

    name = "clr_cells"

    def __init__(self, means):
        self.means = means

    def forward(self, counts, rows):
        return clr(counts, self.means[rows])

    def backward(self, values, rows):
        return np.expm1(values) * self.means[rows]

    def log_scale(self, rows):
        return 1 / self.means[rows]

    def of(self, cells):
        return ClrCells(self.means[cells])

    def controls(self, counts):
        return clr(counts, self.means)


class Dsb(AsTheyAre):
    """Denoised and scaled by background (core.preprocessing.dsb); `component` (cells,) is each cell's technical one, or None.

    `isotypes` and their `slopes` on the component are kept to measure the background, and for further cells.
    """

    name = "dsb"

    def __init__(self, proteins, isotypes, technical=None, component=None):
        self.proteins, self.isotypes = proteins, isotypes  # the Backgrounds of those
        self.technical, self.component = technical, component
        n = len(proteins.names)
        every = np.zeros(n + len(isotypes.names)) if technical is None else technical.slopes
        self.slopes, self.isotype_slopes = every[:n], every[n:]

    def forward(self, counts, rows):
        values = dsb.against_background(counts, self.proteins.mean, self.proteins.sd)
        return values - self._technique(self.slopes, rows)

    def backward(self, values, rows):
        logged = (values + self._technique(self.slopes, rows)) * self.proteins.sd + self.proteins.mean
        return np.exp(logged) - PSEUDOCOUNT

    def of(self, cells):
        component = None if self.component is None else self.component[cells]
        return Dsb(self.proteins, self.isotypes, self.technical, component)

    def log_scale(self, rows):
        return np.full(len(self.proteins.names), 1 / PSEUDOCOUNT)  # log(x + 10) = log 10 + log1p(x / 10)

    def controls(self, counts):
        values = dsb.against_background(counts, self.isotypes.mean, self.isotypes.sd)
        return values - self._technique(self.isotype_slopes, slice(None))

    def _technique(self, slopes, rows):
        return 0.0 if self.technical is None else np.outer(self.component[rows], slopes)

    def record(self):
        record = {"transform": self.name, "pseudocount": PSEUDOCOUNT, "isotypes": list(self.isotypes.names)}
        for of, part in (("background", self.proteins), ("isotype", self.isotypes)):
            record |= {f"{of}_mean": part.mean, f"{of}_sd": part.sd}
        if self.technical is not None:
            record |= {f"technical_{name}": value for name, value in self.technical._asdict().items()}
        return record


class Proteins(NamedTuple):
    """The usable proteins of a dataset: (cells, proteins) float32 values and counts, both None where there are none."""

    values: np.ndarray | None
    counts: np.ndarray | None
    names: np.ndarray
    change: AsTheyAre  # what made the values of the counts
    notes: list[str]
    measured: np.ndarray | None = None  # (cells, proteins) bool; None where every value was measured


def nothing(notes=()):
    """The Proteins of a dataset or a run that has none."""
    return Proteins(None, None, np.array([], dtype=str), AsTheyAre(), list(notes))


def transformed(adata, transform, train, batch_codes=None):
    """The Proteins of `adata` by a transform ("clr", "clr_cells", "dsb" or "none"), statistics from the cells `train`.

    Where missing values are masked, those of a protein are the mean of the training cells that have it, which is 0 where
    values are scaled. `batch_codes` (cells,) are those of core.preprocessing.protein_mask.measured.
    Raises UserError where DSB has no background to go by, and where protein values are missing and not masked.
    """
    if "protein" not in adata.obsm:
        return nothing()
    check_measured(adata)
    report = protein_report(adata)
    notes = [f"Protein {name} is left out of training: {why}." for name, why in report.left_out.items()]
    used = np.asarray(report.used, dtype=bool)
    if not used.any():
        return nothing([*notes, "No usable protein is left: the model trains on RNA alone."])
    counts = np.asarray(adata.obsm["protein"], dtype=np.float32)[:, used]
    names = np.asarray(report.names)[used].astype(str)
    measured = protein_mask.measured(adata, counts, batch_codes)
    if measured is not None:
        known = measured[train].any(axis=0)
        notes += [
            f"Protein {name} is left out of training: no training cell has it." for name in names[~known]
        ]
        counts, names, measured = np.nan_to_num(counts[:, known]), names[known], measured[:, known]
        notes += protein_mask.notes(measured)
    if transform != "none" and what_is(counts).kind != "counts":
        word = "DSB" if transform == "dsb" else "CLR"
        notes.append(
            f"{word} does not apply: the protein values are not raw counts; they are taken as they are."
        )
        transform = "none"
    if transform == "clr":
        change = Clr(geometric_means(counts[train], None if measured is None else measured[train]))
    elif transform == "clr_cells":
        change = ClrCells(geometric_means(counts.T, None if measured is None else measured.T)[:, None])
    elif transform == "dsb":
        if measured is not None:
            raise UserError(DSB_NEEDS_ALL)
        change, dsb_notes = _dsb(adata, counts, names, report, train)
        notes += dsb_notes
    else:
        change = AsTheyAre()
    values = change.forward(counts, np.arange(len(counts))).astype(np.float32, copy=False)
    if measured is not None:
        values = protein_mask.filled(values, measured, train)
    return Proteins(values, counts, names, change, notes, measured)


def _dsb(adata, counts, names, report, train):
    """(Dsb fitted on the cells `train`, notes)."""
    if (droplet_background := background_of(adata)) is None:
        raise UserError(NO_BACKGROUND)
    controls = [name for name in report.isotypes if name in droplet_background.names]
    proteins, isotypes = droplet_background.of(names), droplet_background.of(controls)
    values = dsb.against_background(counts, proteins.mean, proteins.sd)
    of_controls = adata.obsm["protein"][controls].to_numpy(dtype=np.float32)
    of_controls = dsb.against_background(of_controls, isotypes.mean, isotypes.sd)
    notes = []
    if len(names) + len(controls) < dsb.ENOUGH:
        notes.append(
            f"DSB scaled the proteins by {droplet_background.droplets:,} empty droplets; {len(names) + len(controls)} proteins are "
            "too few to tell how much background a cell has as a whole, so that was left in."
        )
        return Dsb(proteins, isotypes), notes
    every = np.hstack([values, of_controls])
    background = dsb.background_means(every)
    technical = dsb.fit(every, of_controls, background, train)
    if not controls:
        notes.append(
            "There are no isotype controls: DSB measured each cell's background by its own low proteins alone."
        )
    return Dsb(proteins, isotypes, technical, technical.component(of_controls, background)), notes


def of_further_cells(record, counts, controls):
    """(cells, proteins) float32: counts of cells beyond the training data, transformed as its `record` says.

    `counts` has the proteins of the run and `controls` (cells, isotypes) its isotype controls, in the run's order, NaN
    for one that is missing, which stays NaN. What a transform asks of the cell itself comes from what is there.
    """
    if record["transform"] == "clr":
        values = clr(counts, np.asarray(record["means"]))
    elif record["transform"] == "clr_cells":
        measured = ~np.isnan(counts)
        values = clr(counts, geometric_means(np.nan_to_num(counts).T, measured.T)[:, None])
    elif record["transform"] == "dsb":
        values = _dsb_of_further(record, counts, controls)
    else:
        values = counts
    return values.astype(np.float32, copy=False)


def _dsb_of_further(record, counts, controls):
    arrays = {
        name: np.asarray(value) for name, value in record.items() if name not in ("transform", "isotypes")
    }
    values = dsb.against_background(counts, arrays["background_mean"], arrays["background_sd"])
    if "technical_slopes" not in record:
        return values
    of_controls = dsb.against_background(controls, arrays["isotype_mean"], arrays["isotype_sd"])
    every = np.hstack([values, of_controls])
    every = every[:, ~np.isnan(every).all(axis=0)]
    technical = dsb.Technical(*(arrays[f"technical_{name}"] for name in dsb.Technical._fields))
    of_controls = np.where(np.isnan(of_controls), technical.means[:-1], of_controls)
    component = technical.component(of_controls, dsb.background_means(every))
    return values - np.outer(component, technical.slopes[: values.shape[1]])


def geometric_means(counts, measured=None):
    """(proteins,) of exp(sum of log1p(x) over cells with x > 0, divided by all cells): Seurat's and muon's CLR.

    With `measured` (cells, proteins) bool, of the cells in which a protein was measured; the counts of others are 0.
    """
    n = len(counts) if measured is None else np.maximum(measured.sum(axis=0), 1)
    sums = np.log1p(np.maximum(counts, 0)).sum(axis=0, dtype=np.float64)
    return np.exp(sums / n).astype(np.float32)


def clr(counts, means):
    """Centred log-ratio log1p(x / means), (cells, proteins) in and out; means by protein, or (cells, 1) by cell."""
    return np.log1p(np.maximum(counts, 0) / means)
