"""The numbers of a loss curve that a diagnosis follows from; losses keep their unit, and shares are of the whole fall."""

from typing import NamedTuple

import numpy as np

from core.text import NORMAL_95

LEAST_EPOCHS = 5  # a shorter curve has no slope
RISE = 0.005  # of the fall: a smaller rise after the best epoch does no harm
JUMP = 0.03  # of the fall; a smaller noise is none
NOISE = 0.25  # of the fall in the second half: the curve jumps more than it falls
DIVERGED = 0.5  # of the fall: a training loss that climbs back so far has diverged
BLOWN_UP = 5.0  # times the fall, or half the mean's loss, above the mean's: fresh weights are never so bad
SETTLED = 0.01  # of the fall: the curve has settled where it stays so near to its end
GAIN = 0.01  # of the fall: more epochs that gain less are not worth it
TREND = 2.0  # standard errors of a slope, from which it is no accident
STEADY = 0.01  # of the learning rate: a change that leaves it constant
SPREAD = 0.5  # measured (0.4 to 0.6): the rise differs from cell to cell by so much of the growth of the gap
TINY = 1e-12


class Curve(NamedTuple):
    """Training and validation loss of each finished epoch, and the fall from the training mean to the best epoch."""

    numbers: np.ndarray  # (n,) of epochs, from 1
    train: np.ndarray  # (n,)
    valid: np.ndarray  # (n,)
    rates: np.ndarray  # (n,) learning rates; NaN where a history does not have them
    start: float  # the loss of the training mean; of the first epoch where no baseline is known
    low: float  # the lowest validation loss, or PCA's where that is lower

    @property
    def best(self):
        """The index of the lowest validation loss."""
        return int(self.valid.argmin())

    @property
    def fall(self):
        """The whole fall that can be expected: from the start to the lowest loss known."""
        return max(self.start - self.low, 0.001 * abs(self.start), TINY)

    @property
    def fallen(self):
        """How far the validation loss has fallen from the start to its lowest value."""
        return max(self.start - float(self.valid[self.best]), 0.001 * abs(self.start), TINY)

    @property
    def final(self):
        """The number of last epochs whose median stands for the end."""
        return min(max(len(self.valid) // 10, 3), len(self.valid))


def columns_of(epochs):
    """{column: (n,) float} of a history: dicts with the columns of history.csv, NaN where a value is missing."""
    numbered = [{"epoch": i} | epoch for i, epoch in enumerate(epochs, 1)]
    names = {name for epoch in numbered for name in epoch}
    return {
        name: np.array([np.nan if epoch.get(name) is None else epoch[name] for epoch in numbered], float)
        for name in names
    }


def read_curve(columns, baselines=None):
    """The Curve of the columns of a history; epochs without a finite loss are left out."""
    n = len(next(iter(columns.values()), ()))
    names = ("epoch", "train_loss", "valid_loss", "learning_rate")
    table = np.array([columns.get(name, np.full(n, np.nan)) for name in names]).T.reshape(-1, len(names))
    table = table[np.isfinite(table[:, :3]).all(axis=1)]
    numbers, train, valid, rates = table.T
    mean, pca = (baselines.mean.total, baselines.pca.total) if baselines else (np.nan, np.inf)
    start = mean if baselines else max(valid[:1], default=np.nan)
    return Curve(numbers.astype(int), train, valid, rates, float(start), float(valid.min(initial=pca)))


def noise_of(values):
    """Root mean square of the second differences over the second half, divided by the square root of 6.

    It is a standard deviation where the jumps of epochs are independent.
    """
    second = np.diff(values[len(values) // 2 :], n=2)
    return float(np.sqrt(np.mean(second**2) / 6)) if len(second) else 0.0


def trend_of(values):
    """The slope of a line through `values` in its standard errors; 0 for fewer than three."""
    n = len(values)
    if n < 3:
        return 0.0
    x = np.arange(n) - (n - 1) / 2
    slope = x @ values / (x @ x)
    residual = values - values.mean() - slope * x
    return float(slope / max(np.sqrt(residual @ residual / (n - 2) / (x @ x)), TINY))


def smooth(values):
    """(n,) running medians of three."""
    if len(values) < 3:
        return values
    inner = np.median([values[:-2], values[1:-1], values[2:]], axis=0)
    return np.concatenate([values[:1], inner, values[-1:]])


def diverged_at(curve):
    """The (first, last) epochs in which the training loss climbed far above its lowest value so far, or None.

    A validation loss alone that climbs is over-fitting. Before the loss has fallen only one that has blown up counts:
    the running averages of a normalisation lag behind in the first epochs.
    """
    low = np.minimum.accumulate(curve.train)
    has_fallen = low < curve.start - curve.fall / 4
    climbed = curve.train - low > DIVERGED * curve.fall
    blown_up = curve.train > curve.start + BLOWN_UP * max(curve.fall, abs(curve.start) / 2)
    far = (climbed & has_fallen) | blown_up
    where = np.flatnonzero(far)
    return (int(curve.numbers[where[0]]), int(curve.numbers[where[-1]])) if len(where) > 1 else None


def oscillates(curve):
    """Do both curves jump from epoch to epoch, more than they fall in the second half?"""
    if len(curve.valid) < 2 * LEAST_EPOCHS:
        return False

    def jumps(values):
        half = max(values[len(values) // 2] - values.min(), 0)
        return noise_of(values) > max(NOISE * half, JUMP * curve.fall)

    return jumps(curve.train) and jumps(curve.valid)


class OverFitting(NamedTuple):
    """A validation loss that rises while the training loss falls."""

    since: int  # the epoch
    rise: float
    is_beyond_noise: bool


def over_fitting(curve, n_valid):
    """The OverFitting of a curve, or None where the validation loss does not rise while the training loss falls.

    The rise is a mean over `n_valid` cells of changes that differ from cell to cell by about half of what the gap
    grows; its standard error is that over the square root of their number. The rise has to be larger than 1.96 of
    these, than twice the noise of the epochs, and has to be a trend.
    """
    valid, train = smooth(curve.valid), smooth(curve.train)
    best = int(valid.argmin())
    after = curve.valid[best + 1 :]
    if len(after) < 3:
        return None
    last = min(curve.final, len(after))
    rise = float(np.median(after[-last:]) - valid[best])
    learnt = float(train[best] - np.median(curve.train[-last:]))
    if rise <= 0 or learnt <= 0:
        return None
    error = SPREAD * (rise + learnt) / np.sqrt(max(n_valid, 1))
    limit = max(RISE * curve.fall, 2 * noise_of(curve.valid) / np.sqrt(last), NORMAL_95 * error)
    is_real = rise > limit and trend_of(curve.valid[best:]) > TREND
    return OverFitting(int(curve.numbers[best]), rise, bool(is_real))


def steady_epochs(curve, schedule):
    """How many of the last epochs had one learning rate: all under "constant", the extension of an annealed run."""
    if not np.isfinite(curve.rates).all():
        return len(curve.valid) if schedule == "constant" else 0
    last = curve.rates[-1]
    changes = np.abs(curve.rates - last) > STEADY * last
    steady = len(changes) - 1 - int(np.flatnonzero(changes)[-1]) if changes.any() else len(changes)
    return steady if steady > 1 or schedule == "constant" else 0


class Outlook(NamedTuple):
    """What more epochs are likely to gain."""

    n_epochs: int
    gain: float  # in the unit of the loss
    is_worth_it: bool


def outlook(curve, steady):
    """The Outlook of a curve, from the last two thirds of its `steady` epochs: a + b exp(-epoch / t), by least squares.

    The time t is searched on a grid from a twentieth to five times the number of epochs.
    """
    values = curve.valid[len(curve.valid) - max(steady * 2 // 3, min(steady, LEAST_EPOCHS)) :]
    n = len(values)
    more = max(10, round(len(curve.valid) / 20) * 10)
    if n < LEAST_EPOCHS:
        return Outlook(more, 0.0, False)
    x, best = np.arange(n), None
    for time in np.geomspace(max(n / 20, 0.5), 5 * n, 40):
        design = np.stack([np.ones(n), np.exp(-x / time)], axis=1)
        weights, *_ = np.linalg.lstsq(design, values, rcond=None)
        error = float(((design @ weights - values) ** 2).sum())
        if best is None or error < best[0]:
            best = error, time, float(weights[1])
    error, time, height = best
    gain = height * np.exp(-(n - 1) / time) * (1 - np.exp(-more / time))
    noise = np.sqrt(error / max(n - 3, 1) / n)
    last_third = trend_of(values[-max(n // 2, LEAST_EPOCHS) :])
    is_worth_it = gain > max(GAIN * curve.fall, 2 * noise) and last_third < -TREND
    return Outlook(more, float(gain), bool(is_worth_it))


def settled_at(curve):
    """The first epoch after which the validation loss stays near its level at the end."""
    valid = smooth(curve.valid)
    level = float(np.median(curve.valid[-curve.final :]))
    near = max(SETTLED * curve.fall, 2 * noise_of(curve.valid))
    away = np.flatnonzero(np.abs(valid - level) > near)
    first = min(int(away[-1]) + 1, len(valid) - 1) if len(away) else 0
    return int(curve.numbers[first])


def reached(curve):
    """The share of the expected fall, from the highest loss on, that the validation loss has made."""
    top = float(curve.valid.max())
    return (top - float(curve.valid[curve.best])) / max(top - curve.low, TINY)


def falls_slowly(curve):
    """Does the training loss fall in nearly every epoch, and was less than three quarters of the expected fall reached?"""
    if len(curve.train) < LEAST_EPOCHS:
        return False
    is_smooth = np.mean(np.diff(curve.train) < 0) > 0.8
    third = float(curve.valid[-max(len(curve.valid) // 3, 2)] - curve.valid[-1])
    still_falls = third > 0.05 * (float(curve.valid.max()) - float(curve.valid[curve.best]))
    return bool(
        is_smooth and still_falls and reached(curve) < 0.75 and curve.best >= 0.8 * (len(curve.valid) - 1)
    )
