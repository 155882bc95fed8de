"""A selection of a run's cells that becomes a data set of its own."""

import numpy as np

from core.errors import UserError
from core.store.groups import Groups

FEWEST = 10  # core.data.read.normal_form.MIN_CELLS: fewer are not trained on


class Selections:
    """The part of a View that makes data sets of selected cells."""

    def take_cells(self, run_id, rows, words, token):
        """Queue a data set of the cells `rows` (bool) of a run, which `words` say how they were chosen; returns the job.

        The job's target is the id of the new data set. Raises UserError where they are too few to train on.
        """
        run = self.run(run_id)
        data, n = self._ready(run["dataset"]), int(np.sum(rows))
        if n < FEWEST:
            raise UserError(
                f"{'No cell is' if not n else '1 cell is' if n == 1 else f'{n} cells are'} selected, and a data set needs at "
                f"least {FEWEST}: select more."
            )
        chosen = Groups(["selected"], np.where(rows, 0, -1).astype(np.int32), words)
        asked = {
            "of": data["id"],
            "of_name": data["name"],
            "run": run_id,
            "run_name": run["name"],
            "words": words,
            "groups": self.keep_groups(run_id, chosen),
        }
        row = {
            "name": f"{data['name'][:300]} ({n:,} cells selected)",
            "origin": f"{n:,} cells selected from {data['origin']}",
        }
        return self._begin("dataset", row, "select", asked, token)
