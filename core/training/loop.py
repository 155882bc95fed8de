"""The training loop: it yields an Epoch after each pass; to stop training, stop reading."""

import math
import time
from typing import NamedTuple

import numpy as np
import torch

from core.config.run_facts import Parts
from core.models.layers import mean_absolute_weight
from core.training.dataloader import Feed
from core.training.machine import Machine, Usage
from core.training.progress import Progress
from core.training.schedule import learning_rate, segment_of, segments, warmth


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
    segment: int = 1  # the number of its core.training.schedule.Segment: 2 and more are extensions
    penalty_l2: float = 0.0  # half the weight decay times the sum of all squared weights, after the pass
    train_kl: float | None = (
        None  # nats a cell, before its weight, on the same cells as `train`; None without one
    )
    valid_kl: float | None = None
    gradient_norm: float | None = None  # before clipping, a mean over the steps
    cells_per_second: float | None = None
    usage: Usage = Usage()

    def repeatable(self):
        """The Epoch without what differs when a run is repeated: times and the use of the machine."""
        return self._replace(seconds=0.0, cells_per_second=None, usage=Usage())


def fit(model, matrix, split, config, device="cpu", splitter=None, progress=None):
    """Train `model` in place and yield an Epoch after each pass; afterwards it holds the best epoch's weights.

    The best epoch is the one with the lowest validation loss. Closing the generator early keeps the best so far.
    The first time the loss is not a number, training continues from the weights of the previous epoch at half the rate,
    and the next Epoch has a note; the second time it raises NonFinite, and the weights are those of the best epoch.
    Seeded by `config.seed` through separate generators; dropout inside the network draws from torch's global one, which
    the caller seeds. With a `splitter` (core.sparse.split_counts.SplitCounts) each epoch splits the counts by other draws, and losses
    are those of one split of each cell, the same in every epoch. `progress`: the Progress of this model, which may be
    that of a training that was interrupted; its `state` between two epochs is all that is needed to go on from there.
    """
    model.to(device)
    feed, plan = Feed(matrix, device, config, splitter), segments(config, len(split.train))
    machine = Machine(device)
    progress = progress or Progress(model, matrix, split, config)
    try:
        while not is_over(progress, plan, config.patience):
            epoch = progress.epoch + 1
            segment = segment_of(plan, epoch)
            try:
                order = matrix.rna.shuffled(split.train, config.batch_size, progress.shuffle)
                state = progress.optimizer, progress.share, progress.hiding
                done = one_pass(model, feed, order, config, epoch, segment, *state)
                train, train_kl = evaluate(model, matrix, progress.sample, config, device, splitter)
                valid, valid_kl = evaluate(model, matrix, split.valid, config, device, splitter)
                if not math.isfinite(train.total + valid.total):
                    raise NonFinite(f"The loss stopped being a number after epoch {epoch}.")
            except NonFinite as error:
                if progress.share < 1:  # the message names both times
                    raise NonFinite(f"{progress.went_back} {error}") from None
                progress.go_back(error)
                continue
            is_best = progress.keep(epoch, valid.total)
            note, progress.note = progress.note, ""
            yield Epoch(
                epoch,
                train,
                valid,
                *done[:4],
                is_best,
                note,
                segment.number,
                penalty_l2=l2_penalty(model, config),
                train_kl=train_kl,
                valid_kl=valid_kl,
                gradient_norm=done.gradient_norm,
                cells_per_second=len(split.train) / max(done.seconds, 1e-9),
                usage=machine.usage(),
            )
    finally:
        model.load_state_dict(progress.best)
        model.eval()


def is_over(progress, plan, patience):
    """Has training had all epochs of the Segments of `plan`, or `patience` epochs of the last one without a better loss?"""
    last = plan[-1]
    if progress.epoch >= last.last:
        return True
    waited = progress.epoch - max(progress.best_epoch, last.peak_epoch)
    return bool(patience) and progress.epoch >= last.first and waited >= patience


class Pass(NamedTuple):
    """One pass over the training cells."""

    learning_rate: float  # at the last step
    seconds: float
    penalty_l1: float
    penalty_kl: float
    gradient_norm: float  # before clipping, a mean over the steps


