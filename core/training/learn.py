"""The first half of a job, from an AnnData to its latent space: split, prepare, baselines, training, encoding.

The second half is core.analysis.explore. Each half is a generator: it yields a Phase where one begins, the Start, each
Epoch, and at last its result. It knows no disk, no screen and no user.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import torch

from core import device as devices
from core import models
from core.config.run_facts import Baselines, Parts, RunFacts
from core.config.run_files import HISTORY
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_of
from core.training import baselines, count_baselines, count_splitting, loss_groups, memory
from core.training import held_out as outputs
from core.training.baselines import PANEL_AXES
from core.training.checkpoint import fingerprint, moved
from core.training.dataloader import Feed
from core.training.film import Recorder
from core.training.forecast import forecast
from core.training.inference import encode
from core.training.loop import Epoch, NonFinite, fit, losses
from core.training.phases import Clock
from core.training.progress import Progress
from core.training.schedule import segments
from core.training.start_weights import start_from


class Answer(IntEnum):
    """What becomes of a training after an Epoch, or after the Start of one that is resumed."""

    CONTINUE = 0
    STOP = 1  # training ends here, and what was learnt is kept
    PAUSE = 2  # a checkpoint is written and nothing else is done: another process goes on from there


class Start(NamedTuple):
    """Known before the first epoch. `config` is the one asked for, with what was left empty chosen from the data."""

    config: object  # RunConfig
    n_epochs: int
    device: devices.Device
    matrix: object  # matrix.Matrix
    split: object  # split.Split
    on_valid: Baselines  # for the curve, on the validation cells
    on_scored: Baselines  # for the scores
    path: str  # how minibatches come to the model: a name in feed.PATHS
    axes: (
        np.ndarray
    )  # (cells, k) PCA of the weighted input, fitted on the training cells; k: 50, or n_latent if more
    share: np.ndarray  # (k,) of the input's variance each axis explains
    note: str = ""  # on the baselines
    resumed: tuple = ()  # a sentence on the weights of another run, and for each time that training was resumed
    before: tuple = ()  # the Epochs of the checkpoint that training goes on from


class Learnt(NamedTuple):
    """What training leaves. `epochs` is empty and `latent` None where not one epoch was finished."""

    start: Start
    epochs: list[Epoch]
    best_epoch: int
    weights: dict  # torch's state_dict on the CPU
    latent: np.ndarray | None  # (cells, n_latent)
    loss: Parts | None  # of the best weights, on the cells that scores are computed on
    held_out: dict  # likelihoods on the same cells, as core.training.held_out has them; empty where the model has none
    groups: object  # loss_groups.LossGroups on the same cells, or None
    seconds: dict
    failure: str  # why the loss stopped being a number, or ""

    @property
    def axes(self):
        return self.start.axes


def learn(adata, config, scratch=None, foresee=False, checkpoints=None, film=None, weights=None):
    """Split, prepare, measure the baselines, train, encode: yields Phase, Start and Epoch, then a Learnt.

    With `foresee` a Forecast comes as soon as the data is prepared; it changes nothing of what follows. An Epoch is
    answered by an Answer, or True to stop. `scratch` is the folder for values that do not fit in memory. With
    core.training.checkpoint.Checkpoints training is saved now and then, and goes on from the newest checkpoint where there
    is one: on the CPU the result is equal, bit for bit, to that of a training without interruption. Raises UserError where
    the data cannot be trained on with these settings, or the checkpoint is of other data or settings. `film` is the
    core.store.film.FilmFile that keeps the latent space as it forms (core.training.film). `weights` is the
    content of another run's model.pt, from which training starts where there is no checkpoint (core.training.start_weights).
    """
    saved = checkpoints.read() if checkpoints else None
    clock = Clock(dict(saved.seconds) if saved else {})
    device = devices.choose(config.device)
    devices.settle(device.kind)
    yield clock.start("preparing")
    split = split_of(adata, config)
    matrix = prepare(adata, config, split, scratch)
    sizes = matrix.n_cells, matrix.n_genes, matrix.n_proteins, matrix.kind, matrix.gene_variance
    asked, config = config, config.for_data(*sizes)
    if asked.target != config.target:
        matrix.notes.append(f"Splitting counts {config.target_step(matrix.kind).reason}.")
    if asked.metric != config.metric:
        matrix.notes.append(
            "Distances between cells are Euclidean: in up to 3 latent dimensions many cells share a direction."
        )
    config.check_against(matrix.n_genes, matrix.n_proteins, matrix.kind)
    splitter = count_splitting.splitter(matrix, split.train, config) if config.splits_counts else None
    identity = fingerprint(matrix, split, config, device) if checkpoints else None
    resumed = ()
    if saved:
        saved.check(identity)
        resumed = (*saved.resumed, saved.sentence + moved(saved.of, identity))
    if foresee:
        yield clock.start("forecast")
        held = devices.held_memory()
        yield forecast(matrix, split, config, device, memory.n_bytes(adata), held, splitter=splitter)
    yield clock.start("yardsticks")
    n_axes = min(PANEL_AXES, matrix.n_features - 1, len(split.train) - 1)
    simple = baselines.fit(matrix, split.train, config, n_axes, device.kind)
    if splitter:
        fitted = count_splitting.fit(matrix, splitter, split, config, device.kind)
    else:
        fitted = count_baselines.fit(matrix, split.train, simple) if matrix.reads_counts else simple
    on_valid = fitted.measure(matrix, split.valid, config)
    on_scored = fitted.measure(matrix, split.scored, config) if len(split.test) else on_valid
    axes, share = _project(matrix, simple.pca)
    n_epochs = segments(config, len(split.train))[-1].last
    path = Feed(matrix, device.kind, config, splitter).path
    epochs = list(saved.epochs) if saved else []
    start = Start(
        config,
        n_epochs,
        device,
        matrix,
        split,
        on_valid,
        on_scored,
        path,
        axes,
        share,
        simple.note,
        resumed,
        tuple(epochs),
    )
    answer = (yield start) or Answer.CONTINUE

    yield clock.start("training")
    torch.manual_seed(config.seed)
    model = models.build(config, matrix.n_genes, matrix.n_proteins, len(matrix.batch_names))
    if matrix.reads_counts:
        model.start_from(fitted)
    if weights and not saved:
        resumed = (start_from(model, weights, matrix, config),)
        start = start._replace(resumed=resumed)
    progress, failure = Progress(model.to(device.kind), matrix, split, config), ""
    if saved:
        progress.restore(saved.state)
    passes = fit(model, matrix, split, config, device.kind, splitter, progress)
    recorder = Recorder(film, matrix, split, config, device.kind, n_epochs)
    try:
        while answer == Answer.CONTINUE and (epoch := next(passes, None)):
            epochs.append(epoch)
            recorder.look(model, epoch.epoch)
            answer = (yield epoch) or Answer.CONTINUE
            if checkpoints and answer != Answer.STOP and (answer == Answer.PAUSE or checkpoints.is_due):
                checkpoints.write(progress.state(), epochs, clock.so_far(), resumed, identity)
        if answer == Answer.PAUSE:
            return
        if checkpoints and epochs:  # so that the run can be resumed where it was stopped, and extended
            checkpoints.write(progress.state(), epochs, clock.so_far(), resumed, identity)
            checkpoints.remove_older()
    except NonFinite as error:
        failure = str(error)
        if checkpoints:
            checkpoints.remove()  # from there training would end in the same way
    finally:
        passes.close()  # puts the best weights back
    best_epoch = progress.best_epoch
    latent, loss, held_out, groups = None, None, {}, None
    if epochs:
        yield clock.start("encoding")
        latent = encode(model, matrix, device=device.kind)
        loss = losses(model, matrix, split.scored, config, device.kind, splitter)
        measured = matrix, split.scored, loss, on_scored, config, device.kind, splitter
        held_out = outputs.held_out(model, *measured)
        groups = loss_groups.measure(model, fitted, matrix, split.scored, config, device.kind, splitter)
        if splitter:
            count_splitting.calibrate(model, matrix, split.train, device.kind)
    clock.stop()
    weights = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
    yield Learnt(start, epochs, best_epoch, weights, latent, loss, held_out, groups, clock.seconds, failure)


def model_of(learnt):
    """The trained model of a Learnt, in evaluation mode, on the CPU."""
    matrix = learnt.start.matrix
    sizes = matrix.n_genes, matrix.n_proteins, len(matrix.batch_names)
    model = models.build(learnt.start.config, *sizes)
    model.load_state_dict(learnt.weights)
    return model.eval()


def _project(matrix, pca):
    """(cells, k) coordinates of every cell on the PCA's axes, and each axis's share of all weighted variance."""
    rows = np.arange(matrix.n_cells)
    axes = np.empty((matrix.n_cells, pca.axes.shape[1]), dtype=np.float32)
    total = 0.0
    for part, x in matrix.blocks(rows):
        axes[part] = pca.project(x)
        total += float((((x - pca.center) * pca.weights) ** 2).sum())
    return axes, (axes.astype(np.float64) ** 2).sum(axis=0) / max(total, 1e-12)


def start_facts(start):
    """The RunFacts before the first epoch: device, features, cells, baselines."""
    matrix, split = start.matrix, start.split
    return RunFacts(
        device_used=start.device.kind,
        device_name=start.device.name,
        device_why=start.device.why,
        threads=start.device.threads,
        n_epochs=start.n_epochs,
        n_cells=matrix.n_cells,
        n_genes=matrix.n_genes,
        n_proteins=matrix.n_proteins,
        n_unseen_proteins=0 if matrix.unseen_proteins is None else matrix.unseen_proteins.shape[1],
        groups=matrix.batch_names,
        path=start.path,
        n_train=len(split.train),
        n_valid=len(split.valid),
        n_test=len(split.test),
        notes=[*matrix.notes, *filter(None, (split.note, start.note))],
        count_baselines="likelihood" if matrix.reads_counts else "",
        valid_baselines=start.on_valid,
        test_baselines=start.on_scored,
    )


def learnt_facts(learnt):
    """The RunFacts of a trained run."""
    added = {
        "best_epoch": learnt.best_epoch,
        "loss": learnt.loss,
        "held_out": learnt.held_out,
        **(_differences(learnt.groups) if learnt.groups else {}),
        "happened": (*learnt.start.resumed, *(epoch.note for epoch in learnt.epochs if epoch.note)),
        "pca_share": tuple(round(float(v), 5) for v in learnt.start.share),
        "phases": learnt.seconds,
    }
    return start_facts(learnt.start).model_copy(update=added)


def _differences(groups):
    """The LossGroups, and the loss above PCA's with its standard error, None where that is unknown."""
    difference, error = groups.jackknife("total", lambda model, pca, mean: model - pca)
    return {
        "loss_groups": groups.record(),
        "loss_difference": (difference, error if np.isfinite(error) else None),
    }


def why_failed(learnt, config):
    """One sentence on a loss that stopped being a number, and what to do about it."""
    kept = f"The weights of epoch {learnt.best_epoch} were kept." if learnt.epochs else "Nothing was learnt."
    scaled = "" if config.scale and config.clip else ", or switch scaling and clipping on"
    return f"{learnt.failure} {kept} Lower the learning rate (it was {config.lr:g}){scaled}."


def epoch_record(epoch):
    """An Epoch as a row of history.csv: {name in HISTORY: number or None}."""
    row = {"epoch": epoch.epoch}
    for part, name in (("total", "loss"), ("rna", "rna"), ("protein", "protein")):
        row[f"train_{name}"] = getattr(epoch.train, part)
        row[f"valid_{name}"] = getattr(epoch.valid, part)
    row["seconds"] = round(epoch.seconds, 4)
    row |= epoch.usage._asdict()
    return {name: row[name] if name in row else getattr(epoch, name) for name in HISTORY}
