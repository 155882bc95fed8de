"""Which versions made a result."""

import importlib.metadata
from contextlib import suppress

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
    """Nuwa's version and those of the packages that decide a result; one that is not installed is left out."""
    found = {"nuwa": __version__}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):  # harmonypy is optional
            found[name] = importlib.metadata.version(name)
    return found
