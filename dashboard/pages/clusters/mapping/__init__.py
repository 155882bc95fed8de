"""The card on which cells of another data set are mapped onto a run."""
