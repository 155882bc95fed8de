"""How much memory a dataset needs, and how much there is."""

import numpy as np

from core.data.checks.context import Case
from core.data.checks.finding import Finding
from core.data.count_sources import matrix_at
from core.sparse.access import in_memory

# Reading holds the matrix, its logged copy for colours and that copy turned by gene; training holds about as much.
COPIES = 3
# Bytes of a cell whose values lie on disk: its name, columns and sums while it is read (0.6 KB, bench/README.md), its
# axes and their squares while a run is prepared.
A_CELL = 2000
TIGHT = 0.5  # share of the memory from which it gets tight: others work on the same machine


def needed(case: Case) -> int:
    """Bytes that reading and training need: sparse where the values are (index and value), else dense float32.

    A dataset whose matrices lie on disk is read and trained on in blocks: of it, only names and columns are held.
    """
    seen = case.trained
    if not in_memory(matrix_at(case.adata, case.where)):
        return A_CELL * seen.cells
    dense = 4 * seen.cells * seen.genes
    held = sum(min(8 * sweep.nonzero, 4 * sweep.cells * sweep.genes) for sweep in case.sweeps.values())
    return held + (COPIES - 1) * min(8 * seen.nonzero, dense)


def findings(case: Case, memory: int, gpu_memory: int | None) -> list[Finding]:
    """What is tight or too large; on a GPU, whether all of it fits at once. Bytes; no GPU: None."""
    need, out = needed(case), []
    evidence = f"About {_gib(need)} of {_gib(memory)}."
    if need > memory:
        words = "The dataset is larger than this server's memory: bring fewer cells or genes, or use a larger machine."
        out.append(Finding("size-ram", "warning", words, evidence))
    elif need > TIGHT * memory:
        words = "The dataset takes more than half of this server's memory, so other work beside it may fail."
        out.append(Finding("size-ram", "warning", words, evidence))
    if gpu_memory:
        seen = case.trained
        there = min(8 * seen.nonzero, 4 * seen.cells * seen.genes)
        if there > TIGHT * gpu_memory:
            words = "The matrix does not fit into the GPU's memory at once, so it goes there a batch at a time, more slowly."
            out.append(Finding("size-gpu", "note", words, f"About {_gib(there)} of {_gib(gpu_memory)}."))
    return out


def _gib(n) -> str:
    return (
        f"{n / 1024**3:,.{0 if n > 20 * 1024**3 else 1}f} GiB"
        if n >= 0.1 * 1024**3
        else f"{np.ceil(n / 1024**2):,.0f} MiB"
    )
