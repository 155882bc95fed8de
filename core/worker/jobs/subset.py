"""The job that makes a dataset of the cells that were selected of a run."""

import json

import numpy as np

from core.config.job_arguments import SelectArguments
from core.data import backed, read
from core.errors import UserError
from core.store import Status
from core.store import groups as saved_groups
from core.worker.jobs.datasets import open_dataset
from core.worker.jobs.ingest import write_dataset


def take_cells(store, job, say):
    """The cells of a selection as a new dataset without steps; that of the run stays unchanged.

    What lies on disk is gone through in blocks. Where the cells are from is in the record ("selected") and in
    uns["nuwa_selected"].
    """
    id, selection = job["target"], SelectArguments.of_job(job)
    store.move("dataset", id, Status.QUEUED, Status.RUNNING)
    say("Taking the selected cells.", 0.1)
    rows = saved_groups.read(store.run_folder(selection.run), selection.groups).codes == 0
    adata = open_dataset(store, selection.of, backed.EVERYTHING)
    if len(rows) != adata.n_obs:
        raise UserError("The dataset of this run has other cells than the run: select them again.")
    part = backed.part_of(adata, cells=np.asarray(rows))
    steps = part.uns.pop("nuwa_steps", [])
    record = selection.model_dump(exclude={"groups"}) | {
        "cells": int(rows.sum()),
        "of_cells": len(rows),
        "steps": [json.loads(str(step)) for step in steps],
    }
    part.uns["nuwa_selected"] = json.dumps(record)
    write_dataset(store, id, read.tidy(part, selection.of_name), say, {"selected": record})
