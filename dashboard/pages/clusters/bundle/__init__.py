"""The card of the Clusters page that takes a run away."""
