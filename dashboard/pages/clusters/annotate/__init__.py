"""Naming cells: a card of the Clusters page."""

from dashboard.pages.clusters.annotate.callbacks import register
from dashboard.pages.clusters.annotate.card import layout

__all__ = ["layout", "register"]
