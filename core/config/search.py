"""What a search of settings is: which settings take which values, its objective, its pruning and its budget."""

import math
import re
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from core.config.fields import NETWORK, TRAINING
from core.config.models import MODELS
from core.config.run_config import specs
from core.errors import UserError
from core.text import listed, near

MOST_TRIALS, MOST_MINUTES = 1000, 10_000
MOST_VALUES = 50  # of a list
LOG_FROM = 20.0  # a range whose ends differ by this factor is searched on a logarithmic scale
# All trials must be scored alike: the same cells, the same random numbers, the same target.
FIXED = ("seed", "device", "train_share", "valid_share", "split_by", "target", "split_share")
CHANGE_LOSS = ("weight_rna", "weight_protein")  # they change what a loss is


class Objective(NamedTuple):
    """What a search improves, computed on the validation cells."""

    label: str
    direction: str  # "minimize" or "maximize"
    by_epoch: bool  # known after each epoch, so that trials can be pruned by it
    help: str


OBJECTIVES = {
    "loss": Objective("Validation loss", "minimize", True, "the lowest validation loss of a run"),
    "explained": Objective(
        "Variance explained",
        "maximize",
        True,
        "the mean over RNA and protein of 1 - loss / loss of the training mean",
    ),
    "neighbours": Objective(
        "Neighbours kept",
        "maximize",
        False,
        "the share of 15 neighbours in the input that are neighbours in the latent space",
    ),
    "count_split": Objective(
        "Count-split error",
        "minimize",
        False,
        "the error on the half of the molecules that the model has not seen; needs raw counts",
    ),
    "proteins": Objective(
        "Agreement with proteins",
        "maximize",
        False,
        "the overlap of 15 neighbours in the latent space and in the proteins",
    ),
}
PRUNERS = {
    "median": "stop trials that are worse than the median of the others at the same point of their schedule",
    "halving": "successive halving: at a quarter and at three quarters of the schedule, the best third goes on",
    "none": "train every trial to its end",
}


class Dimension(NamedTuple):
    """The values that a setting takes in a search: those of a list, or a range."""

    name: str
    choices: tuple = ()
    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False

    @property
    def is_list(self):
        return bool(self.choices)

    def record(self):
        """As JSON has it: a list, or {"low", "high" ...}."""
        if self.is_list:
            return list(self.choices)
        return {"low": self.low, "high": self.high, "step": self.step, "log": self.log}

    @property
    def words(self):
        """The values in words, such as "10, 20, 50" or "0.001 to 0.1 (logarithmic)"."""
        if self.is_list:
            return ", ".join(
                f"{value:g}" if isinstance(value, float) else str(value) for value in self.choices
            )
        return f"{self.low:g} to {self.high:g}" + (" (logarithmic)" if self.log else "")


def searchable():
    """The Specs of all settings that a search can vary."""
    kinds = ("int", "float", "choice", "bool")
    return [
        spec
        for spec in specs()
        if spec.part in (NETWORK, TRAINING) and spec.name not in FIXED and spec.kind in kinds
    ]


def spec_of(name):
    """The Spec of a setting that a search can vary; raises UserError for another name."""
    known = {spec.name: spec for spec in searchable()}
    if name in known:
        return known[name]
    if name in FIXED:
        raise UserError(f"{name} cannot be searched: all trials must be scored alike. Remove it.")
    close = near(str(name), list(known), 1)
    raise UserError(
        f"There is no setting '{name}' to search" + (f"; did you mean '{close[0]}'?" if close else ".")
    )


def dimension(name, values):
    """The Dimension of a setting from JSON: a list of values, or {"low", "high", "step", "log"}; raises UserError."""
    spec = spec_of(name)
    if isinstance(values, dict):
        if spec.number is None:
            raise UserError(f"{spec.label} takes a list of values, not a range.")
        if unknown := set(values) - {"low", "high", "step", "log"}:
            raise UserError(
                f"{spec.label}: a range has no '{sorted(unknown)[0]}'. Use low, high, step and log."
            )
        return _range(spec, values.get("low"), values.get("high"), values.get("step"), values.get("log"))
    if not isinstance(values, list | tuple):
        raise UserError(
            f'{spec.label} takes a list such as [10, 20], or a range such as {{"low": 1, "high": 5}}.'
        )
    return _list(spec, values)


