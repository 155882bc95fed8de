"""The job that makes a dataset of the cells that were selected of a run."""

import json

import numpy as np

from core.data import backed, read
from core.errors import UserError
from core.store import Status
from core.store import groups as kept
from core.worker.jobs.datasets import open_dataset
from core.worker.jobs.ingest import write_dataset


def take_cells(store, job, say):
    """The cells of a selection as a new dataset without steps; that of the run stays unchanged.

    What lies on disk is gone through in blocks. Where the cells are from is in the record ("selected") and in
    uns["nuwa_selected"].
    """
    id, asked = job["target"], job["arguments"]
    store.move("dataset", id, Status.QUEUED, Status.RUNNING)
    say("Taking the selected cells.", 0.1)
    rows = kept.read(store.run_folder(asked["run"]), asked["groups"]).codes == 0
    adata = open_dataset(store, asked["of"], backed.EVERYTHING)
    if len(rows) != adata.n_obs:
        raise UserError("The dataset of this run has other cells than the run: select them again.")
    made = backed.part_of(adata, cells=np.asarray(rows))
    steps = made.uns.pop("nuwa_steps", [])
    told = {name: asked[name] for name in ("of", "of_name", "run", "run_name", "words")}
    told |= {
        "cells": int(rows.sum()),
        "of_cells": len(rows),
        "steps": [json.loads(str(one)) for one in steps],
    }
    made.uns["nuwa_selected"] = json.dumps(told)
    write_dataset(store, id, read.tidy(made, asked["of_name"]), say, {"selected": told})
