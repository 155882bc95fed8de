"""Figures as files for a paper, at a size in millimetres: SVG, PDF and PNG, by Chromium or by matplotlib."""