def of_text(name, text):
    """The Dimension of a setting from text: "10, 20, 50" is a list, "0.001 to 0.1" a range; raises UserError."""
    spec = spec_of(name)
    text = (text or "").strip()
    ends = re.split(r"\s+to\s+|\s*\.\.\.?\s*|\s*[–—]\s*", text)
    if spec.number and len(ends) == 2 and all(ends):
        return _range(spec, *ends)
    if ";" in text:
        values = text.split(";")
    elif re.search(r"\s", text):
        values = re.split(r",?\s+", text)
    else:
        values = text.split(",")
    return _list(spec, [value.strip() for value in values if value.strip()])


SUGGESTED = {
    "n_latent": "10, 20, 50",
    "n_hidden": "32, 128, 512",
    "lr": "0.001 to 0.1",
    "dropout": "0, 0.1, 0.2",
    "batch_size": "64, 128, 256",
    "epochs": "50, 100, 200",
    "n_layers": "1, 2",
    "l2": "0.00001 to 0.1",
}


def suggested_text(name):
    """The text that the field of a searched setting begins with."""
    spec = spec_of(name)
    if name in SUGGESTED:
        return SUGGESTED[name]
    if spec.kind == "bool":
        return "yes, no"
    if spec.choices:
        return ", ".join(spec.choices)
    low, high = (spec.low, spec.high)
    default = spec.default or (1 if spec.kind == "int" else 0.1)
    values = [default / 2, default, 2 * default]
    if spec.kind == "int":
        values = [max(1, round(value)) for value in values]
    values = sorted({min(max(value, low), high) for value in values})
    return "; ".join(f"{value:g}" for value in values)


def _list(spec, values):
    if spec.kind == "bool":
        words = {"yes": True, "no": False, "on": True, "off": False, "true": True, "false": False}
        values = [words.get(str(value).lower(), value) for value in values]
        if any(not isinstance(value, bool) for value in values):
            raise UserError(f"{spec.label}: enter yes, no.")
    elif spec.number:
        values = [spec.number.read(value) for value in values]
        if None in values:
            raise UserError(f"{spec.label}: a value is empty. Enter {spec.number.wanted}.")
    elif wrong := [value for value in values if value not in spec.choices]:
        raise UserError(f"{spec.label}: '{wrong[0]}' is not one of {', '.join(spec.choices)}.")
    values = tuple(dict.fromkeys(values))
    if not 2 <= len(values) <= MOST_VALUES:
        raise UserError(f"{spec.label}: enter 2 to {MOST_VALUES} different values, such as 10, 20, 50.")
    return Dimension(spec.name, values)


def _range(spec, low, high, step=None, log=None):
    low, high = (spec.number.read(value) for value in (low, high))
    if low is None or high is None or low >= high:
        raise UserError(f"{spec.label}: the range has to end above its beginning. Enter it as 1 to 10.")
    if step is not None:
        if isinstance(step, bool) or not isinstance(step, int | float) or not 0 < step <= high - low:
            raise UserError(f"{spec.label}: the step is a number above 0 and at most {high - low:g}.")
        if spec.kind == "int" and step != int(step):
            raise UserError(f"{spec.label}: the step is a whole number.")
    if log is None:
        log = step is None and low > 0 and high / low >= LOG_FROM
    if log and low <= 0:
        raise UserError(f"{spec.label}: a logarithmic range begins above 0.")
    if log and step is not None:
        raise UserError(f"{spec.label}: a logarithmic range has no step. Remove one of the two.")
    return Dimension(spec.name, (), low, high, step, bool(log))


