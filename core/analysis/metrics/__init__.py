"""Scores of a latent space, by space, by cell and by feature.

To add a score of a space, change three files, all in this folder; pages, command line, tables and report follow:

1. scores.py (neighbourhoods.py for what compares neighbours with those of the input): the function, arrays in and a
   number out.
2. benchmark.py: one line in `_of_space`, which calls it for each space.
3. descriptions.py: its record in SCORES, with title, range, meaning, source, and what it needs of the cells.

A score of each cell goes into per_cell.py and CELL_SCORES. run_scores.py has the scores of a run by itself, those of
scores.json.
"""
