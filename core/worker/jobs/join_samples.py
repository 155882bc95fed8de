"""The jobs that join samples into one dataset: a preview of what is lost, and the joining."""

import json

import anndata

from core import device
from core.config.dataset_record import DatasetRecord
from core.data import read
from core.data.backed import opened
from core.errors import UserError
from core.worker.jobs.datasets import recalled

COPIES = 3  # of all values at the peak: joined, logged for colouring, and by gene


def look(store, arguments):
    """The result of joining, before it is done: {"cells", "genes", "proteins", "batch", "lost": [sentence], "too_large": sentence or ""}.

    `arguments` are JoinArguments. Raises UserError where the samples cannot be joined.
    """
    planned, too_large = _plan(store, arguments), ""
    try:
        _check_room(store, arguments.samples)
    except UserError as error:
        too_large = str(error)
    return {
        "cells": planned.n_cells,
        "genes": len(planned.genes),
        "proteins": len(planned.proteins),
        "batch": planned.batch,
        "lost": planned.lost,
        "too_large": too_large,
    }


def join(store, arguments, say):
    """(AnnData in normal form, {"joined": how it was made}) of the samples of JoinArguments; raises UserError."""
    samples = arguments.samples
    _check_room(store, samples)
    planned = _plan(store, arguments)

    def parts():
        for i, sample in enumerate(samples):
            say(f"Reading {sample.name}, sample {i + 1} of {len(samples)}.", 0.1 + 0.3 * i / len(samples))
            yield read.Sample(sample.name, anndata.read_h5ad(store.dataset_folder(sample.dataset).file))

    adata = read.tidy(read.join_samples(parts(), planned), "the joined dataset")
    records = [_record(store, sample) for sample in samples]
    joined = {"batch": planned.batch, "lost": planned.lost, "samples": records}
    adata.uns["nuwa_joined"] = json.dumps(joined)
    return adata, {"joined": joined}


def _record(store, sample):
    """The record of a sample: its origin, its size, and its steps."""
    row = store.row("dataset", sample.dataset)
    record = DatasetRecord.of(row)
    return sample.model_dump() | {
        "title": row["name"],
        "origin": row["origin"],
        "cells": record.cells,
        "steps": list(record.steps),
    }


def _plan(store, arguments):
    outlines = []
    for sample in arguments.samples:
        record = DatasetRecord.of(store.row("dataset", sample.dataset))
        adata = recalled(opened(store.dataset_folder(sample.dataset).file), record)
        outlines.append(read.outline(sample.name, adata))
    return read.plan(outlines, arguments.batch)


def _check_room(store, samples):
    size = sum(store.dataset_folder(sample.dataset).file.stat().st_size for sample in samples)
    read.check_room(COPIES * size, device.free_memory())
