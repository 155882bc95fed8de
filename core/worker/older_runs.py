"""Scores of runs of earlier versions that are in their folders alone are written into their rows, once."""

import json
import traceback

from core import files
from core.store import run_summary

DONE = "scores_in_rows"


def fill_scores(store):
    """Fill the columns that a comparison of spaces fills today; a file that cannot be read is left out."""
    if store.recall(DONE):
        return
    for path in sorted((store.root / "runs").glob("[!.]*/spaces.json")):
        try:
            columns = run_summary.of_spaces(files.read_json(path)["records"])
        except (OSError, json.JSONDecodeError, KeyError, TypeError):
            traceback.print_exc()
            continue
        if columns and store.exists("run", path.parent.name):
            store.set("run", path.parent.name, **columns)
    store.remember(DONE, True)
