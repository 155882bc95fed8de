"""Metadata of the cells: columns with counts and histograms that select, filter and colour; a card of the Clusters page."""

from dashboard.pages.clusters.metadata.callbacks import register
from dashboard.pages.clusters.metadata.card import layout

__all__ = ["layout", "register"]
