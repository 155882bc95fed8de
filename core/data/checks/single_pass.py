"""Everything that is kept of a dataset from one pass over its values: the report, the fingerprint, the values by gene."""

from typing import NamedTuple

from anndata import AnnData

from core.data.checks.context import Case
from core.data.checks.report import Report
from core.data.checks.run_checks import report_of
from core.data.count_sources import genes_of, matrix_at
from core.data.fingerprint import ValueSums, fingerprint_of
from core.data.first_values import first_values, looks_like_counts
from core.data.standalone.count_places import in_order, is_velocity
from core.data.values_by_gene import ValuesByGene


class Examined(NamedTuple):
    """What the pass gives."""

    report: Report
    data_hash: str
    by_gene: ValuesByGene


def examine_once(adata: AnnData, folder=None, memory=None, gpu_memory=None) -> Examined:
    """As `examine`, with the fingerprint and the values by gene, whose scratch files lie in `folder`.

    Which matrix is trained on and which one colours genes is known only after the pass. Both are guessed from the
    first values; a matrix whose guess was wrong is read once more.
    """
    trained, shown = _likely_places(adata)
    sums, by_gene = _sums(adata, trained), _by_gene(adata, shown, folder)
    watchers = {trained: [sums.add]}
    watchers.setdefault(shown, []).append(by_gene.add)
    case = Case(adata, watchers=watchers)
    if case.where != trained:
        sums = _sums(adata, case.where)
        sums.add_all(matrix_at(adata, case.where))
    if case.shown[0] != shown:
        by_gene.transpose.close()
        by_gene = _by_gene(adata, case.shown[0], folder)
        by_gene.add_all()
    where = case.shown[0]
    by_gene.settle(case.sweeps[where], case.verdicts[where].kind == "counts")
    return Examined(report_of(case, memory, gpu_memory), fingerprint_of(adata, sums), by_gene)


def _sums(adata, where):
    return ValueSums(adata.n_obs, genes_of(adata, where))


def _by_gene(adata, where, folder):
    return ValuesByGene(matrix_at(adata, where), genes_of(adata, where), folder)


def _likely_places(adata) -> tuple[str, str]:
    """Where the matrix probably lies that is trained on, and the one that colours genes, by their first values."""
    for where, matrix in in_order(adata):
        if not is_velocity(where) and looks_like_counts(first_values(matrix)):
            return where, where
    values = first_values(adata.X)
    scaled = values.dtype.kind == "f" and bool((values < 0).any())
    return "X", "raw.X" if scaled and adata.raw is not None else "X"
