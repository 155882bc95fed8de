"""What the history of a run says at any moment: one sentence, its evidence on the curve, and settings to try next.

A pure function of history, settings and baselines. Nothing is recommended that cannot lower the loss, or that
docs/tutorial.md shows not to lower it: early stopping, L2, more dropout than the default.
"""

import numpy as np

from core.training import next_settings as tries
from core.training.curve import (
    LEAST_EPOCHS,
    columns_of,
    diverged_at,
    falls_slowly,
    oscillates,
    outlook,
    over_fitting,
    reached,
    read_curve,
    settled_at,
    steady_epochs,
)
from core.training.diagnosis_case import Case, Diagnosis, Evidence
from core.training.pca_comparison import standing

GAP = 0.2  # of the fall: the training loss is so far below the validation loss
LEARNT = 0.1  # of what PCA explains: a model that explains less has learnt nothing
FEW_TRAINING = 500  # cells; fewer rarely teach a network more than a linear model knows
WARM_UP = 0.3  # share of the steps in which one-cycle raises the rate (core.training.loop)
LOW_RATE = 0.003  # of the optimisers that adapt their steps; a third of the default


def diagnose(epochs, state):
    """The Diagnosis of the epochs so far.

    `epochs`: dicts with the columns of history.csv, or {column: (n,) float, NaN where there is no value}.
    """
    columns = epochs if isinstance(epochs, dict) else columns_of(epochs)
    curve = read_curve(columns, state.baselines)
    if state.trouble:
        return _not_a_number(curve, state)
    if not len(curve.valid):
        return Diagnosis(Case.WAITING, "The first epoch has not ended.")
    return _unstable(curve, state) or (_finished if state.is_over else _running)(columns, curve, state)


def _whole(curve, part="total"):
    return Evidence(int(curve.numbers[0]), int(curve.numbers[-1]), part)


def _not_a_number(curve, state):
    config = state.config
    if not config.scale:
        cause = f"the values are not scaled (Preprocess), and the learning rate of {config.lr:g} is too high for them"
    elif not config.clip_grad:
        cause = f"gradients are not clipped, and the learning rate is {config.lr:g}"
    else:
        cause = f"a learning rate of {config.lr:g} is too high for these data"
    evidence = Evidence(*[int(curve.numbers[-1])] * 2) if len(curve.valid) else None
    what = "The loss stopped being a number" if state.is_over else "The loss stopped being a number once"
    return Diagnosis(Case.NOT_A_NUMBER, f"{what}: {cause}.", evidence, tries.against_not_a_number(config))


