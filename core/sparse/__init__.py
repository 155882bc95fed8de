"""Sparse matrices in blocks of rows, compact in memory or on disk, and products with them."""
