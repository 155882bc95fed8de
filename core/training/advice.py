"""What the loss curve of a run says, how it stands against PCA, and which changes of settings can help.

All of it is a pure function of the history, the settings and the scores of a run. Nothing is advised that cannot lower the
loss: early stopping, for example, as the weights of the best epoch are kept in any case.
"""

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from core.text import NORMAL_95, listed

FEW_CELLS = 100  # test cells below which a difference within noise may be a matter of their number alone
FEW_TRAINING = 500  # cells; fewer cannot teach a network more than a linear model knows
LEAST_EPOCHS = 5  # a shorter curve has no slope
RISE = 0.02  # of the total fall: a validation loss that ends so far above its best is over-fitting
FALL = 0.03  # of the total fall, in the last third: the curve has not levelled out
GAP = 0.1  # of the total fall: the training loss is so far below the validation loss
NOISE = 0.25  # of the fall in the second half: the curve jumps more than it falls
JUMP = 0.03  # of the total fall; a smaller noise is none
TREND = 2.0  # standard errors of a slope, from which a rise is no accident


class Shape(StrEnum):
    """What a validation curve looks like at its end."""

    SHORT = "short"  # too few epochs to say
    RISING = "rising"  # the best epoch is past: over-fitting
    JUMPING = "jumping"
    FALLING = "falling"
    FLAT = "flat"


class Curve(NamedTuple):
    """A read loss curve; losses are in the unit of the loss, shares are of its total fall."""

    shape: Shape
    best_epoch: int  # from 1
    n_epochs: int
    rise: float  # share: from the best to the last epochs
    fall: float  # share: over the last third
    gap: float  # share: validation above training loss at the best epoch
    noise: float  # share: standard deviation of the jumps between epochs


def above_baseline(loss, baseline):
    """How far a loss is above the total of a baseline (run_facts.Parts), as a share of it: -0.1 is a tenth below."""
    return loss / max(baseline.total, 1e-12) - 1


def beyond_error(difference):
    """Is a (difference, standard error) further from 0 than its 95 % interval? True where the error is unknown."""
    value, error = difference
    return error is None or abs(value) > NORMAL_95 * error


