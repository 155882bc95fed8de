"""Groups of cells found otherwise or named by hand: cards of the Clusters page."""
