"""Selected cells of a run that become a dataset of their own."""

import numpy as np

from core.config.job_arguments import SelectArguments
from core.errors import UserError
from core.store.groups import Groups

FEWEST = 10  # core.data.normal_form.MIN_CELLS: fewer are not trained on


class Selections:
    """Makes datasets of selected cells."""

    def __init__(self, access, datasets, groups):
        self.access, self.datasets, self.groups = access, datasets, groups

    def create(self, run_id, rows, selected_by, token):
        """Queue a dataset of the cells `rows` (bool) of a run; `selected_by` says how they were selected. Returns the job.

        The job's target is the id of the new dataset: that of the job under way for the same cells, if there is one.
        Raises UserError where they are too few to train on.
        """
        run = self.access.one("run", run_id)
        data, n = self.datasets.ready(run["dataset"]), int(np.sum(rows))
        if n < FEWEST:
            selected = "No cell is" if not n else "1 cell is" if n == 1 else f"{n} cells are"
            raise UserError(f"{selected} selected, and a dataset needs at least {FEWEST}: select more.")
        selection = Groups(["selected"], np.where(rows, 0, -1).astype(np.int32), selected_by)
        arguments = SelectArguments(
            of=data["id"],
            of_name=data["name"],
            run=run_id,
            run_name=run["name"],
            words=selected_by,
            groups=self.groups.keep(run_id, selection),
        )
        if same := self.access.under_way("select", arguments):
            return same
        row = {
            "name": f"{data['name'][:300]} ({n:,} cells selected)",
            "origin": f"{n:,} cells selected from {data['origin']}",
        }
        return self.access.begin("dataset", row, "select", arguments, token)