def read_curve(epochs, mean_loss=None):
    """The Curve of a history: `epochs` are dicts with train_loss and valid_loss; `mean_loss` is that of the baseline mean.

    The total fall is from the mean baseline, or from the first epoch where that is unknown or lower, to the best epoch.
    The rise is that of the median of the last epochs (a tenth of all, three at least) after the best. The noise is the root mean square of
    the second differences over the second half, divided by the square root of 6: a standard deviation, where the jumps
    of epochs are independent.
    """
    valid = np.array([epoch["valid_loss"] for epoch in epochs], float)
    train = np.array([epoch["train_loss"] for epoch in epochs], float)
    best, n = int(valid.argmin()), len(valid)
    total = max(max(valid[0], mean_loss or -np.inf) - valid[best], 1e-12)
    second = np.diff(valid[n // 2 :], n=2)
    noise = np.sqrt(np.mean(second**2) / 6) / total if len(second) else 0.0
    third = valid[-max(n // 3, 2) :]
    slope = np.polyfit(np.arange(len(third)), third, 1)[0] if n > 1 else 0.0
    fall = -slope * (len(third) - 1) / total
    after = valid[best + 1 :]
    rise = (np.median(after[-max(n // 10, 3) :]) - valid[best]) / total if len(after) else 0.0
    half = (valid[n // 2] - valid[best]) / total
    if n < LEAST_EPOCHS:
        shape = Shape.SHORT
    elif rise > max(RISE, 2 * noise) and _trend(after) > TREND:
        shape = Shape.RISING
    elif noise > max(NOISE * half, JUMP):
        shape = Shape.JUMPING
    elif fall > max(FALL, 2 * noise) and best >= 0.8 * (n - 1):
        shape = Shape.FALLING
    else:
        shape = Shape.FLAT
    gap = (valid[best] - train[best]) / total
    return Curve(shape, best + 1, n, float(rise), float(fall), float(gap), float(noise))


def _trend(values):
    """The slope of a line through `values`, in its standard errors; 0 for fewer than three."""
    n = len(values)
    if n < 3:
        return 0.0
    x = np.arange(n) - (n - 1) / 2
    slope = x @ values / (x @ x)
    residual = values - values.mean() - slope * x
    error = np.sqrt(residual @ residual / (n - 2) / (x @ x))
    return slope / max(error, 1e-12)


def standing(difference):
    """ "level", "below" or "above": a loss beside PCA's by their (difference, standard error)."""
    if not beyond_error(difference):
        return "level"
    return "below" if difference[0] < 0 else "above"


def noise_words(n_cells, cells="test cells"):
    """The sentence on a difference within its 95 % interval."""
    words = f"{n_cells:,} {cells}: the difference is within noise."
    if n_cells < FEW_CELLS:
        words += " So few cells cannot tell the two apart; a larger share of test cells can."
    return words


def curve_words(curve):
    """One sentence on a Curve."""
    if curve.shape == Shape.RISING:
        return (
            f"After epoch {curve.best_epoch} the validation loss rises by {curve.rise:.0%} of its fall: the model over-fits. "
            "The weights of that epoch are kept."
        )
    if curve.shape == Shape.JUMPING:
        return "The validation loss jumps from epoch to epoch, more than it falls in the second half."
    if curve.shape == Shape.FALLING:
        return f"The validation loss still falls: by {curve.fall:.0%} of its whole fall in the last third of the epochs."
    if curve.shape == Shape.SHORT:
        return f"{curve.n_epochs} epochs are too few to read the curve."
    if curve.gap > GAP:
        return f"The curve is flat, with the training loss {curve.gap:.0%} of its fall below the validation loss."
    return "The curve is flat, and training and validation loss are close: more epochs do not help."


def changes(curve, config, n_train):
    """What may lower the loss, by the Curve and the RunConfig: parts of a sentence, the most likely first."""
    if curve.shape in (Shape.SHORT, Shape.FALLING):
        return [f"more epochs (now {curve.n_epochs})"]
    if curve.shape == Shape.JUMPING:
        larger = (
            [f"larger minibatches (now {config.batch_size})"]
            if config.batch_size and config.batch_size < n_train
            else []
        )
        return [f"a lower learning rate (now {config.lr:g})", *larger]
    if curve.shape == Shape.RISING or curve.gap > GAP:
        return _against_over_fitting(config)
    return _against_under_fitting(config)


def _against_over_fitting(config):
    """Fewer units helped most where it was tried one by one (docs/tutorial.md); more dropout than the default did not."""
    parts = []
    if config.n_hidden and config.n_hidden > 32:
        parts.append(f"fewer hidden units (now {config.n_hidden})")
    if config.n_layers > 1:
        parts.append(f"fewer layers (now {config.n_layers})")
    if config.dropout == 0:
        parts.append("dropout (now 0)")
    return [*parts, "more cells"]


def _against_under_fitting(config):
    parts = []
    if config.dropout:
        parts.append(f"less dropout (now {config.dropout:g})")
    if config.latent_noise and config.noise_on_latent:
        parts.append(f"less latent noise (now {config.latent_noise:g})")
    if config.model_record.variational and config.beta > 1:
        parts.append(f"a lower KL weight (now {config.beta:g})")
    if config.n_hidden and not config.model_record.linear_decoder:
        parts.append(f"more hidden units (now {config.n_hidden})")
    return parts


def advice(epochs, config, difference, n_train, mean_loss=None):
    """Sentences after training: what the curve says, and what may help; [] where nothing of that kind can be said.

    `difference`: the loss above PCA's, with its standard error; `n_train`: training cells.
    """
    if not epochs:
        return []
    curve, stands = read_curve(epochs, mean_loss), standing(difference)
    words = curve_words(curve)
    if stands == "below" and curve.shape != Shape.FALLING:
        return [words] if curve.shape == Shape.RISING else []
    if stands == "level" and curve.shape != Shape.FALLING:
        return [words, "No change of settings can be judged by a difference within noise."]
    if stands == "above" and n_train < FEW_TRAINING:
        return [
            words,
            f"With {n_train:,} training cells a network rarely beats PCA: more cells help more than any setting.",
        ]
    parts = changes(curve, config, n_train)
    if not parts:
        return [words]
    return [words, f"Worth trying: {listed(parts)}."]


class Point(NamedTuple):
    """A score in which a run is compared with PCA: its words, both values, and their difference with its error."""

    words: str
    ours: float
    pca: float
    difference: float
    error: float | None


COMPARED = {
    "variance_explained_rna": "explains more of RNA",
    "variance_explained_protein": "explains more of the proteins",
    "neighbours_kept_15": "keeps more neighbours",
    "protein_agreement_15": "agrees more with the proteins",
}


def against_pca(scores, reads_counts=False):
    """(sentence on what PCA is better at, sentence on what the run is good for all the same), "" where there is neither.

    `scores` are those of a run (core.analysis.metrics.run_scores); without them only the loss is known.
    """
    points = [point for name, words in COMPARED.items() if (point := _point(scores or {}, name, words))]
    better = [one for one in points if one.difference < 0 and beyond_error((one.difference, one.error))]
    worse = [one for one in points if one.difference > 0 and beyond_error((one.difference, one.error))]
    level = [one for one in points if one not in better and one not in worse]
    pca = (
        f"PCA {listed([_with_values(one, first=one.pca, second=one.ours) for one in better])}."
        if better
        else ""
    )
    strengths = [_with_values(one, first=one.ours, second=one.pca) for one in worse]
    strengths += [
        "keeps as many neighbours as PCA" for one in level if one.words == COMPARED["neighbours_kept_15"]
    ]
    mixed, before = (scores or {}).get("ilisi"), (scores or {}).get("ilisi_input")
    if mixed is not None and before is not None and mixed > before:
        strengths.append(f"mixes batches, which PCA does not ({mixed:.2f} against {before:.2f})")
    if reads_counts:
        strengths.append("models the raw counts")
    if not strengths:
        return pca, "For a map, clusters and markers alone, PCA is simpler and quicker." if pca else ""
    return pca, f"This run {listed(strengths)}: for that it is worth using."


def _with_values(point, first, second):
    return f"{point.words} ({first:.2f} against {second:.2f})"


def _point(scores, name, words):
    ours, pca = scores.get(name), scores.get(f"{name}_pca")
    if ours is None or pca is None:
        return None
    return Point(
        words, ours, pca, scores.get(f"{name}_difference", ours - pca), scores.get(f"{name}_difference_error")
    )
