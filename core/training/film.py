"""The latent space as it forms: the latent of some cells at some epochs, each rotated onto the one before.

A latent space may turn and be mirrored from epoch to epoch without any effect on the loss. An orthogonal Procrustes
rotation (Schonemann 1966, doi:10.1007/BF02289451) takes that out; there is no scaling, so that growth stays visible.
"""

import time

import numpy as np
import torch
from scipy.linalg import orthogonal_procrustes

from core.training.dataloader import Feed

MOST_CELLS, FEWEST_CELLS = 5000, 1000
MOST_FRAMES, FEWEST_FRAMES = 120, 24  # the latter where fewer cells make room for more frames
MOST_BYTES = 24e6  # of film.npy
MOST_VALUES = 25e6  # of the cells in memory, in the form in which the model reads them
SHARE = 0.012  # of the training time may go into the film; the promise is 0.02
BLOCK = 2048  # cells that are encoded at once


class Recorder:
    """Keeps frames while a model trains; how many follows from what they cost. Draws from no random state but its own."""

    def __init__(self, keep, matrix, split, config, device, n_epochs):
        """`keep`: core.store.film.FilmFile, or what has its methods; None keeps nothing."""
        self.keep, self.matrix, self.split, self.config = keep, matrix, split, config
        self.device, self.n_epochs = device, n_epochs
        self.spent, self.seconds, self.n_seen = (
            0.0,
            0.0,
            0,
        )  # of frames; of epochs without them; of how many epochs
        self._blocks, self._before, self._last, self._price = None, None, 0, 0.0
        self._since = time.perf_counter()

    def look(self, model, epoch):
        """Keep a frame of `model` after `epoch`, if one is due; its training mode and its weights stay as they are."""
        if self.keep is None:
            return
        start = time.perf_counter()
        self.seconds, self.n_seen = self.seconds + start - self._since, self.n_seen + 1
        try:
            if self._blocks is None:
                self._begin(model, epoch)
            if self._is_due(epoch):
                self._add(model, epoch)
        except (OSError, torch.OutOfMemoryError):  # a full disk or GPU ends the film, not the training
            self.keep = None
        self._since = time.perf_counter()
        self.spent += self._since - start

    def _allowed(self):
        """Seconds for all frames of the run, by the epochs so far."""
        return SHARE * self.seconds / self.n_seen * max(self.n_epochs, self.n_seen)

    def _is_due(self, epoch):
        if not self._last or epoch >= self.n_epochs:
            return True
        affordable = (self._allowed() - self.spent) / max(self._price, 1e-9)
        left = min(affordable, MOST_FRAMES - 2)
        return left >= 1 and epoch - self._last >= (self.n_epochs - self._last) / left

    def _begin(self, model, epoch):
        """Choose the cells, by what a frame of them costs; or go on with the film of a run that is resumed."""
        resumed = self.keep.resume(epoch) if epoch > 1 else None
        if resumed is not None:
            self._hold(resumed.cells)
            self._before, self._last = resumed.frames[-1], int(resumed.epochs[-1])
            self._price = self._timed(model)
            return
        n = min(MOST_CELLS, self.matrix.n_cells, int(MOST_VALUES / self._values_of_a_cell()) or 1)
        cells = np.sort(np.random.default_rng((self.config.seed, 7)).permutation(self.matrix.n_cells)[:n])
        self._hold(cells)
        self._encode(model)  # compiles, where anything does
        self._price = self._timed(model)
        affordable = int(n * self._allowed() / (FEWEST_FRAMES * max(self._price, 1e-9)))
        n_latent = self.config.n_latent
        fit = int(MOST_BYTES / (2 * n_latent * FEWEST_FRAMES))
        fewer = max(min(affordable, n), min(FEWEST_CELLS, n))
        if min(fewer, fit) < n:
            random = np.random.default_rng((self.config.seed, 8))
            cells = np.sort(random.permutation(cells)[: min(fewer, fit)])
            self._hold(cells)
            self._price *= len(cells) / n
        is_validation = np.isin(cells, self.split.valid)
        n_slots = int(min(MOST_FRAMES, max(FEWEST_FRAMES, MOST_BYTES / (2 * len(cells) * n_latent))))
        self.keep.begin(cells, is_validation, n_latent, n_slots)

    def _values_of_a_cell(self):
        sparse = Feed(self.matrix, self.device, self.config).path == "sparse"
        return 2 * self.matrix.n_features * self.matrix.rna.density if sparse else self.matrix.n_features

    def _hold(self, cells):
        """Read the cells once: [(their rows, Cells)] by block. A Feed for each, as a Feed gives its memory to the next."""
        self._cells, self._blocks = cells, []
        with torch.no_grad():
            for part in np.array_split(cells, max(1, -(-len(cells) // BLOCK))):
                feed = Feed(self.matrix, self.device, self.config)
                self._blocks += list(feed.minibatches(part, len(part)))

    def _timed(self, model):
        start = time.perf_counter()
        self._encode(model)
        return time.perf_counter() - start

    @torch.no_grad()
    def _encode(self, model):
        """(cells, n_latent) float32, in the order of the cells."""
        was_training = model.training
        model.eval()
        parts = [(rows, model.encode(cells).float().cpu().numpy()) for rows, cells in self._blocks]
        model.train(was_training)
        points = np.empty((len(self._cells), parts[0][1].shape[1]), np.float32)
        for rows, values in parts:
            points[np.searchsorted(self._cells, rows)] = values
        return points

    def _add(self, model, epoch):
        start = time.perf_counter()
        points = self._encode(model)
        if not np.isfinite(points).all():
            return
        self._before = aligned(points, self._before)
        self.keep.add(epoch, self._before)
        self._last = epoch
        self._price = max(0.5 * self._price + 0.5 * (time.perf_counter() - start), 1e-6)


def aligned(points, before=None):
    """(cells, n_latent) `points`, centred, and rotated or mirrored onto `before` of the same cells, if it is there."""
    centred = points - points.mean(axis=0)
    if before is None:
        return centred
    rotation, _ = orthogonal_procrustes(centred, before)
    return (centred @ rotation).astype(np.float32)
