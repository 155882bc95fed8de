"""python -m bench.mapping: labels and positions of one half of a real dataset, mapped onto a model trained on the other."""

import tempfile
from pathlib import Path

import numpy as np
from umap import umap_
from umap.layouts import optimize_layout_euclidean

from bench.sets import load
from core.analysis import embedding, label_transfer, mapping_summary, query, reference_mapping
from core.analysis.neighbors import Neighbors, find_among
from core.config import RunConfig
from core.export import run_folder
from core.training import learn

K = label_transfer.N_NEAR


def main():
    whole = load("pbmc10k_citeseq")
    order = np.random.default_rng(0).permutation(whole.n_obs)
    first, second = (
        whole[np.sort(half)].copy() for half in (order[: len(order) // 2], order[len(order) // 2 :])
    )
    *_, learnt = learn.learn(first, RunConfig(seed=0))
    with tempfile.TemporaryDirectory() as folder:
        run_folder.save_weights(Path(folder) / "model.pt", learnt, learnt.start.config)
        trained = run_folder.load_trained(Path(folder) / "model.pt")
    picture = embedding.umap(learnt.latent, seed=0)
    print(f"the same cells again: {np.abs(latent_of(first, trained) - learnt.latent).max():.1e} apart")
    print("\ncells                          labels right   unknown   beyond 90 %")
    without, fewer = second.copy(), second[:, np.random.default_rng(1).random(second.n_vars) < 0.6].copy()
    del without.obsm["protein"]
    cases = [
        ("the other half", second, reference_mapping.ROUNDS),
        ("60 % of the genes", fewer, reference_mapping.ROUNDS),
    ]
    for name, adata, rounds in [*cases, *((f"no proteins, {n} rounds", without, n) for n in (0, 3, 10))]:
        reference_mapping.ROUNDS = rounds
        judge(name, latent_of(adata, trained), learnt.latent, picture, first, second)
    reference_mapping.ROUNDS = 3
    places(latent_of(second, trained), learnt.latent, picture, first, second)


def latent_of(adata, trained):
    *_, latent = reference_mapping.encode_query(query.prepare_query(adata, trained), trained)
    return latent


def judge(name, latent, reference, picture, first, second):
    names, codes = np.unique(first.obs["cell_type"].astype(str), return_inverse=True)
    transfer = label_transfer.carry(latent, reference, picture, codes)
    sure = mapping_summary.sure(*transfer.votes)
    agreement = mapping_summary.agreement(second.obs["cell_type"].astype(str), names, sure)
    far = (transfer.farness > mapping_summary.FAR).mean()
    print(f"{name:<30}{agreement.accuracy:>12.3f}{(sure < 0).mean():>11.3f}{far:>13.1%}")


def places(latent, reference, picture, first, second):
    """Each way to place new cells on the map: neighbours kept and labels correct there."""
    names, codes = np.unique(first.obs["cell_type_fine"].astype(str), return_inverse=True)
    own = second.obs["cell_type_fine"].astype(str).to_numpy()
    near = find_among(latent, reference, K)
    mean = {k: np.average(picture[near.indices[:, :k]], axis=1, weights=_weights(near, k)) for k in (5, 15)}
    ways = {
        "median of 15": label_transfer.placed(near, picture),
        "UMAP's transform": _transformed(near, picture),
    }
    print("\nplaces                              kept   labels right")
    for name, points in (ways | {f"weighted mean of {k}": points for k, points in mean.items()}).items():
        there = find_among(points, picture, K)
        pairs = zip(near.indices, there.indices, strict=True)
        kept = np.mean([len(np.intersect1d(a, b)) / K for a, b in pairs])
        votes = label_transfer.vote(Neighbors(there.indices, np.ones_like(there.distances)), codes)
        print(f"{name:<30}{kept:>10.3f}{(names[votes.codes] == own).mean():>15.3f}")


def _weights(near, k):
    weights = 1 / np.maximum(near.distances[:, :k], 1e-9)
    return np.repeat(weights[:, :, None], 2, axis=2)


def _transformed(near, picture, epochs=100):
    """umap-learn's transform after its neighbour search, by its own functions."""
    sigmas, rhos = umap_.smooth_knn_dist(near.distances, float(K), local_connectivity=0.0)
    rows, columns, values, _ = umap_.compute_membership_strengths(
        near.indices, near.distances, sigmas, rhos, bipartite=True
    )
    graph = umap_.scipy.sparse.coo_matrix((values, (rows, columns)), shape=(len(near.indices), len(picture)))
    graph = graph.tocsr()
    begun = umap_.init_graph_transform(graph, picture)
    graph = graph.tocoo()
    graph.data[graph.data < graph.data.max() / epochs] = 0
    graph.eliminate_zeros()
    a, b = umap_.find_ab_params(1.0, 0.3)
    state = np.random.RandomState(0).randint(-(2**31) + 1, 2**31 - 1, 3).astype(np.int64)
    return optimize_layout_euclidean(
        begun.astype(np.float32),
        picture.astype(np.float32),
        graph.row,
        graph.col,
        epochs,
        len(picture),
        umap_.make_epochs_per_sample(graph.data, epochs),
        a,
        b,
        state,
        1.0,
        0.25,
        5,
    )


if __name__ == "__main__":
    main()
