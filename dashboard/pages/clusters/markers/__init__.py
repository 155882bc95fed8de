"""Markers of groups of cells: a card of the Clusters page."""
