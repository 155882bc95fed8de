"""Searches of settings: one row each, whose trials are runs with the search as their parent, trained one after the other.

A search is carried out in steps: the job "search" takes up the results of trials that have ended and queues the next trial.
`queue_due` queues that job wherever a search waits for it, so no process has to remember a search.
"""

import time

from core.config.preparation_record import PreparationRecord
from core.config.run_facts import RunFacts
from core.config.search import OBJECTIVES, SearchRecord, checked, explained, reserve, spec_of
from core.errors import UserError
from core.store import schema
from core.store.status import ACTIVE, FINISHED, Explored, Priority, Status
from core.text import listed

STOPPED = "Stopped by a person."


class Searches:
    """The searches of one user."""

    def __init__(self, access, preparations, runs):
        self.access, self.database = access, access.database
        self.preparations, self.runs = preparations, runs

    def one(self, id):
        """The row of a search; raises Missing."""
        return self.access.one("search", id)

    def all(self, preparation_id):
        """Rows of the searches of a preparation, the newest first."""
        of_preparation = schema.searches.c.preparation == preparation_id
        return self.database.rows("search", of_preparation, self.access.seen(schema.searches))

    def trials(self, search_id):
        """Rows of the runs of a search, the first one first."""
        self.one(search_id)
        return sorted(self.runs.all(parent=search_id), key=lambda row: row["created"])

    def create(self, preparation_id, record, name=""):
        """A new search that begins at once; returns its id. Raises UserError where it cannot be carried out.

        Its base settings get shares of training and validation cells that leave cells to judge the winner on.
        """
        preparation, config = self.preparations.run_config(preparation_id, record.base)
        about = PreparationRecord.of(preparation)
        has_both = about.n_proteins and about.n_genes and config.modalities == "both"
        checked(record, bool(has_both), about.kind if about.n_genes else "none")
        base = record.base | reserve(config, about.n_cells)
        for each in record.dimensions:
            ends = each.choices or (each.low, each.high)
            for value in ends:  # each may be impossible for these data
                self.preparations.run_config(preparation_id, base | {each.name: value})
        values = {
            "dataset": preparation["dataset"],
            "preparation": preparation_id,
            "name": name
            or f"Search of {listed([spec_of(each.name).label for each in record.dimensions])}"[:200],
            "status": Status.RUNNING,
            "record": record.model_copy(update={"base": base}).model_dump(),
            "paused": False,
        }
        id = self.database.add("search", self.access.user, **values)
        queue_due(self.database)
        return id

    def pause(self, search_id):
        """Start no further trial; the one that trains goes on."""
        self.access.own("search", search_id)
        self.database.set("search", search_id, paused=True)

    def go_on(self, search_id):
        """Go on with a search that was paused or stopped, within what is left of its budget."""
        self.access.own("search", search_id)
        self.database.set("search", search_id, paused=False)
        self.database.move("search", search_id, (Status.CANCELLED, Status.FAILED), Status.RUNNING, message="")
        queue_due(self.database)

    def stop(self, search_id):
        """End a search and the trial that trains; its weights are kept."""
        row = self.access.own("search", search_id)
        if row["status"] in FINISHED:
            return
        self.database.move("search", search_id, Status.RUNNING, Status.CANCELLED, message=STOPPED)
        for run in self.trials(search_id):
            if run["status"] in ACTIVE:
                self.runs.cancel(run["id"])

    def extend(self, search_id, n_trials=0, minutes=0):
        """Add trials and minutes to the budget of a search, and go on with it."""
        row = self.access.own("search", search_id)
        record = SearchRecord.upgraded(row["record"])
        more = {"n_trials": record.n_trials + n_trials}
        if record.minutes is not None:
            more["minutes"] = record.minutes + minutes
        elif minutes and not n_trials:
            raise UserError("This search has no limit of minutes: add trials to it.")
        record = checked(record.model_copy(update=more))
        self.database.set("search", search_id, record=record.model_dump(), paused=False)
        self.database.move("search", search_id, FINISHED, Status.RUNNING, message="")
        queue_due(self.database)

    def best(self, search_id):
        """The row of the best run of a search so far, or None."""
        return self.access.readable("run", (self.one(search_id)["result"] or {}).get("best"))

    def open(self, search_id, run_id):
        """Queue the clusters of a trial unless they are there, as a search computes those of its best run alone."""
        if run_id not in [run["id"] for run in self.trials(search_id)]:
            raise UserError("This run is no trial of this search.")
        run = self.runs.one(run_id)
        if run["explored"] == Explored.NOT_STARTED and run["status"] in (Status.DONE, Status.CANCELLED):
            self.runs.explore_again(run_id)


def seconds_spent(runs, now=None):
    """Seconds of training of the trials so far."""
    now = time.time() if now is None else now
    return sum(_seconds_of(run, now) for run in runs if run["started"])


def _seconds_of(run, now):
    """Seconds that a run has trained, also where the clock of the server has jumped meanwhile: its phases were measured."""
    by_clock = (run["ended"] or now) - run["started"]
    facts = RunFacts.upgraded(run["facts"])
    measured = sum(facts.phases.values()) if facts and run["ended"] else 0.0
    return min(by_clock, measured) if measured and by_clock >= 0 else measured or max(by_clock, 0.0)


def value_by_epoch(objective, row, means):
    """The objective of an epoch, a dict with the columns of history.csv, or None where only the end of a run has it.

    `means` are the Parts of the loss of the training mean on the validation cells.
    """
    if not OBJECTIVES[objective].by_epoch:
        return None
    if objective == "loss":
        return row["valid_loss"]
    losses = {"total": row["valid_loss"], "rna": row.get("valid_rna"), "protein": row.get("valid_protein")}
    return explained(losses, means._asdict())


def queue_due(database):
    """Queue the next step of every search that waits for one: nothing of it trains and no step is under way."""
    searches, runs, jobs = schema.searches.c, schema.runs.c, schema.jobs.c
    for row in database.rows("search", searches.status == Status.RUNNING, searches.paused.is_(False)):
        if database.rows("run", runs.parent == row["id"], runs.status.in_(ACTIVE)):
            continue
        steps = database.jobs(jobs.target == row["id"], jobs.kind == "search")
        if any(step["status"] not in FINISHED for step in steps):
            continue
        token = f"search:{row['id']}:{len(steps)}"
        database.submit(row["owner"], "short", "search", row["id"], token=token, priority=Priority.FOLLOWS)
