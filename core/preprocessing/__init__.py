"""Counts and settings to the Matrix that a model sees: filters, transforms, variable genes, scaling."""
