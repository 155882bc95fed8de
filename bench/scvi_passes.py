"""Trains SCVI with its defaults, one pass for each line of input; runs in .venv-bench, without Nuwa.

python -m bench.scvi_passes COUNTS.npz: answers each pass with a line of seconds, cells and loss (None: SCVI
keeps it elsewhere).
"""

import os
import sys
import time
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, os.environ.get("NUWA_THREADS", "1"))
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import scvi  # noqa: E402  threads are set before the science is loaded
from anndata import AnnData  # noqa: E402
from lightning.pytorch.callbacks import Callback  # noqa: E402
from scipy import sparse  # noqa: E402


class Stopwatch(Callback):
    """The seconds between the start and the end of a pass over the training cells."""

    seconds = 0.0

    def on_train_epoch_start(self, *_):
        self.since = time.perf_counter()

    def on_train_epoch_end(self, *_):
        self.seconds = time.perf_counter() - self.since


def main():
    warnings.simplefilter("ignore")
    adata = AnnData(sparse.load_npz(sys.argv[1]).tocsr())
    scvi.settings.seed = 0
    scvi.model.SCVI.setup_anndata(adata)
    model, watch = scvi.model.SCVI(adata), Stopwatch()
    quiet = {"enable_progress_bar": False, "accelerator": "cpu", "callbacks": [watch]}
    while True:
        model.train(max_epochs=1, train_size=0.85, **quiet)
        print(watch.seconds, round(0.85 * adata.n_obs), float("nan"), flush=True)
        if not sys.stdin.readline():
            return


if __name__ == "__main__":
    main()
