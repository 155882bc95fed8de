"""Which versions made a result."""

import importlib.metadata

from core import __version__

PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "anndata",
    "scanpy",
    "umap-learn",
    "harmonypy",
    "igraph",
    "scikit-learn",
    "scikit-misc",
)


def versions():
    """Nuwa's version and those of the packages that decide a result."""
    return {"nuwa": __version__} | {name: importlib.metadata.version(name) for name in PACKAGES}
