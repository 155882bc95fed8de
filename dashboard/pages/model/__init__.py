"""The Create model page."""
