"""The settings of a run that nobody has chosen."""

from core.config.run_config import RunConfig


def recommended(batch_key=None):
    """The RunConfig of a run with recommended settings: those of `train` without options, and of the button on the Data page.

    All settings have their defaults. `batch_key` is the batch covariate, an obs column that a person has agreed to; it
    is never chosen without one.
    """
    return RunConfig(batch_key=batch_key)
