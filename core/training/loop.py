"""The training loop: it yields an Epoch after each pass; to stop training, stop reading."""

import copy
import math
import time
from typing import NamedTuple

import numpy as np
import torch

from core.config.run_facts import Parts
from core.models.layers import mean_absolute_weight
from core.training.dataloader import Feed

WARM_UP = (
    0.3  # one-cycle: the rate rises over this share of all steps, then falls (Smith 2018; torch's default)
)


class NonFinite(ArithmeticError):
    """A loss that is no longer a number; the text says when."""


class Epoch(NamedTuple):
    """One pass over the training cells. Losses are in evaluation mode and without penalties; weights as in Parts."""

    epoch: int  # from 1
    train: Parts  # on a fixed sample of training cells, as many as validation cells
    valid: Parts
    learning_rate: float  # at the last step
    seconds: float  # the training pass alone
    penalty_l1: float  # added to the loss, a mean over the steps; as is the next
    penalty_kl: float
    best: bool  # the lowest validation loss so far
    note: str = ""  # a message for the user about what happened before this pass, or ""


def fit(model, matrix, split, config, device="cpu", splitter=None):
    """Train `model` in place and yield an Epoch after each pass; afterwards it holds the best epoch's weights.

    The best epoch is the one with the lowest validation loss. Closing the generator early keeps the best so far.
    The first time the loss is not a number, training continues from the weights of the previous epoch at half the rate,
    and the next Epoch has a note; the second time it raises NonFinite, and the weights are those of the best epoch.
    Seeded by `config.seed` through separate generators; dropout inside the network draws from torch's global one, which
    the caller seeds. With a `splitter` (core.sparse.split_counts.SplitCounts) each epoch splits the counts by other draws, and losses
    are those of one split of each cell, the same in every epoch.
    """
    model.to(device)
    feed = Feed(matrix, device, config, splitter)
    optimizer, share, note, went_back = make_optimizer(model, config), 1.0, "", ""
    shuffle, hiding = np.random.default_rng(config.seed), np.random.default_rng((config.seed, 1))
    n_epochs = config.n_epochs(len(split.train))
    sample = matrix.rna.some(split.train, len(split.valid), shuffle)
    best = last = copy.deepcopy(model.state_dict())
    best_loss, best_epoch, epoch = math.inf, 0, 1
    try:
        while epoch <= n_epochs:
            try:
                order = matrix.rna.shuffled(split.train, config.batch_size, shuffle)
                done = _one_pass(model, optimizer, feed, order, config, epoch, share, hiding)
                train = losses(model, matrix, sample, config, device, splitter)
                valid = losses(model, matrix, split.valid, config, device, splitter)
                if not math.isfinite(train.total + valid.total):
                    raise NonFinite(f"The loss stopped being a number after epoch {epoch}.")
            except NonFinite as error:
                if share < 1:  # the message names both times
                    raise NonFinite(f"{went_back} {error}") from None
                model.load_state_dict(last)
                optimizer, share = make_optimizer(model, config), 0.5
                begin = f"the weights of epoch {epoch - 1}" if epoch > 1 else "fresh weights"
                note = went_back = (
                    f"{error} Training went back to {begin} and on with half the learning rate."
                )
                continue
            last, is_best = copy.deepcopy(model.state_dict()), valid.total < best_loss
            if is_best:
                best, best_loss, best_epoch = last, valid.total, epoch
            yield Epoch(epoch, train, valid, *done, is_best, note)
            note = ""
            if config.patience and epoch - max(best_epoch, peak_epoch(config, n_epochs)) >= config.patience:
                return
            epoch += 1
    finally:
        model.load_state_dict(best)
        model.eval()


class Pass(NamedTuple):
    """One pass over the training cells."""

    learning_rate: float  # at the last step
    seconds: float
    penalty_l1: float
    penalty_kl: float


def _one_pass(model, optimizer, feed, order, config, epoch, share, hiding):
    """A step for each minibatch in this order, at a `share` of the scheduled rate; raises NonFinite.

    `hiding` is the random generator of input dropout.
    """
    start = time.perf_counter()
    steps = math.ceil(len(order) / config.batch_size)
    n_steps = steps * config.n_epochs(len(order))
    n_features = feed.matrix.n_genes or feed.matrix.n_proteins
    l1 = kl = 0.0
    model.train()
    minibatches = feed.minibatches(order, config.batch_size, config.input_dropout, hiding, draw=epoch)
    for step, (_, cells) in enumerate(minibatches, (epoch - 1) * steps):
        rate = share * learning_rate(config, step, n_steps)
        kl_weight = warmth(config, step / n_steps) * model.nat / n_features
        loss, (more_l1, more_kl) = one_step(model, optimizer, cells, config, rate, kl_weight)
        l1, kl = l1 + more_l1, kl + more_kl  # tensors, if any: the device is asked once a pass
    if not math.isfinite(loss.item()):  # of the last step: a loss that is not a number stays so
        raise NonFinite(f"The loss stopped being a number in epoch {epoch}.")
    return Pass(rate, time.perf_counter() - start, float(l1) / steps, float(kl) / steps)


