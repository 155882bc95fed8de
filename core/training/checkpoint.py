"""Checkpoints of a training: when one is due, what it holds, and whether it belongs to this run."""

import hashlib
import io
import time
from typing import NamedTuple

import numpy as np
import torch

from core import checkpoint_file
from core.config import parse, specs, upgraded
from core.config.run_facts import Parts
from core.errors import UserError, is_disk_full
from core.training.loop import Epoch
from core.training.machine import Usage

LONGEST = 60.0  # seconds between two checkpoints, unless an epoch takes longer
RARE, RAREST = (
    100,
    50,
)  # times the seconds that one takes: 1 % of the time, and 2 % where LONGEST would cost more
AGAIN = "Train it again from the start, or start a new run from its weights."


class Saved(NamedTuple):
    """What a checkpoint holds."""

    state: dict  # of core.training.progress.Progress
    epochs: list[Epoch]
    seconds: dict  # of each phase so far
    resumed: tuple  # a sentence for each time that training was resumed before
    of: dict  # as `fingerprint` gives it
    damaged: bool  # a newer checkpoint was damaged

    @property
    def sentence(self):
        """That training continues from here."""
        newer = " The newest checkpoint was damaged, so the older one was used." if self.damaged else ""
        return f"Training was interrupted and continued from the checkpoint of epoch {self.state['epoch']}.{newer}"

    def check(self, now):
        """Raise UserError with the reasons where this is not of the run that `now`, its fingerprint, describes."""
        if reasons := _differences(self.of, now):
            raise UserError(f"This run cannot be resumed. {' '.join(reasons)} {AGAIN}")


class Checkpoints:
    """The checkpoints in the folder of one run."""

    again = "press Resume"  # what a person does to go on from one

    def __init__(self, folder):
        self.folder = folder
        self.cost, self.since = 0.0, time.monotonic()  # of the last one, and when it was there

    @property
    def is_due(self):
        """Has the last checkpoint become old? Saving takes at most 2 % of the time, 1 % where it is quick."""
        interval = max(min(RARE * self.cost, LONGEST), RAREST * self.cost)
        return time.monotonic() - self.since >= interval

    def write(self, state, epochs, seconds, resumed, of):
        """Write a checkpoint of these; raises UserError where the disk is full, and the earlier ones stay."""
        began, file = time.monotonic(), io.BytesIO()
        content = {
            "state": state,
            "epochs": [_plain(epoch) for epoch in epochs],
            "resumed": list(resumed),
        }
        torch.save(content, file)
        try:
            head = {"epoch": state["epoch"], "seconds": seconds, "of": of}
            checkpoint_file.write(self.folder, head, file.getbuffer())
        except OSError as error:
            if not is_disk_full(error):
                raise
            kept = checkpoint_file.newest(self.folder)
            left = f"The checkpoint of epoch {kept.epoch} is kept." if kept else "There is no checkpoint yet."
            raise UserError(
                f"The disk of the server is full, so the checkpoint of epoch {state['epoch']} could not be written. {left} "
                f"Free some space, then {self.again if kept else 'train again'}."
            ) from None
        self.since = time.monotonic()
        self.cost = self.since - began

    def read(self):
        """The newest Saved that is whole, or None; raises UserError where there are some and all are damaged."""
        kept = checkpoint_file.newest(self.folder)
        if kept is None:
            if checkpoint_file.is_damaged(self.folder):
                raise UserError(f"All checkpoints of this run are damaged. {AGAIN}")
            return None
        head, content = checkpoint_file.read(kept.path)
        content = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        epochs = [_epoch(values) for values in content["epochs"]]
        resumed = tuple(content["resumed"])
        return Saved(content["state"], epochs, head["seconds"], resumed, head["of"], kept.damaged)

    def remove(self):
        """Remove all of them."""
        checkpoint_file.remove(self.folder)

    def remove_older(self):
        """Remove the older one: training has ended, and its last state is there whole."""
        checkpoint_file.remove(self.folder, checkpoint_file.NAMES[1:])


RECORDS = {
    "train": Parts,
    "valid": Parts,
    "usage": Usage,
}  # the fields of an Epoch that are records themselves


def _plain(epoch):
    """An Epoch as lists, numbers and text by name."""
    values = epoch._asdict()
    return {k: list(v) if k in RECORDS else v for k, v in values.items()}


def _epoch(values):
    known = {k: v for k, v in values.items() if k in Epoch._fields}  # of this version or an earlier one
    return Epoch(**{k: RECORDS[k](*v) if k in RECORDS else v for k, v in known.items()})


def fingerprint(matrix, split, config, device):
    """What has to be the same for a training to go on: the data as the model sees them, the split, the settings.

    As JSON can hold it. `device` is a core.device.Device.
    """
    return {
        "cells": [matrix.n_cells, _digest(matrix.cell_names)],
        "genes": [matrix.n_genes, _digest(matrix.genes)],
        "proteins": [matrix.n_proteins, _digest(matrix.proteins)],
        "values": _digest_of_arrays(matrix.mean, matrix.sd, matrix.rna.size),
        "split": _digest_of_arrays(split.train, split.valid, split.test),
        "settings": config.model_dump(mode="json"),
        "device": [device.kind, device.threads],
    }


def _digest(names):
    return hashlib.sha256("\0".join(map(str, names)).encode()).hexdigest()[:16]


def _digest_of_arrays(*arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _differences(then, now):
    """Sentences on what keeps a training from going on, from two fingerprints."""
    reasons = []
    for what in ("cells", "genes", "proteins"):
        if then[what] != now[what]:
            (before, _), (after, _) = then[what], now[what]
            numbers = f" ({after:,}, and it had {before:,})" if before != after else ""
            reasons.append(f"The dataset has other {what} than at its checkpoint{numbers}.")
    settings = _whole_settings(then["settings"])
    for name, label in {spec.name: spec.label for spec in specs()}.items():
        before, after = settings.get(name), now["settings"].get(name)
        if before != after and name != "device":
            reasons.append(f"The setting '{label}' is {after}, and it was {before}.")
    if not reasons and then["values"] != now["values"]:
        reasons.append("The dataset has other values than at its checkpoint.")
    if not reasons and then["split"] != now["split"]:
        reasons.append("The cells are split into training and validation cells in another way.")
    return reasons


def _whole_settings(record):
    """The settings of a checkpoint with those that came in later versions, as its training had them."""
    try:
        return parse(upgraded(record)).model_dump(mode="json")
    except UserError:  # of a newer version: it is compared as it is
        return record


def moved(then, now):
    """A sentence where training goes on elsewhere, so that the last digits of losses may differ; "" where it does not."""
    (kind, threads), (kind_now, threads_now) = then["device"], now["device"]
    if kind != kind_now:
        change = f"on the {kind_now.upper()}, and it began on the {kind.upper()}"
    elif kind == "cpu" and threads != threads_now:
        change = f"with {threads_now} threads, and it began with {threads}"
    else:
        return ""
    return f" It continued {change}: the last digits of losses may differ from an uninterrupted run."
