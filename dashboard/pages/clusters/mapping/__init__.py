"""Mapping cells of another dataset onto a run: a card of the Clusters page."""

from dashboard.pages.clusters.mapping.callbacks import register
from dashboard.pages.clusters.mapping.card import layout

__all__ = ["layout", "register"]
