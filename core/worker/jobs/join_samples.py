"""The jobs that join samples into one dataset: a preview of what is lost, and the joining."""

import json

import anndata

from core import device
from core.config.dataset_record import DatasetRecord
from core.data import read
from core.data.backed import opened
from core.errors import UserError

COPIES = 3  # of all values at the peak: joined, logged for colouring, and by gene


def look(store, samples, batch):
    """The result of joining, before it is done: {"cells", "genes", "proteins", "batch", "lost": [sentence], "too_large": sentence or ""}.

    `samples` are {"dataset", "name"} each. Raises UserError where they cannot be joined.
    """
    planned, too_large = _plan(store, samples, batch), ""
    try:
        _check_room(store, samples)
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


def join(store, samples, batch, say):
    """(AnnData in normal form, {"joined": how it was made}) of samples; raises UserError."""
    _check_room(store, samples)
    planned = _plan(store, samples, batch)

    def parts():
        for i, sample in enumerate(samples):
            say(f"Reading {sample['name']}, sample {i + 1} of {len(samples)}.", 0.1 + 0.3 * i / len(samples))
            yield read.Sample(sample["name"], anndata.read_h5ad(store.dataset_folder(sample["dataset"]).file))

    made = read.tidy(read.join_samples(parts(), planned), "the joined dataset")
    told = {"batch": planned.batch, "lost": planned.lost, "samples": [_told(store, one) for one in samples]}
    made.uns["nuwa_joined"] = json.dumps(told)
    return made, {"joined": told}


def _told(store, sample):
    """The record of a sample: its origin, its size, and its steps."""
    row = store.row("dataset", sample["dataset"])
    record = DatasetRecord.of(row)
    return sample | {
        "title": row["name"],
        "origin": row["origin"],
        "cells": record.cells,
        "steps": list(record.steps),
    }


def _plan(store, samples, batch):
    outlines = []
    for sample in samples:
        kind = DatasetRecord.of(store.row("dataset", sample["dataset"])).x.kind
        outlines.append(
            read.outline(sample["name"], opened(store.dataset_folder(sample["dataset"]).file), kind)
        )
    return read.plan(outlines, batch)


def _check_room(store, samples):
    size = sum(store.dataset_folder(sample["dataset"]).file.stat().st_size for sample in samples)
    read.check_room(COPIES * size, device.free_memory())
