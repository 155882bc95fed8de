"""Markers of groups of cells: a card of the Clusters page."""

from dashboard.pages.clusters.markers.callbacks import register
from dashboard.pages.clusters.markers.card import layout

__all__ = ["layout", "register"]
