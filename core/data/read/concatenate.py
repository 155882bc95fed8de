"""Join several samples to one dataset, and say beforehand what that leaves out."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData, concat
from pandas.api.types import is_numeric_dtype

from core.data.backed import part_of, raw_of
from core.data.count_sources import counts_of
from core.data.gene_matching import GeneNames, gene_names, places_of
from core.data.kind_type import MatrixKind
from core.data.matrix_kind import what_is
from core.data.protein_background import KEY, background_of, keep, together
from core.data.standalone.count_places import layer_place
from core.data.value_scan import SAME_SUM
from core.errors import DoesNotFit, UserError
from core.text import listed, name_of, size

ENOUGH = 0.5  # share of the smallest set's genes that all must know to be of one species and naming
BATCH = "sample"  # the column that names each cell's sample, where nobody calls it otherwise


class Sample(NamedTuple):
    """A dataset in normal form and what it is called in the joined one."""

    name: str
    adata: AnnData


class Outline(NamedTuple):
    """What of a sample decides how it can be joined: everything but its values."""

    name: str
    n_cells: int
    where: str  # the matrix that is joined: the counts, from where training takes them, else X
    kind: MatrixKind  # of that matrix
    genes: GeneNames  # of that matrix
    proteins: pd.Index | None
    layers: frozenset  # beside that matrix, of the same genes
    obsm: frozenset
    columns: frozenset  # of obs
    has_raw: bool
    has_background: bool  # of its proteins, from empty droplets


def outline(name: str, adata: AnnData) -> Outline:
    """The Outline of a dataset in normal form, whose values may lie in its file; what is not known of them is swept."""
    proteins = adata.obsm["protein"].columns if "protein" in adata.obsm else None
    counts = counts_of(adata)
    where = counts.where if counts else "X"
    layers = [] if where == "raw.X" else [key for key in adata.layers if layer_place(key) != where]
    return Outline(
        name,
        adata.n_obs,
        where,
        what_is(counts.matrix if counts else adata.X),
        gene_names(adata.raw.var if where == "raw.X" else adata.var),
        proteins,
        frozenset(layers),
        frozenset(adata.obsm) - {"protein"},
        frozenset(adata.obs.columns),
        adata.raw is not None and where != "raw.X",
        KEY in adata.uns,
    )


class Plan(NamedTuple):
    """What joining samples will give, and what it leaves out, a sentence each."""

    n_cells: int
    genes: pd.Index  # by their names in the first sample
    names: GeneNames  # the same, with their ids and symbols
    proteins: pd.Index
    columns: frozenset  # of obs, of any sample
    batch: str  # the column of obs that will name each cell's sample
    lost: list[str]
    where: dict[str, str]  # by sample: the matrix that is joined


def plan(samples: list[Outline], batch: str = BATCH) -> Plan:
    """How these samples will be joined; raises UserError where they cannot be.

    Where a sample has a column called as `batch`, that one keeps its name and the new one gets "_2".
    """
    samples = [sample._replace(name=name_of(sample.name, "sample")) for sample in samples]
    _check(samples)
    columns = frozenset().union(*(sample.columns for sample in samples))
    batch = name_of(batch, "batch column")
    while batch in columns:
        batch += "_2"
    names, proteins = _shared_genes(samples), _shared_proteins(samples)
    n_cells = sum(sample.n_cells for sample in samples)
    lost = _lost(samples, len(names.names), proteins)
    where = {sample.name: sample.where for sample in samples}
    return Plan(n_cells, pd.Index(names.names), names, proteins, columns, batch, lost, where)


def _shared_genes(samples) -> GeneNames:
    """The genes that all samples have, as the first one names them: matched by name, else by Ensembl id or symbol."""
    first, *others = [sample.genes for sample in samples]
    shared = np.logical_and.reduce([places_of(first, genes) >= 0 for genes in others])
    return GeneNames(*(part[shared] for part in first))


def _lost(samples, n_shared, proteins):
    """What joining leaves out, a sentence each."""
    fewest = min(len(sample.genes.names) for sample in samples)
    if n_shared < ENOUGH * fewest:
        raise UserError(
            f"The datasets share only {n_shared:,} genes, though the smallest has {fewest:,}:"
            " check that all name genes the same way (symbols or Ensembl ids) and are of one species."
        )
    lost = [
        f"{sample.name}: {len(sample.genes.names) - n_shared:,} of {len(sample.genes.names):,} genes,"
        " since the others lack them."
        for sample in samples
        if len(sample.genes.names) > n_shared
    ]
    lost += [
        f"{sample.name}: X, as the counts in {sample.where} are joined."
        for sample in samples
        if sample.where != "X"
    ]
    for sample in samples:
        if sample.proteins is not None and (gone := sample.proteins.difference(proteins, sort=False)).size:
            named = ", ".join([*map(str, gone[:5]), *(["..."] if len(gone) > 5 else [])])
            lost.append(f"{sample.name}: {len(gone)} of {len(sample.proteins)} proteins ({named}).")
    for what in ("layers", "obsm"):
        keys = [getattr(sample, what) for sample in samples]
        if gone := sorted(frozenset.union(*keys) - frozenset.intersection(*keys)):
            lost.append(f"{what} that not every dataset has: {', '.join(gone)}.")
    if any(sample.has_raw for sample in samples):
        lost.append(".raw of every dataset.")
    having = [sample.name for sample in samples if sample.has_background]
    if having and (len(having) < len(samples) or not len(proteins)):
        have = "has" if len(having) == 1 else "have"
        lost.append(f"The background of proteins from empty droplets, which only {listed(having)} {have}.")
    return lost


def _check(samples):
    """Raises UserError where names or kinds of values forbid to join, whatever the genes."""
    if len(samples) < 2:
        raise UserError("Joining needs at least two datasets: choose another one.")
    if len({sample.name for sample in samples}) < len(samples):
        raise UserError("Two datasets have the same name: give each its own, since it becomes the batch.")
    if len({sample.kind.kind for sample in samples}) > 1:
        each = ", ".join(f"{sample.name}: {sample.kind.words}" for sample in samples)
        raise UserError(f"The datasets hold different kinds of values ({each}): bring the counts of each.")
    if not all(_of_one_scale(samples[0].kind, sample.kind) for sample in samples):
        each = ", ".join(f"{sample.name}: {_scale(sample.kind)}" for sample in samples)
        raise UserError(f"The datasets hold values of different scales ({each}): bring the counts of each.")


def _of_one_scale(one: MatrixKind, other: MatrixKind) -> bool:
    """Whether values of one kind have the same logarithm and were brought to the same sum; counts always do."""
    if one.kind not in ("lognorm", "normalized"):
        return one.form == other.form
    sums = one.target_sum or 0, other.target_sum or 0
    if one.base and other.base and abs(one.base / other.base - 1) > SAME_SUM:
        return False
    return one.form == other.form and abs(sums[0] - sums[1]) <= SAME_SUM * max(sums)


def _scale(kind: MatrixKind) -> str:
    base = f" (base {kind.base:.3g})" if kind.base else ""
    return f"{kind.words}{base}, {kind.target_sum:,.0f} a cell" if kind.target_sum else f"{kind.words}{base}"


def check_room(needed: float, free: float) -> None:
    """Raises DoesNotFit where joining needs more bytes of memory than are free."""
    if needed > free:
        raise DoesNotFit(
            f"Joining these needs about {size(needed)} of memory, and {size(free)} are free: "
            "join fewer, leave cells or genes out of each first, or wait until other work has ended."
        )


def join_samples(samples: Iterable[Sample], planned: Plan) -> AnnData:
    """One AnnData of all cells, with the genes and proteins that all share, and each cell's sample in obs[batch].

    `samples` are taken one at a time, and only what is shared is kept of each. Barcodes get their sample's name in
    front where two samples have the same. What was left out is in uns["nuwa_read"].
    """
    parts, backgrounds = {}, []
    for name, adata in samples:
        parts[name] = _part(adata, planned, planned.where[name_of(name, "sample")])
        backgrounds.append(background_of(adata))
    barcodes = pd.Index(np.concatenate([part.obs_names for part in parts.values()]))
    if not barcodes.is_unique:
        for name, part in parts.items():
            part.obs_names = f"{name}_" + part.obs_names
    # An outer join would fill holes with zeros, and a zero is a measurement.
    joined = concat(parts, join="inner", label=planned.batch, merge="first")
    for column in sorted(
        planned.columns - set(joined.obs.columns), key=str
    ):  # concat keeps only what all have
        pieces = [part.obs[column] for part in parts.values() if column in part.obs]
        if not all(
            is_numeric_dtype(piece) for piece in pieces
        ):  # numbers stay numbers, with NaN in the holes
            pieces = [piece.astype(object) for piece in pieces]
        joined.obs[column] = pd.concat(pieces).reindex(joined.obs_names)
        if joined.obs[column].dtype == object:
            joined.obs[column] = joined.obs[column].astype("category")
    notes = [f"{len(parts)} datasets were joined; obs['{planned.batch}'] names each cell's."]
    if len(planned.proteins) and all(backgrounds):
        background = together(backgrounds)
        keep(joined, background)
        notes.append(
            f"The {background.droplets:,} empty droplets of all of them give the background of {len(background.names):,} proteins."
        )
    joined.uns["nuwa_read"] = [
        *notes,
        *(f"Left out in joining: {sentence}" for sentence in planned.lost),
    ]
    return joined


def _part(adata, planned, where):
    """What is kept of a sample, as an AnnData of its own: its values at `where` are X, of the genes that all have."""
    if where == "raw.X":
        raw = raw_of(adata)
        at = places_of(planned.names, gene_names(raw.var))
        part = part_of(raw, genes=at)
        part.obs = adata.obs.copy()
        for key, value in adata.obsm.items():
            part.obsm[key] = value.copy()
    else:
        part = adata[:, places_of(planned.names, gene_names(adata.var))].copy()
        if where != "X":
            key = next(key for key in part.layers if layer_place(key) == where)
            part.X = part.layers.pop(key)
    part.var_names = planned.genes
    part.raw, part.uns = None, {}
    table = part.obsm.pop("protein", None)
    if table is not None and len(planned.proteins):
        part.obsm["protein"] = table[list(planned.proteins)]
    return part


def _shared(names) -> pd.Index:
    """The names that all have, in the order of the first."""
    first, *others = names
    return first[np.logical_and.reduce([np.ones(len(first), bool), *(first.isin(o) for o in others)])]


def _shared_proteins(samples) -> pd.Index:
    if any(sample.proteins is None for sample in samples):
        return pd.Index([])
    return _shared([sample.proteins for sample in samples])
