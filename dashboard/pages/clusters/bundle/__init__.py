"""Downloading a run as one zip file: a card of the Clusters page."""

from dashboard.pages.clusters.bundle.callbacks import register
from dashboard.pages.clusters.bundle.card import layout

__all__ = ["layout", "register"]
