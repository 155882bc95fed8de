"""Mapped cells as an AnnData that scanpy opens."""

import numpy as np
import pandas as pd

from core.analysis.mapping_summary import UNKNOWN
from core.export.h5ad import Result, base, flat, put


def result(adata, record, arrays, labels, names):
    """The Result of cells that were mapped onto a run: the data as `h5ad.result` has it, with their labels.

    obsm["X_nuwa"] (cells, latent) and obsm["X_nuwa_umap"], in the run's spaces; obs["nuwa_label"], the transferred
    `labels` (cells,), among `names` or "unknown"; obs["nuwa_label_confidence"] and obs["nuwa_farness"], both 0 to 1;
    uns["nuwa_mapped"] with `record`, flat. `arrays` as core.worker.jobs.map_cells leaves them.
    """
    exported, changes = base(adata)
    put(exported.obsm, "X_nuwa", np.asarray(arrays["latent"], dtype=np.float32))
    put(exported.obsm, "X_nuwa_umap", np.asarray(arrays["picture"], dtype=np.float32))
    put(
        exported.obs,
        "nuwa_label",
        pd.Categorical(labels, categories=list(dict.fromkeys([*names, UNKNOWN]))).remove_unused_categories(),
    )
    for name, values in (("nuwa_label_confidence", "confidence"), ("nuwa_farness", "farness")):
        put(exported.obs, name, np.asarray(arrays[values], dtype=np.float32))
    exported.uns.pop("nuwa_read", None)
    put(exported.uns, "nuwa_mapped", flat(record))
    return Result(exported, changes)
