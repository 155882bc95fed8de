"""How far a training is: all that decides how it goes on, apart from its data and its settings."""

import copy
import json
import math

import numpy as np
import torch

from core.training.optimizer import make_optimizer


class Progress:
    """The state of a training between two epochs; `state` and `restore` take it to a file and back, bit for bit.

    `sample` (cells,) are the fixed training cells that losses are computed on. `share` is 1, or 0.5 once training went
    back after a loss that was not a number; `went_back` then says so, and `note` until an Epoch has said it.
    """

    def __init__(self, model, matrix, split, config):
        self.model, self.config = model, config
        self.optimizer = make_optimizer(model, config)
        self.shuffle = np.random.default_rng(config.seed)
        self.hiding = np.random.default_rng((config.seed, 1))  # of input dropout
        self.sample = matrix.rna.some(split.train, len(split.valid), self.shuffle)
        self.best = self.last = copy.deepcopy(model.state_dict())
        self.best_loss, self.best_epoch, self.epoch = math.inf, 0, 0
        self.share, self.went_back, self.note = 1.0, "", ""

    def keep(self, epoch, loss):
        """Record an epoch that ended with this validation loss; returns whether it is the best so far."""
        self.epoch, self.last = epoch, copy.deepcopy(self.model.state_dict())
        is_best = loss < self.best_loss
        if is_best:
            self.best, self.best_loss, self.best_epoch = self.last, loss, epoch
        return is_best

    def go_back(self, error):
        """Return to the weights of the last epoch at half the learning rate, with a new optimiser."""
        self.model.load_state_dict(self.last)
        self.optimizer, self.share = make_optimizer(self.model, self.config), 0.5
        begin = f"the weights of epoch {self.epoch}" if self.epoch else "fresh weights"
        self.note = self.went_back = (
            f"{error} Training went back to {begin} and on with half the learning rate."
        )

    def state(self):
        """{name: value} of plain values and tensors, which torch.load(weights_only=True) opens."""
        cuda = next(self.model.parameters()).device.type == "cuda"
        return {
            "epoch": self.epoch,
            "best_epoch": self.best_epoch,
            "best_loss": self.best_loss,
            "last": dict(self.last),
            "best": None if self.best is self.last else dict(self.best),
            "optimizer": self.optimizer.state_dict(),
            "share": self.share,
            "went_back": self.went_back,
            "note": self.note,
            # As text: the state of numpy's generator has integers of 128 bits.
            "shuffle": json.dumps(self.shuffle.bit_generator.state),
            "hiding": json.dumps(self.hiding.bit_generator.state),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state() if cuda else None,
        }

    def restore(self, state):
        """Go on from a `state`: of the model its weights, of torch its random numbers, and the rest of this object."""
        self.model.load_state_dict(state["last"])
        self.last = copy.deepcopy(self.model.state_dict())
        self.best = self.last if state["best"] is None else state["best"]
        for name in ("epoch", "best_epoch", "best_loss", "share", "went_back", "note"):
            setattr(self, name, state[name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.shuffle.bit_generator.state = json.loads(state["shuffle"])
        self.hiding.bit_generator.state = json.loads(state["hiding"])
        torch.set_rng_state(state["torch"])
        if state["cuda"] is not None and next(self.model.parameters()).device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda"])