def _unstable(curve, state):
    """The Diagnosis of a learning rate that is too high, or None."""
    rate = f"the learning rate of {state.config.lr:g} is too high"
    if epochs := diverged_at(curve):
        sentence = (
            f"The training loss was far above its lowest value in epochs {epochs[0]} to {epochs[1]}: {rate}."
        )
        return Diagnosis(Case.RATE_TOO_HIGH, sentence, Evidence(*epochs), tries.slower(state.config, 10))
    if oscillates(curve):
        half = Evidence(int(curve.numbers[len(curve.numbers) // 2]), int(curve.numbers[-1]))
        sentence = f"Both losses jump from epoch to epoch, more than they fall in the second half: {rate}."
        change = tries.slower(state.config, 3) + tries.larger_batches(state.config, state.n_train)
        return Diagnosis(Case.RATE_TOO_HIGH, sentence, half, change)
    return None


def _running(_, curve, state):
    config, last = state.config, int(curve.numbers[-1])
    peak = round(WARM_UP * state.n_epochs) if config.schedule == "onecycle" else 0
    if last < max(peak, LEAST_EPOCHS):
        why = f"the learning rate rises until epoch {peak}" if peak > last else "the first epochs say little"
        return Diagnosis(Case.WARMING_UP, f"Warming up: {why}.", _whole(curve))
    if (found := over_fitting(curve, state.n_valid)) and found.is_beyond_noise:
        return _over_fits(found, curve, state)
    steady = steady_epochs(curve, config.schedule)
    if steady >= 2 * LEAST_EPOCHS and not _still_falls(curve):
        return _converged(curve, state)
    recent = max(len(curve.valid) - 10, 0)
    first, before, now = int(curve.numbers[recent]), curve.valid[recent], curve.valid[-1]
    sentence = f"Learning: the validation loss went from {before:.4g} to {now:.4g} since epoch {first}."
    return Diagnosis(Case.LEARNING, sentence, Evidence(first, last))


def _finished(columns, curve, state):
    config, n = state.config, len(curve.valid)
    if n < LEAST_EPOCHS:
        sentence = f"{n} epoch{'s are' if n > 1 else ' is'} too few to read the curve."
        return Diagnosis(Case.TOO_SHORT, sentence, _whole(curve), tries.longer(max(4 * n, 20)))
    found = over_fitting(curve, state.n_valid)
    if falls_slowly(curve) or _has_hardly_moved(curve, state):
        return _slow(curve, state)
    if _no_better(curve, state):
        sentence = (
            "The validation loss is no better than that of the training mean: the model has learnt nothing."
        )
        return Diagnosis(Case.NO_BETTER_THAN_MEAN, sentence, _whole(curve), tries.to_learn_at_all(config))
    if found and found.is_beyond_noise:
        return _over_fits(found, curve, state)
    if _proteins_not_learnt(columns, curve, state):
        sentence = "The proteins are not learnt: their loss is that of the training mean."
        return Diagnosis(
            Case.PROTEINS_NOT_LEARNT, sentence, _whole(curve, "protein"), tries.for_proteins(config)
        )
    steady = steady_epochs(curve, config.schedule)
    more = outlook(curve, steady)
    if steady and more.is_worth_it:
        gain = f"{more.n_epochs} more epochs would likely gain {more.gain / curve.fallen:.1%} of its fall"
        evidence = Evidence(int(curve.numbers[-max(n // 3, 2)]), int(curve.numbers[-1]))
        return Diagnosis(
            Case.FALLING,
            f"The validation loss still falls at the end: {gain}.",
            evidence,
            tries.longer(n + more.n_epochs),
        )
    if state.difference and standing(state.difference) == "above":
        return _worse_than_pca(columns, curve, state)
    gap = float(curve.valid[-curve.final :].mean() - curve.train[-curve.final :].mean()) / curve.fallen
    if gap > GAP:
        sentence = (
            f"The training loss is {gap:.0%} of the fall below the validation loss, which does not rise beyond noise: "
            "the gap does no harm."
        )
        last = Evidence(int(curve.numbers[-curve.final]), int(curve.numbers[-1]))
        return Diagnosis(Case.GAP, sentence, last, tries.another_seed(config))
    return _converged(curve, state) if steady >= LEAST_EPOCHS else _cannot_tell(curve, state)


def _still_falls(curve):
    """Did the last ten epochs gain more than a hundredth of the fall?"""
    recent = curve.valid[-10:]
    return float(recent[: len(recent) // 2].mean() - recent[len(recent) // 2 :].mean()) > 0.005 * curve.fall


def _over_fits(found, curve, state):
    sentence = (
        f"The model over-fits since epoch {found.since}: the validation loss rises by {found.rise / curve.fallen:.1%} of its "
        "fall, beyond noise, while the training loss falls on."
    )
    has_proteins = state.baselines.mean.protein is not None
    change = tries.against_over_fitting(state.config, has_proteins)
    return Diagnosis(
        Case.OVER_FITTING,
        sentence,
        Evidence(found.since, int(curve.numbers[-1])),
        change or tries.more_cells(),
    )


def _slow(curve, state):
    """A loss that falls in nearly every epoch and is far from PCA's at the end."""
    config, n = state.config, len(curve.valid)
    begin = f"After {n} epochs the loss has made {reached(curve):.0%} of the way to PCA's, in small steps"
    if _has_low_rate(config):
        sentence = f"{begin}: the learning rate of {config.lr:g} is too low."
        return Diagnosis(Case.RATE_TOO_LOW, sentence, _whole(curve), tries.faster(config))
    return Diagnosis(
        Case.TOO_SHORT, f"{begin}: {n} epochs are too few.", _whole(curve), tries.longer(max(2 * n, 20))
    )


def _has_low_rate(config):
    return config.lr < LOW_RATE or config.optimizer == "sgd"


def _has_hardly_moved(curve, state):
    """Is the loss at the end still far above the mean's, as that of fresh weights, under a low rate?"""
    mean = state.baselines.mean.total
    return _has_low_rate(state.config) and curve.valid[-1] > mean + max(0.1 * curve.fall, 0.02 * abs(mean))


def _no_better(curve, state):
    mean, pca = state.baselines.mean.total, state.baselines.pca.total
    gained = mean - float(curve.valid[curve.best])
    return gained < LEARNT * max(mean - pca, 0) or gained <= 0


def _proteins_not_learnt(columns, curve, state):
    mean, pca = state.baselines.mean.protein, state.baselines.pca.protein
    ours = _at_best(columns, curve, "valid_protein")
    if None in (mean, pca, ours) or state.baselines.mean.rna is None:
        return False  # proteins alone are the total
    return mean - ours < LEARNT * max(mean - pca, 0)


def _at_best(columns, curve, name):
    """The value of a column in the best epoch, or None."""
    if name not in columns:
        return None
    (value,) = columns[name][columns["epoch"] == curve.numbers[curve.best]][:1]
    return float(value) if np.isfinite(value) else None


def _worse_than_pca(columns, curve, state):
    """Worse than PCA of the same size, with the part that it is behind in."""
    config, baselines = state.config, state.baselines
    behind = {}
    for part in ("rna", "protein"):
        ours, pca = _at_best(columns, curve, f"valid_{part}"), getattr(baselines.pca, part)
        if ours is not None and pca is not None and (weight := config.weight_of(part)) and ours > pca:
            behind[part] = weight * (ours - pca)
    part = max(behind, key=behind.get) if len(behind) else "total"
    labels = {"rna": "in RNA", "protein": "in the proteins", "total": "in total"}
    size = f"PCA of {baselines.pca_size or config.n_latent} dimensions"
    sentence = f"The model is worse than {size}, mostly {labels[part]}."
    if state.n_train < FEW_TRAINING:
        few = f"{state.n_train:,} training cells rarely teach a network more than PCA knows"
        return Diagnosis(
            Case.WORSE_THAN_PCA, f"{sentence[:-1]}: {few}.", _whole(curve, part), tries.more_cells()
        )
    change = tries.for_proteins(config) if part == "protein" else tries.against_under_fitting(config)
    return Diagnosis(Case.WORSE_THAN_PCA, sentence, _whole(curve, part), change or tries.another_seed(config))


def _converged(curve, state):
    first = settled_at(curve)
    sentence = f"The model converged at epoch {first}: more epochs at this learning rate do not help."
    return Diagnosis(
        Case.CONVERGED, sentence, Evidence(first, int(curve.numbers[-1])), tries.another_seed(state.config)
    )


def _cannot_tell(curve, state):
    """An annealed curve without an extension at a constant rate."""
    n = len(curve.valid)
    name = {"onecycle": "one-cycle", "cosine": "cosine"}.get(state.config.schedule, state.config.schedule)
    sentence = (
        f"Under {name} the learning rate falls to nearly 0 and every curve flattens, so the curve cannot tell whether more "
        "epochs help."
    )
    evidence = Evidence(int(curve.numbers[-max(n // 3, 2)]), int(curve.numbers[-1]))
    return Diagnosis(Case.CANNOT_TELL, sentence, evidence, tries.extended(n))