def warmth(config, done):
    """The KL weight (beta) after a share `done` of all steps."""
    return config.beta * min(1.0, done / config.beta_warm_up if config.beta_warm_up else 1.0)


def one_step(model, optimizer, cells, config, rate, kl_weight=0.0):
    """One optimiser step on one minibatch; returns the weighted loss, and the L1 and KL penalties: scalars, 0.0 if none.

    `kl_weight` is the price of a nat of divergence: the loss is a mean over the genes (over the proteins, if they are
    alone), the evidence lower bound a sum.
    """
    for group in optimizer.param_groups:
        group["lr"] = rate
        if group.get("shrink"):
            with torch.no_grad():
                torch._foreach_mul_(group["params"], 1 - rate * group["shrink"])
    parts = model.loss(cells)
    penalties = (
        config.l1 * mean_absolute_weight(model) if config.l1 else 0.0,
        kl_weight * parts.pop("kl") if "kl" in parts else 0.0,
    )
    data_loss = weighted(parts, config)
    # by hand: in a step of two milliseconds the overhead of optimizer.zero_grad counts
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for parameter in parameters:
        parameter.grad = None
    (data_loss + sum(penalties)).backward()
    if config.clip_grad:
        clip_gradients(parameters, config.clip_grad)
    optimizer.step()
    return data_loss.detach(), tuple(p.detach() if torch.is_tensor(p) else p for p in penalties)


def clip_gradients(parameters, longest):
    """Scale the gradients of `parameters` to the norm `longest` together, if it is larger."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    if gradients[0].device.type != "cpu":  # without waiting for a GPU
        length = torch.nn.utils.get_total_norm(gradients)
    else:  # most steps need no clipping; numpy's sum takes half of torch's time
        flat = [gradient.numpy().reshape(-1) for gradient in gradients]
        with np.errstate(over="ignore"):  # handled next
            square = sum(float(np.dot(x, x)) for x in flat)
        if not math.isfinite(square):  # the square of a float32 may overflow float32
            square = sum(float(np.square(x, dtype=np.float64).sum()) for x in flat)
        length = torch.tensor(math.sqrt(square))
        if length <= longest:
            return
    torch.nn.utils.clip_grads_with_norm_(parameters, longest, length)


def weighted(parts, config):
    """The weighted sum of a model's named loss parts."""
    return sum(config.weight_of(name) * value for name, value in parts.items())


def make_optimizer(model, config):
    """The torch optimiser of `config`. Weight decay spares biases and normalisations and is decoupled from the
    gradient (Loshchilov and Hutter 2019), but for "adam", which is the classic one: decay through the gradient.
    """
    weights = [m.weight for m in model.modules() if isinstance(m, torch.nn.Linear)]
    known = {id(w) for w in weights}
    others = [p for p in model.parameters() if id(p) not in known]
    native = config.l2 if config.optimizer in ("adam", "adamw") else 0.0
    groups = [{"params": weights, "weight_decay": native}, {"params": others, "weight_decay": 0.0}]
    if config.optimizer in ("adam", "adamw"):
        kind = torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW
        return kind(groups, lr=config.lr, fused=True)
    groups[0]["shrink"], groups[1]["shrink"] = (
        config.l2,
        0.0,
    )  # torch has no decoupled weight decay for these two
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=config.lr, momentum=0.9)
    return torch.optim.RMSprop(groups, lr=config.lr)


def learning_rate(config, step, n_steps):
    """The learning rate at `step` (from 0) of `n_steps`."""
    done = step / max(1, n_steps - 1)
    if config.schedule == "constant":
        return config.lr
    if config.schedule == "cosine":
        return config.lr * (1 + math.cos(math.pi * done)) / 2
    low, end = config.lr / 25, config.lr / 25e4  # torch's OneCycleLR defaults
    if done < WARM_UP:
        return low + (config.lr - low) * (1 - math.cos(math.pi * done / WARM_UP)) / 2
    return end + (config.lr - end) * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2


def peak_epoch(config, n_epochs):
    """The epoch in which the learning rate peaks, from which early stopping counts."""
    return math.ceil(WARM_UP * n_epochs) if config.schedule == "onecycle" else 0


@torch.no_grad()
def losses(model, matrix, rows, config, device="cpu", splitter=None):
    """The Parts of the loss over `rows`, in evaluation mode; with a `splitter` of its first split of each cell."""
    was_training = model.training
    model.eval()
    totals = {}  # on the device, read once at the end
    for part, cells in Feed(matrix, device, config, splitter).blocks(rows):
        for name, value in model.loss(cells).items():
            totals[name] = totals.get(name, 0.0) + value.double() * len(part) / len(rows)
    totals = {name: value.item() for name, value in totals.items()}
    model.train(was_training)
    return Parts(weighted(totals, config), totals.get("rna"), totals.get("protein"))
