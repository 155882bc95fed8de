"""umap-learn, loaded without pynndescent, and with its compiled code in numba's cache on disk.

umap-learn imports pynndescent at once, whose import compiles for six processor seconds in every process. Nuwa hands it the
neighbours that it has found, so nothing of pynndescent is called. A search of more than 50,000 points loads it by itself.
umap-learn's own functions would compile for about as long again in every process: numba is told to keep them.
"""

import sys
from contextlib import contextmanager, suppress
from functools import cache
from types import ModuleType

# What umap-learn 0.5 takes from it at its import, by module.
NAMES = {
    "pynndescent": {"NNDescent": type("NNDescent", (), {})},
    "pynndescent.distances": {"named_distances": {}},
    "pynndescent.sparse": {"sparse_named_distances": {}},
}


@cache
def umap_():
    """The module umap.umap_."""
    with _without_pynndescent():
        from umap import layouts, umap_

    for function in (
        umap_.smooth_knn_dist,
        umap_.compute_membership_strengths,
        layouts._nb_optimize_layout_euclidean_single_epoch,
    ):
        with suppress(RuntimeError):  # there is no folder that numba can write: each process compiles
            function.enable_caching()
    return umap_


@contextmanager
def _without_pynndescent():
    """Give importers empty modules in place of pynndescent's, unless it or umap-learn is loaded already."""
    if "umap" in sys.modules or "pynndescent" in sys.modules:
        yield
        return
    for name, values in NAMES.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(values)
    try:
        yield
    finally:
        for name in NAMES:
            del sys.modules[name]
