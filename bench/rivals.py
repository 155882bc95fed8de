"""Trains scvi-tools' SCVI or totalVI with its defaults and writes the latent space; runs in .venv-bench, without Nuwa.

python -m bench.rivals MODEL IN.npz OUT.npy --seed N: IN holds `counts` (cells, genes), and on request
`proteins` (cells, proteins) and `batches` (cells,). OUT.json holds the processor seconds, epochs and versions beside it.
"""

import argparse
import importlib.metadata
import json
import os
import time
import warnings
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, os.environ.get("NUWA_THREADS", "1"))
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np  # noqa: E402  threads are set before the science is loaded
from anndata import AnnData  # noqa: E402
from scipy import sparse  # noqa: E402


def latent(model, given, seed):
    """(cells, latent) after training with defaults, and the number of epochs; `given`: name -> array."""
    import scvi

    scvi.settings.seed = seed
    adata = AnnData(sparse.csr_matrix(given["counts"]))
    batch = "batch" if "batches" in given else None
    if batch:
        adata.obs["batch"] = given["batches"].astype(str)
    if model == "totalvi":
        adata.obsm["protein"] = given["proteins"]
        scvi.model.TOTALVI.setup_anndata(adata, "protein", batch_key=batch)
        made = scvi.model.TOTALVI(adata)
    else:
        scvi.model.SCVI.setup_anndata(adata, batch_key=batch)
        made = scvi.model.SCVI(adata)
    made.train(accelerator="cpu", enable_progress_bar=False)
    return made.get_latent_representation(), made.trainer.current_epoch


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=("scvi", "totalvi"))
    parser.add_argument("given", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    started = time.process_time()
    found, epochs = latent(asked.model, dict(np.load(asked.given)), asked.seed)
    facts = {"seconds": round(time.process_time() - started, 1), "epochs": epochs}
    facts |= {name: importlib.metadata.version(name) for name in ("scvi-tools", "torch")}
    asked.out.with_suffix(".json").write_text(json.dumps(facts))
    np.save(asked.out, found.astype(np.float32))


if __name__ == "__main__":
    main()