def one_pass(model, feed, order, config, epoch, segment, optimizer, share, hiding):
    """A Pass: a step for each minibatch in this order, at a `share` of the rates of its Segment; raises NonFinite.

    `hiding` is the random generator of input dropout.
    """
    start = time.perf_counter()
    steps = math.ceil(len(order) / config.batch_size)
    n_steps = steps * segment.n_epochs
    n_features = feed.matrix.n_genes or feed.matrix.n_proteins
    l1 = kl = norm = 0.0
    model.train()
    minibatches = feed.minibatches(order, config.batch_size, config.input_dropout, hiding, draw=epoch)
    for step, (_, cells) in enumerate(minibatches, (epoch - segment.first) * steps):
        rate = share * learning_rate(segment, step, n_steps)
        beta = warmth(config, step / n_steps) if segment.number == 1 else config.beta
        kl_weight = beta * model.nat / n_features
        loss, (more_l1, more_kl), length = one_step(model, optimizer, cells, config, rate, kl_weight)
        # tensors, if any: the device is asked once a pass
        l1, kl, norm = l1 + more_l1, kl + more_kl, norm + length
    if not math.isfinite(loss.item()):  # of the last step: a loss that is not a number stays so
        raise NonFinite(f"The loss stopped being a number in epoch {epoch}.")
    seconds = time.perf_counter() - start
    return Pass(rate, seconds, float(l1) / steps, float(kl) / steps, float(norm) / steps)


class Step(NamedTuple):
    """What one step gives: scalars, as tensors on the device or as numbers."""

    loss: torch.Tensor  # weighted, without penalties
    penalties: tuple  # L1 and KL, 0.0 if none
    gradient_norm: torch.Tensor | float  # before clipping


def one_step(model, optimizer, cells, config, rate, kl_weight=0.0):
    """One optimiser step on one minibatch: a Step.

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
    length = clip_gradients(parameters, config.clip_grad)
    optimizer.step()
    return Step(data_loss.detach(), tuple(p.detach() if torch.is_tensor(p) else p for p in penalties), length)


def clip_gradients(parameters, longest):
    """Scale the gradients of `parameters` to the norm `longest` together, if it is larger; 0 is no limit.

    Returns their norm before: a number, or a scalar tensor on a GPU.
    """
    gradients = [p.grad for p in parameters if p.grad is not None]
    if gradients[0].device.type != "cpu":  # without waiting for a GPU
        length = torch.nn.utils.get_total_norm(gradients)
        if longest:
            torch.nn.utils.clip_grads_with_norm_(parameters, longest, length)
        return length
    # most steps need no clipping; numpy's sum takes half of torch's time
    flat = [gradient.numpy().reshape(-1) for gradient in gradients]
    with np.errstate(over="ignore"):  # handled next
        square = sum(float(np.dot(x, x)) for x in flat)
    if not math.isfinite(square):  # the square of a float32 may overflow float32
        square = sum(float(np.square(x, dtype=np.float64).sum()) for x in flat)
    length = math.sqrt(square)
    if longest and not length <= longest:
        torch.nn.utils.clip_grads_with_norm_(parameters, longest, torch.tensor(length))
    return length


def weighted(parts, config):
    """The weighted sum of a model's named loss parts."""
    return sum(config.weight_of(name) * value for name, value in parts.items())


@torch.no_grad()
def l2_penalty(model, config):
    """Half the weight decay times the sum of all squared weights: what decay as a penalty of the loss would be."""
    if not config.l2:
        return 0.0
    weights = [m.weight for m in model.modules() if isinstance(m, torch.nn.Linear)]
    return 0.5 * config.l2 * float(torch.nn.utils.get_total_norm(weights)) ** 2


def losses(model, matrix, rows, config, device="cpu", splitter=None):
    """The Parts of the loss over `rows`, in evaluation mode; with a `splitter` of its first split of each cell."""
    return evaluate(model, matrix, rows, config, device, splitter)[0]


@torch.no_grad()
def evaluate(model, matrix, rows, config, device="cpu", splitter=None):
    """(Parts, divergence) over `rows`, in evaluation mode; the divergence is in nats a cell, None without one.

    With a `splitter` of its first split of each cell.
    """
    was_training = model.training
    model.eval()
    totals = {}  # on the device, read once at the end
    for part, cells in Feed(matrix, device, config, splitter).blocks(rows):
        for name, value in model.loss(cells).items():
            totals[name] = totals.get(name, 0.0) + value.double() * len(part) / len(rows)
    totals = {name: value.item() for name, value in totals.items()}
    model.train(was_training)
    divergence = totals.pop("kl", None)
    return Parts(weighted(totals, config), totals.get("rna"), totals.get("protein")), divergence
