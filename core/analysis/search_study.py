"""The trials of a search as an Optuna study: which settings come next, which trial stops early, which settings matter.

Optuna (Akiba 2019) proposes by TPE (Bergstra 2011). The study is a journal file, so that each process that works on a
search opens it again; without a path it is in memory.
"""

import itertools
import math
from typing import NamedTuple

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from core.config.search import OBJECTIVES

NAME = "search"
CHECKPOINTS = 20  # points of a schedule at which trials are compared, however many epochs they have
WARM_UP = 8  # of these points, while one-cycle raises the rate and shortly after: nothing is pruned
FIRST = 4  # trials that are trained to their end, so that there is a median
FIRST_RANDOM = 8  # trials that TPE draws at random before it learns from them
REPEATS = 30  # proposals in a row that were tried before: the space is exhausted
RUN = "run"  # the attribute of a trial that names its run
STATES = {"done": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}


class Proposal(NamedTuple):
    """The settings of a trial and its number."""

    number: int
    params: dict


class SearchStudy:
    """The Optuna study of a SearchRecord; `seed` fixes what it proposes after the same results."""

    def __init__(self, record, path=None, seed=0):
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.record = record
        storage = JournalStorage(JournalFileBackend(str(path))) if path else None
        self.study = optuna.create_study(
            study_name=NAME,
            storage=storage,
            direction=OBJECTIVES[record.objective].direction,
            pruner=_pruner(record.pruner),
            load_if_exists=True,
        )
        n_combinations = record.n_combinations
        if not self.trials and n_combinations is not None and n_combinations <= record.n_trials:
            for params in _grid(record.dimensions):
                self.study.enqueue_trial(params)
        n_before = len(self.trials)
        self.study.sampler = optuna.samplers.TPESampler(
            n_startup_trials=FIRST_RANDOM, seed=seed + n_before, multivariate=False
        )
        self.distributions = {each.name: _distribution(each) for each in record.dimensions}

    @property
    def trials(self):
        """All trials of the study, those that wait included."""
        return self.study.get_trials(deepcopy=False)

    def propose(self):
        """The Proposal of the next trial, or None where every combination was tried."""
        tried = [trial.params for trial in self.trials if trial.state != TrialState.WAITING]
        for _ in range(REPEATS):
            trial = self.study.ask(self.distributions)
            if trial.params not in tried:
                return Proposal(trial.number, dict(trial.params))
            self.study.tell(trial.number, state=TrialState.FAIL)
        return None

    def name_run(self, number, run_id):
        """Say which run trains a trial."""
        self._trial(number).set_user_attr(RUN, run_id)

    def open_trials(self):
        """[(number, id of its run or None)] of trials without a result."""
        return [
            (trial.number, trial.user_attrs.get(RUN))
            for trial in self.trials
            if trial.state == TrialState.RUNNING
        ]

    def report(self, number, value, done):
        """Note the objective of a trial at a share `done` of its schedule; returns whether the trial should stop.

        Between two of 20 points of a schedule nothing is noted. `value` may be None or not a number: then nothing either.
        """
        step = math.floor(done * CHECKPOINTS + 1e-9)
        if step < 1 or done >= 1 or value is None or not math.isfinite(value):
            return False
        trial = self._trial(number)
        if step in self.study._storage.get_trial(trial._trial_id).intermediate_values:
            return False
        trial.report(value, step)
        return bool(trial.should_prune())

    def finish(self, number, state, value=None):
        """Store the end of a trial: "done" with its value, "pruned", or "failed"."""
        value = value if state == "done" else None
        self.study.tell(number, value, state=STATES[state], skip_if_finished=True)

    def importance(self):
        """{setting: share of the variation of the objective}, largest first; {} for fewer than four values.

        The values are those of PED-ANOVA (Watanabe 2023), which needs no further library.
        """
        values = [trial.value for trial in self.trials if trial.state == TrialState.COMPLETE]
        if len(values) < FIRST or len(set(values)) < 2 or len(self.distributions) < 2:
            return {}
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        shares = optuna.importance.get_param_importances(self.study, evaluator=evaluator)
        return {name: round(float(share), 4) for name, share in shares.items() if math.isfinite(share)}

    def _trial(self, number):
        return optuna.trial.Trial(self.study, self.trials[number]._trial_id)


def _pruner(name):
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=FIRST, n_warmup_steps=WARM_UP)
    if name == "halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=CHECKPOINTS // 4, reduction_factor=3)
    return optuna.pruners.NopPruner()


def _grid(dimensions):
    """Every combination of the values of lists."""
    names = [each.name for each in dimensions]
    for values in itertools.product(*(each.choices for each in dimensions)):
        yield dict(zip(names, values, strict=True))


def _distribution(each):
    if each.is_list:
        return CategoricalDistribution(each.choices)
    if isinstance(each.low, int) and isinstance(each.high, int):
        return IntDistribution(each.low, each.high, log=each.log, step=int(each.step or 1))
    return FloatDistribution(float(each.low), float(each.high), log=each.log, step=each.step)
