"""Settings to try next, each as changes that a button puts into the form of the next run.

Fewer hidden units helped most where remedies were tried one by one (docs/tutorial.md, "Over-fitting"). Early stopping, L2
and more dropout than the default did not help there, so no function here changes them in that direction. Dropout where
there is none helps RNA and hurts proteins.
"""

from typing import NamedTuple

from core.config.run_config import RunConfig

HIGHEST_RATE, LOWEST_RATE = 10.0, 1e-6
FEW_UNITS = 32  # hidden units that helped in the tutorial
DEFAULTS = RunConfig()


SHORT = 10  # epochs; a shorter extension at a constant rate has no slope


class Try(NamedTuple):
    """What to try as a button: its label, and {setting: value} for the form, or the epochs of an extension of the run.

    With neither it is a hint alone.
    """

    label: str
    changes: dict
    extension: int | None = None  # epochs at a constant learning rate


def _change(label, **changes):
    return Try(label, changes)


def _rate(value):
    """A learning rate of two digits within the range of the field."""
    return float(f"{min(max(value, LOWEST_RATE), HIGHEST_RATE):.2g}")


def slower(config, factor):
    """A learning rate that is lower by a factor; the default, where that is still lower."""
    rate = _rate(min(config.lr / factor, DEFAULTS.lr))
    return (_change(f"Lower the learning rate to {rate:g}", lr=rate),)


def faster(config):
    """A learning rate ten times as high, at most the default; of SGD the default optimiser."""
    if config.optimizer == "sgd":
        return (_change("Use the optimizer adamw", optimizer="adamw", lr=DEFAULTS.lr),)
    rate = _rate(min(max(10 * config.lr, DEFAULTS.lr / 10), DEFAULTS.lr))
    return (_change(f"Raise the learning rate to {rate:g}", lr=rate),)


def larger_batches(config, n_train):
    """Twice the batch size, where there are cells for it."""
    size = 2 * (config.batch_size or 0)
    if not config.batch_size or size > n_train // 2:
        return ()
    return (_change(f"Double the batch size to {size}", batch_size=size),)


def longer(n_epochs):
    """More epochs."""
    n_epochs = min(n_epochs, 10_000)
    return (_change(f"Train for {n_epochs} epochs", epochs=n_epochs),)


def extended(n_epochs):
    """A short extension at a constant learning rate, whose curve tells whether more epochs help."""
    n = max(SHORT, round(n_epochs / 100) * 10)
    return (Try(f"Add {n} epochs at a constant rate", {}, n),)


def another_seed(config):
    """The same run with another seed, which shows how much of a difference is chance."""
    return (_change(f"Train with seed {config.seed + 1}", seed=config.seed + 1),)


def more_cells():
    """A hint: no setting helps as much."""
    return (Try("Train on more cells", {}),)


def against_not_a_number(config):
    """A lower learning rate, and clipped gradients where they are not."""
    clip = {} if config.clip_grad else {"clip_grad": DEFAULTS.clip_grad}
    rate = _rate(config.lr / 10)
    label = f"Lower the learning rate to {rate:g}" + (" and clip gradients" if clip else "")
    return (_change(label, lr=rate, **clip),)


def against_over_fitting(config, has_proteins):
    """Fewer hidden units first, then fewer layers; dropout where there is none and no protein that it would hurt."""
    changes = []
    if config.n_hidden and config.n_hidden > FEW_UNITS:
        units = max(FEW_UNITS, config.n_hidden // 4)
        changes.append(_change(f"Use {units} hidden units", n_hidden=units))
    if config.n_layers > 1:
        changes.append(_change("Use one hidden layer", n_layers=1))
    if config.dropout == 0 and config.model_record.dropout and not has_proteins:
        share = config.model_record.dropout
        changes.append(_change(f"Use dropout {share:g}", dropout=share))
    return tuple(changes)


def against_under_fitting(config):
    """Less of what holds a model back from the data beyond the defaults, then more hidden units."""
    record, changes = config.model_record, []
    if config.l1:
        changes.append(_change("Use no L1", l1=0.0))
    if config.l2 > 10 * DEFAULTS.l2:
        changes.append(_change(f"Lower L2 to {DEFAULTS.l2:g}", l2=DEFAULTS.l2))
    if record.variational and config.beta > 1:
        changes.append(_change("Lower the KL weight to 1", beta=1.0))
    if (config.dropout or 0) > record.dropout:  # the default helps RNA
        changes.append(_change(f"Lower dropout to {record.dropout:g}", dropout=record.dropout))
    if config.input_dropout:
        changes.append(_change("Use no input dropout", input_dropout=0.0))
    if config.noise_on_latent > DEFAULTS.latent_noise:
        noise = DEFAULTS.latent_noise
        changes.append(_change(f"Lower the latent noise to {noise:g}", latent_noise=noise))
    if "linear_path" in record.settings and not config.linear_path:
        changes.append(_change("Switch the linear path on", linear_path=True))
    if not changes and config.n_hidden and not record.linear_decoder and config.n_hidden <= 4096:
        units = 2 * config.n_hidden
        changes.append(_change(f"Use {units} hidden units", n_hidden=units))
    return tuple(changes)


def to_learn_at_all(config):
    """What keeps a model from learning, set back to the default; then the learning rate."""
    back = {}
    if config.l1:
        back["l1"] = 0.0
    if config.l2 > 10 * DEFAULTS.l2:
        back["l2"] = DEFAULTS.l2
    if config.beta > 1 and config.model_record.variational:
        back["beta"] = 1.0
    if (config.dropout or 0) > 0.5:
        back["dropout"] = config.model_record.dropout
    if config.input_dropout > 0.5:
        back["input_dropout"] = 0.0
    if config.noise_on_latent > 1:
        back["latent_noise"] = DEFAULTS.latent_noise
    if back:
        labels = {"l1": "L1", "l2": "L2", "beta": "the KL weight", "dropout": "dropout"}
        labels |= {"input_dropout": "input dropout", "latent_noise": "the latent noise"}
        first = next(iter(back))
        what = labels[first] if len(back) == 1 else f"{labels[first]} and {len(back) - 1} more"
        return (Try(f"Set {what} back to the default", back),)
    if config.lr != DEFAULTS.lr:
        return (_change(f"Set the learning rate to {DEFAULTS.lr:g}", lr=DEFAULTS.lr),)
    return (_change("Lower the learning rate to 0.001", lr=0.001),)


def for_proteins(config):
    """What lets a model fit proteins: their weight, their units, less dropout, fewer units for RNA."""
    changes, record = [], config.model_record
    if (config.dropout or 0) > record.dropout:
        changes.append(_change(f"Lower dropout to {record.dropout:g}", dropout=record.dropout))
    weight = config.weight_of("protein")
    default = DEFAULTS.weight_of("protein")
    if not record.reads_counts and weight < default:
        changes.append(
            _change(f"Raise the protein weight to {default:g}", weight_protein=default),
        )
    if config.n_hidden_protein < FEW_UNITS:
        changes.append(_change(f"Use {FEW_UNITS} hidden units for proteins", n_hidden_protein=FEW_UNITS))
    if config.n_hidden and config.n_hidden > FEW_UNITS:
        changes.append(_change(f"Use {FEW_UNITS} hidden units for RNA", n_hidden=FEW_UNITS))
    if config.dropout and config.dropout <= record.dropout:
        changes.append(_change("Use no dropout", dropout=0.0))
    return tuple(changes)
