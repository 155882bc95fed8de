"""python -m bench.scoring: processor seconds of scoring all spaces of a run, 20,000 simulated cells x 2,000 genes."""

import time
from types import SimpleNamespace

from core import settings

settings.limit_threads()

import numpy as np  # noqa: E402  threads are set before the science is loaded

from core.analysis.metrics import benchmark  # noqa: E402
from core.analysis.warm_up import warm_up  # noqa: E402
from core.config import RunConfig  # noqa: E402
from core.data import demo  # noqa: E402
from core.preprocessing.matrix import BLOCK  # noqa: E402
from core.preprocessing.prepare import prepare  # noqa: E402
from core.preprocessing.split import split_cells  # noqa: E402

N, WIDTH = 20_000, 50  # cells; latent dimensions
EMBEDDINGS = ("latent_umap", "latent_tsne", "input_umap", "input_tsne")


def main():
    evidence, config, data = run()
    labels, batches = data.obs["cell_type"].astype(str).to_numpy(), np.arange(N) % 3
    spaces = benchmark.spaces_of(evidence, projections(evidence.latent))
    warm_up()
    few = {name: spaces[name] for name in ("latent", "latent_umap")}
    for title, scored in (("two spaces, compiled code cold", few), ("all spaces", spaces)):
        clock, processor = time.perf_counter(), time.process_time()
        *_, records = benchmark.compare_spaces(evidence, config, scored, 1.0, labels, batches)
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        print(
            f"{title}: {len(records)} scores, {processor:.1f} s of processor time, {clock:.1f} by the clock"
        )


def run():
    """(TrainedRun, config, AnnData): a latent space that is a random projection of the input, and a rotation of it as PCA."""
    config, random = RunConfig(n_top_genes=0, n_latent=WIDTH), np.random.default_rng(0)
    data = demo.simulated(n_cells=N, seed=1)
    split = split_cells(N, config)
    matrix = prepare(data, config, split)
    weights = random.standard_normal((matrix.n_features, WIDTH)).astype(np.float32) / 30
    latent = np.concatenate(
        [matrix.dense(rows) @ weights for rows in np.array_split(np.arange(N), N // BLOCK + 1)]
    )
    rotated = latent @ random.standard_normal((WIDTH, WIDTH)).astype(np.float32)
    return SimpleNamespace(latent=latent, axes=rotated, matrix=matrix, split=split), config, data


def projections(latent):
    """{name: (cells, 2)} projections in place of the embeddings of a run."""
    random = np.random.default_rng(1)
    return {name: latent @ random.standard_normal((WIDTH, 2)).astype(np.float32) for name in EMBEDDINGS}


if __name__ == "__main__":
    main()