class SearchRecord(BaseModel):
    """A search: base settings, space, objective, pruning, and the budget of trials and minutes of training."""

    model_config = ConfigDict(frozen=True)

    base: dict[str, Any] = {}  # settings of network and training that all trials have
    space: dict[str, Any]  # {setting: Dimension.record()}
    objective: str = "loss"
    pruner: str = "median"
    n_trials: int = 20
    minutes: float | None = None

    @classmethod
    def upgraded(cls, record):
        """The SearchRecord of a record of this version or an earlier one."""
        return record if isinstance(record, cls) else cls(**record)

    @property
    def dimensions(self):
        """The Dimensions of the space."""
        return [dimension(name, values) for name, values in self.space.items()]

    @property
    def n_combinations(self):
        """How many different trials there are; None where a range makes them countless."""
        if not all(each.is_list for each in self.dimensions):
            return None
        return math.prod(len(each.choices) for each in self.dimensions)

    def config(self, params):
        """The values of the settings of a trial."""
        return self.base | params


def checked(record, has_proteins=True, kind="counts"):
    """The SearchRecord if it can be carried out; raises UserError with one sentence.

    `has_proteins`: whether RNA and proteins are trained on; `kind` is what the matrix holds.
    """
    dimensions = record.dimensions
    if not dimensions:
        raise UserError("No setting is searched: enter a range or a list for at least one.")
    if record.objective not in OBJECTIVES:
        raise UserError(f"There is no objective '{record.objective}': choose {listed(list(OBJECTIVES))}.")
    if record.pruner not in PRUNERS:
        raise UserError(f"There is no pruning '{record.pruner}': choose {listed(list(PRUNERS))}.")
    if not 1 <= record.n_trials <= MOST_TRIALS:
        raise UserError(f"The number of trials is from 1 to {MOST_TRIALS}.")
    if record.minutes is not None and not 0 < record.minutes <= MOST_MINUTES:
        raise UserError(f"The minutes are above 0 and at most {MOST_MINUTES:,}.")
    objective = OBJECTIVES[record.objective]
    if record.pruner != "none" and not objective.by_epoch:
        raise UserError(
            f"{objective.label} is known at the end of a trial, so trials cannot be pruned by it: choose no pruning."
        )
    if record.objective == "proteins" and not has_proteins:
        raise UserError(
            "There are no RNA and proteins together, which could agree: choose another objective."
        )
    if record.objective == "count_split" and kind != "counts":
        raise UserError("The count-split error needs raw counts of RNA: choose another objective.")
    if record.objective == "loss":
        names = [each.name for each in dimensions]
        if changing := [name for name in names if name in CHANGE_LOSS]:
            raise UserError(
                f"{changing[0]} changes what the loss is, so losses cannot be compared: choose another objective."
            )
        models = next((each.choices for each in dimensions if each.name == "model"), ())
        if len({MODELS[name].reads_counts for name in models}) > 1:
            raise UserError(
                "A likelihood of counts and a squared error cannot be compared: choose another objective, or leave one "
                "of the models out."
            )
    return record


HELD_OUT = 0.1  # share of the cells that a search reserves to judge its winner
LEAST_HELD_OUT = 20  # cells


def reserve(config, n_cells):
    """{"train_share", "valid_share"} that leave at least a tenth of the cells, and 20, as test cells for the winner.

    Raises UserError for a dataset that is too small.
    """
    share = max(
        HELD_OUT, LEAST_HELD_OUT / max(n_cells, 1) + 1e-9, 1 - config.train_share - config.valid_share
    )
    valid = config.valid_share
    train = round(1 - valid - share, 6)
    wanted = config.model_copy(update={"train_share": train}) if train > 0 else None
    if wanted is None or not wanted.split_sizes(n_cells)[2]:
        raise UserError(
            f"{n_cells:,} cells are too few for a search: it holds out {LEAST_HELD_OUT} for validation and "
            f"{LEAST_HELD_OUT} more to judge the best run."
        )
    return {"train_share": train, "valid_share": valid}


def explained(losses, means):
    """The objective "explained": the mean over the parts of 1 - loss / loss of the training mean.

    `losses` and `means` are {"rna": loss, "protein": loss}; parts that a run does not have are None. With neither, as
    for losses of one kind in total, the total under "total" counts.
    """
    shares = [
        1 - losses[part] / means[part]
        for part in ("rna", "protein")
        if losses.get(part) is not None and means.get(part)
    ]
    if not shares and losses.get("total") is not None and means.get("total"):
        shares = [1 - losses["total"] / means["total"]]
    return sum(shares) / len(shares) if shares else None
