"""The bar on the plots: how many cells are selected and shown, and what can be done with the selected ones."""

from dashboard.pages.clusters.selection_bar.bar import layout
from dashboard.pages.clusters.selection_bar.callbacks import register

__all__ = ["layout", "register"]
