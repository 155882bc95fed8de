"""Scores of a latent space, by space, by cell and by feature."""
