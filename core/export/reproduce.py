"""A run trained again from its bundle, and how far the result is from the first one.

The same settings, data, device, number of threads and versions give the same latent space to the bit (docs/models.md).
"""

import hashlib
import platform
from typing import NamedTuple

import numpy as np

from core import config as configs
from core.analysis import leiden
from core.analysis.metrics import scores
from core.analysis.neighbors import N_NEIGHBORS, find_neighbors
from core.config.run_files import START_WEIGHTS
from core.data import read
from core.errors import UserError
from core.export.versions import versions
from core.preprocessing import steps
from core.training import learn

LOSSES = ("train_loss", "valid_loss", "train_rna", "valid_rna", "train_protein", "valid_protein")


class Repeat(NamedTuple):
    """The comparison of a repeated run: `same` to the bit, or `lines` on how far off it is and `reasons`, in words."""

    same: bool
    lines: list
    reasons: list

    @property
    def verdict(self):
        """In one sentence."""
        if self.same:
            what = "losses and clusters" if len(self.lines) > 2 else "and losses"
            return f"The same: latent space, {what} are equal to the last bit.".replace(
                "space, and", "space and"
            )
        return "Not the same to the last bit."

    def record(self):
        """As JSON can hold it."""
        return self._asdict() | {"verdict": self.verdict}


def names_hash(adata):
    """{"cells", "genes"}: a fingerprint each of the names in their order, which the split and the weights depend on."""
    return {
        "cells": _digest(adata.obs_names),
        "genes": _digest(adata.var_names),
    }


def _digest(names):
    return hashlib.sha256("\0".join(map(str, names)).encode()).hexdigest()


def machine():
    """What besides packages may change the last bit: python, the system, and the instructions torch uses."""
    import torch

    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }


def data_of(adata, record, recipe, name="the data"):
    """The AnnData that a run was trained on, from the one it was made of or from itself.

    Its fingerprint says which of both `adata` is: where it is the one from before, the steps of `recipe` are done.
    Raises UserError where it is neither.
    """
    if read.data_hash(adata) == record["data_hash"]:
        return adata
    if recipe["steps"]:
        preprocessed = read.tidy(steps.apply(adata, recipe["steps"]), name)
        if read.data_hash(preprocessed) == record["data_hash"]:
            return preprocessed
    raise UserError(
        f"'{name}' does not hold the values that this run was trained on (their fingerprint differs): name the file that was "
        "uploaded, or the result.h5ad of the bundle."
    )


def train(adata, first, scratch=None):
    """Train a run again on its AnnData: yields what pipeline.learn yields, the last of it the Learnt.

    `first` is what core.export.bundle_zip.Bundle.first gives: a run that was stopped is stopped there, too.
    """
    settings = {k: v for k, v in first["record"].items() if k not in configs.RECORD_KEYS}
    config = configs.parse(configs.upgraded(settings))
    if config.start_from and first["start"] is None:
        raise UserError(
            f"{START_WEIGHTS} is missing, the weights of another run that training started from: make the bundle again."
        )
    work = learn.learn(adata, config, scratch, weights=first["start"])
    answer = None
    while True:
        event = work.send(answer)
        yield event
        if isinstance(event, learn.Learnt):
            return
        answer = isinstance(event, learn.Epoch) and event.epoch >= len(first["history"])


def clusters_of(learnt, resolution):
    """(cells,) the Leiden clusters of a Learnt's latent space, as exploring finds them."""
    config = learnt.start.config
    neighbors = find_neighbors(learnt.latent, N_NEIGHBORS, config.seed, config.device, config.metric)
    return leiden.leiden(leiden.graph(neighbors), resolution, config.seed)


def compare(learnt, clusters, first, order):
    """The Repeat of a Learnt and its clusters against the `first` run; `order` is the names_hash of its data."""
    if learnt.latent is None:
        return Repeat(False, [learn.why_failed(learnt, learnt.start.config)], [])
    lines = [
        _latent(first["latent"], learnt.latent),
        _losses(first["history"], [learn.epoch_record(e) for e in learnt.epochs]),
    ]
    if first["clusters"] is not None:
        lines.append(_clusters(first["clusters"], clusters))
    same = all(equal for equal, _ in lines)
    return Repeat(same, [sentence for _, sentence in lines], [] if same else reasons(learnt, first, order))


def _latent(first, again):
    if first.shape != again.shape:
        return (
            False,
            f"Latent space: {again.shape[0]:,} x {again.shape[1]}, and it was {first.shape[0]:,} x {first.shape[1]}.",
        )
    if first.tobytes() == again.astype(first.dtype).tobytes():
        return True, f"Latent space: equal to the last bit ({first.shape[0]:,} cells x {first.shape[1]})."
    off = np.abs(again.astype(np.float64) - first)
    spread = float(first.std()) or 1.0
    return False, (
        f"Latent space: values differ by {off.mean():.3g} on average and {off.max():.3g} at most; they scatter by {spread:.3g}."
    )


def _losses(first, again):
    if len(first) != len(again):
        return False, f"Losses: {len(again)} epochs, and there were {len(first)}."
    off = [
        abs(a[name] - b[name])
        for a, b in zip(first, again, strict=True)
        for name in LOSSES
        if a.get(name) is not None
    ]
    if not any(off):
        return True, f"Losses: equal in all {len(first)} epochs."
    return False, f"Losses: they differ by {max(off):.3g} at most."


def _clusters(first, again):
    if np.array_equal(first, again):
        return True, f"Clusters: the same {int(first.max()) + 1}."
    if len(first) != len(again):
        return False, f"Clusters: of {len(again):,} cells, and there were {len(first):,}."
    ari = scores.agreement(first.astype(str), again)["ari"]
    return (
        False,
        f"Clusters: {int(again.max()) + 1}, and there were {int(first.max()) + 1}; ARI {ari:.3f} (1 is the same).",
    )


def reasons(learnt, first, order):
    """What differs from the first run and may explain it, in words."""
    start, record, differences = learnt.start, first["record"], []
    facts = [
        ("device", record.get("device_name"), start.device.name),
        ("number of threads", record.get("threads"), start.device.threads),
        ("path of the batches", record.get("path"), start.path),
    ]
    facts += [(what, first["machine"].get(what), value) for what, value in machine().items()]
    facts += [
        (f"version of {name}", record.get("versions", {}).get(name), value)
        for name, value in versions().items()
    ]
    differences += [
        f"Another {what}: {now}, and it was {then}." for what, then, now in facts if then and then != now
    ]
    for what, then in first["order"].items():
        if order[what] != then:
            differences.append(
                f"The {what} have another order than in the run, so other weights and another split are drawn. Use the "
                "result.h5ad of the bundle."
            )
    if start.device.kind == "cuda":
        differences.append("On a GPU the order of sums changes from run to run.")
    if not differences:
        differences.append("No known difference: device, threads, versions and order are the same.")
    return differences
