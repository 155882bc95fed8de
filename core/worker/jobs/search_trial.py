"""A run that is a trial of a search, while it trains: whether it should stop, as it is worse than the others."""

from core.config.run_facts import RunFacts
from core.config.search import OBJECTIVES, SearchRecord
from core.store import Missing
from core.store.searches import value_by_epoch
from core.worker.jobs.search import study_of

PRUNED = "Pruned after epoch {epoch}: worse than the other trials of its search at this point."


class Trial:
    """The trial that a run trains; its `message` says why it stopped, or is ""."""

    def __init__(self, study, record, number):
        self.study, self.record, self.number = study, record, number
        self.message = ""

    def should_stop(self, row, facts, n_epochs):
        """Whether to stop after an epoch (a row of history.csv); `facts` are the RunFacts of the run."""
        means = RunFacts.upgraded(facts).valid_baselines.mean
        value = value_by_epoch(self.record.objective, row, means)
        if not self.study.report(self.number, value, row["epoch"] / max(n_epochs, 1)):
            return False
        self.study.finish(self.number, "pruned")
        self.message = PRUNED.format(epoch=row["epoch"])
        return True


def trial_of(store, run):
    """The Trial of a run that can be pruned, or None: of any other run, and of a search that prunes none."""
    if not run["parent"]:
        return None
    try:
        row = store.row("search", run["parent"])
    except Missing:
        return None
    record = SearchRecord.upgraded(row["record"])
    if record.pruner == "none" or not OBJECTIVES[record.objective].by_epoch:
        return None
    study, record = study_of(store, row)
    number = next((number for number, run_id in study.open_trials() if run_id == run["id"]), None)
    return None if number is None else Trial(study, record, number)
