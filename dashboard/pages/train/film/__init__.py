"""The film of the latent space as it forms: its card, its frames and its files."""

from dashboard.pages.train.film.card import layout, register

__all__ = ["layout", "register"]
